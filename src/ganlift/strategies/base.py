"""The contract of a strategy, and the few pieces that every strategy is made of.

A strategy is a generator function that yields phases, sees what each left in its modules, and returns an
`Outcome`. Two stages, joint training, pre-training and retraining are all sequences of phases.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from ganlift.classifiers.base import ClassifierSpec
from ganlift.data.types import Task
from ganlift.errors import ConfigError
from ganlift.generators.base import AUTO, generators
from ganlift.generators.base import BOTH as BOTH
from ganlift.generators.base import PIXELS as PIXELS
from ganlift.generators.base import VECTORS as VECTORS
from ganlift.generators.trained import TrainedGenerator
from ganlift.layers.dropout import set_dropout_rng
from ganlift.registry import Registry
from ganlift.representations import ClipSpace, PixelSpace, Representation, SpectrogramSpace, VectorSpace
from ganlift.training.ema import Ema
from ganlift.training.fit import Record, Settings, fit
from ganlift.training.phase import Budget, Phase, Step, cosine_after
from ganlift.training.pixels import Held, Stream, even_rows, to_float
from ganlift.training.rng import Rng, seeded
from ganlift.yardstick import ACCURACY, Yardstick

Options = TypeVar("Options", bound=BaseModel)
Kind = Literal["baseline", "rival", "gan", "control"]
Unlabelled = Literal["never", "optional", "required"]


def search(low: float, high: float, *, log: bool = False) -> dict[str, Any]:
    """Mark an option as searched between ``low`` and ``high``, uniformly or in the logarithm."""
    return {"search": {"low": low, "high": high, "log": log}}


def choices(*values: Any) -> dict[str, Any]:
    """Mark an option as searched among ``values``."""
    return {"search": {"choices": list(values)}}


class ClassifierOptions(BaseModel):
    """What every arm's classifier is tuned over: the same space for all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lr: float = Field(2e-3, gt=0, description="AdamW's learning rate", json_schema_extra=search(1e-3, 8e-3, log=True))
    weight_decay: float = Field(
        1e-4, ge=0, description="AdamW's decoupled weight decay", json_schema_extra=search(1e-5, 1e-1, log=True)
    )
    dropout: float = Field(
        0.0, ge=0, lt=1, description="before the last layer", json_schema_extra=choices(0.0, 0.2, 0.4)
    )
    label_smoothing: float = Field(
        0.0, ge=0, lt=1, description="share of the target spread over all classes", json_schema_extra=choices(0.0, 0.1)
    )
    beta1: float = Field(0.9, ge=0, lt=1, description="AdamW's first moment")
    ema: float = Field(0.99, ge=0, lt=1, description="decay of the averaged weights, which are the ones used")
    flat: float = Field(0.3, ge=0, lt=1, description="share of the steps before the cosine starts")
    balance: Literal["auto", "on", "off"] = Field(
        "auto", description="every class as often in a batch as any other; auto: where macro recall judges"
    )
    policy: Literal["none", "trivial", "rand"] = Field(
        "trivial",
        description="random operation on labelled images, beside crop and flip",
        json_schema_extra=choices("trivial", "rand"),
    )


def shipped(**defaults: Any) -> Callable[[type[Options]], type[Options]]:
    """Decorator: give an options model its own defaults for inherited options.

    They are the best of the trials that `benchmarks/tune.py` gave every arm alike, on validation, by the mean over two
    data sets (`benchmarks/README.md`), rounded.
    """

    def apply(model: type[Options]) -> type[Options]:
        for name, value in defaults.items():
            field = copy(model.model_fields[name])
            field.default = value
            model.model_fields[name] = field
        model.model_rebuild(force=True)
        return model

    return apply


@dataclass(frozen=True)
class Outcome:
    """What an arm ends with.

    Attributes:
        classifier: images in [-1, 1] to logits (n, K).
        facts: plain values for ``facts.json``.
        shared: the key of the shared generator it used, if any.
        generator: what made images in this arm, ready to make more; None without one.
        rebuildable: whether the run's architecture with the classifier's weights is the classifier; another one is
            scored, and not laid ready for use.
        architecture: the registered classifier that it is, where that is another one than the run's.
    """

    classifier: nn.Module
    facts: dict[str, Any] = field(default_factory=dict)
    shared: str | None = None
    generator: TrainedGenerator | None = None
    rebuildable: bool = True
    architecture: str | None = None


def space_of(task: Task) -> Representation:
    """The representation of the task's items: images (n, c, h, w), clips (n, k, c, h, w), or features (n, v, d)."""
    if task.labelled.ndim == 5:
        return ClipSpace(task.channels, task.size, task.flips, frames=task.labelled.shape[1])
    if task.labelled.ndim == 4:
        pictures = SpectrogramSpace if task.sound else PixelSpace
        return pictures(task.channels, task.size, task.flips)
    seen = task.labelled if len(task.labelled) else task.unlabelled
    return VectorSpace(seen.shape[2], task.weak_views, bool((seen >= 0).all()), seen.shape[1])


@dataclass(frozen=True)
class Setup:
    """What a strategy works with: the task on the device, the budget, its randomness, what was asked for."""

    task: Task
    budget: Budget
    rng: Rng
    device: torch.device
    classifier: ClassifierSpec = "small-cnn"
    generator: str = AUTO
    generator_options: dict[str, Any] = field(default_factory=dict)
    measure: Yardstick = ACCURACY
    features: str | None = None
    """The network whose features the items are, as arms are named by it."""

    @cached_property
    def space(self) -> Representation:
        """What batches are made of."""
        return space_of(self.task)

    @property
    def pictures(self) -> bool:
        """Whether what is generated are images, to be looked at and kept; features are none."""
        return self.space.name == "pixels"

    @cached_property
    def labelled(self) -> Held:
        return self.space.hold(self.task.labelled, self.device)

    @cached_property
    def labels(self) -> Tensor:
        return torch.from_numpy(self.task.labels).to(self.device)

    @cached_property
    def unlabelled(self) -> Held:
        """The unlabelled images; the labelled ones, without their labels, where there are no others."""
        return self.space.hold(self.task.unlabelled, self.device) if len(self.task.unlabelled) else self.labelled

    @cached_property
    def class_counts(self) -> Tensor:
        """Labelled images of each class, (K,) float64, at least 1 so that it can divide."""
        return torch.from_numpy(self.task.class_counts).clamp(min=1).double().to(self.device)

    def labelled_stream(self, options: ClassifierOptions | None = None) -> Stream:
        """The labelled images, each once an epoch; or, as ``options`` say, every class as often as the largest.

        Random oversampling: He and Garcia 2009.
        """
        asked = "auto" if options is None else options.balance
        balanced = self.measure.by_class if asked == "auto" else asked == "on"
        order, rows = self.rng.generator("order", common=True), even_rows(self.labels) if balanced else None
        return Stream(self.labelled, self.labels, self.budget.batch_size, order, rows)

    def unlabelled_stream(self, ratio: int = 1) -> Stream:
        """The unlabelled images, ``ratio`` for each labelled one of a step."""
        order = self.rng.generator("unlabelled order", common=True)
        return Stream(self.unlabelled, None, ratio * self.budget.batch_size, order)

    def new_classifier(self, dropout: float = 0.0, name: str = "classifier") -> nn.Module:
        """A classifier of the kind asked for; arms of a seed that give it one ``name`` start from the same weights."""
        with seeded(self.rng.derive(f"weights of {name}", common=True)):
            model = self.space.classifier(self.classifier, self.task.classes, dropout)
        model.to(self.device)
        set_dropout_rng(model, self.rng.generator(f"dropout of {name}"))
        return model

    def labelled_view(self, x: Tensor, options: ClassifierOptions) -> Tensor:
        """A view of each labelled item of a batch (n, ...), changed as the options' policy says."""
        return self.space.labelled(x, options.policy, self.rng.generator("augmentation"))

    def weak(self, x: Tensor) -> Tensor:
        """A view of each item of a batch (n, ...) that changes little."""
        return self.space.weak(x, self.rng.generator("augmentation"))

    def strong(self, x: Tensor) -> Tensor:
        """A view of each item of a batch (n, ...) that changes much."""
        return self.space.strong(x, self.rng.generator("augmentation"))

    def mixes(self, x: Tensor) -> Tensor:
        """Views that belong to no one class: mixes of the items of a batch (n, ...)."""
        return self.space.mixes(x, self.rng.generator("augmentation"))

    def validation_accuracy(self, model: nn.Module) -> float:
        """Share of the validation images that ``model`` gets right; raises as `validation_score`."""
        return self.validation_score(model, ACCURACY)

    def validation_score(self, model: nn.Module, measure: Yardstick | None = None) -> float:
        """``measure`` of ``model`` on the validation images: what to choose by; where None, what arms are judged by.

        Raises:
            ConfigError: there are none.
        """
        return (measure or self.measure).of(self.validation_right(model), self.task.validation_labels)

    def validation_right(self, model: nn.Module) -> NDArray[np.bool_]:
        """Whether ``model`` is right on each validation image, (n,); raises as `validation_score`."""
        if not len(self.task.validation):
            raise ConfigError(
                "There are no validation images to choose on; a strategy that looks at some is registered with "
                "validates=True."
            )
        found = self.predict(model, torch.from_numpy(self.task.validation).to(self.device))
        right: NDArray[np.bool_] = found.argmax(1).cpu().numpy() == self.task.validation_labels
        return right

    def predict(self, model: nn.Module, items: Tensor) -> Tensor:
        """Class probabilities (n, K) float32 of items (n, ...) as they lie in memory; see `predict`."""
        return predict(model, items, self.space.plain)


@torch.no_grad()
def predict(
    model: nn.Module, items: Tensor, plain: Callable[[Tensor], Tensor] = to_float, batch_size: int = 500
) -> Tensor:
    """Class probabilities (n, K) float32 of items (n, ...), in evaluation mode and fp32.

    ``plain`` turns items into what ``model`` reads: uint8 images (n, c, h, w) into [-1, 1]. Of an item with several
    such views, one after another, it is the mean of theirs.
    """
    model.eval()
    found = []
    for part in torch.split(items, batch_size):
        views = torch.split(plain(part), batch_size)
        of_views = torch.cat([torch.softmax(model(some).float(), dim=1) for some in views])
        found.append(of_views.view(len(part), -1, of_views.shape[1]).mean(1))
    return torch.cat(found)


Phases = Generator[Phase, None, Outcome]


def run_phases(phases: Phases, settings_of: Callable[[Phase], Settings]) -> tuple[Outcome, list[Record]]:
    """Run the phases one after the other, each by `fit` with its own settings."""
    records: list[Record] = []
    while True:
        try:
            phase = next(phases)
        except StopIteration as end:
            return end.value, records
        records.append(fit(phase, settings_of(phase)))


@dataclass(frozen=True)
class Strategy:
    """A registered strategy: its phases, and what the comparison must know about it.

    Attributes:
        kind: ``baseline`` (labelled images alone), ``rival`` (no GAN, but more than that), ``gan``, ``control``.
        unlabelled: whether it uses unlabelled images.
        folds: where its first phase is a generator that arms of the seed share, the conditions a class: 2 where
            classifiers of halves judge its samples, else 1.
        validates: whether it chooses something on the validation images; the others never look at them.
        rival_on_features: whether a control is a rival there: it has no generator, and may win.
        geometry: whether it turns, crops or recolours pictures by itself, which of sound tells nothing.
        spaces: the representations that it can learn in; where its idea is about pictures, pixels alone.
        vector_options: its own defaults where it learns from vectors, as `benchmarks/tune.py --features` found them:
            none where those that are shared did as well, None where nobody has looked yet.
        generator: the registered generator that it takes in place of the run's; see `with_generator`.
        features: the network whose features it learns from, as ``--features`` labels it, where there is one.
        space: the representation that it learns in.
        labels: whether it needs labelled images; those that do not find clusters, and are compared among themselves.
        options: pydantic model of its settings, each with default, range and search distribution.
    """

    name: str
    kind: Kind
    summary: str
    source: str
    options: type[BaseModel]
    phases: Callable[[Setup, Any], Phases]
    unlabelled: Unlabelled = "never"
    folds: int = 0
    validates: bool = False
    labels: bool = True
    spaces: tuple[str, ...] = PIXELS
    rival_on_features: bool = False
    vector_options: Mapping[str, Any] | None = None
    geometry: bool = False
    generator: str | None = None
    features: str | None = None
    space: str = "pixels"

    @property
    def needs_generator(self) -> bool:
        """Whether its first phase is a generator that other arms of the seed share."""
        return self.folds > 0

    @property
    def stage(self) -> tuple[str | None, str | None, int]:
        """What arms of a seed that share one generator have in common, where it has such a phase."""
        return self.features, self.generator, self.folds


def variant(name: str) -> Strategy | None:
    """What a name stands for that no strategy is registered under: one with a generator, or in another space."""
    plain, at, network = name.partition("@")
    return on_features(plain, network) if at else with_generator(name)


def on_features(plain: str, network: str) -> Strategy | None:
    """``sgan@efficientnet-lite0`` is `sgan` on the features of that network, and so for every strategy on vectors.

    Raises:
        ConfigError: its idea is about pictures.
    """
    entry = strategies.get(plain) if plain in strategies.names() else with_generator(plain)
    if entry is None or not network:
        return None
    if "vectors" not in entry.spaces:
        raise ConfigError(f"'{plain}' learns from pixels alone, not from features; leave out '@{network}'.")
    return replace(on_vectors(entry), name=f"{plain}@{network}", features=network)


def on_vectors(entry: Strategy) -> Strategy:
    """``entry`` as it learns from vectors: features of a network, or the rows of numbers that the data are.

    Raises:
        ConfigError: its idea is about pictures.
    """
    if "vectors" not in entry.spaces:
        raise ConfigError(f"'{entry.name}' learns from pixels alone, and the data are rows of numbers; leave it out.")
    kind: Kind = "rival" if entry.rival_on_features else entry.kind
    return replace(entry, space="vectors", kind=kind)


def with_generator(name: str) -> Strategy | None:
    """``gan-augment-vae`` is `gan-augment` with the generator `vae`, and so for every strategy that shares one.

    It learns where both can.
    """
    for own, entry in strategies:
        generator = name.removeprefix(f"{own}-")
        if entry.needs_generator and generator != name and generator in generators.names():
            spaces = tuple(space for space in entry.spaces if space in generators.get(generator).spaces)
            return replace(entry, name=name, generator=generator, spaces=spaces)
    return None


strategies: Registry[Strategy] = Registry(
    "strategy", "ganlift.strategies", "ganlift.strategies", Strategy, made_of=variant
)


def strategy(
    name: str,
    *,
    kind: Kind,
    summary: str,
    source: str,
    options: type[BaseModel],
    unlabelled: Unlabelled = "never",
    folds: int = 0,
    validates: bool = False,
    labels: bool = True,
    spaces: tuple[str, ...] = PIXELS,
    rival_on_features: bool = False,
    vector_options: Mapping[str, Any] | None = None,
    geometry: bool = False,
) -> Callable[[Callable[[Setup, Any], Phases]], Callable[[Setup, Any], Phases]]:
    """Decorator: register a phases function as the strategy ``name``."""

    def register(phases: Callable[[Setup, Any], Phases]) -> Callable[[Setup, Any], Phases]:
        needs = (unlabelled, folds, validates, labels, spaces, rival_on_features, vector_options, geometry)
        strategies.add(name)(Strategy(name, kind, summary, source, options, phases, *needs))
        return phases

    return register


def classifier_optimizer(modules: list[nn.Module], options: ClassifierOptions) -> torch.optim.Optimizer:
    """AdamW over the modules' weights as the options say."""
    parameters = [parameter for module in modules for parameter in module.parameters()]
    return torch.optim.AdamW(
        parameters, lr=options.lr, betas=(options.beta1, 0.999), weight_decay=options.weight_decay, fused=True
    )


def classifier_phase(
    setup: Setup,
    options: ClassifierOptions,
    classifier: nn.Module,
    step: Step,
    streams: dict[str, Stream],
    *,
    name: str = "classifier",
    steps: int | None = None,
    heads: dict[str, nn.Module] | None = None,
) -> Phase:
    """The usual phase: AdamW under "classifier", a cosine, an average of the weights under "classifier".

    ``heads`` are further modules that the same optimiser trains.
    """
    heads = heads or {}
    return Phase(
        name=name,
        steps=steps or setup.budget.steps,
        step=step,
        modules={"classifier": classifier, **heads},
        optimizers={"classifier": classifier_optimizer([classifier, *heads.values()], options)},
        schedule=cosine_after(options.flat),
        streams=streams,
        averages={"classifier": Ema(classifier, options.ema)},
        rng=setup.rng,
    )
