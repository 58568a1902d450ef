"""The one training loop.

Read `fit` top to bottom: restore, then for every step set the learning rates, draw the batches, let the
phase do one full update, average, look, go back if need be, and save when it is time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from ganlift.errors import Interrupted
from ganlift.training.alarms import Alarms, NonFiniteLossError
from ganlift.training.checkpoint import Store
from ganlift.training.grids import write_grid
from ganlift.training.phase import Phase
from ganlift.training.rescue import Policy, Rescue
from ganlift.training.update import Update

if TYPE_CHECKING:
    from lightning_fabric import Fabric

LOOKS = (0.4, 0.55, 0.7, 0.85, 1.0)
"""Shares of a phase's steps after which its samples are looked at: a young generator's are all alike."""

LONG_ENOUGH = 100
"""Steps of a phase below which its samples are not looked at."""

WARM_UP = 2
"""Steps left out of a time estimate: the first ones choose kernels and fill caches."""

ESTIMATE_S = 5.0
"""Seconds of a phase after which an estimate takes no further step, two that count being done."""


@dataclass
class Settings:
    """How the loop runs a phase, beside the phase itself.

    Attributes:
        fabric: device and precision.
        folder: where checkpoints go; None keeps nothing.
        grid_folder: where sample grids go, named by images seen; None makes none.
        checkpoint_every: seconds between checkpoints.
        log_every: steps between trace lines.
        grids: how many sample grids to keep of a phase.
        should_stop: 0, or the exit code of the signal that asked for a stop; asked before every step.
        on_progress: called with (phase name, step, steps, images a second) after every step.
        on_metrics: called with each line of the trace when it is made.
        limit: an estimate: run this many steps at most, and project the time of all of them.
        on_alarm: what is done when something goes wrong (`ganlift.training.rescue`).
    """

    fabric: Fabric
    folder: Path | None = None
    grid_folder: Path | None = None
    checkpoint_every: float = 30.0
    log_every: int = 20
    grids: int = 6
    should_stop: Callable[[], int] = lambda: 0
    on_progress: Callable[[str, int, int, float], None] = lambda name, step, steps, rate: None
    on_metrics: Callable[[dict[str, Any]], None] = lambda line: None
    limit: int | None = None
    on_alarm: Policy = "warn"


@dataclass
class Record:
    """What a phase left behind: facts, no tensors. Seconds and images include those before a resume.

    ``seen`` are the images drawn from each stream, by its name; ``images_seen`` is their sum.
    """

    name: str
    counts: str
    steps: int = 0
    images_seen: int = 0
    seen: dict[str, int] = field(default_factory=dict)
    elapsed_s: float = 0.0
    projected_s: float = 0.0
    trace: list[dict[str, Any]] = field(default_factory=list)
    alarms: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def fit(phase: Phase, settings: Settings) -> Record:
    """Run ``phase`` to its last step, continuing where a checkpoint left off.

    Raises:
        Interrupted: a stop was asked for; the state is saved.
        TrainingFailedError: a loss or gradient is NaN or infinite, or an alarm is to stop the arm; the last checkpoint
            is from before it.
    """
    course = _Course(phase, settings)
    record, rescue = course.record, course.rescue
    start = t = course.restore()
    last = min(phase.steps, settings.limit or phase.steps)
    grid_steps = _spread(phase.steps, settings.grids) if phase.grid and settings.grid_folder else set()
    for module in phase.modules.values():
        module.train()
    carried, begun = record.elapsed_s, time.perf_counter()
    saved_at = warm_at = begun
    while t < last:
        if code := settings.should_stop():
            course.save(t)
            raise Interrupted(code)
        rescue.keep(t)
        if t in grid_steps:
            write_grid(phase, settings.grid_folder, record.images_seen)
        try:
            metrics = course.step(t)
            now = time.perf_counter()
            record.elapsed_s = carried + now - begun
            rate = (t + 1 - start) * phase.images_per_step / (now - begun)
            if t + 1 == WARM_UP:
                warm_at = now
            course.look(metrics, rate, at_end=t + 1 == last)
            t = course.go_on(rescue.step_after(t + 1))
            if now - saved_at > settings.checkpoint_every:
                course.save(t)
                saved_at = time.perf_counter()
            settings.on_progress(phase.name, t, phase.steps, rate)
            if settings.limit and t >= WARM_UP + 2 and now - begun > ESTIMATE_S:
                last = t
        except NonFiniteLossError as fault:
            t = course.go_on(rescue.step_after_fault(t, fault))
    if settings.limit:
        record.projected_s = (time.perf_counter() - warm_at) / max(last - WARM_UP, 1) * phase.steps
    elif start < last:
        if phase.grid and settings.grid_folder:
            write_grid(phase, settings.grid_folder, record.images_seen)
        course.save(last)
    record.alarms = list(course.alarms.raised)
    return record


class _Course:
    """A phase on its way: what is done in a step, what is looked at, what is saved."""

    def __init__(self, phase: Phase, settings: Settings) -> None:
        self.phase, self.settings = phase, settings
        self.record, self.alarms = Record(phase.name, phase.counts), Alarms()
        self.rescue = Rescue(phase, self.alarms, settings.on_alarm)
        self.store = Store(settings.folder, phase.name) if settings.folder else None
        self.update = Update(phase.optimizers)
        looked_at = phase.watch and phase.steps >= LONG_ENOUGH
        self.look_steps = {round(share * phase.steps) for share in LOOKS} if looked_at else set()

    def step(self, t: int) -> Mapping[str, Tensor]:
        """One full update, counted and averaged; its metrics."""
        phase, record = self.phase, self.record
        factor = self.rescue.factor * (phase.schedule(t / phase.steps) if phase.schedule else 1.0)
        for optimizer in phase.optimizers.values():
            for group in optimizer.param_groups:
                group["lr"] = group.setdefault("initial_lr", group["lr"]) * factor
        batches = {name: next(stream) for name, stream in phase.streams.items()}
        with self.settings.fabric.autocast():
            metrics = phase.step(batches, t, self.update)
        self.count(t + 1)
        for average in phase.averages.values():
            average.update(t, record.images_seen, phase.images_per_step)
        return metrics

    def count(self, steps: int) -> None:
        """``steps`` are done."""
        self.record.steps, self.record.images_seen = steps, steps * self.phase.images_per_step
        self.record.seen = {name: steps * stream.batch_size for name, stream in self.phase.streams.items()}

    def look(self, metrics: Mapping[str, Tensor], rate: float, *, at_end: bool) -> None:
        """Where it is time to, a line in the trace, and alarms from it and from samples."""
        record, update, steps = self.record, self.update, self.record.steps
        figures = self.phase.watch() if self.phase.watch and steps in self.look_steps else {}
        if not (figures or at_end or steps % self.settings.log_every == 0):
            return
        update.check()
        values = {name: float(value) for name, value in metrics.items()}
        if "generator" in update.norms:
            values["g_grad_norm"] = float(update.norms["generator"])
        self.alarms.look(record.name, steps, values, logits=self.phase.logits)
        if figures:
            self.alarms.look_at_samples(record.name, steps, figures)
        place = {"phase": record.name, "step": steps, "images_seen": record.images_seen}
        pace = {"elapsed_s": round(record.elapsed_s, 3), "images_per_s": round(rate, 1)}
        record.trace.append({**place, **pace, **values, **figures})
        self.settings.on_metrics(record.trace[-1])

    def go_on(self, step: int) -> int:
        """``step``, where it goes on; where that is back, what came after is forgotten."""
        if step < self.record.steps:
            self.count(step)
            self.record.trace = [line for line in self.record.trace if line["step"] <= step]
        return step

    def save(self, step: int) -> None:
        """A checkpoint, if any are kept.

        Raises:
            NonFiniteLossError: it would hold what is not finite.
        """
        if self.store:
            self.update.check()
            state = {"phase": self.phase.state_dict(), "alarms": self.alarms.state_dict()}
            self.store.save(step, {**state, "rescue": self.rescue.state_dict(), "record": asdict(self.record)})

    def restore(self) -> int:
        """The step at which the newest checkpoint goes on; 0 where there is none."""
        found = self.store.load() if self.store else None
        if self.store is None or found is None:
            return 0
        step, state = found
        self.phase.load_state_dict(state["phase"])
        self.alarms.load_state_dict(state["alarms"])
        self.rescue.load_state_dict(state["rescue"])
        for key, value in state["record"].items():
            setattr(self.record, key, value)
        self.record.warnings += self.store.warnings
        return step


def _spread(steps: int, grids: int) -> set[int]:
    """Steps at which a grid is drawn: the first, then denser early, where samples change most."""
    return {round(steps * (index / grids) ** 2) for index in range(grids)}
