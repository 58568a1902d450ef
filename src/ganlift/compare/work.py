"""What a job does: one arm of a comparison, a short run of it for an estimate, or a trial of a search.

A job carries plain JSON: ``kind``, ``strategy``, ``seed``, ``run`` (the folder), ``steps``,
``generator_steps``, ``options``, and the settings that all jobs of the run share under ``shared``.
"""

from __future__ import annotations

import io
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ganlift.compare.executors import Job, Report, ShouldStop
from ganlift.compare.facts import arm_facts
from ganlift.data.cache import load_cache
from ganlift.data.split import make_task, read_split
from ganlift.data.types import ImageSet, Split
from ganlift.measures.accuracy import score
from ganlift.runs import layout
from ganlift.runs.files import write_bytes, write_json, write_text
from ganlift.strategies.base import Outcome, Phases, Setup, Strategy, predict, strategies
from ganlift.strategies.options import build_options
from ganlift.training.checkpoint import save_module
from ganlift.training.fit import Record, Settings, fit
from ganlift.training.phase import Budget
from ganlift.training.precision import make_fabric
from ganlift.training.rng import Rng

PROBE_STEPS = 10
"""Steps of each phase in an estimate, the first two of them not counted."""


def work(job: Job, report: Report, should_stop: ShouldStop) -> dict[str, Any]:
    """Do ``job`` and return its result, plain JSON: a row, an estimate, or a trial's validation accuracy."""
    torch.set_num_threads(job["shared"]["threads"])
    kinds: dict[str, Callable[[Job, Report, ShouldStop], dict[str, Any]]] = {
        "arm": run_arm,
        "probe": run_probe,
        "trial": run_trial,
    }
    return kinds[job["kind"]](job, report, should_stop)


def run_arm(job: Job, report: Report, should_stop: ShouldStop) -> dict[str, Any]:
    """Train one arm of one seed, continuing where it was left; write its folder; return its row."""
    run, name, seed = Path(job["run"]), job["strategy"], job["seed"]
    folder = layout.arm_folder(run, name, seed)
    images, split = _data(run, seed)
    setup, entry = _setup(job, images, split)
    options = build_options(entry, job["options"])
    write_text(folder / "config.yaml", json.dumps({**job, "options": options.model_dump(mode="json")}, indent=1))

    def progress(phase: str, step: int, steps: int, rate: float) -> None:
        if step % 5 == 0 or step == steps:
            place = {"strategy": name, "seed": seed, "phase": phase, "step": step, "steps": steps}
            report({"type": "progress", **place, "images_per_s": rate})

    settings = Settings(
        make_fabric(setup.device, job["shared"]["precision"]),
        checkpoint_every=job["shared"]["checkpoint_every"],
        should_stop=should_stop,
        on_progress=progress,
    )
    outcome, records = _drive(entry.phases(setup, options), settings, run, folder)
    for record in records:
        for warning in record.warnings:
            report({"type": "note", "message": warning})
    row = _row(entry, setup, split, outcome, records, images, folder)
    row["seed"], row["options"] = seed, options.model_dump(mode="json")
    write_json(folder / "facts.json", {**outcome.facts, **arm_facts(setup, outcome, folder)})
    lines = [json.dumps(line) for record in records for line in record.trace]
    write_text(folder / "trace.jsonl", "\n".join(lines) + "\n")
    save_module(folder / "classifier.safetensors", outcome.classifier)
    write_json(folder / "row.json", row)
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)
    return row


def run_probe(job: Job, report: Report, should_stop: ShouldStop) -> dict[str, Any]:
    """A few steps of each phase: projected seconds of the steps, and of everything else."""
    begun = time.perf_counter()
    images, split = _data(Path(job["run"]), job["seed"])
    setup, entry = _setup(job, images, split)
    settings = Settings(make_fabric(setup.device, job["shared"]["precision"]), limit=PROBE_STEPS)
    settings.should_stop = should_stop
    spent = 0.0
    projected = {"classifier": 0.0, "generator": 0.0}
    phases = entry.phases(setup, build_options(entry, job["options"]))
    while True:
        try:
            phase = next(phases)
        except StopIteration as end:
            outcome = end.value
            break
        before = time.perf_counter()
        record = fit(phase, settings)
        spent += time.perf_counter() - before
        projected["generator" if phase.counts == "generator" else "classifier"] += record.elapsed_s
    predict(outcome.classifier, _pixels(images, split.test, setup.device))
    return {"strategy": job["strategy"], **projected, "rest": time.perf_counter() - begun - spent}


def run_trial(job: Job, report: Report, should_stop: ShouldStop) -> dict[str, Any]:
    """Train with the trial's options in memory; validation accuracy, and never a look at a test image."""
    images, split = _data(Path(job["run"]), job["seed"])
    setup, entry = _setup(job, images, split)
    settings = Settings(make_fabric(setup.device, job["shared"]["precision"]), should_stop=should_stop)
    outcome, _ = _drive(entry.phases(setup, build_options(entry, job["options"])), settings, None, None)
    return {"validation_accuracy": setup.validation_accuracy(outcome.classifier)}


def _data(run: Path, seed: int) -> tuple[ImageSet, Split]:
    images = load_cache(layout.cache_folder(run))
    return images, read_split(layout.split_file(run, seed), images)


def _setup(job: Job, images: ImageSet, split: Split) -> tuple[Setup, Strategy]:
    shared, entry = job["shared"], strategies.get(job["strategy"])
    device = torch.device(shared["device"])
    setup = Setup(
        task=make_task(images, split),
        budget=Budget(job["steps"], shared["batch_size"], job["generator_steps"]),
        rng=Rng(job["seed"], entry.name, device),
        device=device,
        classifier=shared["classifier"],
        generator=shared["generator"],
        generator_options=shared["generator_options"],
    )
    return setup, entry


def _drive(phases: Phases, settings: Settings, run: Path | None, folder: Path | None) -> tuple[Outcome, list[Record]]:
    """Run the phases one after the other; a shared one has its home in the run, not in the arm."""
    records: list[Record] = []
    while True:
        try:
            phase = next(phases)
        except StopIteration as end:
            return end.value, records
        if run and folder:
            home = layout.generator_folder(run, phase.shared) if phase.shared else folder
            settings.folder, settings.grid_folder = home / "checkpoints", home / "samples"
        records.append(fit(phase, settings))
        if run and folder and phase.shared and (home / "samples").is_dir():
            shutil.copytree(home / "samples", folder / "samples", dirs_exist_ok=True)


def _pixels(images: ImageSet, indices: Any, device: torch.device) -> torch.Tensor:
    return torch.from_numpy(images.batch(indices)).to(device)


def _row(
    entry: Strategy,
    setup: Setup,
    split: Split,
    outcome: Outcome,
    records: list[Record],
    images: ImageSet,
    folder: Path,
) -> dict[str, Any]:
    """Score the test and validation images, write their probabilities, and sum the records up."""
    test = predict(outcome.classifier, _pixels(images, split.test, setup.device)).cpu().numpy()
    validation = predict(outcome.classifier, _pixels(images, split.validation, setup.device)).cpu().numpy()
    arrays = {
        "probabilities": test,
        "labels": images.labels[split.test],
        "index": split.test,
        "validation_probabilities": validation,
        "validation_labels": images.labels[split.validation],
        "validation_index": split.validation,
    }
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    write_bytes(folder / "predictions.npz", buffer.getvalue())
    training = [record for record in records if record.counts != "generator"]
    generating = [record for record in records if record.counts == "generator"]
    uses_unlabelled = entry.unlabelled != "never" and len(split.unlabelled) > 0
    return {
        "strategy": entry.name,
        "kind": entry.kind,
        "status": "done",
        "uses_unlabelled": uses_unlabelled,
        **score(test, arrays["labels"]),
        "validation_accuracy": float((validation.argmax(1) == arrays["validation_labels"]).mean()),
        "validation_n": len(split.validation),
        "labels": len(split.labelled),
        "unlabelled_n": len(split.unlabelled) if uses_unlabelled else 0,
        "test_n": len(split.test),
        "steps": sum(record.steps for record in training),
        "images_seen": sum(record.images_seen for record in training),
        "generator_steps": sum(record.steps for record in generating),
        "generator_images_seen": sum(record.images_seen for record in generating),
        "elapsed_s": sum(record.elapsed_s for record in records),
        "generator_elapsed_s": sum(record.elapsed_s for record in generating),
        "alarms": [alarm for record in records for alarm in record.alarms],
        "phases": [{key: value for key, value in asdict(record).items() if key != "trace"} for record in records],
    }
