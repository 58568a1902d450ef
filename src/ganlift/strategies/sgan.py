"""`sgan`: generator, discriminator and classifier as one model (Salimans et al. 2016, section 5).

K + 1 classes written with K logits l: Z = Σ exp l_k and D(x) = Z / (Z + 1). With lse = log Z, the
classifier minimises

    CE(labelled) + λ/2 · (sp(lse_u) − lse_u + sp(lse_fake)),       sp = softplus,

and the generator matches features: w · ‖mean φ(u) − mean φ(G(z))‖², φ the pooled features. With ``conditional``
it is given a class y too, and v · CE(G(z, y), y) teaches it: the classifier's answer is the generator's target. The
classifier itself learns from no such y, which may be wrong: to it every generated image is a generated image. Labelled,
unlabelled and generated images go through one forward, so that BatchNorm sees them together. Without
unlabelled images the labelled ones, less their labels, take that place.

The parts are shared with the arms that add further terms for unlabelled images (`sgan-fixmatch`,
`sgan-rotation`, `sgan-mean-teacher`) and with the controls that put image mixes in the generator's place
(`sgan-mix`, `fixmatch-mix`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from ganlift.generators.common import draw
from ganlift.generators.trained import JOINT, GeneratorFacts, TrainedGenerator
from ganlift.layers.memory_format import lay_out
from ganlift.layers.small_generator import draw_latent
from ganlift.losses import feature_matching, sgan_unlabelled
from ganlift.representations import JointGenerator
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
from ganlift.strategies.terms import Forward, Moment, Term, all_extras, all_heads, all_views, one_forward, weighted_sum
from ganlift.strategies.watching import watching
from ganlift.training.phase import Phase, Updater
from ganlift.training.pixels import Batch
from ganlift.training.rng import seeded

LATENT = 64

Besides = Callable[[Forward, Tensor, Tensor], Tensor]
"""Of the one forward, the generated and the unlabelled views: what a generator minimises beside `sgan`'s loss."""


@shipped(lr=3.1e-3, weight_decay=5e-5, label_smoothing=0.1, policy="rand", beta1=0.5)  # β₁ low, as for discriminators
class JointOptions(ClassifierOptions):
    """Shared by every arm of the K + 1 family."""

    weight: float = Field(
        0.13, ge=0, description="λ: weight of real against generated", json_schema_extra=search(0.05, 2.0, log=True)
    )


class SganOptions(JointOptions):
    generator_lr: float = Field(
        1.7e-3,
        gt=0,
        description="Adam's rate of the generator",
        json_schema_extra=search(5e-4, 5e-3, log=True),
    )
    matching: float = Field(10.0, gt=0, description="w: weight of feature matching")
    generator_every: int = Field(1, ge=1, description="classifier steps a generator step")
    generator_until: float = Field(
        1.0,
        gt=0,
        le=1,
        description="share of the steps with a generator; afterwards its images and the K + 1 loss are left out",
    )
    conditional: bool = Field(
        False,
        description="a generator of wanted classes, taught by the classifier's answers to its images; the classifier "
        "learns nothing from what was wanted",
    )
    class_weight: float = Field(0.1, ge=0, description="weight of that cross-entropy in the generator's loss")


def joint_images(
    batch: Mapping[str, Batch], fake: Tensor | None, setup: Setup, options: JointOptions, terms: Sequence[Term]
) -> dict[str, Tensor]:
    """Weak views of labelled and unlabelled images, the fakes if any, and the views of further terms."""
    u = batch["unlabelled"]
    images = {
        "labelled": setup.labelled_view(batch["labelled"].x, options),
        "unlabelled": setup.weak(u.x),
    }
    if fake is not None:
        images["fake"] = fake
    return images | all_views(terms, u)


def classifier_loss(out: Forward, y: Tensor, options: JointOptions) -> tuple[Tensor, dict[str, Tensor]]:
    """The classifier's side of the module's equation, and its parts for the trace; without fakes CE(labelled) alone."""
    loss = F.cross_entropy(out.logits["labelled"], y, label_smoothing=options.label_smoothing)
    if "fake" not in out.logits:
        return loss, {"loss": loss.detach()}
    unlabelled_loss = sgan_unlabelled(out.logits["unlabelled"], out.logits["fake"])
    parts = {"loss": loss.detach(), "unlabelled_loss": unlabelled_loss.detach()}
    with torch.no_grad():
        parts["d_real"] = out.logits["unlabelled"].logsumexp(1).mean()
        parts["d_fake"] = out.logits["fake"].logsumexp(1).mean()
    return loss + options.weight * unlabelled_loss, parts


def generator_loss(out: Forward, wanted: Tensor | None, options: SganOptions) -> Tensor:
    """The generator's side of the module's equation; with ``wanted`` classes y, + v · CE(G(z, y), y)."""
    loss = options.matching * feature_matching(out.features["unlabelled"].detach(), out.features["fake"])
    return loss if wanted is None else loss + options.class_weight * F.cross_entropy(out.logits["fake"], wanted)


def add_generator(setup: Setup, phase: Phase, generator: JointGenerator, lr: float) -> None:
    """Let ``phase`` train ``generator`` with Adam (β₁ 0.5) under "generator", draw its grids and watch its samples."""
    phase.modules["generator"] = generator
    phase.optimizers["generator"] = torch.optim.Adam(generator.parameters(), lr=lr, betas=(0.5, 0.999), fused=True)
    if not setup.pictures:
        return
    phase.grid = _grid(setup, generator)
    shape = setup.space.shape(generator.classes)
    phase.watch = watching(setup, setup.rng, lambda n, noise: draw(generator, shape, LATENT, n, None, noise))


def new_generator(setup: Setup, classes: int = 0) -> JointGenerator:
    """The joint arms' generator, its weights drawn for this arm."""
    with seeded(setup.rng.derive("weights of generator", common=True)):
        return lay_out(setup.space.generator(LATENT, classes).to(setup.device), setup.device)


def joint_generator(setup: Setup, generator: JointGenerator, classes: int = 0) -> TrainedGenerator:
    """The joint arms' generator as an outcome's."""
    facts = GeneratorFacts(
        generator=JOINT,
        channels=setup.task.channels,
        size=setup.task.size,
        classes=classes,
        folds=1,
        latent_size=LATENT,
    )
    return TrainedGenerator(facts, generator)


def _grid(setup: Setup, generator: JointGenerator, columns: int = 8) -> Callable[[], Tensor]:
    """Draws ``columns`` images a condition, a row each, or 8 rows without any, from the same noise every time."""
    rows = torch.arange(generator.classes or columns, device=setup.device).repeat_interleave(columns)
    latent = draw_latent(len(rows), LATENT, setup.rng.generator("grid"))

    def grid() -> Tensor:
        generator.eval()
        images: Tensor = generator(latent, rows)
        return images

    return grid


def sgan_phases(
    setup: Setup,
    options: SganOptions,
    classifier: nn.Module,
    terms: Sequence[Term] = (),
    ratio: int = 1,
    besides: Besides | None = None,
) -> Phases:
    """The joint phase: simultaneous steps of classifier and generator from one forward, with further ``terms``.

    A step has ``ratio`` unlabelled images a labelled one, and as many generated ones. ``besides`` is added to what the
    generator minimises.
    """
    classes = setup.task.classes if options.conditional else 0
    generator, noise = new_generator(setup, classes), setup.rng.generator("latent")

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        n, progress = len(batch["unlabelled"].x), t / phase.steps
        generates = progress < options.generator_until
        learns = generates and t % options.generator_every == 0
        wanted = torch.randint(classes, (n,), generator=noise, device=noise.device) if classes else None
        with torch.set_grad_enabled(learns):
            fake = generator(draw_latent(n, LATENT, noise), wanted) if generates else None
        images = joint_images(batch, fake, setup, options, terms)
        out = one_forward(classifier, images)
        loss, metrics = classifier_loss(out, batch["labelled"].y, options)
        moment = Moment(out, batch["unlabelled"].x, progress, phase.averages["classifier"].module)
        added, parts = weighted_sum(terms, moment)
        if not learns:
            update("classifier", loss + added)
            return {**metrics, **parts}
        g_loss = generator_loss(out, wanted, options)
        if besides is not None:
            g_loss = g_loss + besides(out, images["fake"], images["unlabelled"])
        update.together({"classifier": loss + added, "generator": g_loss})
        return {**metrics, **parts, "g_loss": g_loss.detach()}

    streams = {"labelled": setup.labelled_stream(options), "unlabelled": setup.unlabelled_stream(ratio)}
    phase = classifier_phase(setup, options, classifier, step, streams, heads=all_heads(terms))
    phase.extras = all_extras(terms)
    add_generator(setup, phase, generator, options.generator_lr)
    yield phase
    return Outcome(phase.averages["classifier"].module, generator=joint_generator(setup, generator, classes))


def mixed_phases(
    setup: Setup, options: JointOptions, classifier: nn.Module, terms: Sequence[Term] = (), ratio: int = 1
) -> Phases:
    """The same losses with mixes of unlabelled images where the generated ones stand."""
    setup.rng.generator("augmentation")

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        fake = setup.mixes(batch["unlabelled"].x)
        out = one_forward(classifier, joint_images(batch, fake, setup, options, terms))
        loss, metrics = classifier_loss(out, batch["labelled"].y, options)
        moment = Moment(out, batch["unlabelled"].x, t / phase.steps, phase.averages["classifier"].module)
        added, parts = weighted_sum(terms, moment)
        update("classifier", loss + added)
        return {**metrics, **parts}

    streams = {"labelled": setup.labelled_stream(options), "unlabelled": setup.unlabelled_stream(ratio)}
    phase = classifier_phase(setup, options, classifier, step, streams, heads=all_heads(terms))
    phase.extras = all_extras(terms)
    yield phase
    return Outcome(phase.averages["classifier"].module)


@strategy(
    "sgan",
    kind="gan",
    summary="One model: K + 1 classes, the generator matches features.",
    source="Improved GAN: Salimans et al. 2016, section 5",
    options=SganOptions,
    unlabelled="optional",
    spaces=BOTH,
    vector_options={},
)
def phases(setup: Setup, options: SganOptions) -> Phases:
    """See `sgan_phases`."""
    return (yield from sgan_phases(setup, options, setup.new_classifier(options.dropout)))
