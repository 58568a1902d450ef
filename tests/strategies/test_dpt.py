"""`dpt`: the teacher's labels reach the generator, whose images reach the last stage alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from ganlift.data.types import Task
from ganlift.errors import Interrupted
from ganlift.strategies.base import Outcome, run_phases, strategies
from ganlift.strategies.dpt import pseudo_labelled
from ganlift.strategies.generation import FOLDS, generator_stage
from ganlift.strategies.setup import Setup, predict
from ganlift.training.fit import Record, Settings, fit
from ganlift.training.phase import Budget
from ganlift.training.precision import make_fabric
from ganlift.training.rng import Rng

CPU = torch.device("cpu")
SETTINGS = Settings(make_fabric(CPU, "fp32"))


def setup_of(task: Task) -> Setup:
    return Setup(task, Budget(6, 10, 3), Rng(0, "dpt", CPU), CPU)


def run(task: Task, *, filtered: bool = False, **settings: Any) -> tuple[Outcome, list[Record]]:
    entry = strategies.get("dpt")
    phases = entry.phases(setup_of(task), entry.options(pool=8, filtered=filtered))
    return run_phases(phases, lambda phase: replace(SETTINGS, **settings))


def test_the_stages_and_what_they_count_for(task: Task) -> None:
    outcome, records = run(task, filtered=True)
    assert [(one.name, one.counts, one.steps) for one in records] == [
        ("teacher", "besides", 6),
        ("generator", "generator", 3),
        ("fold-0", "besides", 2),
        ("fold-1", "besides", 2),
        ("classifier", "classifier", 6),
    ]
    assert sum(outcome.facts["pseudo_labels"]) == len(task.unlabelled)
    assert outcome.shared is None  # no other arm has these labels
    _, records = run(task)
    assert records[-1].seen == {"labelled": 60, "unlabelled": 60, "generated": 60}


def test_the_generator_learns_all_images_with_the_teachers_labels(task: Task) -> None:
    entry, setup = strategies.get("dpt"), setup_of(task)
    phases = entry.phases(setup, entry.options())
    teaching = next(phases)
    fit(teaching, SETTINGS)
    stream = next(phases).streams["labelled"]
    assert stream.labels is not None
    teacher = teaching.averages["classifier"].module
    guesses = predict(teacher, torch.from_numpy(task.unlabelled)).argmax(1)
    labels = torch.cat([torch.from_numpy(task.labels), guesses])  # a labelled image keeps its own
    assert torch.equal(stream.labels // FOLDS, labels)
    assert len(stream.items) == len(labels) == 250
    known = pseudo_labelled(setup, teacher)
    own = generator_stage(setup, known=known).phase
    assert own.shared is None
    assert own.rng.owner != generator_stage(setup).phase.rng.owner
    other = generator_stage(setup, known=replace(known, labels=known.labels.flip(0))).phase
    assert other.rng.owner != own.rng.owner


@pytest.mark.parametrize("stop", [3, 7, 12])
def test_a_resumed_run_is_the_unbroken_one(task: Task, tmp_path: Path, stop: int) -> None:
    images = torch.from_numpy(task.validation)
    unbroken = predict(run(task)[0].classifier, images)
    stops = iter([False] * stop + [True])
    with pytest.raises(Interrupted):
        run(task, folder=tmp_path, should_stop=lambda: 130 if next(stops) else 0)
    assert torch.equal(unbroken, predict(run(task, folder=tmp_path)[0].classifier, images))
