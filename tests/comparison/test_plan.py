"""The plan: which arms, the schedule played through, a duration turned into steps."""

from __future__ import annotations

import pytest

from ganlift.comparison.plan import (
    Cost,
    Plan,
    arm_jobs,
    estimate,
    read_plan,
    resolve_arms,
    steps_for,
)
from ganlift.config import build_config
from ganlift.errors import ConfigError

COSTS = [Cost("augment", 0.01, 0.0, 1.0), Cost("gan-augment", 0.02, 0.05, 2.0), Cost("synthetic-only", 0.01, 0.05, 1.0)]


def test_estimate_by_hand() -> None:
    # one worker: 2 seeds × (10·0.01+1  +  10·0.02+20·0.05+2  +  10·0.01+1, its generator being there)
    assert estimate(COSTS, [0, 1], steps=10, generator_steps=20, jobs=1) == pytest.approx(2 * (1.1 + 3.2 + 1.1))
    # two workers take turns: 1.1 | 3.2, then 1.1 goes to the first; and so on
    assert estimate(COSTS[:2], [0], steps=10, generator_steps=20, jobs=2) == pytest.approx(3.2)
    own = [*COSTS, Cost("dpt", 0.01, 0.05, 1.0)]  # its generator learns its own pseudo-labels: nobody else's serves
    assert estimate(own, [0], steps=10, generator_steps=20, jobs=1) == pytest.approx(1.1 + 3.2 + 1.1 + 2.1)


def test_a_duration_becomes_as_many_steps_as_fit() -> None:
    config = build_config({"data": "digits", "budget": "60s", "seeds": 2})
    costs = [Cost("augment", 0.1, 0.0, 0.0)]
    assert steps_for(config, costs, jobs=1) == 300  # 2 seeds × 300 × 0.1 s
    assert steps_for(config, costs, jobs=2) == 600
    short = build_config({"data": "digits", "budget": "1s", "seeds": 2})
    with pytest.raises(ConfigError, match="at least 4 s"):
        steps_for(short, costs, jobs=1)


def test_arms_that_share_a_generator_follow_one_another() -> None:
    names = ["augment", "gan-augment", "synthetic-only"]
    plan = Plan(names, [0, 1], 10, 20, "cpu", "fp32", 1, COSTS, 5.0)
    arms = [(name, seed) for seed in plan.seeds for name in names]
    jobs = {job["id"]: job for job in arm_jobs(plan, arms, {"run": "r", "shared": {}, "options": {}})}
    assert jobs["gan-augment/0"]["after"] == []
    assert jobs["synthetic-only/0"]["after"] == ["gan-augment/0"]
    assert jobs["gan-augment/1"]["after"] == []
    assert jobs["augment/0"]["after"] == []
    assert read_plan({**plan.to_json(), "more": 1}) == plan


def test_a_baseline_is_added_and_a_lack_of_images_refused() -> None:
    entries, notes = resolve_arms(build_config({"data": "digits", "strategies": ["sgan"]}), [90, 90], unlabelled=0)
    assert [entry.name for entry in entries] == ["augment", "sgan"]
    assert "'augment' is added" in notes[0]
    with pytest.raises(ConfigError, match="needs unlabelled images"):
        resolve_arms(build_config({"data": "digits", "strategies": ["fixmatch", "augment"]}), [90, 90], unlabelled=0)


def test_few_images_are_warned_of() -> None:
    config = build_config({"data": "digits", "strategies": ["augment", "sgan", "gan-augment"]})
    _, (note,) = resolve_arms(config, [10, 300], unlabelled=500)
    assert note.startswith("gan-augment: with 10 labelled images in the smallest class a generator learns")
    _, (note,) = resolve_arms(config, [40, 40], unlabelled=0)
    assert "and none without labels a generator has little to go on" in note
    assert resolve_arms(config, [40, 40], unlabelled=500)[1] == []
    assert resolve_arms(config, [50, 50], unlabelled=0)[1] == []
