"""`--strategies auto`: what is picked for which data, and that it is said why."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ganlift.comparison.auto import choose
from ganlift.comparison.plan import resolve_arms
from ganlift.config import build_config
from ganlift.strategies.base import strategies

BALANCED, UNEQUAL = [30, 30, 30], [300, 40, 3]


@pytest.mark.parametrize("counts", [BALANCED, UNEQUAL, [1], [2, 1]])
@pytest.mark.parametrize("unlabelled", [0, 1000])
def test_every_choice_has_both_sides_and_reasons(counts: Sequence[int], unlabelled: int) -> None:
    choice = choose(counts, unlabelled)
    picked = [strategies.get(name) for name in choice.names]
    assert {"gan"} < {entry.kind for entry in picked}
    assert choice.names[0] == "augment"
    assert len(set(choice.names)) == len(choice.names)
    assert choice.reasons
    assert unlabelled or all(entry.unlabelled != "required" for entry in picked)


def test_what_the_data_call_for() -> None:
    assert "fixmatch" in choose(BALANCED, 1000).names
    assert "fixmatch" not in choose(BALANCED, 0).names
    assert "acgan" in choose(BALANCED, 0).names
    assert "logit-adjust" not in choose(BALANCED, 1000).names
    both = choose(UNEQUAL, 1000)
    assert {"logit-adjust", "gan-balance", "fixmatch"} < set(both.names)
    assert "3 to 300 labelled images" in both.reasons[0]
    assert "1,000 images without labels" in both.reasons[1]


def test_it_is_the_default_and_says_which_and_why() -> None:
    entries, notes = resolve_arms(build_config({"data": "digits"}), BALANCED, unlabelled=500)
    assert [entry.name for entry in entries] == choose(BALANCED, 500).names
    assert notes[0].startswith("Picked augment, rotation, fixmatch")
    more = build_config({"data": "digits", "strategies": "auto,duplicate-real,sgan"})
    assert [entry.name for entry in resolve_arms(more, BALANCED, unlabelled=500)[0]] == [
        *choose(BALANCED, 500).names,
        "duplicate-real",
    ]


def test_all_are_those_that_the_images_allow() -> None:
    def named(unlabelled: int, **given: object) -> tuple[set[str], str]:
        entries, notes = resolve_arms(
            build_config({"data": "digits", "strategies": "all", **given}), BALANCED, unlabelled
        )
        return {entry.name for entry in entries}, notes[0]

    every = {name for name in strategies.names() if strategies.get(name).labels}
    found, said = named(500)
    assert found == every
    assert said == f"Compared are all {len(every)} strategies that these images allow."
    assert every - named(0)[0] == {name for name in every if strategies.get(name).unlabelled == "required"}
    assert named(500, labels_per_class=0)[0] == set(strategies.names()) - every
