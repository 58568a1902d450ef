"""What the machine decides of a run: device, precision, threads; found out once, recorded, kept."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ganlift.comparison.hands import cards, elsewhere, room
from ganlift.config import CompareConfig, RunConfig
from ganlift.cores import cores, most_threads
from ganlift.generators.base import generators
from ganlift.runs import layout
from ganlift.runs.files import read_json, write_json
from ganlift.training.precision import choose_precision, pick_device

USEFUL_THREADS = 8
"""Threads a job that are tried at most, however many cores there are; more can be asked for."""

WORTH = 1.25
"""More threads must be this many times as fast as one to be chosen; chance would settle a tie."""

BUSY = 0.7
"""Share of a core below which other work is said to hold a job up."""


def shared_settings(config: RunConfig, run: Path) -> dict[str, Any]:
    """What every job of ``run`` is told but for its threads; what the first command found out, later ones keep."""
    device, path = pick_device(config.device), layout.environment_file(run)
    if path.exists():
        environment = read_json(path)
    else:
        environment = {
            "versions": {name: version(name) for name in ("ganlift", "torch", "numpy", "lightning-fabric")},
            "python": platform.python_version(),
            "platform": platform.platform(),
            "processor": platform.processor() or platform.machine(),
            "cores": cores(),
            "device": str(device),
            "precision": choose_precision(config.precision, device),
        }
        write_json(path, environment)
    return {
        "device": str(device),
        "precision": environment["precision"],
        "batch_size": config.batch_size,
        "classifier": config.classifier,
        "generator": config.generator,
        "generator_options": {name: config.options.get(name, {}) for name in generators.names()},
        "checkpoint_every": config.checkpoint_every,
        "on_alarm": config.on_alarm,
    }


def jobs_at_once(config: RunConfig, run: Path, arms: int, per_gpu: int = 1) -> int:
    """Jobs side by side: as asked for; or, in a comparison, of ``arms`` as many as there are cores or GPUs for.

    These are a cluster's where jobs run in one. ``per_gpu`` jobs share each GPU.
    """
    if config.jobs:
        return config.jobs
    if not isinstance(config, CompareConfig):
        return 1
    if (there := room(config, _recorded_threads(run) or config.threads or 1, per_gpu)) is not None:
        return max(1, min(arms, there))
    if there := cards(config):
        return max(1, min(arms, there * per_gpu))
    if pick_device(config.device).type != "cpu":
        return 1
    return max(1, min(arms, cores() // (_recorded_threads(run) or config.threads or 1)))


def thread_choices(config: RunConfig, run: Path, at_once: int) -> list[int]:
    """Threads a job to choose from: as recorded or asked for; or one, and what the cores leave each of ``at_once``.

    One where jobs may run elsewhere: this machine's cores say nothing of those there.
    """
    if settled := _recorded_threads(run) or config.threads:
        return [settled]
    if elsewhere(config):
        return [1]
    most = min(USEFUL_THREADS, most_threads(), cores() // at_once)
    return [1, most] if most > 1 and pick_device(config.device).type == "cpu" else [1]


def settle_threads(run: Path, seconds: Mapping[int, float]) -> int:
    """The most threads where by ``seconds``, what steps take with each, they are worth it; or the fewest. Recorded."""
    fewest, most = min(seconds), max(seconds)
    chosen = most if seconds[most] * WORTH < seconds[fewest] else fewest
    if _recorded_threads(run) is None:
        path = layout.environment_file(run)
        probe = seconds if len(seconds) > 1 else {}
        write_json(path, {**read_json(path), "threads": chosen, "threads_probe_s": probe})
    return chosen


def machine_notes(config: RunConfig, threads: int, core_share: float = 1.0) -> list[str]:
    """Sentences about ``threads`` a job that are not those asked for or more than there are cores, and a busy machine.

    Args:
        core_share: what jobs got of the core that each should have.
    """
    notes, allowed = [], most_threads()
    if config.threads not in (None, threads):
        notes.append(
            f"This run began with {_threads(threads)} a job and keeps to that, since others round differently; "
            f"for --threads {config.threads} choose another folder with --out."
        )
    if threads > allowed:
        notes.append(
            f"A job runs {_threads(threads)}, and this process may use {allowed} (by its cores, its quota and "
            "OMP_NUM_THREADS): they will wait for one another."
        )
    if core_share < BUSY:
        notes.append(
            f"The machine was busy while the first steps were timed: a job got {100 * core_share:.0f} % of a core. "
            "Once it is free, this takes less time."
        )
    return notes


def _recorded_threads(run: Path) -> int | None:
    path = layout.environment_file(run)
    return read_json(path).get("threads") if path.exists() else None


def _threads(count: int) -> str:
    return f"{count} thread{'s' if count > 1 else ''}"
