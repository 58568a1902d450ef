"""`margin-gan`: real images want large margins, generated ones small (Dong and Lin 2019).

Three players, nobody conditional. With k*(·) = argmax of C's probabilities q, the pseudo-label, and a labelled (x, y),
unlabelled u, generated G(z):

    D minimises   sp(−D(x, u)) + sp(D(G(z)))
    C minimises   CE(C(x), y) + r(t) · [v · CE(C(u), k*(u)) + w · −log(1 − q_k*(G(z)))]
    G minimises   sp(−D(G(z))) + m · CE(C(G(z)), k*(G(z)))

The inverted cross-entropy pushes C's boundary through the generated images; G pushes them away from it.

The authors' code trains C on labelled images until its accuracy *on the test set* passes a gate, and only then
starts the rest. There is no such gate here: nothing looks at accuracy. r(t) rises from 0 at the share ``start`` of
the steps to 1 at twice that. What differs beside: u is weakly augmented; the three kinds of image go through C in one
forward; D has spectral norm and sees DiffAugment. Without unlabelled images the labelled ones, less their labels,
take that place.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from ganlift.layers.small_generator import draw_latent
from ganlift.losses import consistency, generator_bce, inverted_cross_entropy
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
from ganlift.training.phase import Updater, sigmoid_ramp
from ganlift.training.pixels import Batch


@shipped(lr=3.1e-3, weight_decay=5e-5, label_smoothing=0.1, policy="rand", beta1=0.5)
class MarginGanOptions(PlayerOptions):
    unlabelled_weight: float = Field(
        0.3, ge=0, description="v: weight of pseudo-labels", json_schema_extra=search(0.03, 1.0, log=True)
    )
    fake_weight: float = Field(
        0.1, ge=0, description="w: weight of small margins", json_schema_extra=search(0.01, 1.0, log=True)
    )
    margin: float = Field(0.1, ge=0, description="m: weight of the generator's margin")
    start: float = Field(0.3, ge=0, le=0.5, description="share of the steps before v and w set in")


@strategy(
    "margin-gan",
    kind="gan",
    summary="Large margins for real images, small ones for generated; no gate on accuracy.",
    source="MarginGAN: Dong and Lin 2019",
    options=MarginGanOptions,
    unlabelled="optional",
    spaces=BOTH,
    vector_options={
        "lr": 2.7e-3,
        "weight_decay": 7e-5,
        "dropout": 0.0,
        "label_smoothing": 0.1,
        "generator_lr": 1.5e-3,
        "discriminator_lr": 1.5e-3,
        "unlabelled_weight": 0.21,
        "fake_weight": 0.017,
    },
)
def phases(setup: Setup, options: MarginGanOptions) -> Phases:
    """Discriminator, generator and classifier: a step each on the same batches."""
    classifier = setup.new_classifier(options.dropout)
    generator, discriminator = new_generator(setup), new_discriminator(setup)
    rng, noise = setup.rng.generator("augmentation"), setup.rng.generator("latent")

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        x, y, u = batch["labelled"].x, batch["labelled"].y, batch["unlabelled"].x
        fake = generator(draw_latent(len(x), LATENT, noise))
        metrics = discriminator_step(setup, discriminator, torch.cat([x, u]), fake, rng, update)

        views = {"labelled": setup.labelled_view(x, options), "unlabelled": setup.weak(u)}
        logits = one_forward(classifier, {**views, "fake": fake}).logits
        loss = F.cross_entropy(logits["labelled"], y, label_smoothing=options.label_smoothing)
        pseudo_loss = consistency(logits["unlabelled"], logits["unlabelled"], threshold=0.0)
        inverted_loss = inverted_cross_entropy(logits["fake"])
        terms = options.unlabelled_weight * pseudo_loss + options.fake_weight * inverted_loss
        ramp = sigmoid_ramp(t / setup.budget.steps, options.start, 2 * options.start)
        margin_loss = consistency(logits["fake"], logits["fake"], threshold=0.0)
        g_loss = generator_bce(pair_scores(setup, discriminator, fake, rng)) + options.margin * margin_loss
        update.together({"classifier": loss + ramp * terms, "generator": g_loss})
        own = {"loss": loss, "pseudo_loss": pseudo_loss, "inverted_loss": inverted_loss, "g_loss": g_loss}
        return {**metrics, **{name: value.detach() for name, value in own.items()}}

    streams = {"labelled": setup.labelled_stream(options), "unlabelled": setup.unlabelled_stream()}
    phase = classifier_phase(setup, options, classifier, step, streams)
    add_generator(setup, phase, generator, options.generator_lr)
    add_discriminator(phase, discriminator, options.discriminator_lr)
    yield phase
    return Outcome(phase.averages["classifier"].module, generator=joint_generator(setup, generator))
