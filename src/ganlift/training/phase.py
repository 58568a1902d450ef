"""`Phase` and `Budget`: what a strategy hands to the loop."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from torch import Tensor, nn
from torch.optim import Optimizer

from ganlift.layers.memory_format import laid_as
from ganlift.training.ema import Ema
from ganlift.training.pixels import Batch, Stream
from ganlift.training.rng import Rng


@dataclass(frozen=True)
class Budget:
    """What an arm may spend: equal for all arms of a comparison.

    Attributes:
        steps: classifier steps.
        batch_size: labelled images a classifier step; unlabelled and generated ones come in the same number.
        generator_steps: steps of a generator's own phase (two-stage arms).
    """

    steps: int
    batch_size: int = 64
    generator_steps: int = 0


class Updater(Protocol):
    """Turns losses into steps of optimisers.

    ``update("classifier", loss)`` differentiates ``loss`` with respect to that optimiser's parameters
    *only* and takes one step. ``update.together({...})`` differentiates several losses of one forward
    first and steps after: the simultaneous form.
    """

    def __call__(self, name: str, loss: Tensor) -> None: ...

    def together(self, losses: Mapping[str, Tensor]) -> None: ...


class Stateful(Protocol):
    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state: dict[str, Any]) -> None: ...


Step = Callable[[Mapping[str, Batch], int, Updater], Mapping[str, Tensor]]
"""``step(batches by stream, t, update)``: one full update; returns scalar metrics, detached."""


@dataclass
class Phase:
    """One stretch of training. Everything named here is checkpointed by the loop.

    Attributes:
        name: unique within the arm.
        steps: how many steps.
        step: one full update, alternating where the method does.
        modules: by name; put in training mode by the loop.
        optimizers: by name; their initial learning rates are scaled by ``schedule``.
        schedule: progress in [0, 1) to a factor on the learning rates; None for a constant.
        streams: batches the step wants, drawn by the loop.
        averages: moving averages, by name.
        extras: anything else with state (adaptive thresholds, running estimates).
        counts: whose steps these are: the ``classifier``'s that the arm ends with, on the budget that is equal for
            all; a ``generator``'s; or ``besides``: choosing runs, judges, teachers, pre-training. Recorded apart.
        rng: the randomness this phase uses.
        shared: a key when other arms of the seed may use the result (a generator); None otherwise.
        grid: makes images (n, c, h, w) in [-1, 1] from fixed noise, for the report; None if there are none.
        logits: whether ``d_real`` and ``d_fake`` are logits, so that their distance says that fakes are told for sure.
        watch: figures of samples beside real images (`ganlift.measures.symptoms`), for alarms; None if there are none.
    """

    name: str
    steps: int
    step: Step
    modules: dict[str, nn.Module]
    optimizers: dict[str, Optimizer]
    streams: dict[str, Stream]
    rng: Rng
    schedule: Callable[[float], float] | None = None
    averages: dict[str, Ema] = field(default_factory=dict)
    extras: dict[str, Stateful] = field(default_factory=dict)
    counts: Literal["classifier", "generator", "besides"] = "classifier"
    shared: str | None = None
    grid: Callable[[], Tensor] | None = None
    watch: Callable[[], Mapping[str, float]] | None = None
    logits: bool = True

    @property
    def images_per_step(self) -> int:
        return sum(stream.batch_size for stream in self.streams.values())

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next step depends on, but for the step's number."""
        parts: dict[str, Mapping[str, Stateful]] = self._parts()
        state: dict[str, Any] = {
            kind: {name: member.state_dict() for name, member in members.items()} for kind, members in parts.items()
        }
        state["rng"] = self.rng.state_dict()
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        for kind, members in self._parts().items():
            for name, member in members.items():
                member.load_state_dict(state[kind][name])
        for optimizer in self.optimizers.values():
            _lay_as_weights(optimizer)
        self.rng.load_state_dict(state["rng"])

    def _parts(self) -> dict[str, Mapping[str, Any]]:
        return {
            "modules": self.modules,
            "optimizers": self.optimizers,
            "streams": self.streams,
            "averages": self.averages,
            "extras": self.extras,
        }


def _lay_as_weights(optimizer: Optimizer) -> None:
    """Give what ``optimizer`` remembers of each weight the weight's strides, which a file does not keep."""
    for weight, remembered in optimizer.state.items():
        for name, value in remembered.items():
            if isinstance(value, Tensor) and value.shape == weight.shape:
                remembered[name] = laid_as(value, weight)


def cosine_after(flat: float) -> Callable[[float], float]:
    """Factor 1 for the first ``flat`` share of the steps, then half a cosine down to 0."""

    def factor(progress: float) -> float:
        if progress < flat:
            return 1.0
        return 0.5 * (1.0 + math.cos(math.pi * (progress - flat) / (1.0 - flat)))

    return factor


def sigmoid_ramp(progress: float, start: float, end: float) -> float:
    """0 up to ``start``, then exp(-5 (1 - x)²) with x from 0 to 1 at ``end``, then 1 (Laine and Aila 2017).

    All three are shares of a phase's steps.
    """
    if progress < start:
        return 0.0
    rest = max(0.0, end - progress) / max(end - start, 1e-9)
    return math.exp(-5.0 * rest * rest)
