"""A generator for its own sake, on labelled images, unlabelled ones, or both; and which arms compare several."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ganlift.comparison.auto import copying_note
from ganlift.comparison.images import progress_of, warn_of_place
from ganlift.comparison.keep import keep_generator
from ganlift.comparison.machine import BUSY, machine_notes, settle_threads, shared_settings, thread_choices
from ganlift.comparison.stopping import stop_requested
from ganlift.config import GeneratorConfig
from ganlift.config_values import Steps, parse_budget
from ganlift.cores import share_of_a_core
from ganlift.data import data_hash, make_task
from ganlift.data.decode import BATCH
from ganlift.data.hashes import content_hashes
from ganlift.data.mapped import Items
from ganlift.data.reading import asked
from ganlift.data.recorded import as_recorded, record_images
from ganlift.data.types import ImageSet, Task
from ganlift.data.visible import load_run, visible_split
from ganlift.errors import ConfigError
from ganlift.events import Listener
from ganlift.generators.base import generators
from ganlift.runs import layout
from ganlift.runs.files import read_json, write_json, write_text
from ganlift.runs.folder import refuse_other
from ganlift.strategies.generation import Stage, generator_stage, restandardise
from ganlift.strategies.setup import Setup
from ganlift.training.fit import Settings, fit
from ganlift.training.phase import Budget
from ganlift.training.precision import make_fabric
from ganlift.training.rng import Rng
from ganlift.training.threads import Quickest, using_threads

PROBE_STEPS = 10
MIN_STEPS = 20


def generator_arms(names: str) -> list[str]:
    """The strategies that compare generators: a classifier on real images, and with each generator beside and alone.

    Args:
        names: separated by commas, or ``all`` for every registered one that works in the arms' space.

    Raises:
        ConfigError: an unknown name.
    """
    wanted = [name.strip() for name in names.split(",")]
    chosen = ["*"] if wanted == ["all"] else [generators.get(name).name for name in dict.fromkeys(wanted)]
    return ["augment", *(f"{arm}-{name}" for name in chosen for arm in ("gan-augment", "synthetic-only"))]


def load_for_generator(config: GeneratorConfig, tell: Listener) -> ImageSet:
    """The images that ``config`` names; a folder without class folders is a set of unlabelled images.

    Where ``config.out`` holds a run that began, they are in its order.

    Raises:
        DataError: there is nothing usable.
        RunFolderError: ``config.out`` holds a run of another configuration, or on other images.
    """
    refuse_other(config.out, config.identity())
    warn_of_place(config, tell)
    return as_recorded(config.out, _load(config, tell))


def _load(config: GeneratorConfig, tell: Listener) -> ImageSet:
    return load_run(config.data, config.unlabelled, asked(config.identity()), config.data_dir, progress_of(tell))


def visible_task(config: GeneratorConfig, images: ImageSet) -> tuple[Task, list[str]]:
    """What the generator may see, and notes: never an image of the data's own validation or test part, nor its copy."""
    split = visible_split(images, config.seed, config.unlabelled)
    return make_task(images, split), list(split.notes)


def run_generator(config: GeneratorConfig, images: ImageSet, run: Path, tell: Listener) -> Path:
    """Train (or go on training) the generator in ``run``, which the caller has opened and holds; its folder."""
    record_images(run, images)
    shared = shared_settings(config, run)
    (task, notes), device = visible_task(config, images), torch.device(shared["device"])
    for note in [*images.notes, *notes, *filter(None, [_few(config.generator, task, images.noun)])]:
        tell({"type": "note", "message": note})
    fabric = make_fabric(device, shared["precision"])
    settings = Settings(fabric, checkpoint_every=config.checkpoint_every, on_alarm=config.on_alarm)
    threads = _threads(config, task, run, settings, device)
    for note in machine_notes(config, threads):
        tell({"type": "note", "message": note})
    with using_threads(threads):
        return _train(config, images, task, run, settings, device, tell)


def _train(
    config: GeneratorConfig,
    images: ImageSet,
    task: Task,
    run: Path,
    settings: Settings,
    device: torch.device,
    tell: Listener,
) -> Path:
    budget = Budget(1, config.batch_size, _steps(config, task, run, settings, device))
    stage = generator_stage(_setup(config, task, budget, device), folds=1)
    home = layout.generator_folder(run, stage.phase.shared or "")
    facts = _plan(config, images, task, budget.generator_steps)
    write_json(layout.plan_file(run), facts)
    tell({"type": "plan", **facts})
    with stop_requested() as should_stop:
        settings = replace(
            settings,
            folder=home / "checkpoints",
            grid_folder=home / "samples",
            should_stop=should_stop,
            on_progress=_progress(config, tell),
            on_metrics=lambda line: tell({**_place(config), "type": "metrics", **line}),
        )
        record = fit(stage.phase, settings)
    restandardise(stage, stage.phase.rng)
    for alarm in record.alarms:
        tell({"type": "note", "message": f"{alarm['name']}: {alarm['message']} (step {alarm['step']})"})
    write_text(home / "trace.jsonl", "".join(json.dumps(line) + "\n" for line in record.trace))
    done = {key: value for key, value in asdict(record).items() if key not in ("trace", "name", "counts")}
    keep_generator(home, stage.trained, images, {"seed": config.seed, **done})
    tell({"type": "generator", **_place(config), "folder": str(home)})
    return home


def _few(name: str, task: Task, noun: str) -> str:
    """What is to be said where the generator ``name`` has few images that differ; ``noun`` is what one is called."""
    if not len(task.labels):
        return copying_note(name, {"": len(set(_hashes(task.unlabelled)))}, 0, noun)
    hashes = np.array(_hashes(task.labelled))
    different = {own: len(set(hashes[task.labels == label])) for label, own in enumerate(task.class_names)}
    return copying_note(name, different, len(set(_hashes(task.unlabelled))), noun)


def _hashes(pixels: Items) -> list[str]:
    """Of each of ``pixels`` (n, c, h, w), a batch of which is read at once."""
    return [one for start in range(0, len(pixels), BATCH) for one in content_hashes(pixels[start : start + BATCH])]


def _setup(config: GeneratorConfig, task: Task, budget: Budget, device: torch.device) -> Setup:
    options = config.options.get(config.generator, {})
    return Setup(
        task,
        budget,
        Rng(config.seed, "train-generator", device),
        device,
        generator=config.generator,
        generator_options=options,
    )


def _threads(config: GeneratorConfig, task: Task, run: Path, settings: Settings, device: torch.device) -> int:
    """As recorded or asked for; or as a few steps with one thread and with more say, where the machine is free."""
    choices = thread_choices(config, run, at_once=1)
    if len(choices) > 1 and share_of_a_core() < BUSY:
        choices = choices[:1]
    seconds = dict.fromkeys(choices, 0.0)
    for count in choices if len(choices) > 1 else ():
        quickest, trial = Quickest(), Budget(1, config.batch_size, PROBE_STEPS)
        with using_threads(count):
            stage = generator_stage(_setup(config, task, trial, device), folds=1)
            fit(stage.phase, replace(settings, limit=PROBE_STEPS, on_progress=quickest))
        seconds[count] = quickest.seconds()
    return settle_threads(run, seconds)


def _steps(config: GeneratorConfig, task: Task, run: Path, settings: Settings, device: torch.device) -> int:
    """Steps as given or as recorded; a time becomes as many as a few steps say that it holds."""
    budget, path = parse_budget(config.budget), layout.plan_file(run)
    if isinstance(budget, Steps):
        return budget.count
    if path.exists():
        return int(read_json(path)["generator_steps"])
    trial = Budget(1, config.batch_size, PROBE_STEPS)
    stage: Stage = generator_stage(_setup(config, task, trial, device), folds=1)
    begun = time.perf_counter()
    record = fit(stage.phase, replace(settings, limit=PROBE_STEPS))
    steps = int((budget.seconds - (time.perf_counter() - begun)) * PROBE_STEPS / record.projected_s)
    if steps < MIN_STEPS:
        least = MIN_STEPS * record.projected_s / PROBE_STEPS
        raise ConfigError(f"--budget {config.budget} is too short; {MIN_STEPS} steps take about {least:.0f} s.")
    return steps


def _plan(config: GeneratorConfig, images: ImageSet, task: Task, steps: int) -> dict[str, Any]:
    return {
        "data": images.source,
        "data_hash": data_hash(images),
        "image": f"{images.size}×{images.size} {'grey' if images.channels == 1 else 'RGB'}",
        "noun": images.noun,
        "guesses": [guess.to_json() for guess in images.guesses],
        "classes": list(images.class_names),
        "labelled": len(task.labelled),
        "unlabelled": len(task.unlabelled),
        "generator": config.generator,
        "generator_steps": steps,
        "batch_size": config.batch_size,
    }


def _place(config: GeneratorConfig) -> dict[str, Any]:
    """Where in a run an event belongs: the generator stands where an arm's strategy does."""
    return {"strategy": config.generator, "seed": config.seed}


def _progress(config: GeneratorConfig, tell: Listener) -> Callable[[str, int, int, float], None]:
    def progress(phase: str, step: int, steps: int, rate: float) -> None:
        if step % 5 == 0 or step == steps:
            tell(
                {
                    "type": "progress",
                    **_place(config),
                    "phase": phase,
                    "step": step,
                    "steps": steps,
                    "images_per_s": rate,
                }
            )

    return progress
