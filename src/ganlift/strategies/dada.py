"""`dada`: 2K classes, K real and K generated; then the generator's images join the real ones (Zhang et al. 2019).

The discriminator has a real and a generated logit a class, l_k and l'_k, and is the classifier too, by their sum. They
are written here as c_k = l_k + l'_k, the classifier's own head, and s_k = l_k − l'_k, a second head on the same
features φ: the same functions, with real against generated *within* class y as a logit of its own. Two phases, as in
the authors' code:

    1. D minimises   sp(−s_y(x)) + sp(s_y(G(z, y)))
       G minimises   sp(−s_y(G(z, y))) + w · ‖mean φ(x) − mean φ(G(z, y))‖²
    2. C minimises   CE(c(x), y) + v · CE(c(G(z, y')), y'),   y' uniform, G as phase 1 left it, C on from D's features.

The first counts as the generator's steps, the second is the classifier's budget. The operations of `augment` are for
the real images of the second phase: the paper's "DADA + augment"; `policy` "none" leaves shift and flip.

What differs: v is an option, 1 in that code; features are matched by squares, with weight w, in place of half the
absolute difference; one generator step a discriminator step in place of
two; in the first phase real and generated images pass DiffAugment (Zhao et al. 2020), vectors noise, for they are few.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from ganlift.layers.small_generator import draw_latent
from ganlift.losses import discriminator_bce, feature_matching, generator_bce
from ganlift.representations import JointGenerator
from ganlift.strategies.base import (
    BOTH,
    ClassifierOptions,
    Outcome,
    Phases,
    Setup,
    classifier_optimizer,
    classifier_phase,
    search,
    shipped,
    strategy,
)
from ganlift.strategies.sgan import (
    LATENT,
    add_generator,
    joint_generator,
    new_generator,
)
from ganlift.strategies.terms import one_forward
from ganlift.training.phase import Phase, Updater
from ganlift.training.pixels import Batch, Stream
from ganlift.training.rng import seeded


@shipped(lr=4.2e-3, weight_decay=2.7e-3, dropout=0.4, label_smoothing=0.1, policy="rand", beta1=0.5)
class DadaOptions(ClassifierOptions):
    fake_weight: float = Field(
        0.07, ge=0, description="v: weight of generated images", json_schema_extra=search(0.01, 1.0, log=True)
    )
    generator_lr: float = Field(
        5.7e-4, gt=0, description="Adam's rate of the generator", json_schema_extra=search(5e-4, 5e-3, log=True)
    )
    matching: float = Field(1.0, ge=0, description="w: weight of feature matching")


@strategy(
    "dada",
    kind="gan",
    summary="2K classes, real and generated; then generated images join the real ones in the same model.",
    source="DADA: Zhang et al. 2019, and the authors' code",
    options=DadaOptions,
    spaces=BOTH,
)
def phases(setup: Setup, options: DadaOptions) -> Phases:
    """The game within classes, then the classifier on real and generated images."""
    classifier, generator = setup.new_classifier(options.dropout), new_generator(setup, setup.task.classes)
    yield _game(setup, options, classifier, generator)
    noise = setup.rng.generator("latent")

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        x, y = batch["labelled"].x, batch["labelled"].y
        asked = torch.randint(setup.task.classes, y.shape, generator=noise, device=y.device)
        with torch.no_grad():
            fake = generator(draw_latent(len(x), LATENT, noise), asked)
        logits = one_forward(classifier, {"labelled": setup.labelled_view(x, options), "fake": fake}).logits
        loss = F.cross_entropy(logits["labelled"], y, label_smoothing=options.label_smoothing)
        fake_loss = F.cross_entropy(logits["fake"], asked, label_smoothing=options.label_smoothing)
        update("classifier", loss + options.fake_weight * fake_loss)
        return {"loss": loss.detach(), "fake_loss": fake_loss.detach()}

    phase = classifier_phase(setup, options, classifier, step, {"labelled": setup.labelled_stream(options)})
    phase.modules["generator"] = generator  # not trained any more, but its BatchNorm counts on
    yield phase
    trained = joint_generator(setup, generator, setup.task.classes)
    return Outcome(phase.averages["classifier"].module, generator=trained)


def _game(setup: Setup, options: DadaOptions, classifier: nn.Module, generator: JointGenerator) -> Phase:
    """Phase 1: the generator against the classifier's features with the head s."""
    with seeded(setup.rng.derive("weights of real/fake head", common=True)):
        head = nn.Linear(classifier.feature_size, setup.task.classes).to(setup.device)  # type: ignore[arg-type]
    rng, noise = setup.rng.generator("augmentation"), setup.rng.generator("latent")

    def judged(x: Tensor, fake: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Features of real and generated images, and s_y of both, the real ones first."""
        features = classifier.features(setup.space.alike(torch.cat([x, fake]), rng))  # type: ignore[operator]
        return features, head(features).gather(1, y.repeat(2)[:, None]).squeeze(1)

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        x, y = setup.space.genuine(batch["labelled"].x, rng), batch["labelled"].y
        fake = generator(draw_latent(len(x), LATENT, noise), y)
        s_real, s_fake = judged(x, fake.detach(), y)[1].chunk(2)
        d_loss = discriminator_bce(s_real, s_fake)
        update("discriminator", d_loss)

        features, s = judged(x, fake, y)
        matching = feature_matching(*features.chunk(2))
        g_loss = generator_bce(s[len(x) :]) + options.matching * matching
        update("generator", g_loss)
        metrics = {"d_loss": d_loss, "g_loss": g_loss, "d_real": s_real.mean(), "d_fake": s_fake.mean()}
        return {name: value.detach() for name, value in {**metrics, "matching_loss": matching}.items()}

    order = setup.rng.generator("order of the game")
    phase = Phase(
        name="generator",
        steps=setup.budget.generator_steps,
        step=step,
        modules={"classifier": classifier, "real/fake": head},
        optimizers={"discriminator": classifier_optimizer([classifier, head], options)},
        streams={"labelled": Stream(setup.labelled, setup.labels, setup.budget.batch_size, order)},
        rng=setup.rng,
        counts="generator",
    )
    add_generator(setup, phase, generator, options.generator_lr)
    return phase
