"""`acgan`: one model, supervised: the classifier's output is the generator's target (Odena et al. 2017).

The discriminator has two heads on the same features: real or generated, and the class. With s the
real/fake logit and c the class logits, non-saturating cross-entropy:

    D, C minimise   CE(c(A(x)), y) + a · [sp(−s(T(x))) + sp(s(T(G(z, y))))] + v · CE(c(T(G(z, y))), y)
    G minimises     sp(−s(T(G(z, y)))) + CE(c(T(G(z, y))), y)

A is the augmentation of labelled images, T DiffAugment (Zhao et al. 2020), or noise on vectors, the same on real and
generated images, so that they are not told apart by it. The paper has neither, and a = v = 1: it is after images. Here
the class of real images comes first.

The generator's output is the classifier's input, and the classifier's output, the class asked for, is
the generator's target. The trained class head is the classifier. Steps alternate: discriminator and
classifier first, then the generator on the same batch of fakes, seen by the updated heads.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from ganlift.layers.small_generator import draw_latent
from ganlift.losses import discriminator_bce, generator_bce
from ganlift.strategies.base import (
    BOTH,
    ClassifierOptions,
    Outcome,
    Phases,
    Setup,
    classifier_phase,
    search,
    shipped,
    strategy,
)
from ganlift.strategies.sgan import LATENT, add_generator, joint_generator, new_generator
from ganlift.training.phase import Updater
from ganlift.training.pixels import Batch
from ganlift.training.rng import seeded


@shipped(lr=3.1e-3, weight_decay=5e-5, label_smoothing=0.1, policy="rand", beta1=0.5)  # β₁ low, as for discriminators
class AcganOptions(ClassifierOptions):
    adversarial: float = Field(
        0.07, ge=0, description="a: weight of the real/fake loss", json_schema_extra=search(0.03, 1.0, log=True)
    )
    fake_weight: float = Field(
        0.12, ge=0, description="v: weight of the class loss on fakes", json_schema_extra=search(0.01, 1.0, log=True)
    )
    generator_lr: float = Field(
        3.5e-3,
        gt=0,
        description="Adam's rate of the generator",
        json_schema_extra=search(2e-4, 5e-3, log=True),
    )


@strategy(
    "acgan",
    kind="gan",
    summary="One model: the class head of the discriminator is the classifier and the generator's target.",
    source="AC-GAN: Odena et al. 2017, eq. 2 and 3",
    options=AcganOptions,
    spaces=BOTH,
    vector_options={},
)
def phases(setup: Setup, options: AcganOptions) -> Phases:
    """Alternating steps on labelled images and as many generated ones."""
    classifier, generator = setup.new_classifier(options.dropout), new_generator(setup, setup.task.classes)
    with seeded(setup.rng.derive("weights of real/fake head", common=True)):
        head = nn.Linear(classifier.feature_size, 1).to(setup.device)  # type: ignore[arg-type]
    noise, shifts = setup.rng.generator("latent"), setup.rng.generator("DiffAugment")

    def scores(views: Tensor) -> tuple[Tensor, Tensor]:
        features = classifier.features(views)  # type: ignore[operator]
        return head(features).squeeze(1), classifier.head(features)  # type: ignore[operator]

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        real, y = batch["labelled"].x, batch["labelled"].y
        fake = generator(draw_latent(len(real), LATENT, noise), y)
        shown = setup.space.genuine(real, shifts)
        views = [setup.labelled_view(real, options), setup.space.alike(torch.cat([shown, fake.detach()]), shifts)]
        s, c = scores(torch.cat(views))
        (_, s_real, s_fake), (c_real, _, c_fake) = s.chunk(3), c.chunk(3)
        loss = F.cross_entropy(c_real, y, label_smoothing=options.label_smoothing)
        d_loss = discriminator_bce(s_real, s_fake)
        fake_loss = F.cross_entropy(c_fake, y)
        update("classifier", loss + options.adversarial * d_loss + options.fake_weight * fake_loss)
        s, c = scores(torch.cat([views[0], setup.space.alike(torch.cat([shown, fake]), shifts)]))
        g_loss = generator_bce(s[2 * len(real) :]) + F.cross_entropy(c[2 * len(real) :], y)
        update("generator", g_loss)
        metrics = {"loss": loss, "d_loss": d_loss, "g_loss": g_loss, "d_real": s_real.mean(), "d_fake": s_fake.mean()}
        return {name: value.detach() for name, value in metrics.items()}

    phase = classifier_phase(
        setup, options, classifier, step, {"labelled": setup.labelled_stream(options)}, heads={"real/fake": head}
    )
    add_generator(setup, phase, generator, options.generator_lr)
    yield phase

    trained = joint_generator(setup, generator, setup.task.classes)
    return Outcome(phase.averages["classifier"].module, generator=trained)
