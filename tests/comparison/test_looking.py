"""The looks of a comparison, with jobs that train nothing: who is asked for, in what order, and where it broke off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganlift.comparison.costs import Cost
from ganlift.comparison.looking import Looking, in_time_job, named
from ganlift.comparison.plan import Plan
from ganlift.executors.base import Job, Result
from ganlift.looks import AUTO
from ganlift.runs import folder, layout
from ganlift.runs.files import read_json, write_json
from ganlift.verdict import Question

SKILL = {"augment": 0.60, "fixmatch": 0.70, "sgan": 0.90, "acgan": 0.70}
SECONDS = {"augment": 4.0, "fixmatch": 4.0, "sgan": 10.0, "acgan": 10.0}
KINDS = {"augment": "baseline", "fixmatch": "rival", "sgan": "gan", "acgan": "gan"}


class StopError(Exception):
    """What a kill is to these jobs."""


class World:
    """A run folder, jobs that leave rows in it, and the events that were told."""

    def __init__(self, run: Path) -> None:
        self.run, self.asked, self.events = run, list[str](), list[dict[str, Any]]()
        self.fails, self.stalls, self.left = set[str](), set[str](), 1000
        names = list(SKILL)
        costs = [Cost(name, SECONDS[name] / 100, 0.0, 0.0) for name in names]
        self.plan = Plan(names, list(range(7)), 100, 100, "cpu", "fp32", 1, costs, 1.0)
        if not layout.plan_file(run).exists():
            write_json(layout.plan_file(run), self.plan.to_json())

    def go(self, stop_after: int = 1000) -> World:
        self.left = stop_after
        template = {"shared": {"rows": False}, "options": {"fixmatch": {"lr": 0.5}}}
        Looking(self.run, self.plan, AUTO, template, self.jobs, self.ask, lambda e: self.events.append(dict(e))).go()
        return self

    def jobs(self, jobs: Sequence[Job]) -> Iterator[Result]:
        for job in jobs:
            if not self.left:
                raise StopError
            self.left -= 1
            self.asked.append(job["id"])
            if job["id"] in self.fails:
                yield Result(job, reason="out of memory")
                continue
            name, seed = named(job), job["seed"]
            row = {"strategy": name, "kind": KINDS[job["strategy"]], "uses_unlabelled": True, **job.get("as", {})}
            row |= {"seed": seed, "status": "done", "steps": job["steps"], "elapsed_s": SECONDS[job["strategy"]]}
            row["elapsed_s"] += 600.0 if job["id"] in self.stalls else 0.0
            row |= {"validation_accuracy": SKILL[job["strategy"]], "test_accuracy": SKILL[job["strategy"]]}
            write_json(layout.row_file(self.run, name, seed), row)
            layout.predictions_file(self.run, name, seed).touch()
            yield Result(job, row)

    def ask(self) -> Question:
        found = folder.rows(self.run)
        correct = {(row["strategy"], row["seed"]): self.right(row) for row in found if row["status"] == "done"}
        nobody = np.zeros(500, np.int64)
        return Question(found, correct, nobody, ["a"], looks=AUTO, seeds=self.plan.seeds, equal="both")

    @staticmethod
    def right(row: dict[str, Any]) -> Any:
        order = [ord(letter) for letter in row["strategy"]]
        return np.random.default_rng([row["seed"], *order]).random(500) < row["test_accuracy"]

    def rows(self) -> list[tuple[Any, ...]]:
        found = folder.rows(self.run)
        return sorted((row["strategy"], row["seed"], row["status"], row.get("steps", 0)) for row in found)

    def told(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == kind]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "run")


def test_what_is_settled_stops_and_the_rest_goes_on(world: World) -> None:
    world.go()
    first = [f"{name}/{seed}" for seed in (0, 1, 2) for name in ("sgan", "acgan", "augment", "fixmatch")]
    timed = [f"fixmatch-in-time-of-sgan/{seed}" for seed in (0, 1, 2)]
    assert world.asked[:12] == first
    assert world.asked[12:15] == timed
    later = world.asked[15:]
    assert {one.partition("/")[0] for one in later if one[-1] == "3"} == {"acgan", "augment", "fixmatch"}
    assert not [one for one in later if one.startswith("sgan/")]
    assert [event["look"] for event in world.told("look")] == [1, 2, 3]
    assert world.told("confirm") == [{"type": "confirm", "pairs": [["fixmatch", "sgan"]], "arms": 3}]
    assert world.told("look")[0]["answers"] == {"sgan": "helps", "acgan": "undecided"}
    for event in world.told("look"):
        later = [(name, seed) for name in event["going_on"] for seed in range(event["seeds"], 7)]
        assert event["arms_left"] == len(later)


def test_a_rival_in_time_is_the_rival_with_more_steps(world: World) -> None:
    world.go()
    assert read_json(layout.plan_file(world.run))["in_time"] == {"fixmatch-in-time-of-sgan": 250}  # 100 × 10 s / 4 s
    template = {"shared": {}, "options": {"fixmatch": {"lr": 0.5}}}
    job = in_time_job("fixmatch", "sgan", 4, 250, template)
    assert (job["strategy"], job["seed"], job["steps"], job["options"]) == ("fixmatch", 4, 250, {"lr": 0.5})
    assert job["id"] == "fixmatch-in-time-of-sgan/4"


@pytest.mark.parametrize("stalled", ["fixmatch/1", "sgan/2"])
def test_a_machine_that_slept_for_ten_minutes_moves_no_rivals_time(world: World, stalled: str) -> None:
    world.stalls = {stalled}
    world.go()
    assert read_json(layout.plan_file(world.run))["in_time"] == {"fixmatch-in-time-of-sgan": 250}


def test_wherever_it_breaks_off_it_comes_to_the_same_rows(tmp_path: Path) -> None:
    whole = World(tmp_path / "whole").go()
    assert len(whole.asked) > 20
    for jobs in range(len(whole.asked)):
        broken = World(tmp_path / f"after-{jobs}")
        with pytest.raises(StopError):
            broken.go(stop_after=jobs)
        again = World(broken.run).go()
        assert broken.asked + again.asked == whole.asked
        assert again.rows() == whole.rows()
        for ours, theirs in zip(again.told("look"), whole.told("look"), strict=True):
            assert ours["arms_left"] <= theirs["arms_left"]
            assert {**ours, "arms_left": 0} == {**theirs, "arms_left": 0}


def test_a_finished_run_asks_for_no_job(world: World) -> None:
    world.go()
    again = World(world.run).go()
    assert again.asked == []
    assert [event["answers"] for event in again.told("look")] == [event["answers"] for event in world.told("look")]
    assert again.told("look")[-1]["arms_left"] == 0


def test_a_failed_rival_in_time_is_tried_again_by_the_next_run(world: World) -> None:
    lost = "fixmatch-in-time-of-sgan/1"
    world.fails = {lost}
    world.go()
    (row,) = (row for row in folder.rows(world.run) if row["status"] == "failed")
    assert (row["kind"], row["rival"], row["time_of"], row["reason"]) == (
        "in-time",
        "fixmatch",
        "sgan",
        "out of memory",
    )
    again = World(world.run).go()
    assert again.asked[0] == lost
    assert World(world.run).go().asked == []


def test_the_time_left_falls_to_nothing(world: World) -> None:
    world.go()
    left = [event["left_s"] for event in world.told("arm")]
    assert left[0] is None  # one arm of many says too little
    assert left[-1] == pytest.approx(0.0)
