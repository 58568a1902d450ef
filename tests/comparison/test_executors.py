"""Jobs survive their workers; an orphan leaves; what cannot be done is reported, not lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ganlift.comparison.executors import in_process, local_processes

SHARED = {
    "threads": 1,
    "device": "cpu",
    "precision": "fp32",
    "batch_size": 8,
    "classifier": "small-cnn",
    "generator": "sngan",
    "generator_options": {},
    "checkpoint_every": 60.0,
    "on_alarm": "warn",
}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder with images and a split, as a comparison leaves it before its first arm."""
    from ganlift.data import draw_split, load, write_split
    from ganlift.data.cache import save_cache
    from ganlift.runs import layout

    run = tmp_path_factory.mktemp("run")
    images = load("digits")
    save_cache(images, layout.cache_folder(run))
    write_split(draw_split(images, 0, labels_per_class=5), images, layout.split_file(run, 0))
    return run


def job(run: Path, name: str, steps: int = 5, **more: Any) -> dict[str, Any]:
    facts = {"id": f"{name}/0", "kind": "arm", "strategy": name, "seed": 0, "run": str(run), "after": []}
    return {**facts, "steps": steps, "generator_steps": 5, "options": {}, "shared": SHARED, **more}


def test_order_respects_after() -> None:
    jobs = [{"id": "b", "after": ["a"]}, {"id": "a", "after": []}]
    order = [
        result.job["id"] for result in in_process(jobs, lambda one, report, stop: {}, lambda event: None, lambda: 0)
    ]
    assert order == ["a", "b"]


def test_a_failure_is_a_result_with_its_reason() -> None:
    def work(one: Any, report: Any, stop: Any) -> dict[str, Any]:
        raise ZeroDivisionError("by zero")

    (result,) = in_process([{"id": "a"}], work, lambda event: None, lambda: 0)
    assert result.value is None
    assert result.reason == "ZeroDivisionError: by zero"


def test_a_killed_worker_costs_one_attempt_and_a_second_kill_fails_the_arm(prepared: Path) -> None:
    """The sgan worker is killed whenever it is seen; the other arm finishes."""
    notes: list[str] = []

    def report(event: dict[str, Any]) -> None:
        if event["type"] == "progress" and event["strategy"] == "sgan":
            for process in _workers():
                os.kill(process, signal.SIGKILL)
        if event["type"] == "note":
            notes.append(event["message"])

    jobs = [job(prepared, "sgan", steps=4000), job(prepared, "augment")]
    results = {}
    for result in local_processes(jobs, report, lambda: 0, workers=1):
        results[result.job["strategy"]] = result
    assert results["augment"].value is not None
    assert results["augment"].value["status"] == "done"
    assert results["sgan"].value is None
    assert "SIGKILL" in results["sgan"].reason
    assert "trying once more" in notes[0]


def _workers() -> list[int]:
    """The children of this process that run `ganlift.comparison.worker`."""
    found = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(os.getpid())], capture_output=True, text=True)
    return [int(line.split()[0]) for line in found.stdout.splitlines() if "ganlift.comparison.worker" in line]


def test_an_orphaned_worker_leaves(prepared: Path) -> None:
    worker = subprocess.Popen(
        [sys.executable, "-m", "ganlift.comparison.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert worker.stdin
    assert worker.stdout
    worker.stdin.write(json.dumps(job(prepared, "augment", steps=100_000)) + "\n")
    worker.stdin.flush()
    assert json.loads(worker.stdout.readline())["type"] == "progress"
    worker.stdin.close()
    deadline = time.monotonic() + 10
    while worker.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert worker.poll() is not None
