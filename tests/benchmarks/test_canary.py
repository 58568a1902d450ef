"""No result moves unnoticed: the canary's figures are those of the code, and records say which they were made under."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from ganlift.data import load
from ganlift.generators.base import generators
from ganlift.representations import pixels
from ganlift.strategies.base import strategies

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def canary() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "benchmarks"))
        yield importlib.import_module("canary")


@pytest.mark.timeout(1200)  # every arm and generator: a busy machine is slow and not wrong
def test_nothing_has_moved(canary: ModuleType) -> None:
    """Where it has on purpose: python benchmarks/canary.py --keep, then make the records anew or mark them as older."""
    assert canary.moved(canary.measured(), canary.kept(), canary.sway()) == {}


def test_a_planted_change_is_noticed(canary: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    images, name = load("fashion-mini"), "strategy/augment"
    kept = {name: canary.kept()[name]}
    assert canary.moved({name: canary.of_strategy("augment", images)}, kept, canary.sway()) == {}
    monkeypatch.setattr(pixels, "rand_augment", lambda x, rng: x)  # as if the policy had gone
    assert "largest" in canary.moved({name: canary.of_strategy("augment", images)}, kept, canary.sway())[name]


def test_everything_registered_is_in_it(canary: ModuleType) -> None:
    kept = canary.kept().keys()
    assert {f"strategy/{name}" for name, entry in strategies if "pixels" in entry.spaces} <= kept
    assert {f"vectors/{name}" for name, entry in strategies if "vectors" in entry.spaces} <= kept
    assert {f"generator/{name}" for name, entry in generators if "pixels" in entry.spaces} <= kept
    assert {f"features/{name}" for name, entry in generators if "vectors" in entry.spaces} <= kept


def test_a_record_is_stale_where_one_of_its_arms_has_moved(
    canary: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert canary.stale(tmp_path) == ["all"]
    arms = ["augment", "gan-augment-vae", "fixmatch-in-time-of-sgan"]
    (tmp_path / "canary.json").write_text(json.dumps(canary.marks(arms)))
    assert canary.stale(tmp_path) == []
    others = {**canary.kept(), "strategy/fixmatch": {"nll": 9.0}}
    monkeypatch.setattr(canary, "kept", lambda: others)
    assert canary.stale(tmp_path) == ["fixmatch-in-time-of-sgan"]
