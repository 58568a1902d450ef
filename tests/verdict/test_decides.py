"""Which of its gains a verdict goes by."""

from __future__ import annotations

from typing import Any

import pytest

from ganlift.verdict.types import decides, decisive


def over(name: str, low: float | None) -> dict[str, Any]:
    return {"name": name, "gain": 0.01, "ci_low": low, "ci_high": 0.02}


@pytest.mark.parametrize(
    ("said", "low", "more", "key", "name"),
    [
        ("helps", 0.001, {"nearest": over("b", 0.001)}, "nearest", "b"),
        ("no gain worth having", -0.02, {"ruled_out": over("b", -0.01)}, "ruled_out", "b"),
        ("hurts", -0.03, {"nearest": over("b", -0.05)}, "", "a"),
        ("undecided", -0.001, {"nearest": over("b", -0.01), "in_time": over("a", -0.02)}, "", "a"),
        ("undecided", 0.001, {"nearest": over("b", -0.01), "in_time": over("a", -0.02)}, "nearest", "b"),
        ("undecided", 0.001, {"nearest": over("b", 0.001), "in_time": over("a", -0.02)}, "in_time", "a"),
        ("undecided", 0.001, {"nearest": over("a", 0.001), "in_time": over("b", None)}, "in_time", "b"),
        ("undecided", 0.001, {"nearest": over("a", 0.001), "in_time": over("b", 0.001)}, "", "a"),
        ("undecided", 0.001, {"nearest": "damaged", "in_time": None}, "", "a"),
        ("undecided", None, {}, "", "a"),
    ],
)
def test_the_gain_that_decides(said: str, low: float | None, more: dict[str, Any], key: str, name: str) -> None:
    verdict = {"verdict": said, "reference": "a", "gain": 0.01, "ci_low": low, "ci_high": 0.02, **more}
    assert decides(verdict) == key
    assert decisive(verdict)["name"] == name
