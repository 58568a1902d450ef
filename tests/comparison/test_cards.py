"""How many jobs share a GPU: the choice by hand, and its way from the first steps to the executor, planted."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import ganlift
from ganlift.cli.plan import plan_lines
from ganlift.comparison import hands, planning, work
from ganlift.comparison.cards import CONTEXT, MOST, Sharing, jobs_a_card, share
from ganlift.config import CompareConfig, build_config
from ganlift.errors import ConfigError
from ganlift.executors import Place, executors
from ganlift.executors.base import Executor, ExecutorEntry
from ganlift.executors.in_process import InProcess
from ganlift.runs import layout

GB = 1_000_000_000
ASKED: dict[str, Any] = {
    "labels_per_class": 5,
    "strategies": ["augment", "sgan"],
    "seeds": 3,
    "budget": 5,
    "batch_size": 16,
    "threads": 1,
}
COSTLY = {"augment": GB // 2, "sgan": 3 * GB // 2}
"""Bytes that the first steps of each arm are said to hold."""


@pytest.mark.parametrize(
    ("peak", "free", "cores", "cards", "jobs"),
    [
        (16 * GB // 10, 24 * GB, 64, 1, MOST),  # 19.2 of 24 are given away, 2.1 each: 9.1
        (35 * GB // 10, 24 * GB, 64, 1, 4),  # 4 each: 4.8
        (43 * GB // 10, 24 * GB, 64, 1, 4),  # 4.8 each: exactly 4
        (43 * GB // 10 + 1, 24 * GB, 64, 1, 3),  # one byte more each
        (GB, 24 * GB, 6, 2, 3),  # 12.8 by memory, three cores a card
        (GB, 24 * GB, 7, 2, 3),
        (GB, 24 * GB, 1, 2, 1),  # fewer cores than cards: one job each all the same
        (40 * GB, 24 * GB, 64, 1, 1),  # it does not fit, which the job itself says
        (GB, 0, 64, 1, 1),
    ],
)
def test_jobs_a_card_by_hand(peak: int, free: int, cores: int, cards: int, jobs: int) -> None:
    assert CONTEXT == GB // 2
    assert jobs_a_card(peak, free, cores, cards) == jobs


def test_what_is_said_of_the_choice() -> None:
    by_memory, by_cores = share(35 * GB // 10, 24 * GB, 64, 1), share(GB, 24 * GB, 2, 2)
    assert by_memory == Sharing(4, 4 * GB, 24 * GB, "memory")
    assert by_cores == Sharing(1, 15 * GB // 10, 24 * GB, "cores")
    told = [plan_lines({"sharing": one.to_json()})[-1] for one in (by_memory, by_cores)]
    assert told[0] == "On each GPU: 4 jobs: an arm needs at most 4.0 GB of 24.0 GB"
    assert told[1] == "On each GPU: 1 job: an arm needs at most 1.5 GB of 24.0 GB, and there are cores for no more"


@pytest.mark.parametrize(("given", "taken"), [("auto", "auto"), (None, "auto"), ("3", 3), (2, 2)])
def test_jobs_per_gpu_are_a_number_or_found_out(given: Any, taken: Any) -> None:
    config = build_config({"data": "x", "jobs_per_gpu": given})
    assert (config.jobs_per_gpu, hands.asked_per_gpu(config)) == (taken, 1 if taken == "auto" else taken)


@pytest.mark.parametrize("given", [0, "many", True, -1, 1.5])
def test_other_jobs_per_gpu_are_refused(given: Any) -> None:
    with pytest.raises(ConfigError, match=r"'jobs_per_gpu' = .*: expected auto, or how many jobs, 1 or more"):
        build_config({"data": "x", "jobs_per_gpu": given})


Opened = list[tuple[int, float]]


@pytest.fixture
def cards(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int], Opened]:
    """Two cards of so many free bytes and a machine of so many cores, as jobs on the processor would tell of them.

    What comes back has workers and share of a GPU of each executor that is opened.
    """
    executors.names()
    own, real = executors._members, work.run_probe
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,7")
    monkeypatch.setattr(hands, "pick_device", lambda asked: torch.device("cuda"))

    def plant(free: int, cores: int) -> Opened:
        opened: Opened = []

        def probe(job: Any, *more: Any) -> dict[str, Any]:
            return {**real(job, *more), "peak_bytes": COSTLY[job["strategy"]], "free_bytes": free}

        def open_here(place: Place, what: Any) -> Executor:
            assert place.gpus == ("4", "7")
            opened.append((place.workers, place.gpu_share))
            return InProcess(place, what)

        monkeypatch.setattr(work, "run_probe", probe)
        monkeypatch.setattr(planning, "cores", lambda: cores)
        monkeypatch.setitem(own, "local-processes", ExecutorEntry("local-processes", "", open_here))
        return opened

    return plant


def compared(run: Path, **more: Any) -> tuple[list[str], dict[str, Any]]:
    """The plan as it is told, and ``plan.json``."""
    lines = list[str]()

    def hear(event: Any) -> None:
        lines.extend(plan_lines(event) if event["type"] == "plan" else [])

    ganlift.compare("digits", out=run, on_event=hear, **ASKED, **more)
    return lines, json.loads((run / "plan.json").read_text())


def answers(run: Path) -> dict[tuple[str, int], Any]:
    arms = [(name, seed) for name in ("augment", "sgan") for seed in range(3)]
    return {(name, seed): np.load(layout.predictions_file(run, name, seed))["probabilities"] for name, seed in arms}


def test_first_steps_say_how_many_share_a_card_and_no_answer_depends_on_it(
    tmp_path: Path, cards: Callable[[int, int], Opened], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run whose GAN arms fail, for want of memory, goes on where the cards have less of it."""
    row = work.row_of

    def too_much(entry: Any, *more: Any) -> Any:
        if entry.name == "sgan":
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return row(entry, *more)

    with monkeypatch.context() as patch:
        patch.setattr(work, "row_of", too_much)
        opened = cards(24 * GB, 64)
        told, plan = compared(tmp_path / "run")
    # By hand: 19.2 GB in parts of 1.5 and 0.5 are 9, so 8 each and 16 on both; there are six arms.
    assert opened == [(2, 1.0), (6, 1 / 8)]
    assert "On each GPU: 8 jobs: an arm needs at most 2.0 GB of 24.0 GB" in told
    assert plan["sharing"] == {"jobs": 8, "needs_bytes": 2 * GB, "free_bytes": 24 * GB, "limit": "memory"}
    assert {cost["strategy"]: cost["peak_bytes"] for cost in plan["costs"]} == COSTLY

    opened = cards(6 * GB, 64)
    told, again = compared(tmp_path / "run")
    assert opened == [(2, 1.0), (4, 1 / 2)]  # 4.8 GB in parts of 2
    assert "On each GPU: 2 jobs: an arm needs at most 2.0 GB of 6.0 GB" in told
    assert again["sharing"]["jobs"] == 2
    assert (again["costs"], again["steps"], again["estimate_s"]) == (plan["costs"], plan["steps"], plan["estimate_s"])

    monkeypatch.undo()
    told, plain = compared(tmp_path / "plain", jobs=1)
    assert "sharing" not in plain
    assert not [line for line in told if line.startswith("On each GPU")]
    assert {cost["peak_bytes"] for cost in plain["costs"]} == {0}
    found, wanted = answers(tmp_path / "run"), answers(tmp_path / "plain")
    assert all(np.array_equal(found[arm], wanted[arm]) for arm in wanted)


@pytest.mark.parametrize(
    ("settings", "finds", "per_gpu"),
    [
        ({}, True, 1),
        ({"executor": "ray"}, True, 1),
        ({"jobs_per_gpu": 3}, False, 3),
        ({"jobs": 4}, False, 1),
        ({"executor": "in-process"}, False, 1),
    ],
)
def test_where_it_is_found_out(
    cards: Callable[[int, int], Opened],
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, Any],
    finds: bool,
    per_gpu: int,
) -> None:
    config = CompareConfig(data="x", **settings)
    assert (hands.finds_sharing(config), hands.asked_per_gpu(config)) == (finds, per_gpu)
    assert hands.cards(config) == 2
    monkeypatch.setattr(hands, "pick_device", lambda asked: torch.device("cuda:1"))
    assert hands.cards(config) == 1
    monkeypatch.undo()
    assert (hands.finds_sharing(config), hands.cards(config)) == (False, 0)
