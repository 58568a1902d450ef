"""`catgan`: a discriminator that sorts real images and is in doubt about generated ones (Springenberg 2016).

With p(x) the softmax of the classifier, which is the discriminator, p̄ and q̄ its mean over real and generated images
and H the entropy, eq. 7, λ being 1 there:

    D minimises   mean H(p(x)) − λ · H(p̄) − mean H(p(G(z)))
    G minimises   mean H(p(G(z))) − H(q̄).

The generator is to be sorted surely, into all clusters alike; what D must not be sure of then lies between clusters of
real images. Without the last term of D this is `rim`. Real and generated images go through one forward, for BatchNorm's
sake.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from pydantic import Field
from torch import Tensor

from ganlift.layers.small_generator import draw_latent
from ganlift.losses import entropy_of_mean, mean_entropy
from ganlift.strategies.base import BOTH, Outcome, Phases, Setup, search, strategy
from ganlift.strategies.clusters import alone
from ganlift.strategies.pretraining import pretraining_phase
from ganlift.strategies.rim import RimOptions
from ganlift.strategies.sgan import LATENT, add_generator, joint_generator, new_generator
from ganlift.training.phase import Updater
from ganlift.training.pixels import Batch


class CatGanOptions(RimOptions):
    generator_lr: float = Field(
        2e-3, gt=0, description="Adam's rate of the generator", json_schema_extra=search(5e-4, 5e-3, log=True)
    )


@strategy(
    "catgan",
    kind="gan",
    summary="Without labels: sure of real images, in doubt about generated ones.",
    source="CatGAN: Springenberg 2016, eq. 7",
    options=CatGanOptions,
    unlabelled="required",
    labels=False,
    spaces=BOTH,
    vector_options={},
)
def phases(setup: Setup, options: CatGanOptions) -> Phases:
    """Both players at once, on real images and as many generated ones."""
    classifier, generator = setup.new_classifier(), new_generator(setup)
    noise = setup.rng.generator("latent")

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        real = setup.weak(batch["unlabelled"].x)
        fake = generator(draw_latent(len(real), LATENT, noise))
        logits, doubted = classifier(torch.cat([real, fake])).float().chunk(2)
        sure, spread, doubt = mean_entropy(logits), entropy_of_mean(logits), mean_entropy(doubted)
        d_loss = sure - options.balance * spread - doubt
        g_loss = doubt - entropy_of_mean(doubted)
        update.together({"classifier": d_loss, "generator": g_loss})
        metrics = {"loss": d_loss, "g_loss": g_loss, "entropy": sure, "cluster_entropy": spread, "doubt": doubt}
        return {name: value.detach() for name, value in metrics.items()}

    phase = alone(setup, pretraining_phase(setup, options, classifier, step, heads={}, beta1=0.5, name="generator"))
    add_generator(setup, phase, generator, options.generator_lr)
    yield phase
    return Outcome(phase.averages["classifier"].module, generator=joint_generator(setup, generator))
