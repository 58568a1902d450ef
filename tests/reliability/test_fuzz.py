"""Damaged files of every kind are read or refused in a sentence: a few each here, ten minutes each by the program."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FOUND = sorted(path for path in (Path(__file__).parent / "found").glob("*/*") if path.is_dir())
QUICK = ("images", "npz", "idx", "cifar", "csv", "manifest", "yaml", "checkpoint")
SLOW = ("parquet", "sound", "video", "saved", "report", "predictions", "classifier", "generator", "onnx")


@pytest.fixture(scope="module")
def fuzz() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "benchmarks"))
        yield importlib.import_module("fuzz")


@pytest.mark.parametrize("folder", FOUND, ids=lambda folder: f"{folder.parent.name}-{folder.name}")
def test_what_was_found_once_is_read_or_refused(fuzz: Any, folder: Path) -> None:
    if folder.parent.name == "parquet":
        pytest.importorskip("pyarrow")
    assert fuzz.answer_of(fuzz.TARGETS[folder.parent.name], folder) in ("read", "refused")


@pytest.mark.parametrize(
    ("name", "times"),
    [*((name, 25) for name in QUICK), *(pytest.param(name, 200, marks=pytest.mark.full) for name in (*QUICK, *SLOW))],
)
def test_damaged_files_are_read_or_refused(fuzz: Any, name: str, times: int, tmp_path: Path) -> None:
    """Row 11 and 12, and whatever else is read: any other answer is the fault's own words."""
    told = fuzz.fuzz(fuzz.TARGETS[name], 600, times, tmp_path, limit=times)
    assert set(told) <= {"read", "refused"}, told
    assert told.total() == times


def test_every_target_is_tried(fuzz: Any) -> None:
    assert {*QUICK, *SLOW} == set(fuzz.TARGETS)
