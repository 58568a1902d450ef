"""The winner, the trials of a search, alarms and warnings: from records, by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ganlift.comparison.costs import Cost
from ganlift.comparison.facts import collapse_alarms, pool_alarms
from ganlift.comparison.plan import Plan
from ganlift.comparison.search import SEARCH_SEEDS, best, better_half, draw_trials, going_on, search, trainings
from ganlift.comparison.winner import choose
from ganlift.executors.base import Result
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
    row("synthetic-only", "control", 0, 0.99),
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


def test_every_arm_gets_the_same_number_of_trials_on_seeds_of_their_own(tmp_path: Path) -> None:
    """Beside the defaults two of three trials go on to the second seed, and one to the third: nine trainings an arm."""
    names = ["augment", "sgan"]
    plan = Plan(names, [0, 1], 10, 10, "cpu", "fp32", 1, [Cost(name, 1, 0, 0) for name in names], 1.0)
    template = {"shared": {"measure": "accuracy"}, "options": {"sgan": {"matching": 3.0}}}
    asked: list[dict[str, Any]] = []

    def run_jobs(jobs: Any) -> Any:
        for job in jobs:
            asked.append(job)
            yield Result(job, {"validation_score": job["options"].get("lr", 0.0)})

    chosen = search(tmp_path, plan, 4, template, run_jobs)
    for name in names:
        own = [job for job in asked if job["strategy"] == name]
        assert [sum(job["seed"] == seed for job in own) for seed in SEARCH_SEEDS] == [4, 3, 2]
        assert len(own) == trainings(4)
        assert {job["trial"] for job in own if job["seed"] == SEARCH_SEEDS[2]} >= {0}
        assert chosen[name]["lr"] == max(job["options"].get("lr", 0.0) for job in own)
    assert all(job["kind"] == "trial" for job in asked)
    assert all(job["options"]["matching"] == 3.0 for job in asked if job["strategy"] == "sgan")
    lrs = [{job["options"].get("lr") for job in asked if job["strategy"] == name} for name in names]
    assert lrs[0] & lrs[1] == {None}  # the defaults alone are the same: each arm has draws of its own
    record = read_json(tmp_path / "tuning.json")
    assert (len(record["trials"]), record["measure"]) == (18, "accuracy")
    assert search(tmp_path, plan, 4, template, run_jobs) == chosen
    assert len(asked) == 18  # a continued run repeats no trial


def tried(*scores: list[float | None]) -> list[dict[str, Any]]:
    """Trials of the strategy "a" with their scores on the three seeds."""
    return [
        {"strategy": "a", "trial": number, "seed": seed, "options": {"lr": number}, "validation_score": score}
        for number, own in enumerate(scores)
        for seed, score in zip(SEARCH_SEEDS, own, strict=False)
    ]


def test_the_defaults_are_kept_unless_a_trial_leads_by_a_standard_error() -> None:
    """Leads of 0.04, 0.05 and 0.06 have the standard error 0.006; of 0.3, -0.1 and -0.1, mean 0.03, one of 0.13."""
    assert best(tried([0.5, 0.5, 0.5], [0.54, 0.55, 0.56]), "a") == {"lr": 1}
    assert best(tried([0.5, 0.5, 0.5], [0.8, 0.4, 0.4]), "a") == {"lr": 0}
    assert best(tried([0.5, 0.5, 0.5], [0.5, 0.5, 0.5]), "a") == {"lr": 0}
    assert best(tried([0.5, 0.5, 0.5], [0.9, 0.9]), "a") == {"lr": 0}  # not on all seeds
    assert best(tried([None, 0.5, 0.5], [0.4, 0.4, 0.4]), "a") == {"lr": 1}  # the defaults failed
    assert best(tried([None, None, None]), "a") == {}
    assert best(tried([0.5, 0.5, 0.5]), "b") == {}


def test_half_of_the_trials_go_on_and_the_defaults_always() -> None:
    found = tried([0.1], [0.9], [0.8], [None], [0.7], [0.6])
    assert going_on(found, "a", SEARCH_SEEDS[0], 6) == [0, 1, 2, 3, 4, 5]
    assert going_on(found, "a", SEARCH_SEEDS[1], 6) == [0, 1, 2]
    assert going_on(tried([0.1, 0.1], [0.9, 0.2], [0.8, 0.9], [0.1], [0.1]), "a", SEARCH_SEEDS[2], 5) == [0, 2]
    assert going_on(tried([None], [0.9], [0.8]), "a", SEARCH_SEEDS[1], 3) == [1]  # the defaults failed


def test_the_better_half_is_that_of_the_median_and_the_earlier_of_two_equals() -> None:
    assert better_half({}) == []
    assert better_half({3: 0.2}) == [3]
    assert better_half({1: 0.2, 2: 0.3}) == [2]
    assert better_half({1: 0.2, 2: 0.3, 4: 0.1}) == [1, 2]
    assert better_half({1: 0.5, 2: 0.5, 3: 0.5, 4: 0.5}) == [1, 2]


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
