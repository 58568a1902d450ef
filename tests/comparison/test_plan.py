"""The plan: which arms, and in which order."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ganlift.comparison.costs import Cost
from ganlift.comparison.jobs import arm_jobs
from ganlift.comparison.plan import Plan, read_plan, resolve_arms
from ganlift.config import build_config
from ganlift.errors import ConfigError
from ganlift.strategies.base import on_vectors, strategies
from ganlift.strategies.options import is_untuned

TRIALS = Path(__file__).parents[2] / "benchmarks" / "results" / "tuning-features.jsonl"
COSTS = [Cost("augment", 0.01, 0.0, 1.0), Cost("gan-augment", 0.02, 0.05, 2.0), Cost("synthetic-only", 0.01, 0.05, 1.0)]
COSTS.append(Cost("fixmatch-generated", 0.02, 0.05, 1.0))


def test_arms_that_share_a_generator_follow_one_another() -> None:
    names = ["augment", "gan-augment", "synthetic-only", "fixmatch-generated"]
    plan = Plan(names, [0, 1], 10, 20, "cpu", "fp32", 1, COSTS, 5.0)
    arms = [(name, seed) for seed in plan.seeds for name in names]
    jobs = {job["id"]: job for job in arm_jobs(plan, arms, {"run": "r", "shared": {}, "options": {}})}
    assert jobs["gan-augment/0"]["after"] == []
    assert jobs["fixmatch-generated/0"]["after"] == []  # gan-augment's has a condition for each half of a class
    assert jobs["synthetic-only/0"]["after"] == ["fixmatch-generated/0"]
    assert jobs["gan-augment/1"]["after"] == []
    assert jobs["augment/0"]["after"] == []
    assert read_plan({**plan.to_json(), "more": 1}) == plan


def test_a_baseline_is_added_and_a_lack_of_images_refused() -> None:
    entries, notes = resolve_arms(
        build_config({"data": "digits", "strategies": ["sgan"]}), ["pixels"], [90, 90], unlabelled=0
    )
    assert [entry.name for entry in entries] == ["augment", "sgan"]
    assert "'augment' is added" in notes[0]
    with pytest.raises(ConfigError, match="needs unlabelled images"):
        resolve_arms(
            build_config({"data": "digits", "strategies": ["fixmatch", "augment"]}), ["pixels"], [90, 90], unlabelled=0
        )


def test_few_images_are_warned_of() -> None:
    config = build_config({"data": "digits", "strategies": ["augment", "sgan", "gan-augment"]})
    _, (note,) = resolve_arms(config, ["pixels"], [10, 300], unlabelled=500)
    assert note.startswith("gan-augment: with 10 labelled images in the smallest class a generator learns")
    _, (note,) = resolve_arms(config, ["pixels"], [40, 40], unlabelled=0)
    assert "and none without labels a generator has little to go on" in note
    assert resolve_arms(config, ["pixels"], [40, 40], unlabelled=500)[1] == []
    assert resolve_arms(config, ["pixels"], [50, 50], unlabelled=0)[1] == []


@pytest.mark.parametrize("name", ["acgan", "dada", "ec-gan", "gan-balance", "gan-augment"])
def test_every_arm_whose_generator_learns_from_labelled_images_is_warned_of_few(name: str) -> None:
    _, notes = resolve_arms(
        build_config({"data": "digits", "strategies": f"augment,{name}"}), ["pixels"], [10, 10], unlabelled=0
    )
    assert any(note.startswith(f"{name}: with 10 labelled images") for note in notes)
    _, notes = resolve_arms(
        build_config({"data": "digits", "strategies": f"augment,{name}"}), ["pixels"], [60, 60], unlabelled=0
    )
    assert not any("labelled images in the smallest" in note for note in notes)


def test_what_was_tuned_on_features_is_not_called_untuned() -> None:
    tuned = {json.loads(line)["strategy"] for line in TRIALS.read_text().splitlines()}
    assert len(tuned) > 20
    assert [name for name in sorted(tuned) if is_untuned(on_vectors(strategies.get(name)))] == []
