"""The short form of benchmarks/calibration.py: no claims from nothing, and every part of the form is needed."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from ganlift.errors import DataError
from ganlift.verdict.simulate import Design, Spread, estimate_spread, simulate

SIMULATIONS = 200
LIMIT = 0.05 + 2 * (0.05 * 0.95 / SIMULATIONS) ** 0.5


@pytest.fixture(scope="module")
def calibration() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
        yield importlib.import_module("calibration")


SHORT = [
    ("same method", 0, 3),
    ("same method", 0, 10),
    ("equal on average", 0, 5),
    ("chosen reference", 0, 10),
    ("macro recall", 0, 10),
    ("macro recall, seeds alike", 0, 5),
    ("very restless arm", 0, 5),
    ("rivals unequal", 3, 5),  # three arms without a GAN, two of them 2 points behind, 40 validation images
    ("rivals unequal", 12, 10),  # nine of them
    ("gain at the margin", 0, 10),
    ("rivals unequal, looks", 0, 7),
    ("gain at the margin, looks", 0, 7),
    ("in equal time", 0, 5),  # all arms without a GAN catch up
    ("in equal time", 2, 7),  # one of three does, from 2.5 points behind
]


@pytest.mark.parametrize(("name", "place", "seeds"), SHORT)
def test_no_claims_from_nothing(calibration: ModuleType, name: str, place: int, seeds: int) -> None:
    scenario = [one for one in calibration.SCENARIOS if one.name == name][place]
    looks = next(one for one in scenario.looks if one.seeds[-1] == seeds)
    found = calibration.claims_of(calibration.SPREAD, scenario, looks, SIMULATIONS, 1)
    assert found["family"] <= LIMIT
    assert found["coverage"] >= 1 - LIMIT


def test_a_picked_reference_alone_claims_too_much(calibration: ModuleType) -> None:
    """Nine arms without a GAN, eight of them 2 points behind: on 40 validation images one of these is picked."""
    scenario = [one for one in calibration.SCENARIOS if one.name == "rivals unequal"][12]
    found = calibration.claims_of(calibration.SPREAD, scenario, calibration.one_look(5), 100, 1)
    assert found["as_before"] > 0.2
    assert found["family"] <= 0.1


def test_what_is_left_out_claims_too_much(calibration: ModuleType) -> None:
    found = calibration.rejected_forms(
        calibration.SPREAD, 500, {"difficulty": 0.5, "arm_images": 0.2, "seed_images": 0.2}, 10, SIMULATIONS, 1
    )["rates"]
    assert found["shipped"] <= LIMIT
    for name in ("without Holm", "seeds alone (paired t)", "not paired (Welch)"):
        assert found[name] > LIMIT, name
    found = calibration.rejected_forms(calibration.SPREAD, 6000, {"arm_images": 0.0}, 3, SIMULATIONS, 2)["rates"]
    assert found["shipped"] <= LIMIT
    assert found["images alone"] > LIMIT


def test_added_seeds_claim_more_than_planned_ones(calibration: ModuleType) -> None:
    found = calibration.unplanned(calibration.SPREAD, SIMULATIONS, 1)
    rates = list(found.values())
    assert rates[0] < rates[1] < rates[2]
    assert rates[2] > LIMIT >= found["planned looks at 5, 10 and 20"]


def test_looks_find_as_much_with_fewer_seeds(calibration: ModuleType) -> None:
    fixed, looks = (
        calibration.cost_of(calibration.SPREAD, "", one, 0.02, 60, 1)
        for one in (calibration.one_look(20), calibration.THOROUGH)
    )
    assert looks["better"] >= fixed["better"] - 0.05
    assert looks["gan_seeds"] < 0.75 * fixed["gan_seeds"]


def test_planted_gain_is_found_as_often_as_stated(calibration: ModuleType) -> None:
    found = calibration.power_at(calibration.SPREAD, 10, SIMULATIONS, 1)
    assert found["alone"] == pytest.approx(found["alone, by formula"], abs=0.1)
    assert found["alone"] > 0.6


def test_the_program_writes_its_tables_and_fails_over_the_limit(
    calibration: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["calibration.py", "--simulations", "4", "--out", str(tmp_path)])
    monkeypatch.setattr(calibration, "SCENARIOS", calibration.SCENARIOS[:1])
    monkeypatch.setattr(calibration, "SEEDS", (3,))
    monkeypatch.setattr(calibration, "COMPARED", {"5 seeds": calibration.one_look(5)})
    monkeypatch.setattr(calibration, "ProcessPoolExecutor", Here)
    assert calibration.main() in (0, 1)
    assert (tmp_path / "calibration.json").exists()
    assert "| same method" in (tmp_path / "calibration.md").read_text()
    monkeypatch.setattr(calibration, "claims_of", lambda *_: _row(0.9))
    assert calibration.main() == 1


def _row(rate: float) -> dict[str, object]:
    shares = dict.fromkeys(("per_arm", "family", "as_before", "helps", "hurts", "no gain worth having"), rate)
    return {"scenario": "", "says": "", "seeds": "3", "false": [], "coverage": 1 - rate, **shares}


class Here:
    """An executor that runs a task where it is submitted."""

    def __init__(self, jobs: int | None) -> None:
        pass

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def submit(self, task: object, *arguments: object) -> Here:
        self_ = Here(None)
        self_.value = task(*arguments)  # type: ignore[operator,attr-defined]
        return self_

    def result(self) -> object:
        return self.value  # type: ignore[attr-defined]


SPREAD = Spread(accuracy=0.72, difficulty=0.6, arm_images=0.05, seed_images=0.1, seed_sd=0.012, arm_sd=0.01)
KINDS = {"augment": "baseline", "fixmatch": "rival", "sgan": "gan", "acgan": "gan"}


def test_spread_is_estimated_from_rows() -> None:
    rng = np.random.default_rng(5)
    found = [estimate_spread(*simulate(SPREAD, Design(KINDS, {}, 6), rng)[:2]) for _ in range(20)]
    for name, tolerance in (
        ("accuracy", 0.01),
        ("difficulty", 0.02),
        ("arm_images", 0.01),
        ("seed_images", 0.02),
        ("seed_sd", 0.004),
        ("arm_sd", 0.002),
    ):
        mean = np.mean([getattr(one, name) for one in found])
        assert mean == pytest.approx(getattr(SPREAD, name), abs=tolerance), name


def test_spread_takes_two_arms_and_two_seeds() -> None:
    rng = np.random.default_rng(5)
    for design in (Design({"augment": "baseline"}, {}, 3, 50), Design(KINDS, {}, 1, 50)):
        with pytest.raises(DataError, match="two arms and two seeds"):
            estimate_spread(*simulate(SPREAD, design, rng)[:2])
    with pytest.raises(DataError):
        estimate_spread([], {})


def test_simulation_has_the_accuracy_and_gain_it_is_told() -> None:
    design = Design(KINDS, {"sgan": 0.05}, 40, 5000)
    _, correct, _ = simulate(SPREAD, design, np.random.default_rng(0))
    mean = {name: np.mean([correct[name, seed] for seed in range(40)]) for name in KINDS}
    assert mean["augment"] == pytest.approx(0.72, abs=0.02)
    assert mean["sgan"] - np.mean([mean["augment"], mean["acgan"]]) == pytest.approx(0.05, abs=0.01)
