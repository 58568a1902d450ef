"""What one look settles: beating every arm without a GAN, losing to the picked one, gains ruled out, equal time."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganlift.errors import ConfigError
from ganlift.verdict.arms import times_as_long

from .conftest import BASE, KINDS, Run, plus

LOUD = (0.02, -0.02, 0.01, -0.01, 0.0)
BETWEEN = (0.011, -0.008, 0.010, -0.004, 0.004)
"""With one point more, p against the baseline lies between 0.025 and 0.05."""


def test_helping_takes_beating_every_rival_and_not_just_the_picked_one() -> None:
    """Five points over the pick of validation, level with a rival whose validation is poor."""
    run = Run().arm("augment", BASE, validation=0.8).arm("mixup", plus(5, LOUD), validation=0.1)
    found = run.arm("gan-augment", plus(5.1)).only()
    assert (found.verdict, found.reference, found.rivals) == ("undecided", "augment", 2)
    assert found.gain == pytest.approx(0.051)
    assert (found.ci_low or 0) > 0.02
    assert found.nearest is not None
    assert found.nearest.name == "mixup"
    assert found.nearest.gain == pytest.approx(0.001)
    assert found.nearest.ci_low is not None
    assert found.nearest.ci_low < 0
    assert ", but +0.1 points over mixup, the nearest (−" in found.sentence
    assert Run().arm("augment", BASE).arm("gan-augment", plus(5.1)).only().verdict == "helps"


def test_a_gain_over_the_picked_arm_is_none_worth_having_where_another_arm_rules_that_out() -> None:
    """Five points over the pick of validation, and surely less than one over the best."""
    run = Run().arm("augment", BASE, validation=0.8).arm("mixup", plus(5), validation=0.1).arm("gan-augment", plus(5.1))
    found = run.only()
    assert (found.verdict, found.reference) == ("no gain worth having", "augment")
    assert found.ruled_out is not None
    assert (found.ruled_out.name, found.ruled_out.gain) == ("mixup", pytest.approx(0.001))
    assert found.sentence.startswith(
        "gan-augment: no gain worth having: +0.1 points of accuracy against mixup (95 % interval −"
    )
    assert "; a gain of 1.0 point or more is ruled out; +5.1 points over augment, which valid" in found.sentence


def test_of_the_error_of_no_gain_the_picked_arm_has_half_and_the_next_half_of_the_rest() -> None:
    run = Run().arm("augment", BASE, validation=0.8).arm("rotation", plus(0.3, BETWEEN), validation=0.2)
    run.arm("mixup", plus(0.2, BETWEEN), validation=0.1).arm("sgan", plus(0.1))
    standing = run.replay().standings["sgan"]
    assert list(standing.rivals) == ["augment", "rotation", "mixup"]
    one_sided = {
        name: one.estimate.parts.p(one.estimate.gain - 0.01) / 2
        for name, one in standing.rivals.items()
        if one.estimate and one.estimate.parts
    }
    parts = {"augment": 0.5, "rotation": 0.25, "mixup": 0.25}
    assert standing.p_no_gain(0.01) == pytest.approx(min(one_sided[name] / part for name, part in parts.items()))


def test_an_arm_that_failed_on_a_seed_rules_nothing_out_and_another_may() -> None:
    """Nine points behind the pick of validation, on those seeds that this one survived."""
    run = Run().arm("augment", BASE[:4], validation=0.8).failed("augment", 4).arm("gan-augment", plus(-9))
    assert run.only().verdict == "undecided"
    found = run.arm("mixup", plus(-8), validation=0.1).only()
    assert (found.verdict, found.reference) == ("no gain worth having", "augment")
    assert found.ruled_out is not None
    assert found.ruled_out.name == "mixup"


def test_the_nearest_rival_is_named_beside_the_picked_one() -> None:
    run = Run().arm("augment", BASE, validation=0.8).arm("mixup", plus(3, BETWEEN), validation=0.1)
    run.arm("gan-augment", plus(8))
    found = run.only()
    assert (found.verdict, found.reference) == ("helps", "augment")
    assert found.nearest is not None
    assert found.nearest.name == "mixup"
    assert found.sentence.startswith(
        "gan-augment helps: +4.7 points of accuracy over mixup, the nearest of 2 arms without a GAN (95 % interval +"
    )
    assert "; +8.0 points over augment, which validation picked." in found.sentence


def test_p_of_helping_is_the_largest_over_all_rivals() -> None:
    run = Run().arm("augment", BASE, validation=0.8).arm("mixup", plus(0.3), validation=0.1)
    run.arm("rotation", plus(-1)).arm("sgan", plus(1, BETWEEN))
    standing = run.replay().standings["sgan"]
    each = {name: one.estimate.p for name, one in standing.rivals.items() if one.estimate}
    assert sorted(each) == ["augment", "mixup", "rotation"]
    assert standing.nearest == "mixup"
    assert standing.p_helps == max(p or 0.0 for p in each.values())
    assert run.only().p_corrected == standing.p_helps  # rivals, however many, take no correction


def test_rivals_that_saw_more_images_need_not_be_beaten() -> None:
    run = Run().arm("augment", BASE).arm("fixmatch", plus(9)).arm("gan-augment", plus(5))
    found = run.only()
    assert (found.verdict, found.rivals) == ("helps", 1)
    run = Run().arm("augment", BASE).arm("fixmatch", plus(9)).arm("sgan", plus(5))
    assert (run.only().verdict, run.only().rivals) == ("no gain worth having", 2)


def test_a_rival_with_fewer_than_half_of_the_seeds_need_not_be_beaten() -> None:
    two = Run().arm("augment", BASE).arm("fixmatch", plus(9)[:2]).arm("sgan", plus(5))
    assert (two.only().verdict, two.only().rivals) == ("helps", 1)
    three = Run().arm("augment", BASE).arm("fixmatch", plus(9)[:3]).arm("sgan", plus(5))
    assert (three.only().verdict, three.only().rivals) == ("no gain worth having", 2)


def test_a_rival_of_one_seed_in_common_is_not_beaten() -> None:
    found = Run().arm("augment", BASE[:2]).arm("mixup", BASE[:1]).arm("gan-augment", plus(29.8)[:2]).only()
    assert found.verdict == "undecided"
    assert found.nearest is not None
    assert (found.nearest.name, found.nearest.ci_low) == ("mixup", None)
    assert "but +30.0 points over mixup, the nearest (? to ?)" in found.sentence


def test_hurting_is_against_the_picked_arm_even_where_another_is_worse() -> None:
    run = Run().arm("augment", BASE, validation=0.8).arm("mixup", plus(-9), validation=0.1).arm("gan-augment", plus(-5))
    found = run.only()
    assert (found.verdict, found.reference) == ("hurts", "augment")
    assert found.sentence.startswith("gan-augment hurts: −5.0 points of accuracy against augment")


def test_hurting_needs_no_loss_to_the_best_on_test() -> None:
    run = Run().arm("augment", BASE, validation=0.8).arm("mixup", plus(5), validation=0.1).arm("gan-augment", plus(-5))
    found = run.only()
    assert (found.verdict, found.reference) == ("hurts", "augment")
    assert found.gain == pytest.approx(-0.05)
    assert found.nearest is not None
    assert found.nearest.name == "mixup"


def test_losing_to_a_better_rival_that_was_not_picked_is_not_hurting() -> None:
    """The best on test would flatter itself: that the arm is worse is not claimed, that it gains no point is."""
    run = Run().arm("augment", BASE, validation=0.8).arm("mixup", plus(5), validation=0.1).arm("gan-augment", plus(2))
    found = run.only()
    assert found.verdict == "no gain worth having"
    assert found.nearest is not None
    assert found.nearest.name == "mixup"
    assert found.nearest.gain == pytest.approx(-0.03)
    assert found.ruled_out == found.nearest


def test_no_gain_worth_having_goes_by_the_margin() -> None:
    run = Run().arm("augment", BASE).arm("gan-augment", plus(0.1))
    high = run.only().ci_high or 1.0
    assert 0.001 < high < 0.01
    for margin, said in ((0.01, "no gain worth having"), (1.05 * high, "no gain worth having")):
        assert run.only(margin=margin).verdict == said
    found = run.only(margin=0.95 * high)
    assert (found.verdict, found.margin) == ("undecided", 0.95 * high)
    assert (found.ci_low, found.ci_high, found.p) == (run.only().ci_low, high, run.only().p)


def test_p_of_no_gain_is_that_of_the_gain_less_the_margin_on_one_side() -> None:
    """The gain of 0.1 points lies 0.9 below the margin, and 0.4 below one of half a point."""
    standing = Run().arm("augment", BASE).arm("gan-augment", plus(0.1)).replay().standings["gan-augment"]
    assert standing.chosen is not None
    assert standing.chosen.estimate is not None
    parts = standing.chosen.estimate.parts
    assert parts is not None
    assert standing.p_no_gain(0.01) == pytest.approx(parts.p(0.009) / 2)
    assert standing.p_no_gain(0.005) == pytest.approx(parts.p(0.004) / 2)
    assert standing.p_no_gain(0.0005) == 1.0  # the gain is above it
    # at the margin of the interval's upper end, p on one side is half of alpha
    assert standing.p_no_gain(standing.chosen.estimate.high or 0.0) == pytest.approx(0.025, rel=1e-5)


def test_a_surely_small_gain_helps_and_is_said_to_be_small() -> None:
    found = Run().arm("augment", BASE).arm("gan-augment", plus(0.8)).only(margin=0.05)
    assert (found.verdict, found.margin) == ("helps", 0.05)
    assert found.sentence.endswith("; that is less than the 5.0 points that would be worth having.")


def test_claims_of_no_gain_are_corrected_over_the_arms() -> None:
    """At the interval's upper end p on one side is alpha / 2: one arm in two is enough, in three it is not."""
    run = Run().arm("augment", BASE).arm("gan-augment", plus(0.1))
    margin = 1.001 * (run.only().ci_high or 0.0)
    assert run.only(margin=margin).verdict == "no gain worth having"
    for name in ("sgan", "triple-gan"):
        run.arm(name, plus(0.1))
    for found in run.judge(margin=margin):
        assert found.ci_high is not None
        assert (found.ci_high < margin, found.verdict) == (True, "undecided")


def test_power_is_stated_for_one_two_and_three_margins() -> None:
    run = Run().arm("augment", BASE).arm("gan-augment", plus(1, LOUD))
    small, large = run.only(), run.only(margin=0.02)
    assert [one["gain"] for one in large.power] == pytest.approx([0.02, 0.04, 0.06])
    assert large.power[0]["found"] == pytest.approx(small.power[1]["found"])
    assert (large.seeds_to_find or 0) < (small.seeds_to_find or 0)
    assert "a true gain of 4.0 points would have been found in" in large.sentence


@pytest.mark.parametrize("margin", [0.0, -0.01, 1.0, float("nan")])
def test_a_margin_is_a_fraction_above_zero(margin: float) -> None:
    with pytest.raises(ConfigError, match="least gain worth having"):
        Run().judge(margin=margin)


SLOW = 31.0


def timed(points: float = 5.0, **rivals: float) -> Run:
    """An arm of three times the rivals' cost."""
    run = Run().arm("augment", BASE, validation=0.8).arm("sgan", plus(points), elapsed_s=SLOW)
    for name, gain in rivals.items():
        run.arm(name, plus(gain))
    return run


def test_a_slow_arm_does_not_help_before_its_rival_was_given_its_time() -> None:
    run = timed()
    assert run.only().verdict == "helps"
    assert run.replay(in_time=True).wanted == (("augment", "sgan"),)
    found = run.only(in_time=True)
    assert (found.verdict, found.in_time) == ("undecided", None)
    assert ", which is not confirmed: augment could not be given the same time;" in found.sentence


def test_a_gain_that_holds_in_equal_time_is_confirmed() -> None:
    run = timed().in_time("augment", "sgan", plus(2))
    assert run.replay(in_time=True).wanted == ()
    found = run.only(in_time=True)
    assert found.verdict == "helps"
    assert found.in_time is not None
    assert found.in_time.gain == pytest.approx(0.03)
    assert "; it holds in equal time too: +3.0 points over augment (+" in found.sentence


def test_a_gain_that_more_time_brings_as_well_is_denied() -> None:
    run = timed().in_time("augment", "sgan", plus(4.9))
    found = run.only(in_time=True)
    assert (found.verdict, run.replay(in_time=True).wanted) == ("undecided", ())
    assert found.in_time is not None
    assert found.in_time.ci_low is not None
    assert found.in_time.ci_low < 0
    assert "but +0.1 points over augment where that is given the same time (−" in found.sentence
    assert (found.p_corrected or 0) > 0.05


def test_rows_in_time_count_for_nothing_where_nobody_asked() -> None:
    plain = timed()
    assert timed().in_time("augment", "sgan", plus(9)).only() == plain.only()


def test_every_seed_is_needed_in_equal_time() -> None:
    run = timed().in_time("augment", "sgan", plus(2)[:4])
    assert run.replay(in_time=True).wanted == (("augment", "sgan"),)
    assert run.only(in_time=True).verdict == "undecided"


@pytest.mark.parametrize(("done", "said"), [(5, "helps"), (4, "helps"), (1, "undecided"), (0, "undecided")])
def test_failed_rows_in_equal_time_are_not_asked_for_again_and_confirm_nothing(done: int, said: str) -> None:
    values = [*plus(2)[:done], *[None] * (5 - done)]
    run = timed().in_time("augment", "sgan", values)
    assert run.replay(in_time=True).wanted == ()
    found = run.only(in_time=True)
    assert found.verdict == said
    refused = "which is not confirmed: augment could not be given the same time" in found.sentence
    assert refused == (done == 0)


def test_the_time_of_another_arm_does_not_count() -> None:
    run = timed().in_time("augment", "triple-gan", plus(2))
    assert run.replay(in_time=True).wanted == (("augment", "sgan"),)


@pytest.mark.parametrize(("elapsed_s", "wanted"), [(10.9, ()), (11.1, (("augment", "sgan"),))])
def test_a_rival_of_the_same_cost_needs_no_time(elapsed_s: float, wanted: tuple[tuple[str, str], ...]) -> None:
    run = Run().arm("augment", BASE).arm("sgan", plus(5), elapsed_s=elapsed_s)
    assert run.replay(in_time=True).wanted == wanted
    assert run.only(in_time=True).verdict == ("undecided" if wanted else "helps")


def test_how_many_times_as_long_goes_by_the_median_seed() -> None:
    arm = {seed: {"elapsed_s": seconds} for seed, seconds in enumerate([30.0, 31.0, 999.0, 32.0])}
    other = {seed: {"elapsed_s": seconds} for seed, seconds in enumerate([10.0, 8.0, 9.0])}
    assert times_as_long(arm, other, range(4)) == 31.0 / 9.0  # the fourth seed is the arm's alone
    assert times_as_long(arm, other, [3]) is None
    assert times_as_long(arm, {0: {"elapsed_s": 0.0}, 1: {}}, range(2)) is None
    unknown = {**other, 1: {}}  # a rival is not spared the GAN arm's time because one seed's is not known
    assert times_as_long(arm, unknown, range(4)) == (30.0 + 999.0) / (10.0 + 9.0)


def test_only_rivals_that_might_take_the_lead_are_given_time() -> None:
    """The picked one, the nearest and those within 3 points; an arm that does not gain asks for none."""
    run = timed(9, fixmatch=7, rotation=6.5, mixup=3)
    assert sorted(run.replay(in_time=True).wanted) == [
        ("augment", "sgan"),
        ("fixmatch", "sgan"),
        ("rotation", "sgan"),
    ]
    assert timed(0.1).replay(in_time=True).wanted == ()
    assert timed(-5).replay(in_time=True).wanted == ()


def test_the_strongest_rival_in_equal_time_decides() -> None:
    run = timed(9, fixmatch=7).in_time("augment", "sgan", plus(3)).in_time("fixmatch", "sgan", plus(8.9))
    found = run.only(in_time=True)
    assert found.verdict == "undecided"
    assert found.in_time is not None
    assert found.in_time.name == "fixmatch"
    assert found.rivals == 2  # those given time are not counted again


points = st.integers(-8, 8)
shares = st.lists(st.integers(-3, 3).map(lambda one: one / 100), min_size=5, max_size=5)
ARMS = ("augment", "mixup", "fixmatch", "sgan", "triple-gan", "gan-augment")
made_up = st.fixed_dictionaries({name: st.tuples(points, shares, st.integers(0, 9)) for name in ARMS})


def comparison(arms: dict[str, tuple[int, list[float], int]], seeds: int = 5) -> Run:
    run = Run()
    for name, (gain, wobble, validation) in arms.items():
        run.arm(name, plus(gain, wobble)[:seeds], validation=validation / 10)
    return run


@given(made_up, st.sampled_from([0.005, 0.01, 0.05]), st.sampled_from([0.01, 0.05, 0.2]), st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_answers_and_intervals_agree(
    arms: dict[str, tuple[int, list[float], int]], margin: float, alpha: float, seeds: int
) -> None:
    for found in comparison(arms, seeds).judge(margin=margin, alpha=alpha):
        assert found.nearest is not None
        if found.verdict == "helps":
            assert found.nearest.ci_low is not None
            assert found.nearest.ci_low > 0
            assert (found.ci_low or 0) > 0
        if found.verdict == "no gain worth having":
            assert found.ruled_out is not None
            assert found.ruled_out.ci_high is not None
            assert found.ruled_out.ci_high < margin
        if found.verdict == "hurts":
            assert found.ci_high is not None
            assert found.ci_high < 0
        if found.verdict != "undecided":
            assert seeds > 1


@given(made_up, st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_the_order_of_rows_does_not_matter(arms: dict[str, tuple[int, list[float], int]], random: Any) -> None:
    run = comparison(arms)
    before = run.by_name()
    random.shuffle(run.rows)
    after = run.by_name()
    assert sorted(after) == sorted(before) == sorted(name for name in ARMS if KINDS[name][0] == "gan")
    for name, found in before.items():
        assert (after[name].verdict, after[name].reference) == (found.verdict, found.reference)
        assert (after[name].p, after[name].p_corrected) == pytest.approx((found.p, found.p_corrected), rel=1e-6)


def test_the_answer_falls_from_help_to_harm_with_the_gain() -> None:
    order = ["hurts", "no gain worth having", "undecided", "helps"]
    said = [
        order.index(Run().arm("augment", BASE).arm("gan-augment", plus(gain, LOUD)).only().verdict)
        for gain in range(-12, 13, 2)
    ]
    assert all(a <= b for a, b in itertools.pairwise(said))
    assert {said[0], said[-1]} == {0, 3}
