"""`triple-gan`: generator, classifier and a discriminator of (image, label) pairs (Li et al. 2017).

The second version (arXiv 1912.09784, and its code): a Mean Teacher T, a projection discriminator D and the hinge. With
labelled (x, y), unlabelled u, p = softmax C(u), its class k* = argmax p, and generated G(z, y):

    D minimises   [h(−D(x, y)) + h(−D(u, k*))]/2 + ½ h(D(G(z, y), y)) + ½ Σ_k p_k h(D(u, k)),    h(a) = relu(1 + a)
    G minimises   −D(G(z, y), y)
    C minimises   CE(C(x), y) + r_c(t) · γ · mean (p − softmax T(u'))²
                  + r(t) · [α_P · CE(C(G(z, y)), y) − α_a · Σ_k p_k D(u, k)]

u' is another view of u. The sum over classes needs no REINFORCE, and a projection D gives all K scores from one
pass. The ramps are the code's for CIFAR-10, as shares of its 240,000 steps: r_c rises up to 0.17, r from 0.21 to 0.42.
Its weights there are γ 50, α_a 0.01 and α_P 0.03; those shipped led in `benchmarks/tune.py`, in short runs.

What differs: half of D's real pairs are the classifier's own in place of nine in ten; T is the run's average of C's
weights, in evaluation mode; D steps once a generator step, not five times; images pass DiffAugment on the way to D; one
batch of unlabelled images a step, with equal budgets, in place of three. Without unlabelled images the labelled ones,
less their labels, take that place.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from ganlift.layers.small_generator import draw_latent
from ganlift.losses import squared_consistency
from ganlift.strategies.base import BOTH, Outcome, Phases, Setup, classifier_phase, search, shipped, strategy
from ganlift.strategies.players import PlayerOptions, add_discriminator, new_discriminator, pair_scores
from ganlift.strategies.sgan import (
    LATENT,
    add_generator,
    joint_generator,
    new_generator,
)
from ganlift.strategies.terms import one_forward
from ganlift.training.phase import Updater, sigmoid_ramp
from ganlift.training.pixels import Batch

CONSISTENCY_RAMP = (0.0, 0.17)
GAME_RAMP = (0.21, 0.42)
"""Shares of the steps between which r_c and r rise."""


@shipped(
    lr=2.2e-3,
    weight_decay=3.2e-3,
    dropout=0.2,
    label_smoothing=0.1,
    policy="trivial",
    beta1=0.5,
    generator_lr=8.1e-4,
    discriminator_lr=5.2e-4,
)
class TripleGanOptions(PlayerOptions):
    consistency_weight: float = Field(
        3.0, ge=0, description="γ: weight of the Mean Teacher", json_schema_extra=search(1.0, 100.0, log=True)
    )
    adversarial: float = Field(
        0.1, ge=0, description="α_a: weight of the discriminator's word", json_schema_extra=search(3e-3, 0.3, log=True)
    )
    fake_weight: float = Field(
        0.028, ge=0, description="α_P: weight of generated pairs", json_schema_extra=search(0.01, 1.0, log=True)
    )


def discriminator_loss(x_scores: Tensor, u_scores: Tensor, fake_scores: Tensor, y: Tensor, p: Tensor) -> Tensor:
    """D's side of the module's equation, from scores (n, K) of all pairs; ``y`` (n,) and ``p`` (m, K)."""
    guessed = u_scores.gather(1, p.argmax(1, keepdim=True))
    real = (F.relu(1 - _of(x_scores, y)).mean() + F.relu(1 - guessed).mean()) / 2
    generated = F.relu(1 + _of(fake_scores, y)).mean()
    classified = (p * F.relu(1 + u_scores)).sum(1).mean()
    return real + 0.5 * generated + 0.5 * classified


def _of(scores: Tensor, y: Tensor) -> Tensor:
    return scores.gather(1, y[:, None])


@strategy(
    "triple-gan",
    kind="gan",
    summary="Generator, classifier with a Mean Teacher, and a judge of images with their labels.",
    source="Triple-GAN: Li et al. 2017; the second version, arXiv 1912.09784, and its code",
    options=TripleGanOptions,
    unlabelled="optional",
    spaces=BOTH,
    vector_options={},
)
def phases(setup: Setup, options: TripleGanOptions) -> Phases:
    """Classifier, discriminator, generator: a step each on the same batches."""
    classes = setup.task.classes
    classifier = setup.new_classifier(options.dropout)
    generator, discriminator = new_generator(setup, classes), new_discriminator(setup, classes)
    rng, noise = setup.rng.generator("augmentation"), setup.rng.generator("latent")

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        x, y, u = batch["labelled"].x, batch["labelled"].y, batch["unlabelled"].x
        fake = generator(draw_latent(len(x), LATENT, noise), y)
        views = {"labelled": setup.labelled_view(x, options), "unlabelled": setup.weak(u)}
        logits = one_forward(classifier, {**views, "fake": fake.detach()}).logits
        p = logits["unlabelled"].softmax(1)
        with torch.no_grad():
            taught = phase.averages["classifier"].module(setup.weak(u))
        real = setup.space.genuine(torch.cat([x, u]), rng)
        scores = pair_scores(setup, discriminator, torch.cat([real, fake.detach()]), rng)
        on_x, on_u, on_fake = torch.tensor_split(scores, (len(x), len(x) + len(u)))

        d_loss = discriminator_loss(on_x, on_u, on_fake, y, p.detach())
        loss = F.cross_entropy(logits["labelled"], y, label_smoothing=options.label_smoothing)
        consistency_loss = squared_consistency(logits["unlabelled"], taught)
        adversarial_loss = -(p * on_u.detach()).sum(1).mean()
        fake_loss = F.cross_entropy(logits["fake"], y)
        done = t / setup.budget.steps
        taught_term = sigmoid_ramp(done, *CONSISTENCY_RAMP) * options.consistency_weight * consistency_loss
        game = options.fake_weight * fake_loss + options.adversarial * adversarial_loss
        total = loss + taught_term + sigmoid_ramp(done, *GAME_RAMP) * game
        update.together({"discriminator": d_loss, "classifier": total})
        g_loss = -_of(pair_scores(setup, discriminator, fake, rng), y).mean()
        update("generator", g_loss)
        metrics = {
            "loss": loss,
            "consistency_loss": consistency_loss,
            "adversarial_loss": adversarial_loss,
            "fake_loss": fake_loss,
            "d_loss": d_loss,
            "g_loss": g_loss,
            "d_real": _of(on_x, y).mean(),
            "d_fake": _of(on_fake, y).mean(),
        }
        return {name: value.detach() for name, value in metrics.items()}

    streams = {"labelled": setup.labelled_stream(options), "unlabelled": setup.unlabelled_stream()}
    phase = classifier_phase(setup, options, classifier, step, streams)
    add_generator(setup, phase, generator, options.generator_lr)
    add_discriminator(phase, discriminator, options.discriminator_lr)
    yield phase
    return Outcome(phase.averages["classifier"].module, generator=joint_generator(setup, generator, classes))
