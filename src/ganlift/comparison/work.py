"""What a job does: one arm of a comparison, a short run of it for an estimate, or a trial of a search.

A job carries plain JSON: ``kind``, ``strategy``, ``seed``, ``steps``,
``generator_steps``, ``options``, and the settings that all jobs of the run share under ``shared``. Under ``as`` it may
hold columns of the row, a name of its own among them, for an arm that is trained once more in another way.
"""

from __future__ import annotations

import json
import shutil
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray

from ganlift.comparison.facts import arm_facts, collapse_alarms, pool_alarms
from ganlift.comparison.feature_points import keep_generated
from ganlift.comparison.keep import keep_generator
from ganlift.comparison.plan import classifier_on, entry_of
from ganlift.comparison.row import Items, probabilities, row_of
from ganlift.comparison.vector_quality import measure_vectors
from ganlift.cores import share_of_a_core
from ganlift.data import make_task, read_split
from ganlift.data.cache import load_cache, load_features
from ganlift.data.columns import columns_of
from ganlift.data.types import ImageSet, Split, VectorSet
from ganlift.errors import lacks_memory
from ganlift.events import Listener
from ganlift.executors.base import Job, ShouldStop, Work
from ganlift.generators.base import name_in
from ganlift.runs import layout
from ganlift.runs.files import no_room_is_told, write_bytes, write_json, write_text
from ganlift.strategies.base import Outcome, Strategy, run_phases
from ganlift.strategies.options import build_options
from ganlift.strategies.setup import Setup
from ganlift.training.checkpoint import save_module
from ganlift.training.fit import Settings
from ganlift.training.gpu_memory import forget_peak, memory_of
from ganlift.training.parts import WholeBatchError
from ganlift.training.phase import Budget, Phase
from ganlift.training.precision import make_fabric
from ganlift.training.rng import Rng
from ganlift.training.threads import Quickest, using_threads
from ganlift.yardstick import named

PROBE_STEPS = 10
"""Steps of each phase in an estimate, the first two of them not counted."""

PROBE_IMAGES = 2048
"""Test images that are scored in an estimate: what more of them take is projected."""


def work(job: Job, run: Path, report: Listener, should_stop: ShouldStop) -> dict[str, Any]:
    """Do ``job`` of ``run`` and return its result, plain JSON: a row, an estimate, or a trial's validation score."""
    kinds: dict[str, Work] = {
        "arm": run_arm,
        "probe": run_probe,
        "trial": run_trial,
    }
    with using_threads(job["shared"]["threads"]), no_room_is_told(run):
        while True:
            try:
                return kinds[job["kind"]](job, run, report, should_stop)
            except Exception as fault:
                whole = str(fault) if isinstance(fault, WholeBatchError) else ""
                if not (whole or lacks_memory(fault)):
                    raise
                report({"type": "log", "message": traceback.format_exc()})
            smaller = None if whole else in_smaller_parts(job)  # here, where nothing holds what was had
            if smaller is None:
                raise MemoryError(_too_much(job, run, report, should_stop) + (whole and f" ({whole}.)"))
            job = smaller


def in_smaller_parts(job: Job) -> Job | None:
    """``job`` with networks that take half as many items at once as they did; None where that was one."""
    shared = job["shared"]
    size = shared.get("micro_batch", shared["batch_size"]) // 2
    return {**job, "shared": {**shared, "micro_batch": size}} if size else None


def run_arm(job: Job, run: Path, report: Listener, should_stop: ShouldStop) -> dict[str, Any]:
    """Train one arm of one seed, continuing where it was left; write its folder; return its row."""
    own, seed = job.get("as", {}), job["seed"]
    name = own.get("strategy", job["strategy"])
    folder = layout.arm_folder(run, name, seed)
    images, split = _data(run, seed)
    setup, entry, items = _setup(job, run, images, split)
    options = build_options(entry, job["options"], entry.space)
    chosen = options.model_dump(mode="json")
    write_text(folder / "config.yaml", json.dumps({**job, "options": chosen}, indent=1))
    settings = _settings(job, name, setup, report, should_stop)
    outcome, records = run_phases(entry.phases(setup, options), _homes(settings, run, folder))
    key = outcome.shared or f"{name}-{seed}"
    _keep(outcome, run, folder, key, setup, images, {"strategy": name, "seed": seed})
    for message in [warning for record in records for warning in record.warnings]:
        report({"type": "note", "message": message})
    row = row_of(entry, setup, split, outcome, records, images, items, folder)
    row |= {**own, "seed": seed, "options": chosen, **_of_parts(settings, f"{name}, seed {seed}", setup, report)}
    row |= _of_space(entry, outcome, setup, images)
    facts = {**outcome.facts, **arm_facts(setup, outcome, folder)}
    if outcome.generator:
        facts["generator"] = key
        if not setup.pictures:
            measure_vectors(run, key, outcome.generator, images, split, items, setup.device)
    for look in (collapse_alarms, pool_alarms):
        row["alarms"] += look(facts, images.class_names, row["steps"], images.noun)
    write_json(folder / "facts.json", facts)
    lines = [json.dumps(line) for record in records for line in record.trace]
    write_text(folder / "trace.jsonl", "\n".join(lines) + "\n")
    save_module(folder / "classifier.safetensors", outcome.classifier)
    write_json(folder / "row.json", row)
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)
    return row


def _settings(job: Job, name: str, setup: Setup, report: Listener, should_stop: ShouldStop) -> Settings:
    """How the phases of an arm are trained, and what is told of them meanwhile."""
    shared, arm = job["shared"], {"strategy": name, "seed": job["seed"]}

    def progress(phase: str, step: int, steps: int, rate: float) -> None:
        if step % 5 == 0 or step == steps:
            place = {"phase": phase, "step": step, "steps": steps}
            report({"type": "progress", **arm, **place, "images_per_s": rate})

    return Settings(
        make_fabric(setup.device, shared["precision"]),
        checkpoint_every=shared["checkpoint_every"],
        on_alarm=shared["on_alarm"],
        should_stop=should_stop,
        on_progress=progress,
        on_metrics=lambda line: report({"type": "metrics", **arm, **line}),
        micro_batch=shared.get("micro_batch"),
    )


def _keep(
    outcome: Outcome,
    run: Path,
    folder: Path,
    key: str,
    setup: Setup,
    images: ImageSet | VectorSet,
    arm: dict[str, Any],
) -> None:
    """Keep the generator of ``arm`` as ``key``; samples of one that arms share are the arm's too."""
    if not outcome.generator:
        return
    if not setup.pictures:
        keep_generated(run, arm["strategy"], setup, outcome.generator)
        return
    if outcome.shared:
        for path in sorted((layout.generator_folder(run, outcome.shared) / "samples").iterdir()):
            write_bytes(folder / "samples" / path.name, path.read_bytes())
    if isinstance(images, ImageSet):
        keep_generator(layout.generator_folder(run, key), outcome.generator, images, arm)


def _of_parts(settings: Settings, arm: str, setup: Setup, report: Listener) -> dict[str, int]:
    """The column of an arm whose batches did not fit, which is told of, too."""
    if not settings.micro_batch:
        return {}
    said = f"{arm}: batches went through the networks in parts of {settings.micro_batch}"
    report({"type": "note", "message": f"{said}, as many as {setup.device} has memory for; the steps are the same."})
    return {"micro_batch": settings.micro_batch}


def _of_space(entry: Strategy, outcome: Outcome, setup: Setup, images: ImageSet | VectorSet) -> dict[str, Any]:
    """The columns that say what an arm learned from, with which classifier and generator, where it is told by name."""
    found: dict[str, Any] = {}
    if entry.space == "vectors" or outcome.architecture:
        found |= {"features": entry.features, "classifier": outcome.architecture or setup.classifier}
    if isinstance(images, VectorSet) and entry.features:
        found |= {"features": None, "block": entry.features}  # a part of what the others see, and no other knowledge
    return found | ({"generator": entry.generator} if entry.generator else {})


def run_probe(job: Job, run: Path, report: Listener, should_stop: ShouldStop) -> dict[str, Any]:
    """A few steps of each phase: projected seconds of the steps and of everything else, and what of a core it got.

    On a GPU also ``peak_bytes`` and ``free_bytes`` of `memory_of`.
    """
    core_share, quickest = share_of_a_core(), Quickest()
    forget_peak(torch.device(job["shared"]["device"]))
    begun = time.perf_counter()
    images, split = _data(run, job["seed"])
    setup, entry, items = _setup(job, run, images, split)
    settings = Settings(make_fabric(setup.device, job["shared"]["precision"]), limit=PROBE_STEPS, on_progress=quickest)
    settings.should_stop, settings.micro_batch = should_stop, job["shared"].get("micro_batch")
    phases = entry.phases(setup, build_options(entry, job["options"], entry.space))
    outcome, records = run_phases(phases, lambda phase: settings)
    scoring = time.perf_counter()
    probabilities(outcome, setup, items, split.test[:PROBE_IMAGES])
    all_of_them = (time.perf_counter() - scoring) * max(0, len(split.test) / PROBE_IMAGES - 1)
    projected = {"generator": 0.0, "classifier": 0.0}
    for record in records:
        projected["generator" if record.counts == "generator" else "classifier"] += record.projected_s
    spent = sum(record.elapsed_s for record in records)
    rest = time.perf_counter() - begun - spent + all_of_them
    facts = {"strategy": job["strategy"], "quickest": quickest.seconds(), "core_share": core_share}
    return {**facts, **projected, "rest": rest, **memory_of(setup.device)}


def _too_much(job: Job, run: Path, report: Listener, should_stop: ShouldStop) -> str:
    """The sentence for a device that has too little memory for ``job``, in parts too, or can't have it in parts.

    Of the first steps with the size that fits: a smaller batch is another training, and so the user's to choose.
    """
    job = {**job, "shared": {key: value for key, value in job["shared"].items() if key != "micro_batch"}}
    size, device = job["shared"]["batch_size"], job["shared"]["device"]
    said = f"{device} has too little memory for {size} labelled images a step"
    fits = size // 2
    while job["kind"] == "probe" and fits >= 2:
        try:
            torch.cuda.empty_cache()  # does nothing where there is no such device
            run_probe({**job, "shared": {**job["shared"], "batch_size": fits}}, run, report, should_stop)
            return f"{said}, and enough for {fits}: give --batch-size {fits}, a smaller --image-size or fewer jobs."
        except Exception as fault:
            if not lacks_memory(fault):
                raise
            fits //= 2
    return f"{said}: give a smaller --batch-size or --image-size, or fewer --jobs or --jobs-per-gpu."


def run_trial(job: Job, run: Path, report: Listener, should_stop: ShouldStop) -> dict[str, Any]:
    """Train with the trial's options in memory; its score on validation, and never a look at a test image."""
    images, split = _data(run, job["seed"])
    setup, entry, _ = _setup(job, run, images, split)
    settings = Settings(make_fabric(setup.device, job["shared"]["precision"]), should_stop=should_stop)
    settings.micro_batch = job["shared"].get("micro_batch")
    options = build_options(entry, job["options"], entry.space)
    outcome, _ = run_phases(entry.phases(setup, options), lambda phase: settings)
    return {"validation_score": setup.validation_score(outcome.classifier)}


def _data(run: Path, seed: int) -> tuple[ImageSet | VectorSet, Split]:
    images = load_cache(layout.cache_folder(run))
    return images, read_split(layout.split_file(run, seed), images)


def _setup(job: Job, run: Path, images: ImageSet | VectorSet, split: Split) -> tuple[Setup, Strategy, Items]:
    """What the strategy works with, the strategy, and what gives the items of any examples, to be scored on."""
    shared, entry = job["shared"], entry_of(job["strategy"], rows=isinstance(images, VectorSet))
    device, generator = torch.device(shared["device"]), name_in(entry.space, entry.generator or shared["generator"])
    features, weak_views = _vectors(run, entry.features, images, split)
    setup = Setup(
        task=make_task(images, split, features, weak_views),
        budget=Budget(job["steps"], shared["batch_size"], job["generator_steps"]),
        rng=Rng(job["seed"], entry.name, device),
        device=device,
        classifier=classifier_on(images, shared["classifier"], entry.space),
        generator=generator,
        generator_options=shared["generator_options"].get(generator, {}),
        measure=named(shared.get("measure")),
        features=entry.features,
    )
    if features is not None:
        return setup, entry, features.__getitem__
    assert isinstance(images, ImageSet)
    return setup, entry, images.batch


def _vectors(
    run: Path, network: str | None, images: ImageSet | VectorSet, split: Split
) -> tuple[NDArray[Any] | None, int]:
    """What stands for pixels, (n, v, d), and how many of the views are weak; None where pixels are learned from.

    Images have the features of ``network``, memory-mapped; rows are standardised by those that train in ``split``, of
    the block ``network`` where it names one.
    """
    if isinstance(images, VectorSet):
        own = images.block(network) if network else images
        return columns_of(images, split, network or "").vectors(own.vectors), 1
    return load_features(layout.cache_folder(run), network) if network else (None, 1)


def _homes(settings: Settings, run: Path, folder: Path) -> Callable[[Phase], Settings]:
    """Where each phase keeps its checkpoints and grids: a shared one in the run, the others in the arm."""

    def settings_of(phase: Phase) -> Settings:
        home = layout.generator_folder(run, phase.shared) if phase.shared else folder
        return replace(settings, folder=home / "checkpoints", grid_folder=home / "samples")

    return settings_of
