"""Records say why they are older than the code: figures that moved, or other settings than today's."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def records() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "benchmarks"))
        yield importlib.import_module("records")


def test_arguments_become_the_configuration_that_the_command_would_have(records: ModuleType) -> None:
    asked = records.settings(("digits", "--labels-per-class", "5", "--set", "options.sgan.weight=0.3", "--seeds", "2"))
    assert (asked.data, asked.labels_per_class, asked.seeds) == ("digits", 5, 2)
    assert asked.options == {"sgan": {"weight": 0.3}}
    assert records.settings(importlib.import_module("situations").matrix("fashion-tail")).imbalance == "exp:100"


def test_a_record_of_generators_has_two_arms_of_each_that_it_names(records: ModuleType) -> None:
    asked = records.settings(("digits", "--generators", "vae,gaussian", "--generator-budget", "30s"))
    beside = [name for name in asked.strategies if name.startswith("gan-augment-")]
    assert beside == ["gan-augment-vae", "gan-augment-gaussian"]
    assert len(asked.strategies) == 5
    of_generators = [one for one in records.RECORDS if one.name.startswith("generators/")]
    assert {one.verb for one in of_generators} == {"compare-generators"}
    assert {one.arguments[-1] for one in of_generators} == {"300", "30s"}  # equal images, equal seconds


def test_other_settings_make_a_record_older(records: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "stale", lambda folder: [])
    (demo,) = [one for one in records.RECORDS if one.name == "demo"]
    assert records.outdated(demo) == ""
    shorter = replace(demo, arguments=(*demo.arguments[:-1], "200"))
    assert records.outdated(shorter) == "other settings (budget)"
    assert records.outdated(replace(demo, name="never")) == "not made yet"
    monkeypatch.setattr(records, "stale", lambda folder: ["sgan", "fixmatch"])
    assert records.outdated(shorter) == "2 arms have moved and other settings (budget)"
