"""Rows 1 and 2: SIGKILL at random moments for every strategy and generator; SIGINT and SIGTERM wherever they come.

The short forms of row 1 are in tests/journeys: `compare` in test_compare.py; `train`, `train-generator` and `generate`
in test_train.py.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from ganlift.generators.base import generators
from ganlift.strategies.base import strategies

LABELLED = [name for name, entry in strategies if "pixels" in entry.spaces and entry.labels and name != "augment"]
CLUSTERS = [name for name, entry in strategies if "pixels" in entry.spaces and not entry.labels]
WITH_GENERATOR = [f"gan-augment-{name}" for name, entry in generators if "pixels" in entry.spaces]
NETWORK = "efficientnet-lite0"
ON_FEATURES = {
    "features": ["linear-probe", "augment", "fixmatch", "sgan-fixmatch", "distribution-calibration"],
    "features-two-stages": ["augment", "gan-augment", "gan-balance", "gan-augment-wgan", "gan-augment-vae"],
}
"""Arms on the features of `NETWORK`, which are computed within the run and may be what is broken off."""
ON_ROWS = ["augment", "fixmatch", "sgan", "gan-augment", "label-spreading"]
"""Arms on rows of numbers, without any image."""
TOGETHER = 5
KILLS = 10
"""A group of arms, which are killed together; ten groups make a hundred."""


def groups() -> list[list[str]]:
    """All arms, a few in a group, each with one to be compared with."""
    arms = [*LABELLED, *WITH_GENERATOR]
    return [["augment", *arms[start : start + TOGETHER]] for start in range(0, len(arms), TOGETHER)] + [CLUSTERS]


@pytest.mark.full
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("arms", groups(), ids=lambda arms: arms[-1])
def test_killed_at_random_every_arm_ends_as_it_would_have(
    arms: list[str], ask: Any, begin: Any, go: Any, assert_same: Any, tmp_path: Path
) -> None:
    """Row 1, full form."""
    own = ["--strategies", ",".join(arms), "--unlabelled", "rest"]
    own += ["--labels-per-class", "0"] if arms == CLUSTERS else []
    killed_again_and_again(own, arms[-1], KILLS, ask, begin, go, assert_same, tmp_path)


@pytest.mark.full
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", ON_FEATURES)
def test_killed_at_random_arms_on_features_end_as_they_would_have(
    kind: str, ask: Any, begin: Any, go: Any, assert_same: Any, tmp_path: Path
) -> None:
    own = ["--strategies", ",".join(ON_FEATURES[kind]), "--unlabelled", "rest", "--features", NETWORK]
    killed_again_and_again(own, kind, KILLS, ask, begin, go, assert_same, tmp_path)


@pytest.mark.parametrize("kills", [3, pytest.param(KILLS, marks=[pytest.mark.full, pytest.mark.timeout(1800)])])
def test_killed_at_random_arms_on_rows_end_as_they_would_have(
    kills: int, ask: Any, begin: Any, go: Any, assert_same: Any, digits_as_rows: Path, tmp_path: Path
) -> None:
    own = ["--strategies", ",".join(ON_ROWS)]
    killed_again_and_again(own, "rows", kills, ask, begin, go, assert_same, tmp_path, data=digits_as_rows)


def killed_again_and_again(
    own: list[str],
    seed: str,
    kills: int,
    ask: Any,
    begin: Any,
    go: Any,
    assert_same: Any,
    tmp_path: Path,
    **more: Any,
) -> None:
    """A comparison with the options ``own`` is killed ``kills`` times and held against one that never was.

    No finished arm is trained again, and what is predicted is the same to the bit.
    """
    ask(shell="true")  # from here on it has imported everything
    begun = time.monotonic()
    code, said = go(ask, tmp_path / "unbroken", tmp_path / "said", *own, **more)
    assert code == 0, said
    took, chance, home = time.monotonic() - begun, random.Random(seed), tmp_path / "killed"
    done: dict[Path, int] = {}
    at_work = 0
    while at_work < kills:
        process = begin(ask, home, tmp_path / "said", *own, **more)
        time.sleep(chance.uniform(0.05, 0.7) * took)
        os.kill(process, signal.SIGKILL)
        killed = ask(wait=process) == -signal.SIGKILL
        at_work += killed
        now = {path: path.stat().st_mtime_ns for path in home.glob("run/arms/*/*/row.json")}
        assert done.items() <= now.items()
        done = now
        if not killed:  # it had come to its end: from nothing again
            assert_same(home / "run", tmp_path / "unbroken" / "run")
            shutil.rmtree(home)
            done = {}
    code, said = go(ask, home, tmp_path / "said", *own, **more)
    assert code == 0, said
    assert_same(home / "run", tmp_path / "unbroken" / "run")
    print(f"{seed}: killed {at_work} times; lost: 0")


PLACES = {
    "reading": "cache/images",
    "first steps": "run/config.yaml",
    "training": "checkpoints/generator",
    "judging": "run/verdict.json",
    "report": "run/.report.html",
}
"""Where a run is once a name like this was written: the stop is asked for then."""
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}


@pytest.mark.parametrize("number", CODES)
@pytest.mark.parametrize(
    ("place", "times"),
    [
        *(("first steps", 1), ("judging", 1)),
        *(pytest.param(place, 4, marks=[pytest.mark.full, pytest.mark.timeout(900)]) for place in PLACES),
    ],
)
def test_a_stop_is_heard_everywhere(
    place: str,
    times: int,
    number: signal.Signals,
    ask: Any,
    begin: Any,
    go: Any,
    assert_same: Any,
    unbroken: tuple[Path, list[str]],
    tmp_path: Path,
) -> None:
    """Row 2: exit code 130 or 143, a word, no traceback, within seconds; the same command goes on to the same rows."""
    said, home, chance, slowest = tmp_path / "said", tmp_path / "all", random.Random(place), 0.0
    own = ["--jobs", "2"] if place == "training" else []
    for count in range(times):
        shutil.rmtree(home, ignore_errors=True)
        seen = tmp_path / f"seen-{count}"
        process = begin(ask, home, said, *own, writes={"below": str(home), "seen": str(seen), "fail": ""})
        await_write(PLACES[place], home, seen)
        time.sleep(chance.uniform(0, 0.2) if times > 1 else 0)
        begun = time.monotonic()
        os.kill(process, number)
        code = ask(wait=process)
        slowest = max(slowest, time.monotonic() - begun)
        words = said.read_text()
        assert "Traceback" not in words
        assert "fault of ours" not in words
        if code:  # it may have come to its end before
            assert code == CODES[number], words
            assert "Interrupted." in words
        code, words = go(ask, home, said)
        assert code == 0, words
        assert_same(home / "run", unbroken[0])
    print(f"{number.name} {times} times while {place}: the slowest stop took {slowest:.1f} s; lost: 0")
    assert slowest < 20  # five on a free machine


def await_write(name: str, home: Path, seen: Path) -> None:
    """Wait until ``name`` was written, by the command or by a worker of it."""
    end = time.monotonic() + 120
    while not (seen.exists() and name in seen.read_text()) and not any(home.glob(f"**/{name}*")):
        assert time.monotonic() < end
        time.sleep(0.005)
