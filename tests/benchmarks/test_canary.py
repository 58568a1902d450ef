"""No result moves unnoticed: the canary's figures are those of the code, and records say which they were made under."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from ganlift.data.types import ImageSet
from ganlift.generators.base import generators
from ganlift.representations import pixels
from ganlift.strategies.base import strategies
from ganlift.verdict import moderation

ROOT = Path(__file__).parents[2]


sys.path.insert(0, str(ROOT / "benchmarks"))
try:
    import canary
finally:
    sys.path.pop(0)


@pytest.fixture(scope="module")
def images() -> ImageSet:
    return canary.images()


@pytest.mark.parametrize("name", canary.figures())
def test_nothing_has_moved(name: str, images: ImageSet) -> None:
    """Where it has on purpose: python benchmarks/canary.py --keep, then make the records anew or mark them as older."""
    own = {key: figures for key, figures in canary.kept().items() if key == name}
    assert canary.moved({name: canary.figures()[name](images)}, own, canary.sway()) == {}


def test_nothing_is_gone() -> None:
    assert canary.kept().keys() == canary.figures().keys()


def test_a_planted_change_is_noticed(images: ImageSet, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "strategy/augment"
    kept = {name: canary.kept()[name]}
    assert canary.moved({name: canary.of_strategy("augment", images)}, kept, canary.sway()) == {}
    monkeypatch.setattr(pixels, "rand_augment", lambda x, rng: x)  # as if the policy had gone
    assert "largest" in canary.moved({name: canary.of_strategy("augment", images)}, kept, canary.sway())[name]


def test_another_processor_widens_what_is_let_pass_by_half_as_much_again() -> None:
    now, before, known = {"a": {"x": 1.2}, "b": {"x": 1.0}}, {"a": {"x": 1.0}, "b": {"x": 1.0}}, {"b": {"x": 0.02}}
    assert set(canary.moved(now, before, known)) == {"a"}
    wide = canary.wider_by(["a"], now, before, known)
    assert wide["a"]["x"] == pytest.approx(0.1)  # of which three times are let pass: 0.3, where 0.2 was found
    assert wide["b"] == known["b"]
    assert canary.moved(now, before, wide) == {}
    assert set(canary.moved({"a": {"x": 1.31}, "b": {"x": 1.0}}, before, wide)) == {"a"}


def test_everything_registered_is_in_it() -> None:
    kept = canary.kept().keys()
    assert {f"strategy/{name}" for name, entry in strategies if "pixels" in entry.spaces} <= kept
    assert {f"vectors/{name}" for name, entry in strategies if "vectors" in entry.spaces} <= kept
    assert {f"generator/{name}" for name, entry in generators if "pixels" in entry.spaces} <= kept
    assert {f"features/{name}" for name, entry in generators if "vectors" in entry.spaces} <= kept


def test_a_record_is_stale_where_one_of_its_arms_has_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert canary.stale(tmp_path) == ["all"]
    arms = ["augment", "gan-augment-vae", "fixmatch-in-time-of-sgan"]
    (tmp_path / "canary.json").write_text(json.dumps(canary.marks(arms)))
    assert canary.stale(tmp_path) == []
    others = {**canary.kept(), "strategy/fixmatch": {"nll": 9.0}}
    monkeypatch.setattr(canary, "kept", lambda: others)
    assert canary.stale(tmp_path) == ["fixmatch-in-time-of-sgan"]


def test_a_record_is_stale_where_verdicts_are_made_in_another_way_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "canary.json").write_text(json.dumps(canary.marks(["augment"])))
    assert canary.stale(tmp_path) == []
    (tmp_path / "verdict.json").write_text('[{"strategy": "sgan"}]')
    assert canary.stale(tmp_path) == [canary.VERDICT]  # from before verdicts had a canary
    (tmp_path / "canary.json").write_text(json.dumps(canary.marks(["augment", canary.VERDICT])))
    assert canary.stale(tmp_path) == []
    others = {**canary.kept(), canary.VERDICT: {"better, low": 9.0}}
    monkeypatch.setattr(canary, "kept", lambda: others)
    assert canary.stale(tmp_path) == [canary.VERDICT]


def test_another_form_of_the_verdict_is_noticed(images: ImageSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moderation, "CHANCE", 1e-9)  # as if arms that vary alike were never asked for
    kept = {canary.VERDICT: canary.kept()[canary.VERDICT]}
    assert canary.moved({canary.VERDICT: canary.of_verdict(images)}, kept, {}).keys() == {canary.VERDICT}
