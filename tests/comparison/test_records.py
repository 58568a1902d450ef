"""The winner, the trials of a search, alarms and warnings: from records, by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ganlift.comparison.costs import Cost
from ganlift.comparison.executors import Result
from ganlift.comparison.facts import collapse_alarms, pool_alarms
from ganlift.comparison.plan import Plan
from ganlift.comparison.search import SEARCH_SEED, best, draw_trials, search
from ganlift.comparison.winner import choose
from ganlift.runs.files import read_json
from ganlift.strategies.base import strategies


def row(strategy: str, kind: str, seed: int, validation: float) -> dict[str, Any]:
    return {"strategy": strategy, "kind": kind, "seed": seed, "status": "done", "validation_accuracy": validation}


ROWS = [
    row("augment", "baseline", 0, 0.6),
    row("augment", "baseline", 1, 0.7),
    row("fixmatch", "rival", 0, 0.8),
    row("fixmatch", "rival", 1, 0.7),
    row("sgan", "gan", 0, 0.95),
    row("sgan", "gan", 1, 0.9),
    row("sgan-mix", "control", 0, 0.99),
    {"strategy": "augment", "kind": "baseline", "seed": 2, "status": "failed", "reason": "x"},
]


def test_a_gan_wins_only_if_it_helps() -> None:
    without = choose(ROWS, [{"strategy": "sgan", "verdict": "undecided"}])
    assert without is not None
    assert (without["strategy"], without["seed"]) == ("fixmatch", 0)
    helped = choose(ROWS, [{"strategy": "sgan", "verdict": "helps"}])
    assert helped is not None
    assert (helped["strategy"], helped["seed"]) == ("sgan", 0)
    assert choose([ROWS[-1]], []) is None


def test_arms_that_stopped_early_are_weighed_on_the_seeds_that_all_have() -> None:
    stopped = [row("augment", "baseline", seed, 0.7) for seed in (0, 1, 2)]
    went_on = [row("fixmatch", "rival", seed, 0.6 if seed < 3 else 0.9) for seed in range(5)]
    in_time = [{**row("augment-in-time-of-sgan", "in-time", 0, 0.99), "rival": "augment", "time_of": "sgan"}]
    best = choose([*stopped, *went_on, *in_time], [])
    assert best is not None
    assert (best["strategy"], best["seed"]) == ("augment", 0)  # 0.6 on seeds 0 to 2; its later 0.9 are not compared
    apart = choose([row("augment", "baseline", 0, 0.7), row("fixmatch", "rival", 1, 0.8)], [])
    assert apart is not None
    assert apart["strategy"] == "fixmatch"  # no seed in common: each by its own


def test_every_arm_gets_the_same_number_of_trials_on_a_seed_of_its_own(tmp_path: Path) -> None:
    names = ["augment", "sgan"]
    plan = Plan(names, [0, 1], 10, 10, "cpu", "fp32", 1, [Cost(name, 1, 0, 0) for name in names], 1.0)
    template = {"run": str(tmp_path), "shared": {"measure": "accuracy"}, "options": {"sgan": {"matching": 3.0}}}
    asked: list[dict[str, Any]] = []

    def run_jobs(jobs: Any) -> Any:
        for job in jobs:
            asked.append(job)
            yield Result(job, {"validation_score": job["options"].get("lr", 0.002)})

    chosen = search(plan, 4, template, run_jobs)
    assert sorted(job["strategy"] for job in asked) == ["augment"] * 4 + ["sgan"] * 4
    assert {job["seed"] for job in asked} == {SEARCH_SEED}
    assert all(job["kind"] == "trial" for job in asked)
    for name in names:
        lrs = [job["options"].get("lr", 0.002) for job in asked if job["strategy"] == name]
        assert chosen[name].get("lr", 0.002) == max(lrs)
    assert all(job["options"]["matching"] == 3.0 for job in asked if job["strategy"] == "sgan")
    record = read_json(tmp_path / "tuning.json")
    assert len(record["trials"]) == 8
    assert record["measure"] == "accuracy"
    assert search(plan, 4, template, run_jobs) == chosen
    assert len(asked) == 8  # a continued run repeats no trial


def test_ties_keep_the_defaults_and_failures_count_for_nothing() -> None:
    trials = [
        {"strategy": "a", "trial": 0, "options": {}, "validation_score": 0.5},
        {"strategy": "a", "trial": 1, "options": {"lr": 1}, "validation_score": 0.5},
        {"strategy": "a", "trial": 2, "options": {"lr": 2}, "validation_score": None},
    ]
    assert best(trials, "a") == {}
    assert best(trials, "b") == {}


@pytest.mark.parametrize("name", strategies.names())
def test_drawn_options_are_valid_and_repeat(name: str) -> None:
    first, second = (list(draw_trials(name, 5)) for _ in range(2))
    assert first == second
    assert first[0] == {}
    for options in first:
        strategies.get(name).options(**options)


def test_collapsed_classes_raise_an_alarm() -> None:
    alarms = collapse_alarms({"diversity": [0.9, 0.1, None]}, ["a", "b", "c"], step=7)
    assert [alarm["message"] for alarm in alarms] == [
        "samples of class 'b' vary only 10% as much as real images: mode collapse"
    ]
    assert collapse_alarms({}, ["a"], 1) == []


def test_a_filters_alarms_name_the_classes() -> None:
    facts = {"acceptance": [0.1, 0.9, 0.5], "pool_diversity": [None, 0.4, 0.8], "pool_duplicates": 0.06}
    found = {alarm["name"]: alarm["message"] for alarm in pool_alarms(facts, ["a", "b", "c"], 7)}
    assert set(found) == {"off-class", "lacks-diversity", "copies"}
    assert found["off-class"].startswith("class 'a':")
    assert found["lacks-diversity"].startswith("class 'b':")
    assert (
        pool_alarms({"acceptance": [0.9] * 3, "pool_diversity": [0.6] * 3, "pool_duplicates": 0.0}, ["a"] * 3, 7) == []
    )
    assert pool_alarms({}, ["a"], 7) == []
