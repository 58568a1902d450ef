"""The one training loop.

Read `fit` top to bottom: restore, then for every step set the learning rates, draw the batches, let the
phase do one full update, average, look, and save when it is time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from ganlift.errors import Interrupted
from ganlift.training.alarms import Alarms
from ganlift.training.checkpoint import Store
from ganlift.training.grids import write_grid
from ganlift.training.phase import Phase
from ganlift.training.update import Update

if TYPE_CHECKING:
    from lightning_fabric import Fabric

WARM_UP = 2
"""Steps left out of a time estimate: the first ones choose kernels and fill caches."""


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
        limit: an estimate: run this many steps only, and project the time of all of them.
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
        NonFiniteLossError: a loss or gradient is NaN or infinite; the last checkpoint is from before it.
    """
    record, alarms = Record(phase.name, phase.counts), Alarms()
    store = Store(settings.folder, phase.name) if settings.folder else None
    start = _restore(phase, record, alarms, store)
    last = min(phase.steps, settings.limit or phase.steps)
    update = Update(phase.optimizers)
    grid_steps = _spread(phase.steps, settings.grids) if phase.grid and settings.grid_folder else set()
    for module in phase.modules.values():
        module.train()
    carried, begun = record.elapsed_s, time.perf_counter()
    saved_at = warm_at = begun
    for t in range(start, last):
        if code := settings.should_stop():
            _save(phase, record, alarms, store, t)
            raise Interrupted(code)
        if t in grid_steps:
            write_grid(phase, settings.grid_folder, record.images_seen)
        _set_learning_rates(phase, t)
        batches = {name: next(stream) for name, stream in phase.streams.items()}
        with settings.fabric.autocast():
            metrics = phase.step(batches, t, update)
        record.steps, record.images_seen = t + 1, record.images_seen + phase.images_per_step
        for name, stream in phase.streams.items():
            record.seen[name] = record.seen.get(name, 0) + stream.batch_size
        for average in phase.averages.values():
            average.update(t, record.images_seen, phase.images_per_step)
        now = time.perf_counter()
        record.elapsed_s = carried + now - begun
        rate = (t + 1 - start) * phase.images_per_step / (now - begun)
        if t + 1 == WARM_UP:
            warm_at = now
        if (t + 1) % settings.log_every == 0 or t + 1 == last:
            _log(record, alarms, update, metrics, rate)
            settings.on_metrics(record.trace[-1])
        if store and now - saved_at > settings.checkpoint_every:
            update.check()
            _save(phase, record, alarms, store, t + 1)
            saved_at = time.perf_counter()
        settings.on_progress(phase.name, t + 1, phase.steps, rate)
    if settings.limit:
        record.projected_s = (time.perf_counter() - warm_at) / max(last - WARM_UP, 1) * phase.steps
    elif start < last:
        if phase.grid and settings.grid_folder:
            write_grid(phase, settings.grid_folder, record.images_seen)
        _save(phase, record, alarms, store, last)
    record.alarms = list(alarms.raised)
    return record


def _set_learning_rates(phase: Phase, t: int) -> None:
    factor = phase.schedule(t / phase.steps) if phase.schedule else 1.0
    for optimizer in phase.optimizers.values():
        for group in optimizer.param_groups:
            group["lr"] = group.setdefault("initial_lr", group["lr"]) * factor


def _log(record: Record, alarms: Alarms, update: Update, metrics: Mapping[str, Tensor], rate: float) -> None:
    update.check()
    values = {name: float(value) for name, value in metrics.items()}
    if "generator" in update.norms:
        values["g_grad_norm"] = float(update.norms["generator"])
    alarms.look(record.name, record.steps, values)
    place = {"phase": record.name, "step": record.steps, "images_seen": record.images_seen}
    record.trace.append({**place, "elapsed_s": round(record.elapsed_s, 3), "images_per_s": round(rate, 1), **values})


def _save(phase: Phase, record: Record, alarms: Alarms, store: Store | None, step: int) -> None:
    if store:
        state = {"phase": phase.state_dict(), "record": asdict(record), "alarms": alarms.state_dict()}
        store.save(step, state)


def _restore(phase: Phase, record: Record, alarms: Alarms, store: Store | None) -> int:
    found = store.load() if store else None
    if store is None or found is None:
        return 0
    step, state = found
    phase.load_state_dict(state["phase"])
    alarms.load_state_dict(state["alarms"])
    for key, value in state["record"].items():
        setattr(record, key, value)
    record.warnings += store.warnings
    return step


def _spread(steps: int, grids: int) -> set[int]:
    """Steps at which a grid is drawn: the first, then denser early, where samples change most."""
    return {round(steps * (index / grids) ** 2) for index in range(grids)}
