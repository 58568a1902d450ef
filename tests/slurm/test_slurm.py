"""A comparison whose workers Slurm starts: a Slurm of this machine alone, from Debian's packages (`start.sh`)."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ganlift.api import compare
from ganlift.executors import local_processes

pytestmark = pytest.mark.skipif(
    not (shutil.which("slurmctld") and shutil.which("slurmd") and shutil.which("munged")) or os.geteuid() != 0,
    reason="a Slurm of one's own takes slurm-wlm and munge, and root",
)
Figures = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]
HERE = Path(__file__).parent
LAUNCH = "srun -n1 --exact --mem=0"


@pytest.fixture(scope="module", autouse=True)
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Two cores, and commands that find them."""
    folder = tmp_path_factory.mktemp("slurm")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLURM_CONF", str(folder / "slurm.conf"))
        try:
            port = str(20_000 + 2 * (os.getpid() % 5_000))  # another process may test beside this one
            subprocess.run(["bash", HERE / "start.sh", folder, "2", port], check=True, stdin=subprocess.DEVNULL)
            yield
        finally:
            subprocess.run(["bash", HERE / "stop.sh", folder], check=False)


def queue(state: str) -> list[str]:
    """The numbers of Slurm's jobs in ``state``."""
    asked = ["squeue", "--noheader", "--format=%i", f"--states={state}"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()


def wait_until(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_rows_are_those_of_this_process_and_no_job_is_left(
    quick: dict[str, Any], figures: Figures, alone: list[dict[str, Any]], tmp_path: Path
) -> None:
    seen: list[int] = []
    found = compare(
        "digits",
        **quick,
        jobs=2,
        launch=LAUNCH,
        out=tmp_path / "run",
        on_event=lambda event: seen.append(len(queue("RUNNING"))) if event["type"] == "arm" else None,
    )
    assert figures(found.rows) == alone
    assert seen == [2, 2]
    wait_until(lambda: not queue("RUNNING,PENDING"), 10)


@pytest.mark.full
def test_a_job_that_is_cancelled_costs_an_attempt(quick: dict[str, Any], tmp_path: Path) -> None:
    notes: list[str] = []
    cancelled: list[str] = []

    def hear(event: Any) -> None:
        if event["type"] == "progress" and not cancelled:
            cancelled.extend(queue("RUNNING"))
            subprocess.run(["scancel", *cancelled], check=True)
        if event["type"] == "note":
            notes.append(event["message"])

    asked = {**quick, "strategies": "augment,real-only", "budget": 300}
    found = compare("digits", **asked, jobs=1, launch=LAUNCH, out=tmp_path / "run", on_event=hear)
    assert len(cancelled) == 1
    assert [note for note in notes if "trying once more" in note]
    assert [row["status"] for row in found.rows] == ["done", "done"]


@pytest.mark.full
def test_a_full_queue_is_waited_for_and_said(
    quick: dict[str, Any],
    figures: Figures,
    alone: list[dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(local_processes, "WAITING_S", 2.0)
    full = subprocess.Popen(["srun", "-n2", "sleep", "8"])
    wait_until(lambda: len(queue("RUNNING")) == 1)
    notes: list[str] = []
    found = compare(
        "digits",
        **quick,
        jobs=1,
        launch=LAUNCH,
        out=tmp_path / "run",
        on_event=lambda event: notes.append(event.get("message", "")),
    )
    assert full.wait(20) == 0
    assert figures(found.rows) == alone
    (said,) = [note for note in notes if note.startswith("No worker has begun")]
    assert "queued and waiting for resources" in said


@pytest.mark.full
def test_ctrl_c_takes_waiting_requests_back(tmp_path: Path) -> None:
    full = subprocess.Popen(["srun", "-n2", "sleep", "60"], stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: len(queue("RUNNING")) == 1)
        asked = ["--labels-per-class", "5", "--seeds", "1", "--budget", "20", "--strategies", "augment,sgan"]
        words = [*asked, "--jobs", "2", "--launch", LAUNCH, "--out", str(tmp_path / "run")]
        run = subprocess.Popen([sys.executable, "-m", "ganlift", "compare", "digits", *words])
        wait_until(lambda: len(queue("PENDING")) == 2)
        run.send_signal(signal.SIGINT)
        begun = time.monotonic()
        assert run.wait(20) == 130
        assert time.monotonic() - begun < 5.0
        wait_until(lambda: not queue("PENDING"), 5)
    finally:
        full.terminate()
        full.wait()


@pytest.mark.full
def test_a_request_that_slurm_refuses_is_shown(quick: dict[str, Any], tmp_path: Path) -> None:
    from ganlift.errors import GanliftError

    with pytest.raises(GanliftError, match=r"A worker ended before it began.*invalid partition"):
        compare("digits", **quick, jobs=1, launch="srun -p none -n1", out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
