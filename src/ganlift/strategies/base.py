"""The contract of a strategy, and the few pieces that every strategy is made of: all that its file imports from here.

A strategy is a generator function that yields phases, sees what each left in its modules, and returns an
`Outcome`. Two stages, joint training, pre-training and retraining are all sequences of phases.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import torch
from pydantic import BaseModel
from torch import nn

from ganlift.errors import ConfigError
from ganlift.generators.base import BOTH as BOTH
from ganlift.generators.base import PIXELS as PIXELS
from ganlift.generators.base import VECTORS as VECTORS
from ganlift.generators.base import generators
from ganlift.generators.trained import TrainedGenerator
from ganlift.registry import Registry
from ganlift.strategies.classifier_options import ClassifierOptions as ClassifierOptions
from ganlift.strategies.classifier_options import choices as choices
from ganlift.strategies.classifier_options import search as search
from ganlift.strategies.classifier_options import shipped as shipped
from ganlift.strategies.setup import Setup as Setup
from ganlift.training.ema import Ema
from ganlift.training.fit import Record, Settings, fit
from ganlift.training.parts import in_parts
from ganlift.training.phase import Phase, Step, cosine_after
from ganlift.training.pixels import Stream

Kind = Literal["baseline", "rival", "gan", "control"]
Unlabelled = Literal["never", "optional", "required"]


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


Phases = Generator[Phase, None, Outcome]


def run_phases(phases: Phases, settings_of: Callable[[Phase], Settings]) -> tuple[Outcome, list[Record]]:
    """Run the phases one after the other, each by `fit` with its own settings.

    Raises:
        TrainingFailedError: as `fit`; as `WholeBatchError` where a network can't take the parts that settings ask for.
    """
    records: list[Record] = []
    while True:
        try:
            phase = next(phases)
        except StopIteration as end:
            return end.value, records
        settings = settings_of(phase)
        with in_parts(phase.modules, settings.micro_batch):
            records.append(fit(phase, settings))


@dataclass(frozen=True)
class Strategy:
    """A registered strategy: its phases, and what the comparison must know about it.

    Attributes:
        kind: ``baseline`` (labelled images alone), ``rival`` (no GAN, but more than that), ``gan``, ``control``.
        unlabelled: whether it uses unlabelled images.
        folds: where its first phase is a generator that arms of the seed share, the conditions a class: 2 where
            classifiers of halves judge its samples, else 1.
        validates: whether it chooses something on the validation images; the others never look at them.
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
    vector_options: Mapping[str, Any] | None = None
    geometry: bool = False
    generator: str | None = None
    features: str | None = None
    space: str = "pixels"

    def __post_init__(self) -> None:
        if unknown := sorted(set(self.vector_options or ()) - set(self.options.model_fields)):
            raise ConfigError(f"vector_options of strategy '{self.name}' names no option of it: {', '.join(unknown)}.")

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
    return replace(entry, space="vectors")


def on_rows(name: str, blocks: Sequence[str], source: str) -> Strategy:
    """The strategy called ``name`` as it learns from rows of numbers: ``sgan@words`` from their block ``words`` alone.

    Args:
        blocks: what the sources are called that lie side by side in the rows; none where they are one.
        source: what the rows are called in messages.

    Raises:
        ConfigError: there is no such strategy or block, or its idea is about pictures.
    """
    entry = strategies.get(name)
    if entry.features is None or entry.features in blocks:
        return on_vectors(entry)
    if blocks:
        raise ConfigError(
            f"'{name}' learns from one block alone, and {source} has none called '{entry.features}'; name one of "
            f"{', '.join(blocks)} after '@'."
        )
    raise ConfigError(
        f"'{name}' names a network or a block, and {source} has rows of numbers from one source; leave out what "
        "follows '@'."
    )


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
    vector_options: Mapping[str, Any] | None = None,
    geometry: bool = False,
) -> Callable[[Callable[[Setup, Any], Phases]], Callable[[Setup, Any], Phases]]:
    """Decorator: register a phases function as the strategy ``name``."""

    def register(phases: Callable[[Setup, Any], Phases]) -> Callable[[Setup, Any], Phases]:
        needs = (unlabelled, folds, validates, labels, spaces, vector_options, geometry)
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
