"""`infogan`: the code of a generated image, read off real ones, is their cluster (Chen et al. 2016).

The generator gets a code c, uniform over K, beside its noise z. A head Q on the discriminator's features tells c
from G(z, c): a lower bound of their mutual information (eq. 4 and 5; H(c) is constant) is minus its cross-entropy. With
s the real/fake logit and λ the information's weight, non-saturating:

    D and Q minimise   sp(−s(x)) + sp(s(G(z, c))) + λ · CE(Q(G(z, c)), c)
    G minimises        sp(−s(G(z, c))) + λ · CE(Q(G(z, c)), c),                  sp = softplus.

Q is the head of the run's classifier and the discriminator's body its features: on a real image the classifier says
which code would have made it. Real and generated images go through one forward, for BatchNorm's sake. The code is the
condition of the generator that `acgan` has too; no other codes, and z as long as there.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from ganlift.layers.small_generator import draw_latent
from ganlift.losses import discriminator_bce, generator_bce
from ganlift.strategies.base import BOTH, Outcome, Phases, Setup, search, strategy
from ganlift.strategies.clusters import alone
from ganlift.strategies.gan_features import heads_of
from ganlift.strategies.pretraining import PretrainOptions, pretraining_phase
from ganlift.strategies.sgan import LATENT, add_generator, new_generator
from ganlift.training.phase import Updater
from ganlift.training.pixels import Batch


class InfoGanOptions(PretrainOptions):
    generator_lr: float = Field(
        2e-3, gt=0, description="Adam's rate of the generator", json_schema_extra=search(5e-4, 5e-3, log=True)
    )
    information: float = Field(
        1.0, ge=0, description="λ: weight of the code's cross-entropy", json_schema_extra=search(0.1, 3.0, log=True)
    )


@strategy(
    "infogan",
    kind="gan",
    summary="Without labels: the code that would have generated an image is its cluster.",
    source="InfoGAN: Chen et al. 2016, eq. 5 and 6",
    options=InfoGanOptions,
    unlabelled="required",
    labels=False,
    spaces=BOTH,
    vector_options={"pretrain_lr": 1.3e-3, "generator_lr": 1.0e-3, "information": 0.25},
)
def phases(setup: Setup, options: InfoGanOptions) -> Phases:
    """Alternating steps on real images and as many generated ones."""
    codes = setup.task.classes
    classifier, generator = setup.new_classifier(), new_generator(setup, codes)
    head = heads_of(setup, classifier)["real/fake"]
    noise = setup.rng.generator("latent")

    def judged(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """s of real and fake images, and Q of the fakes."""
        features = classifier.features(torch.cat([real, fake]))  # type: ignore[operator]
        s = head(features).squeeze(1)
        return s[: len(real)], s[len(real) :], classifier.head(features[len(real) :])  # type: ignore[operator]

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        real = setup.weak(batch["unlabelled"].x)
        code = torch.randint(codes, (len(real),), generator=noise, device=real.device)
        fake = generator(draw_latent(len(real), LATENT, noise), code)
        s_real, s_fake, q = judged(real, fake.detach())
        d_loss, code_loss = discriminator_bce(s_real, s_fake), F.cross_entropy(q, code)
        update("classifier", d_loss + options.information * code_loss)
        _, s, q = judged(real, fake)
        g_loss = generator_bce(s)
        update("generator", g_loss + options.information * F.cross_entropy(q, code))
        metrics = {"d_loss": d_loss, "g_loss": g_loss, "d_real": s_real.mean(), "d_fake": s_fake.mean()}
        return {name: value.detach() for name, value in {**metrics, "code_loss": code_loss}.items()}

    phase = alone(setup, pretraining_phase(setup, options, classifier, step, heads={"real/fake": head}, beta1=0.5))
    add_generator(setup, phase, generator, options.generator_lr)
    yield phase
    return Outcome(phase.averages["classifier"].module)
