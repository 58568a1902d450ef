"""Alarms on real trainings: the kept figures still raise the right ones, and so does a small training made to fail."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from ganlift.data.types import Task
from ganlift.strategies.generation import generator_stage
from ganlift.strategies.setup import Setup
from ganlift.training.fit import Settings, fit
from ganlift.training.phase import Budget
from ganlift.training.precision import make_fabric
from ganlift.training.rng import Rng

ROOT = Path(__file__).parents[2]
CPU = torch.device("cpu")
ROWS = json.loads((ROOT / "benchmarks" / "results" / "alarms.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def alarms() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "benchmarks"))
        yield importlib.import_module("alarms")


def test_every_generator_with_a_discriminator_has_every_run(alarms: ModuleType) -> None:
    kept = {(row["generator"], row["case"], row["seed"]) for row in ROWS}
    assert kept == {(name, case.name, seed) for name, case, seed in alarms.runs()}


def test_healthy_runs_raise_nothing_and_failed_ones_the_right_alarm(alarms: ModuleType) -> None:
    runs = [(row, alarms.case_of(row["generator"], row["case"])) for row in ROWS]
    assert not [(row["generator"], row["case"], row["seed"]) for row, case in runs if not alarms.is_right(row, case)]


def test_the_table_is_that_of_the_kept_runs(alarms: ModuleType) -> None:
    assert "\n".join(alarms.table(ROWS)) in (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("case", "heard"), [("healthy", []), ("latent ignored", ["collapse"])])
def test_a_small_training_made_to_fail_is_heard(alarms: ModuleType, task: Task, case: str, heard: list[str]) -> None:
    (plant,) = [one.plant for one in alarms.CASES if one.name == case]
    own: dict[str, Any] = {"generator": "sngan", "generator_options": {"width": 8}}
    setup = Setup(replace(task, unlabelled=task.unlabelled[:0]), Budget(1, 16, 100), Rng(0, "alarms", CPU), CPU, **own)
    phase = generator_stage(setup, folds=1).phase
    if plant:
        plant(phase)
    record = fit(phase, Settings(make_fabric(CPU, "fp32")))
    assert [alarm["name"] for alarm in record.alarms] == heard
