"""Fixtures that several rooms' tests share."""

from __future__ import annotations

import io
import json
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from sklearn.datasets import load_digits

from ganlift import compare, cores
from ganlift.cli.main import main
from ganlift.data.types import Task

# How long an example takes says how busy the machine is, and nothing about the code.
settings.register_profile("ganlift", deadline=None)
settings.load_profile("ganlift")


SaveSplit = Callable[..., Path]
Ended = subprocess.CompletedProcess[str]
Command = Callable[..., Ended]


@pytest.fixture(scope="session")
def ganlift_here() -> Command:
    """The command line, from its words to what it says and its exit code, in this process: it has PyTorch already.

    ``cwd`` is the folder in which it runs, other keywords are settings of the environment.
    """
    return _ganlift_here


def _ganlift_here(*words: object, cwd: Path | None = None, **settings: str) -> Ended:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["ganlift", *map(str, words)])
        patch.setattr(cores, "allowance", lambda: 1.0)  # one thread a command: other tests run beside it
        for name, value in settings.items():
            patch.setenv(name, value)
        if cwd:
            patch.chdir(cwd)
        return _ended(main)


@pytest.fixture(scope="session")
def program() -> Callable[..., str]:
    """What a program under ``benchmarks/`` writes, given its words, in this process."""
    return _program


def _program(name: str, *words: object) -> str:
    path = Path(__file__).parents[1] / "benchmarks" / name
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [str(path), *map(str, words)])
        patch.syspath_prepend(str(path.parent))
        ended = _ended(lambda: runpy.run_path(str(path), run_name="__main__"))
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def _ended(call: Callable[[], object]) -> Ended:
    """What ``call`` writes and how it ends, as if it were a process."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    terminated, code = signal.getsignal(signal.SIGTERM), 0
    try:
        with redirect_stdout(out), redirect_stderr(err):
            call()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        signal.signal(signal.SIGTERM, terminated)
    written = [stream.buffer.getvalue().decode() for stream in (out, err)]  # type: ignore[attr-defined]
    return subprocess.CompletedProcess(sys.argv, code, *written)


@pytest.fixture(scope="session")
def task() -> Task:
    """Digits, 8 px: 5 labelled a class, 5 for validation, 200 unlabelled."""
    digits = load_digits()
    images = np.round(digits.images * 255 / 16).astype(np.uint8)[:, None]
    order = np.argsort(digits.target, kind="stable").reshape(-1)
    by_class = [order[digits.target[order] == k] for k in range(10)]
    labelled = np.concatenate([own[:5] for own in by_class])
    validation = np.concatenate([own[5:10] for own in by_class])
    rest = np.concatenate([own[10:30] for own in by_class])
    names = tuple(str(k) for k in range(10))
    y = digits.target.astype(np.int64)
    return Task(images[labelled], y[labelled], images[validation], y[validation], images[rest], names, flips=False)


@pytest.fixture(scope="session")
def save_split() -> SaveSplit:
    """Writes columns into a folder as ``save_to_disk`` of `datasets` does, in ``shards`` files; returns the folder."""
    return _save_split


def _save_split(folder: Path, columns: dict[str, Any], features: dict[str, Any], shards: int = 1) -> Path:
    import pyarrow as pa

    folder.mkdir(parents=True)
    table, files = pa.table(columns), []
    for shard, rows in enumerate(np.array_split(np.arange(table.num_rows), shards)):
        files.append({"filename": f"data-{shard:05}-of-{shards:05}.arrow"})
        with pa.OSFile(str(folder / files[-1]["filename"]), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as out:
            out.write_table(table.take(rows))
    (folder / "state.json").write_text(json.dumps({"_data_files": files}), encoding="utf-8")
    (folder / "dataset_info.json").write_text(json.dumps({"features": features}), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def save_splits(save_split: SaveSplit) -> Callable[..., Path]:
    """Writes the columns of each split as `save_split` does, into a folder that lists them in this order."""

    def save(root: Path, splits: dict[str, dict[str, Any]], features: dict[str, Any]) -> Path:
        for name, columns in splits.items():
            save_split(root / name, columns, features)
        (root / "dataset_dict.json").write_text(json.dumps({"splits": list(splits)}), encoding="utf-8")
        return root

    return save


@pytest.fixture(scope="session", autouse=True)
def users_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The user's cache of all commands that tests run: never that of the user who runs them."""
    folder = tmp_path_factory.mktemp("users-cache")
    os.environ["GANLIFT_DATA"] = str(folder)
    return folder


Figures = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]


@pytest.fixture(scope="session")
def quick() -> dict[str, Any]:
    """Two arms on digits; precision and threads are named, since a probe may choose others each time."""
    named = {"strategies": "augment,sgan", "precision": "fp32", "threads": 1}
    return {"labels_per_class": 5, "seeds": 1, "budget": 20, **named}


@pytest.fixture(scope="session")
def figures() -> Figures:
    """What training made of each arm, without seconds."""
    names = ("strategy", "seed", "status", "test_accuracy", "nll", "ece", "validation_accuracy", "images_seen")
    return lambda rows: [{name: row[name] for name in names} for row in rows]


@pytest.fixture(scope="session")
def alone(quick: dict[str, Any], figures: Figures, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The figures of `quick` without any worker."""
    return figures(compare("digits", **quick, out=tmp_path_factory.mktemp("alone") / "run").rows)
