"""Workers that a command of the user's starts: a shell, an emptied environment, a queue, a command that fails."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import ganlift
from ganlift.api import compare
from ganlift.comparison.work import work
from ganlift.errors import ConfigError, GanliftError
from ganlift.executors import Place, executors, local_processes
from ganlift.executors.base import Job

Figures = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]
SOURCE = str(Path(ganlift.__file__).parents[1])
UNSHARE = shutil.which("unshare") and subprocess.run(["unshare", "-r", "true"], capture_output=True).returncode == 0
LAUNCHES = {
    "an emptied environment": f"env -i PATH=/usr/bin:/bin PYTHONPATH={SOURCE}",
    "a namespace": "unshare -r",
    "a shell with a banner": "sh -c 'echo Welcome; echo {all}; echo {}; exec \"$@\"' sh",
    "its own interpreter": f"{sys.executable} {{worker}}",
}


SHORT = ("an emptied environment", "a shell with a banner")


@pytest.mark.parametrize(
    "name", [name if name in SHORT else pytest.param(name, marks=pytest.mark.full) for name in LAUNCHES]
)
def test_rows_are_those_of_this_process(
    quick: dict[str, Any], figures: Figures, name: str, alone: list[dict[str, Any]], tmp_path: Path
) -> None:
    if name == "a namespace" and not UNSHARE:
        pytest.skip("this machine makes no namespaces")
    found = compare("digits", **quick, jobs=2, launch=LAUNCHES[name], out=tmp_path / "run")
    assert figures(found.rows) == alone


def test_a_failing_command_is_shown_and_leaves_nothing_in_the_way(
    quick: dict[str, Any], figures: Figures, alone: list[dict[str, Any]], tmp_path: Path
) -> None:
    out = tmp_path / "run"
    said = ganlift_compare(out, "--jobs", "2", "--launch", "sh -c 'echo no such partition: gpu >&2; exit 4'")
    assert said.returncode == 2
    assert "it said: no such partition: gpu" in " ".join(said.stderr.split())
    assert "exit code 4" in said.stderr
    assert "Traceback" not in said.stderr
    assert not out.exists()
    assert figures(compare("digits", **quick, jobs=2, launch=LAUNCHES["a shell with a banner"], out=out).rows) == alone


@pytest.mark.full
def test_a_command_that_fails_later_is_followed_by_a_better_one(
    quick: dict[str, Any], figures: Figures, alone: list[dict[str, Any]], tmp_path: Path
) -> None:
    """The first worker is killed after the first arm, and no other comes."""
    out, mark = tmp_path / "run", tmp_path / "mark"
    once = f"sh -c 'mkdir {mark} || exit 7; echo $$ > {mark}/pid; exec \"$@\"' sh"

    def kill_it(event: Any) -> None:
        if event["type"] == "arm":
            os.kill(int((mark / "pid").read_text()), signal.SIGKILL)

    with pytest.raises(GanliftError, match="exit code 7"):
        compare("digits", **quick, jobs=1, launch=once, out=out, on_event=kill_it)
    begun: list[str] = []
    again = compare("digits", **quick, out=out, on_event=lambda event: begun.append(str(event.get("arms_left"))))
    assert figures(again.rows) == alone
    assert "1" in begun  # one of the two was kept


def ganlift_compare(out: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(out, *more), capture_output=True, text=True, check=False)


def command(out: Path, *more: str) -> list[str]:
    asked = ["--labels-per-class", "5", "--seeds", "1", "--budget", "20", "--strategies", "augment,sgan"]
    same = ["--precision", "fp32", "--threads", "1"]
    return [sys.executable, "-m", "ganlift", "compare", "digits", *asked, *same, "--out", str(out), *more]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"launch": "env"}, "--launch needs --jobs"),
        ({"launch": "env", "jobs": 2, "executor": "in-process"}, "--launch starts processes, and 'in-process' has"),
        ({"executor": "local-processes:far", "jobs": 2}, "has no address; leave out ':far'"),
        ({"launch": "no-such-command -n1", "jobs": 2}, "no-such-command.*No such file"),
        ({"launch": "sh -c 'exec", "jobs": 2}, "a quotation mark is not closed"),
    ],
)
def test_options_that_contradict_are_told(
    quick: dict[str, Any], asked: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=said):
        compare("digits", **quick, **asked, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_package_that_is_missing_there_is_named_before_the_first_job(
    quick: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "ownnets.py").write_text(
        "from torch import nn\n"
        "def small(channels, size, classes):\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(channels * size * size, classes))\n"
    )
    monkeypatch.syspath_prepend(tmp_path / "here")
    there = f"env -i PYTHONPATH={SOURCE}"
    events: list[dict[str, Any]] = []
    with pytest.raises(GanliftError, match=r"A worker on .* lacks ownnets, which this run needs"):
        compare(
            "digits",
            **{**quick, "strategies": "augment"},
            classifier="ownnets:small",
            jobs=1,
            launch=there,
            out=tmp_path / "run",
            on_event=lambda event: events.append(dict(event)),
        )
    assert "plan" not in {event["type"] for event in events}


Wait = Callable[[float], list[str]]


@pytest.mark.full
def test_time_in_a_queue_is_no_silence_and_is_told_of_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker may be silent for 0.4 s here; it waits for 3."""
    monkeypatch.setattr(local_processes, "WAITING_S", 1.0)
    notes: list[str] = []
    launch = "sh -c 'echo job 5 waits for resources >&2; sleep 3; exec \"$@\"' sh"
    place = Place(run=tmp_path, workers=2, launch=launch, silent_s=0.4)
    opened, begun = executors.get("local-processes").open(place, work), time.monotonic()
    job: Job = {"id": "x", "kind": "none", "after": [], "shared": {"threads": 1}}
    try:
        # a job of no kind fails at once in the worker that gets it, which has imported torch by then: 0.4 s may pass
        next(opened.run([job], lambda event: notes.append(event.get("message", "")), lambda: 0))
    finally:
        opened.close()
    assert time.monotonic() - begun > 3.0
    waits = [note for note in notes if note.startswith("No worker has begun")]
    assert len(waits) == 1
    assert "it says: job 5 waits for resources" in waits[0]


def test_ctrl_c_in_the_queue_ends_soon_and_leaves_no_process(tmp_path: Path) -> None:
    mark = f"31536{os.getpid()}"  # seconds to sleep: found among the machine's processes by this
    launch = f"sh -c 'sleep {mark}; exec \"$@\"' sh"
    run = subprocess.Popen(command(tmp_path / "run", "--jobs", "2", "--launch", launch), stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: len(launched(mark)) == 4)  # a shell and a sleep each
        run.send_signal(signal.SIGINT)
        begun = time.monotonic()
        assert run.wait(30) == 130
        assert time.monotonic() - begun < 5.0
        assert launched(mark) == []
    finally:
        run.kill()


def launched(mark: str) -> list[str]:
    """The command lines of shells and sleeps that hold ``mark``."""
    listed = subprocess.run(["ps", "-e", "-o", "args="], capture_output=True, text=True).stdout.splitlines()
    return [line for line in listed if line.startswith(("sh -c", "sleep")) and mark in line]


def wait_until(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)
