"""What unlabelled images can teach beside labelled ones: terms of a loss, each on the one forward of a step.

An arm's classifier minimises CE(labelled) + Σ w · term, and arms differ in their terms: FixMatch's guesses, Mean
Teacher's consistency, pseudo-labels, rotation. The joint GAN arms add their own losses to the same sum
(`ganlift.strategies.sgan`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn
from torch.nn import functional as F

from ganlift.augment import rotate90
from ganlift.losses import consistency, mean_entropy, squared_consistency
from ganlift.strategies.base import ClassifierOptions, Outcome, Phases, Setup, classifier_phase, search
from ganlift.strategies.thresholds import AdaptiveThresholds
from ganlift.training.phase import Phase, Stateful, Updater, sigmoid_ramp
from ganlift.training.pixels import Batch, Stream, together
from ganlift.training.rng import seeded


@dataclass(frozen=True)
class Forward:
    """One forward's results, by kind of image; ``features`` are φ, ``logits`` the K classes'."""

    features: dict[str, Tensor]
    logits: dict[str, Tensor]


def one_forward(classifier: nn.Module, images: Mapping[str, Tensor]) -> Forward:
    """All kinds of images through one forward, so that BatchNorm normalises them together."""
    sizes = [len(x) for x in images.values()]
    features = classifier.features(torch.cat(list(images.values())))  # type: ignore[operator]
    logits = classifier.head(features)  # type: ignore[operator]
    return Forward(
        dict(zip(images, features.split(sizes), strict=True)), dict(zip(images, logits.split(sizes), strict=True))
    )


@dataclass(frozen=True)
class Moment:
    """What a term sees of a step.

    Attributes:
        out: the one forward, with "labelled", "unlabelled" (a weak view), and the terms' own views.
        unlabelled: the batch itself, before any view.
        progress: share of the steps done, in [0, 1).
        teacher: the averaged classifier, in evaluation mode.
    """

    out: Forward
    unlabelled: Tensor
    progress: float
    teacher: nn.Module


def _no_views(u: Batch) -> dict[str, Tensor]:
    return {}


@dataclass(frozen=True)
class Term:
    """One of the losses in the sum.

    Attributes:
        name: of its line in the trace.
        weight: w.
        loss: the term of a step, a scalar.
        views: further images for the one forward, by name, from the unlabelled batch.
        heads: modules that are trained with the classifier.
        extras: what else the next step depends on.
    """

    name: str
    weight: float
    loss: Callable[[Moment], Tensor]
    views: Callable[[Batch], Mapping[str, Tensor]] = _no_views
    heads: Mapping[str, nn.Module] = field(default_factory=dict)
    extras: Mapping[str, Stateful] = field(default_factory=dict)


def all_views(terms: Sequence[Term], unlabelled: Batch) -> dict[str, Tensor]:
    """The views of all terms, by name."""
    return {name: images for term in terms for name, images in term.views(unlabelled).items()}


def all_heads(terms: Sequence[Term]) -> dict[str, nn.Module]:
    """The heads of all terms, by name."""
    return {name: head for term in terms for name, head in term.heads.items()}


def all_extras(terms: Sequence[Term]) -> dict[str, Stateful]:
    """What else has state in all terms, by name."""
    return {name: extra for term in terms for name, extra in term.extras.items()}


def weighted_sum(terms: Sequence[Term], moment: Moment) -> tuple[Tensor, dict[str, Tensor]]:
    """Σ w · term, and each term for the trace."""
    losses = {term.name: term.loss(moment) for term in terms}
    total = sum((term.weight * losses[term.name] for term in terms), moment.unlabelled.new_zeros(()))
    return total, {name: loss.detach() for name, loss in losses.items()}


UNLABELLED = ("unlabelled", "unlabelled too")
"""Streams of `semi_phase` whose images have no label."""


@dataclass(frozen=True)
class Generated:
    """Generated images with classes that join the labelled ones; their cross-entropy counts ``weight``."""

    stream: Stream
    weight: float


def semi_phase(
    setup: Setup,
    options: ClassifierOptions,
    classifier: nn.Module,
    terms: Sequence[Term],
    *,
    name: str = "classifier",
    steps: int | None = None,
    ratio: int = 1,
    generated: Generated | None = None,
    unlabelled_too: Stream | None = None,
) -> Phase:
    """``classifier`` minimises CE(labelled) + Σ w · term, and the cross-entropy of ``generated`` images if given.

    A step has ``ratio`` unlabelled images a labelled one; those of ``unlabelled_too`` join them in every term.
    """

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        u = together([part for kind, part in batch.items() if kind in UNLABELLED])
        images = {kind: setup.labelled_view(part.x, options) for kind, part in batch.items() if kind not in UNLABELLED}
        images["unlabelled"] = setup.weak(u.x)
        out = one_forward(classifier, images | all_views(terms, u))
        total, parts = weighted_sum(terms, Moment(out, u.x, t / phase.steps, phase.averages["classifier"].module))
        for kind, weight in weights.items():
            loss = F.cross_entropy(out.logits[kind], batch[kind].y, label_smoothing=options.label_smoothing)
            total, parts[traced[kind]] = total + weight * loss, loss.detach()
        update("classifier", total)
        return parts

    weights, traced = {"labelled": 1.0}, {"labelled": "loss", "generated": "generated_loss"}
    streams = {"labelled": setup.labelled_stream(options)}
    if generated is not None:
        streams["generated"], weights["generated"] = generated.stream, generated.weight
    streams["unlabelled"] = setup.unlabelled_stream(ratio)
    if unlabelled_too is not None:
        streams["unlabelled too"] = unlabelled_too
    heads = all_heads(terms)
    phase = classifier_phase(setup, options, classifier, step, streams, name=name, steps=steps, heads=heads)
    phase.extras = all_extras(terms)
    return phase


def semi_phases(
    setup: Setup, options: ClassifierOptions, classifier: nn.Module, terms: Sequence[Term], ratio: int = 1
) -> Phases:
    """`semi_phase` and nothing else."""
    phase = semi_phase(setup, options, classifier, terms, ratio=ratio)
    yield phase
    return Outcome(phase.averages["classifier"].module)


class TermOptions(BaseModel):
    """Base of a term's options, which an arm's options inherit beside the classifier's."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class GuessOptions(TermOptions):
    """Options of `guesses`."""

    threshold: float = Field(
        0.8, ge=0, le=1, description="τ: confidence from which a guess counts", json_schema_extra=search(0.6, 0.95)
    )
    consistency_weight: float = Field(
        1.0, ge=0, description="λ_u: weight of the consistency loss", json_schema_extra=search(0.3, 3.0, log=True)
    )
    unlabelled_ratio: int = Field(1, ge=1, le=16, description="μ: unlabelled images a labelled one in each step")
    adaptive: bool = Field(
        False,
        description="a threshold for each class that follows the classifier's confidence, in place of τ; it looks back "
        "on a fiftieth of the steps",
    )


def guesses(setup: Setup, options: GuessOptions) -> Term:
    """FixMatch (Sohn et al. 2020, eq. 4): mean 1[max q ≥ τ] · CE(argmax q, p(strong)), q of the weak view.

    With ``adaptive`` each class has a τ_k (FreeMatch, `ganlift.strategies.thresholds`).
    """
    adaptive = AdaptiveThresholds(setup.task.classes, setup.budget.steps, setup.device) if options.adaptive else None

    def loss(moment: Moment) -> Tensor:
        logits = moment.out.logits
        threshold = adaptive.update(logits["unlabelled"]) if adaptive else options.threshold
        return consistency(logits["unlabelled"], logits["strong"], threshold)

    return Term(
        "consistency_loss",
        options.consistency_weight,
        loss,
        lambda u: {"strong": setup.strong(u.x)},
        extras={"thresholds": adaptive} if adaptive else {},
    )


class TeacherOptions(TermOptions):
    """Options of `teacher`."""

    teacher_weight: float = Field(
        30.0, ge=0, description="weight of the squared difference", json_schema_extra=search(3.0, 100.0, log=True)
    )
    teacher_ramp: float = Field(0.4, ge=0, le=1, description="share of the steps over which the weight grows")


def teacher(setup: Setup, options: TeacherOptions) -> Term:
    """Mean Teacher (Tarvainen and Valpola 2017, eq. 1): the squared difference to the averaged weights' probabilities.

    Student and teacher see different weak views of an image; the weight grows as exp(-5 (1 - t)²).
    """

    def loss(moment: Moment) -> Tensor:
        with torch.no_grad():
            wanted = moment.teacher(setup.weak(moment.unlabelled))
        ramp = sigmoid_ramp(moment.progress, 0.0, options.teacher_ramp)
        return ramp * squared_consistency(moment.out.logits["unlabelled"], wanted)

    return Term("teacher_loss", options.teacher_weight, loss)


class EntropyOptions(TermOptions):
    """Options of `entropy`."""

    entropy_weight: float = Field(
        0.3, ge=0, description="λ: weight of the entropy", json_schema_extra=search(0.03, 1.0, log=True)
    )
    entropy_ramp: float = Field(0.3, gt=0, le=1, description="share of the steps over which the weight grows")


def entropy(options: EntropyOptions) -> Term:
    """Grandvalet and Bengio 2005, eq. 6: the mean entropy of the classes predicted for unlabelled images."""

    def loss(moment: Moment) -> Tensor:
        return min(1.0, moment.progress / options.entropy_ramp) * mean_entropy(moment.out.logits["unlabelled"])

    return Term("entropy_loss", options.entropy_weight, loss)


class TurnOptions(TermOptions):
    """Options of `turns`."""

    rotation_weight: float = Field(
        0.2, ge=0, description="weight of the rotation loss", json_schema_extra=search(0.1, 2.0, log=True)
    )


def rotation_head(setup: Setup, classifier: nn.Module) -> nn.Linear:
    """Four logits from the classifier's features: 0, 90, 180 and 270 degrees."""
    with seeded(setup.rng.derive("weights of rotation head", common=True)):
        return nn.Linear(classifier.feature_size, 4).to(setup.device)  # type: ignore[arg-type]


def turns(setup: Setup, options: TurnOptions, classifier: nn.Module) -> Term:
    """S4L (Zhai et al. 2019, section 3.1): cross-entropy of which way up an unlabelled image is.

    An image's turn goes by its place in the batch, whose order is random.
    """
    head = rotation_head(setup, classifier)

    def turned(u: Batch) -> dict[str, Tensor]:
        return {"turned": rotate90(setup.weak(u.x), _by_place(u.x))}

    def loss(moment: Moment) -> Tensor:
        features = moment.out.features["turned"]
        return F.cross_entropy(head(features), _by_place(features))

    return Term("rotation_loss", options.rotation_weight, loss, turned, {"rotation": head})


def _by_place(batch: Tensor) -> Tensor:
    return torch.arange(len(batch), device=batch.device) % 4
