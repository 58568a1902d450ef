"""Threads and jobs: as many as the process may use, as asked for, or as the first steps say; recorded, and kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import ganlift
from ganlift.comparison.machine import jobs_at_once, machine_notes, settle_threads, thread_choices
from ganlift.config import CompareConfig, RunConfig, TrainConfig, build_config

QUICK = {"batch_size": 16, "precision": "fp32", "budget": 5, "device": "cpu"}


@pytest.fixture
def four_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four cores by affinity, and no word of how many threads."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1, 2, 3}, raising=False)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)


@pytest.fixture
def torch_on_three() -> Iterator[None]:
    """A caller who has set torch to three threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def config(model: type[RunConfig] = TrainConfig, **settings: Any) -> RunConfig:
    return build_config({"data": "digits", "device": "cpu", **settings}, model)


def environment(run: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run / "environment.json").read_text())
    return found


@pytest.mark.usefixtures("four_cores")
@pytest.mark.parametrize(
    ("settings", "omp", "at_once", "choices"),
    [
        ({}, "", 1, [1, 4]),
        ({}, "", 2, [1, 2]),
        ({}, "", 4, [1]),
        ({}, "", 9, [1]),
        ({}, "3", 1, [1, 3]),
        ({}, "1", 1, [1]),
        ({"threads": 3}, "1", 4, [3]),
    ],
)
def test_threads_to_choose_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any, omp: str, at_once: int, choices: list[int]
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", omp)
    assert thread_choices(config(**settings), tmp_path, at_once) == choices


def test_no_more_than_eight_threads_are_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(64)), raising=False)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert thread_choices(config(), tmp_path, 1) == [1, 8]


@pytest.mark.usefixtures("four_cores")
@pytest.mark.parametrize(
    ("settings", "arms", "at_once"),
    [({}, 9, 4), ({}, 2, 2), ({"threads": 2}, 9, 2), ({"threads": 9}, 9, 1), ({"jobs": 7}, 2, 7)],
)
def test_jobs_at_once(tmp_path: Path, settings: Any, arms: int, at_once: int) -> None:
    assert jobs_at_once(config(CompareConfig, **settings), tmp_path, arms) == at_once
    assert jobs_at_once(config(TrainConfig), tmp_path, arms) == 1


@pytest.mark.parametrize(("more", "chosen"), [(0.79, 4), (0.81, 1), (2.0, 1)])
def test_more_threads_are_taken_where_they_are_a_quarter_faster(tmp_path: Path, more: float, chosen: int) -> None:
    (tmp_path / "environment.json").write_text('{"cores": 4}')
    assert settle_threads(tmp_path, {1: 1.0, 4: more}) == chosen
    assert environment(tmp_path) == {"cores": 4, "threads": chosen, "threads_probe_s": {"1": 1.0, "4": more}}
    assert thread_choices(config(threads=3), tmp_path, 1) == [chosen]  # what is recorded stays


@pytest.mark.usefixtures("four_cores")
def test_what_is_said_of_threads() -> None:
    assert machine_notes(config(threads=4), 4, 0.75) == []
    (other,) = machine_notes(config(threads=1), 2)
    assert other.startswith("This run began with 2 threads a job and keeps to that")
    (crowded,) = machine_notes(config(threads=5), 5)
    assert "A job runs 5 threads, and this process may use 4" in crowded
    (busy,) = machine_notes(config(), 1, 0.454)
    assert "The machine was busy while the first steps were timed: a job got 45 % of a core." in busy


@pytest.mark.usefixtures("torch_on_three")
def test_train_runs_on_its_threads_and_leaves_the_caller_s(tmp_path: Path) -> None:
    seen = set[int]()
    ganlift.train("digits", threads=2, out=tmp_path / "run", on_event=lambda event: seen.add(_threads(event)), **QUICK)
    assert seen - {0} == {2}
    assert torch.get_num_threads() == 3
    assert environment(tmp_path / "run")["threads"] == 2


@pytest.mark.usefixtures("torch_on_three")
def test_train_generator_runs_on_its_threads_and_leaves_the_caller_s(tmp_path: Path) -> None:
    seen = set[int]()
    ganlift.train_generator(
        "digits", threads=2, out=tmp_path / "run", on_event=lambda event: seen.add(_threads(event)), **QUICK
    )
    assert seen - {0} == {2}
    assert torch.get_num_threads() == 3
    assert environment(tmp_path / "run")["threads"] == 2


def _threads(event: Any) -> int:
    """Those that a step ran with; 0 for other events."""
    return torch.get_num_threads() if event["type"] == "progress" else 0


@pytest.mark.usefixtures("four_cores")
@pytest.mark.parametrize("verb", [ganlift.train, ganlift.train_generator])
def test_a_free_machine_is_tried_with_one_thread_and_with_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: Any
) -> None:
    for room in ("work", "generator"):
        monkeypatch.setattr(f"ganlift.comparison.{room}.share_of_a_core", lambda: 1.0)
    verb("digits", out=tmp_path / "run", **QUICK)
    found = environment(tmp_path / "run")
    seconds = found["threads_probe_s"]
    assert list(seconds) == ["1", "4"]
    assert found["cores"] == 4
    assert found["threads"] == (4 if seconds["1"] > 1.25 * seconds["4"] else 1)


@pytest.mark.usefixtures("four_cores")
def test_a_busy_machine_gets_one_thread_and_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganlift.comparison.work.share_of_a_core", lambda: 0.4)
    events: list[Any] = []
    ganlift.train("digits", out=tmp_path / "run", on_event=events.append, **QUICK)
    assert environment(tmp_path / "run")["threads"] == 1
    assert environment(tmp_path / "run")["threads_probe_s"] == {}
    plan = json.loads((tmp_path / "run" / "plan.json").read_text())
    assert (plan["threads"], plan["core_share"]) == (1, 0.4)
    after_plan = events[[event["type"] for event in events].index("plan") + 1]
    assert "a job got 40 % of a core. Once it is free" in after_plan["message"]


def test_jobs_that_share_cores_with_one_another_alone_are_not_called_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ganlift.comparison.first_steps.allowance", lambda: 0.5)  # a quota of half a core
    monkeypatch.setattr("ganlift.comparison.work.share_of_a_core", lambda: 0.4)
    ganlift.train("digits", out=tmp_path / "run", threads=1, **QUICK)
    assert json.loads((tmp_path / "run" / "plan.json").read_text())["core_share"] == 0.8


COMMAND = [*(sys.executable, "-m", "ganlift", "train", "digits", "--precision", "fp32", "--device", "cpu")]
COMMAND += ["--budget", "5", "--batch-size", "16"]


def test_a_continued_run_keeps_its_threads(tmp_path: Path) -> None:
    ganlift.train("digits", out=tmp_path / "run", threads=2, **QUICK)
    words = [*COMMAND, "--threads", "1", "--out", str(tmp_path / "run")]
    again = subprocess.run(words, capture_output=True, text=True, timeout=200)
    assert again.returncode == 0, again.stderr
    assert "1 at a time, 2 threads each\n" in again.stdout
    assert "Note: This run began with 2 threads a job and keeps to that" in again.stdout
    assert environment(tmp_path / "run")["threads"] == 2


@pytest.mark.usefixtures("four_cores")
def test_omp_num_threads_leaves_nothing_to_try(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    ganlift.train("digits", out=tmp_path / "run", **QUICK)
    found = environment(tmp_path / "run")
    assert (found["cores"], found["threads"], found["threads_probe_s"]) == (4, 1, {})


@pytest.fixture
def shared_core() -> Iterator[None]:
    """One core for this process, and another process that computes on it all the time."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    other = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    yield
    other.kill()
    other.wait()
    os.sched_setaffinity(0, before)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity on this system")
@pytest.mark.usefixtures("shared_core")
def test_others_on_the_only_core_are_noticed(tmp_path: Path) -> None:
    notes: list[str] = []
    ganlift.train(
        "digits", out=tmp_path / "run", on_event=lambda event: notes.append(event.get("message", "")), **QUICK
    )
    assert any(note.startswith("The machine was busy") for note in notes)
    found = environment(tmp_path / "run")
    assert (found["cores"], found["threads"]) == (1, 1)
    assert json.loads((tmp_path / "run" / "plan.json").read_text())["core_share"] < 0.7


@pytest.mark.parametrize("threads", ["0", "two"])
def test_no_number_of_threads_is_refused(threads: str, tmp_path: Path) -> None:
    words = [*COMMAND, "--threads", threads, "--out", str(tmp_path / "run")]
    found = subprocess.run(words, capture_output=True, text=True, timeout=200)
    assert found.returncode == 2
    assert "threads" in found.stderr
    assert "Traceback" not in found.stderr
