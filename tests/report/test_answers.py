"""What verdicts come down to: the headline, and a card's facts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ganlift.report import answers
from ganlift.report.read import read_run
from ganlift.runs.files import write_json

NO_GAIN = "no gain worth having"
CHANCE = "a true gain of 2 points would have been found in 14 of 100 such comparisons."


def verdict(said: str, gain: float | None, **more: Any) -> dict[str, Any]:
    power = [{"gain": 0.01, "found": 0.04}, {"gain": 0.02, "found": 0.138}, {"gain": 0.03, "found": 0.33}]
    ends = {"ci_low": gain - 0.01, "ci_high": gain + 0.01} if gain is not None else {}
    return {
        "verdict": said, "reference": "fixmatch", "gain": gain, **ends, "rivals": 3, "margin": 0.01, "seeds": 5,
        "power": power, "measure": "accuracy", **more,
    }  # fmt: skip


def over(name: str, gain: float, half: float = 0.01) -> dict[str, Any]:
    return {"name": name, "gain": gain, "ci_low": gain - half, "ci_high": gain + half}


@pytest.mark.parametrize(
    ("verdicts", "headline", "more", "style"),
    [
        ([verdict("hurts", -0.02)], "No: every arm with a GAN made the classifier worse.", "", "hurts"),
        (
            [verdict(NO_GAIN, -0.005), verdict(NO_GAIN, -0.006)],
            "No GAN arm brings a gain worth having (1 point or more).",
            "",
            "no-gain",
        ),
        (
            [verdict(NO_GAIN, -0.005), verdict("hurts", -0.03)],
            "No GAN arm brings a gain worth having (1 point or more).",
            "b makes the classifier worse.",
            "no-gain",
        ),
        (
            [verdict("undecided", 0.004), verdict("undecided", 0.001)],
            "Undecided: these seeds could not tell a gain of 1 point from none.",
            f"Best of them is a, +0.4 points (−0.6 to +1.4) over fixmatch: {CHANCE}",
            "none",
        ),
        (
            [verdict("undecided", 0.004), verdict(NO_GAIN, -0.005), verdict("hurts", -0.03)],
            "Undecided for a: these seeds could not tell a gain of 1 point from none.",
            f"a, +0.4 points (−0.6 to +1.4) over fixmatch: {CHANCE} Of the others, 1 brings no gain worth having and "
            "1 hurts.",
            "none",
        ),
        (
            [verdict("undecided", 0.02), verdict("undecided", 0.01), verdict("hurts", -0.03), verdict("hurts", None)],
            "Undecided for 2 of 3 GAN arms: these seeds could not tell a gain of 1 point from none.",
            f"Best of them is a, +2.0 points (+1.0 to +3.0) over fixmatch: {CHANCE} Of the others, 1 hurts. 1 GAN arm "
            "could not be judged.",
            "none",
        ),
        (
            [verdict("undecided", 0.004, seeds=1, ci_low=None, ci_high=None, power=[])],
            "Undecided: one seed cannot tell a gain of 1 point from none.",
            "a, +0.4 points over fixmatch.",
            "none",
        ),
        (
            [verdict("helps", 0.03, nearest=over("rotation", 0.012)), verdict("helps", 0.02, nearest=over("x", 0.02))],
            "Yes: b gains 2.0 points of accuracy over x, the nearest of 3 arms without a GAN.",
            "Of the other GAN arms, 1 helps.",
            "helps",
        ),
        (
            [verdict("helps", 0.03, nearest=over("fixmatch", 0.004, 0.003), in_time=over("rotation", 0.02), rivals=1)],
            "Yes, but by less than the 1 point that would be worth having: a gains 0.4 points of accuracy over "
            "fixmatch.",
            "In equal time: +2.0 points (+1.0 to +3.0) over rotation.",
            "helps",
        ),
        (
            [verdict("undecided", 0.03, nearest=over("fixmatch", 0.03), in_time=over("rotation", 0.002))],
            "Undecided: ahead at as many steps, not shown to be in as much time.",
            f"a, +3.0 points (+2.0 to +4.0) over fixmatch, but +0.2 points (−0.8 to +1.2) over rotation, given the "
            f"same time: {CHANCE}",
            "none",
        ),
        (
            [verdict("undecided", 0.03, nearest=over("x", 0.001), in_time=over("x", 0.02)), verdict("hurts", -0.03)],
            "Undecided for a: these seeds could not tell a gain of 1 point from none.",
            f"a, +3.0 points (+2.0 to +4.0) over fixmatch, but +0.1 points (−0.9 to +1.1) over x, the nearest of 3: "
            f"{CHANCE} Of the others, 1 hurts.",
            "none",
        ),
        ([verdict("undecided", None)], "No verdict: no arm with a GAN could be judged yet.", "", "none"),
        (
            [{"verdict": "no measurable effect", "reference": "augment", "gain": 0.01, "smallest_detectable": 0.031}],
            "Undecided: these seeds could not tell a gain from none.",
            "a, +1.0 points over augment: a true gain of 3.1 points would have been found in 80 of 100 such "
            "comparisons.",
            "none",
        ),
        (
            [{"verdict": "helps", "reference": "augment", "gain": 0.02}],
            "Yes: a gains 2.0 points of accuracy over augment.",
            "",
            "helps",
        ),
    ],
)
def test_the_headline_is_the_answer(
    bare_run: Path, verdicts: list[dict[str, Any]], headline: str, more: str, style: str
) -> None:
    named = [{"strategy": name, **one} for name, one in zip("abcd", verdicts, strict=False)]
    write_json(bare_run / "verdict.json", named)
    assert answers.answer(read_run(bare_run)) == answers.Answer(headline, more, style)


def facts_of(run: Path, strategy: str) -> dict[str, str]:
    found = json.loads((run / "verdict.json").read_text())
    return dict(answers.facts(next(one for one in found if one["strategy"] == strategy)))


def test_a_card_names_the_pick_and_the_nearest(bare_run: Path) -> None:
    helps = facts_of(bare_run, "sgan-fixmatch")
    assert (helps["gain, points of accuracy"], helps["95 % interval"]) == ("+1.6", "+0.5 to +2.7")
    assert helps["over"] == "fixmatch, the nearest of 3"
    assert helps["over rotation, picked on validation"] == "+2.6 (+1.1 to +4.1)"
    assert helps["over fixmatch, given the same time"] == "+1.3 (+0.2 to +2.4)"
    assert helps["cost against fixmatch"] == "3.1 ×"
    undecided = facts_of(bare_run, "sgan")
    assert undecided["over"] == "fixmatch, picked on validation"
    assert undecided["over rotation, the nearest of 3"] == "+0.2 (−1.2 to +1.6)"
    assert facts_of(bare_run, "gan-augment")["over"] == "fixmatch, picked on validation, and the nearest of 3"


def test_a_card_without_a_gain_goes_by_the_arm_that_rules_it_out() -> None:
    picked = verdict(NO_GAIN, 0.02, nearest=over("rotation", -0.01), ruled_out=over("rotation", -0.01))
    facts = dict(answers.facts(picked))
    assert (facts["gain, points of accuracy"], facts["95 % interval"]) == ("−1.0", "−2.0 to 0.0")
    assert facts["over"] == "rotation, which rules a gain out"
    assert facts["over fixmatch, picked on validation"] == "+2.0 (+1.0 to +3.0)"
    same = verdict(NO_GAIN, -0.02, nearest=over("rotation", -0.01), ruled_out=over("fixmatch", -0.02))
    assert dict(answers.facts(same))["over"] == "fixmatch, picked on validation"


def test_a_card_of_a_gain_that_stands_in_the_way_names_whom_its_cost_and_worst_class_are_against() -> None:
    worst = {"name": "boot", "gain": -0.02}
    ahead = verdict("undecided", 0.03, nearest=over("rotation", 0.001), cost_ratio=3.1, worst_class=worst)
    shown = dict(answers.facts(ahead))
    assert (shown["over"], shown["over fixmatch, picked on validation"]) == (
        "rotation, the nearest of 3",
        "+3.0 (+2.0 to +4.0)",
    )
    assert shown["cost against fixmatch"] == "3.1 ×"
    assert shown["worst class against fixmatch"] == "boot −2.0 of recall"
    timed = dict(
        answers.facts({**ahead, "strategy": "a", "nearest": over("fixmatch", 0.03), "in_time": over("x", 0.0)})
    )
    assert timed["over"] == "x, given the same time"
    assert timed["cost against fixmatch"] == "3.1 ×"


def test_a_card_says_when_it_was_settled(bare_run: Path) -> None:
    assert facts_of(bare_run, "ec-gan")["settled"] == "at look 1 of 2, after 3 seeds"
    assert facts_of(bare_run, "sgan")["not settled"] == "by look 2 of 2, after 5 seeds"
    once = answers.facts(verdict("undecided", 0.01, looks=[1, 1]))
    assert ("seeds", "5") in once


def test_only_an_undecided_card_says_what_could_have_been_found(bare_run: Path) -> None:
    undecided = facts_of(bare_run, "sgan")
    assert undecided["a true gain of 2 points is found in"] == "14 of 100"
    assert undecided["seeds to find 1 point as often"] == "about 34"
    assert not any("true gain" in name or "seeds to find" in name for name in facts_of(bare_run, "ec-gan"))
    beyond = dict(answers.facts(verdict("undecided", 0.01, seeds_to_find=None)))
    assert beyond["seeds to find 1 point as often"] == "over 1,000"


def test_an_older_record_shows_what_it_has(older_run: Path) -> None:
    facts = facts_of(older_run, "sgan")
    assert (facts["over"], facts["seeds"]) == ("fixmatch", "5")
    assert (facts["smallest gain to be found"], facts["seeds to settle it"]) == ("3.1 points", "9")


@pytest.mark.parametrize("odd", [None, 3, "x", [], [None, {"gain": "x"}], {"name": 3, "gain": 0.1}])
def test_a_record_of_another_form_is_passed_over(odd: Any) -> None:
    keys = ("nearest", "in_time", "rivals", "looks", "power", "margin", "seeds_to_find", "worst_class", "reference")
    found = dict(answers.facts(verdict("helps", 0.01, **dict.fromkeys(keys, odd))))
    assert found["gain, points of accuracy"] in ("+1.0", "+10.0")
