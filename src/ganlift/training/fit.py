"""The one training loop.

Read `fit` top to bottom: restore, then for every step set the learning rates, draw the batches, let the
phase do one full update (`Update` turns its losses into gradients and steps), average, look, go back if need be, and
save when it is time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganlift.errors import Interrupted
from ganlift.training.alarms import Alarms, NonFiniteLossError
from ganlift.training.checkpoint import Checkpoints, Store
from ganlift.training.grids import write_grid
from ganlift.training.memory import PeakMemory
from ganlift.training.pace import WARM_UP, Pace
from ganlift.training.phase import Phase, Stateful
from ganlift.training.rescue import Policy, Rescue
from ganlift.training.update import Update

if TYPE_CHECKING:
    from lightning_fabric import Fabric

LOOKS = (0.4, 0.55, 0.7, 0.85, 1.0)
"""Shares of a phase's steps after which its samples are looked at: a young generator's are all alike."""

LONG_ENOUGH = 100
"""Steps of a phase below which its samples are not looked at."""

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
        micro_batch: items at most whose activations are held at once (`ganlift.training.parts`); None for all.
            `ganlift.strategies.base.run_phases` sees to it.
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
    micro_batch: int | None = None


@dataclass
class Record:
    """What a phase left behind: facts, no tensors. Seconds and images include those before a resume.

    ``seen`` are the images drawn from each stream, by its name; ``images_seen`` is their sum. ``peak_bytes`` is the
    most memory that the phase held (`ganlift.training.memory`), None where that is not known.
    """

    name: str
    counts: str
    steps: int = 0
    images_seen: int = 0
    seen: dict[str, int] = field(default_factory=dict)
    elapsed_s: float = 0.0
    projected_s: float = 0.0
    peak_bytes: int | None = None
    trace: list[dict[str, Any]] = field(default_factory=list)
    alarms: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def go_on(self, step: int, phase: Phase) -> int:
        """``step``, from where ``phase`` goes on; where that is back, what came after is forgotten."""
        if step < self.steps:
            self.count(step, phase)
            self.trace = [line for line in self.trace if line["step"] <= step]
        return step

    def count(self, steps: int, phase: Phase) -> None:
        """``steps`` of ``phase`` are done."""
        self.steps, self.images_seen = steps, steps * phase.images_per_step
        self.seen = {name: steps * stream.batch_size for name, stream in phase.streams.items()}

    def state_dict(self) -> dict[str, Any]:
        return asdict(self)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        for key, value in state.items():
            setattr(self, key, value)


def fit(phase: Phase, settings: Settings) -> Record:
    """Run ``phase`` to its last step, continuing where a checkpoint left off.

    Raises:
        Interrupted: a stop was asked for; the state is saved.
        TrainingFailedError: a loss or gradient is NaN or infinite, or an alarm is to stop the arm; the last checkpoint
            is from before it.
    """
    record, alarms, update = Record(phase.name, phase.counts), Alarms(), Update(phase.optimizers)
    rescue = Rescue(phase, alarms, settings.on_alarm)
    store = Store(settings.folder, phase.name) if settings.folder else None
    parts: dict[str, Stateful] = {"phase": phase, "alarms": alarms, "rescue": rescue, "record": record}
    checkpoints = Checkpoints(store, parts, update.check)
    start = t = checkpoints.restore()
    record.warnings += store.warnings if store else []
    last = min(phase.steps, settings.limit or phase.steps)
    grid_steps, watch_steps = _grid_steps(phase, settings), _watch_steps(phase)
    for module in phase.modules.values():
        module.train()
    memory = PeakMemory(settings.fabric.device)
    pace = Pace(t, record.elapsed_s, phase.images_per_step)
    while t < last:
        if code := settings.should_stop():
            checkpoints.save(t)
            raise Interrupted(code)
        rescue.keep(t)
        if t in grid_steps:
            write_grid(phase, settings.grid_folder, record.images_seen)
        try:
            _set_learning_rates(phase, t, rescue.factor)
            batches = {name: next(stream) for name, stream in phase.streams.items()}
            with settings.fabric.autocast():
                metrics = phase.step(batches, t, update)
            record.count(t + 1, phase)
            for average in phase.averages.values():
                average.update(t, record.images_seen, phase.images_per_step)
            record.elapsed_s = pace.tick(t + 1)
            figures = phase.watch() if phase.watch and t + 1 in watch_steps else {}
            if figures or t + 1 == last or (t + 1) % settings.log_every == 0:
                values = update.checked(metrics)
                alarms.look(phase.name, t + 1, values, logits=phase.logits)
                alarms.look_at_samples(phase.name, t + 1, figures)
                record.trace.append(_line(record, pace, values, figures))
                settings.on_metrics(record.trace[-1])
            t = record.go_on(rescue.step_after(t + 1), phase)
            if checkpoints.age > settings.checkpoint_every:
                checkpoints.save(t)
            settings.on_progress(phase.name, t, phase.steps, pace.rate)
            if settings.limit and t >= WARM_UP + 2 and pace.seconds > ESTIMATE_S:
                last = t
        except NonFiniteLossError as fault:
            t = record.go_on(rescue.step_after_fault(t, fault), phase)
    if settings.limit:
        record.projected_s = pace.projected(last, phase.steps)
    elif start < last:
        write_grid(phase, settings.grid_folder, record.images_seen)
        record.peak_bytes = memory.peak()
        checkpoints.save(last)
    record.alarms = list(alarms.raised)
    return record


def _set_learning_rates(phase: Phase, t: int, factor: float) -> None:
    """Those that the optimisers began with, times the schedule at step ``t`` and ``factor``."""
    factor *= phase.schedule(t / phase.steps) if phase.schedule else 1.0
    for optimizer in phase.optimizers.values():
        for group in optimizer.param_groups:
            group["lr"] = group.setdefault("initial_lr", group["lr"]) * factor


def _line(record: Record, pace: Pace, values: Mapping[str, float], figures: Mapping[str, float]) -> dict[str, Any]:
    """A line of the trace."""
    place = {"phase": record.name, "step": record.steps, "images_seen": record.images_seen}
    speed = {"elapsed_s": round(record.elapsed_s, 3), "images_per_s": round(pace.rate, 1)}
    return {**place, **speed, **values, **figures}


def _watch_steps(phase: Phase) -> set[int]:
    """After how many steps samples are looked at."""
    return {round(share * phase.steps) for share in LOOKS} if phase.watch and phase.steps >= LONG_ENOUGH else set()


def _grid_steps(phase: Phase, settings: Settings) -> set[int]:
    """Steps at which a grid is drawn: the first, then denser early, where samples change most."""
    if not (phase.grid and settings.grid_folder):
        return set()
    return {round(phase.steps * (index / settings.grids) ** 2) for index in range(settings.grids)}
