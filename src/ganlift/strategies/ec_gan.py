"""`ec-gan`: a classifier outside the game learns from generated images that it labels itself (Haque 2021).

Generator and discriminator play alone, on the labelled images without their labels. The classifier C sees
each batch of real images x with labels y and the generated images of that step:

    D minimises   sp(−D(x)) + sp(D(G(z)))
    G minimises   sp(−D(G(z)))
    C minimises   CE(C(x), y) + λ · mean 1[max q ≥ τ] · CE(C(G(z)), argmax q),    q = softmax C(G(z)),

with no gradient into G or q: the confident guess is taken for the label. λ 0.1 is the paper's and its notebook's.

What differs: real and generated images go through C in one forward and one step, where the notebook has a
step for each, BatchNorm seeing them apart; the second term is divided by the whole batch, not by the images that
pass, and so grows with confidence; D has spectral norm and sees DiffAugment, BatchNorm and plain images there.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from ganlift.layers.small_generator import draw_latent
from ganlift.losses import confident_share, consistency, generator_bce
from ganlift.strategies.base import BOTH, Outcome, Phases, Setup, classifier_phase, search, shipped, strategy
from ganlift.strategies.players import (
    PlayerOptions,
    add_discriminator,
    discriminator_step,
    new_discriminator,
    pair_scores,
)
from ganlift.strategies.sgan import (
    LATENT,
    add_generator,
    joint_generator,
    new_generator,
)
from ganlift.strategies.terms import one_forward
from ganlift.training.phase import Updater
from ganlift.training.pixels import Batch


@shipped(lr=1.7e-3, weight_decay=5e-4, label_smoothing=0.1)  # a classifier beside the game: what `augment` has
class EcGanOptions(PlayerOptions):
    fake_weight: float = Field(
        0.1, ge=0, description="λ: weight of generated images", json_schema_extra=search(0.01, 1.0, log=True)
    )
    threshold: float = Field(
        0.7, ge=0, le=1, description="τ: confidence from which a guess counts", json_schema_extra=search(0.2, 0.95)
    )


@strategy(
    "ec-gan",
    kind="gan",
    summary="A separate classifier learns from generated images that it labels itself.",
    source="EC-GAN: Haque 2021",
    options=EcGanOptions,
    spaces=BOTH,
    vector_options={
        "lr": 7.5e-3,
        "weight_decay": 1.5e-2,
        "dropout": 0.4,
        "generator_lr": 3.1e-3,
        "discriminator_lr": 2.3e-3,
        "fake_weight": 0.21,
        "threshold": 0.88,
    },
)
def phases(setup: Setup, options: EcGanOptions) -> Phases:
    """Discriminator, generator, classifier: a step each on the same batch of fakes."""
    classifier = setup.new_classifier(options.dropout)
    generator, discriminator = new_generator(setup), new_discriminator(setup)
    rng, noise = setup.rng.generator("augmentation"), setup.rng.generator("latent")

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        x, y = batch["labelled"].x, batch["labelled"].y
        fake = generator(draw_latent(len(x), LATENT, noise))
        metrics = discriminator_step(setup, discriminator, x, fake, rng, update)
        g_loss = generator_bce(pair_scores(setup, discriminator, fake, rng))
        update("generator", g_loss)

        logits = one_forward(classifier, {"labelled": setup.labelled_view(x, options), "fake": fake.detach()}).logits
        loss = F.cross_entropy(logits["labelled"], y, label_smoothing=options.label_smoothing)
        fake_loss = consistency(logits["fake"], logits["fake"], options.threshold)
        update("classifier", loss + options.fake_weight * fake_loss)
        confident = confident_share(logits["fake"], options.threshold)
        own = {"loss": loss, "fake_loss": fake_loss, "confident": confident, "g_loss": g_loss}
        return {**metrics, **{name: value.detach() for name, value in own.items()}}

    phase = classifier_phase(setup, options, classifier, step, {"labelled": setup.labelled_stream(options)})
    add_generator(setup, phase, generator, options.generator_lr)
    add_discriminator(phase, discriminator, options.discriminator_lr)
    yield phase
    return Outcome(phase.averages["classifier"].module, generator=joint_generator(setup, generator))
