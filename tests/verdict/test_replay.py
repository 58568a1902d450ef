"""Planned looks: what each may spend, who goes on, and that no row counts before it was asked for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganlift.errors import ConfigError
from ganlift.verdict import AUTO, THOROUGH, Looks, one_look

from .conftest import BASE, Run, plus

TWO = Looks((3, 5), (0.4, 0.6))
LOUD = (0.02, -0.02, 0.01, -0.01, 0.0)
BETWEEN = (0.011, -0.008, 0.010, -0.004, 0.004)
"""With one point more, p against the baseline lies between 0.025 and 0.05."""


@pytest.mark.parametrize(
    ("seeds", "shares"),
    [((), ()), ((5, 3), (0.5, 0.5)), ((3, 3), (0.5, 0.5)), ((0, 3), (0.5, 0.5)), ((3, 5), (1.0,)), ((3,), (0.5, 0.5))],
)
def test_looks_take_rising_numbers_of_seeds_and_a_share_each(seeds: Any, shares: Any) -> None:
    with pytest.raises(ConfigError, match="rising numbers of seeds and a share each"):
        Looks(seeds, shares)


@pytest.mark.parametrize("shares", [(0.5, 0.4), (0.5, 0.6), (0.0, 1.0), (-0.5, 1.5)])
def test_shares_are_above_zero_and_sum_to_one(shares: tuple[float, ...]) -> None:
    with pytest.raises(ConfigError, match="above 0 and sum to 1"):
        Looks((3, 5), shares)


def test_the_plans_that_are_offered() -> None:
    assert (AUTO.seeds, THOROUGH.seeds) == ((3, 5, 7), (5, 10, 20))
    assert AUTO.shares == THOROUGH.shares == (0.2, 0.3, 0.5)
    assert one_look(4) == Looks((4,), (1.0,))
    assert one_look(0) == one_look(1)


def test_one_look_at_all_seeds_is_what_no_looks_mean() -> None:
    run = Run().arm("augment", BASE).arm("gan-augment", plus(1, BETWEEN))
    assert run.only() == run.only(looks=one_look(5))


def test_a_look_spends_only_its_share_of_the_error() -> None:
    """p of a fixed look is below 0.05; at a fifth of the error it counts five times, and the interval is wider."""
    run = Run().arm("augment", BASE).arm("gan-augment", plus(1, BETWEEN))
    fixed = run.only()
    p = fixed.p or 1.0
    assert 0.025 < p < 0.05
    assert fixed.verdict == "helps"
    fifth = Looks((5, 10), (0.2, 0.8))
    early = run.replay(1, looks=fifth).standings["gan-augment"]
    assert early.answer == "undecided"
    assert early.p_corrected == pytest.approx(5 * p)
    assert early.chosen is not None
    assert early.chosen.estimate is not None
    assert (early.chosen.estimate.low or 0) < 0 < (fixed.ci_low or 0)
    assert early.chosen.estimate.low == pytest.approx(run.only(alpha=0.01).ci_low)


def test_harm_spends_only_its_share_too() -> None:
    run = Run().arm("augment", BASE).arm("gan-augment", plus(-1, [-one for one in BETWEEN]))
    fixed = run.only()
    assert fixed.verdict == "hurts"
    early = run.replay(1, looks=Looks((5, 10), (0.2, 0.8))).standings["gan-augment"]
    assert early.answer == "no gain worth having"
    assert early.p_corrected == pytest.approx(5 * (fixed.p or 1.0))


def settled_early(later: float) -> Run:
    """`sgan` gains 12 points in three seeds and ``later`` in two more; `triple-gan` is open for longer."""
    run = Run().arm("augment", BASE).arm("triple-gan", plus(1, LOUD))
    return run.arm("sgan", plus(12)[:3]).arm("sgan", plus(later)[3:], first=3)


def test_an_arm_settled_at_the_first_look_uses_no_later_seeds() -> None:
    before, after = (settled_early(later).by_name(looks=TWO) for later in (12, -30))
    assert before["sgan"] == after["sgan"]
    assert (after["sgan"].verdict, after["sgan"].seeds, after["sgan"].looks) == ("helps", 3, (2, 1))
    assert (after["triple-gan"].seeds, after["triple-gan"].looks) == (5, (2, 2))
    assert before["triple-gan"] == after["triple-gan"]
    assert settled_early(-30).by_name()["sgan"].verdict != "helps"


def test_the_first_look_says_who_goes_on() -> None:
    run = settled_early(12)
    first = run.replay(1, looks=TWO)
    assert first.going_on == ("augment", "triple-gan")
    assert {name: one.answer for name, one in first.standings.items()} == {"sgan": "helps", "triple-gan": "undecided"}
    assert first.looks_of == {"sgan": 1, "triple-gan": 1}
    assert first.seeds == {"augment": 3, "triple-gan": 3, "sgan": 3}
    last = run.replay(looks=TWO)
    assert last.going_on == ()
    assert last.seeds == {"augment": 5, "triple-gan": 5, "sgan": 3}
    assert last.standings["sgan"] == first.standings["sgan"]


def test_nobody_goes_on_where_all_is_settled() -> None:
    run = Run().arm("augment", BASE).arm("synthetic-only", BASE).arm("sgan", plus(12))
    assert run.replay(1, looks=TWO).going_on == ()
    assert run.only(looks=TWO).looks == (2, 1)
    assert Run().arm("augment", BASE).replay(1, looks=TWO).going_on == ()


def test_controls_go_on_beside_open_arms() -> None:
    run = Run().arm("augment", BASE).arm("synthetic-only", BASE).arm("sgan", plus(1, LOUD))
    assert run.replay(1, looks=TWO).going_on == ("augment", "synthetic-only", "sgan")


def test_settled_arms_keep_their_place_in_holms_order() -> None:
    """Beside an arm that helped, one arm is left to correct for; one without a gain still counts as an arm."""
    found = {}
    for gain, margin in ((12, 0.01), (0, 0.05)):
        run = Run().arm("augment", BASE).arm("triple-gan", plus(3, LOUD)).arm("sgan", plus(gain))
        found[gain] = run.by_name(looks=TWO, margin=margin)
        assert found[gain]["sgan"].looks == (2, 1)
        assert found[gain]["triple-gan"].looks == (2, 2)
    assert (found[12]["sgan"].verdict, found[0]["sgan"].verdict) == ("helps", "no gain worth having")
    for gain, arms in ((12, 1), (0, 2)):
        open_one = found[gain]["triple-gan"]
        assert open_one.p is not None
        assert open_one.p < 0.25
        assert open_one.p_corrected == pytest.approx(arms * open_one.p / 0.6)


def test_a_settled_arm_tells_nothing_of_later_seeds() -> None:
    """The spread of the open one is the same whatever the settled one would have shown."""
    quiet, wild = (settled_early(later).replay(looks=TWO).standings["triple-gan"] for later in (12, -60))
    assert quiet.chosen == wild.chosen


def chased(later: float) -> Run:
    """`sgan` is level with `fixmatch` and far ahead of `rotation`, which gains ``later`` points in later seeds."""
    run = Run().arm("augment", plus(-1), validation=0.1).arm("fixmatch", BASE, validation=0.9)
    run.arm("rotation", plus(-30)[:3], validation=0.2).arm("rotation", plus(later)[3:], validation=0.2, first=3)
    return run.arm("sgan", plus(1, LOUD))


def test_a_beaten_rival_stops_and_its_later_seeds_are_not_looked_at() -> None:
    before, after = (chased(later).only(looks=TWO) for later in (-30, 25))
    assert before == after
    assert after.looks == (2, 2)
    assert after.rivals == 3
    run = chased(25)
    assert run.replay(1, looks=TWO).going_on == ("augment", "fixmatch", "sgan")
    last = run.replay(looks=TWO)
    assert last.seeds == {"augment": 5, "fixmatch": 5, "rotation": 3, "sgan": 5}
    standing = last.standings["sgan"]
    assert (sorted(standing.rivals), sorted(standing.beaten)) == (["augment", "fixmatch"], ["rotation"])
    assert standing.beaten["rotation"] < 0.05


def test_the_gain_over_plain_training_is_of_seeds_that_were_asked_for() -> None:
    """`augment` stopped at the first look; what it would have shown later does not count."""
    runs = []
    for later in (-30, 25):
        run = Run().arm("augment", plus(-30)[:3], validation=0.1).arm("augment", plus(later)[3:], 0.1, first=3)
        runs.append(run.arm("fixmatch", BASE, validation=0.9).arm("sgan", plus(1, LOUD)).only(looks=TWO))
    assert runs[0] == runs[1]
    assert runs[0].gain_over_augment == pytest.approx(0.31 + 0.01 / 3 - 0.001 / 3)


def test_a_rival_is_beaten_at_the_strictest_step_of_holm() -> None:
    """Its p, corrected for the look and for all GAN arms, is below 0.05 with two of them and not with twenty."""
    run = Run().arm("augment", plus(-6.5), validation=0.1).arm("fixmatch", BASE, validation=0.9)
    run.arm("sgan", plus(1, LOUD))
    p = run.replay(1, looks=TWO).standings["sgan"].against["augment"]
    assert "augment" in run.replay(1, looks=TWO, alpha=0.9 * p).going_on
    assert "augment" not in run.replay(1, looks=TWO, alpha=1.1 * p).going_on
    run.arm("triple-gan", plus(1, LOUD))
    p = run.replay(1, looks=TWO).standings["sgan"].against["augment"]
    assert "augment" in run.replay(1, looks=TWO, alpha=1.9 * p).going_on
    assert "augment" not in run.replay(1, looks=TWO, alpha=2.1 * p).going_on


def test_the_arm_that_validation_picked_goes_on_however_far_behind() -> None:
    """No claim of harm or of no gain could be made without it."""
    run = Run().arm("augment", plus(-30), validation=0.9).arm("mixup", BASE, validation=0.1)
    run.arm("gan-augment", plus(1, LOUD))
    assert run.replay(1, looks=TWO).going_on == ("augment", "mixup", "gan-augment")


def test_a_rival_that_one_open_arm_needs_goes_on() -> None:
    """`triple-gan` is too restless to be told from `rotation`, which `sgan` has beaten by far."""
    run = chased(-30).arm("triple-gan", [0.25, 0.55, 0.40, 0.35, 0.45])
    first = run.replay(1, looks=TWO)
    assert first.standings["triple-gan"].answer == "undecided"
    assert first.going_on == ("augment", "fixmatch", "rotation", "sgan", "triple-gan")
    assert "rotation" in run.replay(looks=TWO).standings["sgan"].rivals


def test_a_rival_that_only_settled_arms_were_level_with_stops() -> None:
    run = chased(-30).arm("triple-gan", plus(-29, LOUD))
    first = run.replay(1, looks=TWO)
    assert first.standings["triple-gan"].answer == "hurts"
    assert "rotation" not in first.going_on


def test_rivals_that_nobody_open_is_measured_against_stop() -> None:
    """`fixmatch` saw images that `gan-augment` did not; with `sgan` settled no arm is left that it is fair to."""
    run = Run().arm("augment", BASE).arm("fixmatch", BASE).arm("sgan", plus(12)).arm("gan-augment", plus(1, LOUD))
    assert run.replay(1, looks=TWO).going_on == ("augment", "gan-augment")


def test_looks_take_the_seeds_in_the_order_of_the_plan() -> None:
    run = Run().arm("augment", BASE).arm("gan-augment", plus(1, LOUD))
    assert run.replay(1, looks=TWO, seeds=[4, 2, 0, 1, 3]).standings["gan-augment"].seeds == (4, 2, 0)


def test_seeds_that_are_missing_are_those_of_the_arms_own_looks() -> None:
    run = settled_early(12).failed("sgan", 5)
    assert run.by_name(looks=TWO, seeds=range(5))["sgan"].seeds_missing == ()
    short = Run().arm("augment", BASE).arm("sgan", plus(12)[:2]).failed("sgan", 2)
    assert short.only(looks=TWO, seeds=range(5)).seeds_missing[0] == 2


def test_rows_in_equal_time_are_asked_for_look_by_look() -> None:
    """What is wanted at a look holds it up; once it is there the arm goes on with the seeds of the next one."""
    run = Run().arm("augment", BASE).arm("sgan", plus(12), elapsed_s=31.0)
    assert run.replay(looks=TWO, in_time=True).wanted == (("augment", "sgan"),)
    assert run.replay(looks=TWO, in_time=True).seeds == {"augment": 3, "sgan": 3}
    run.in_time("augment", "sgan", plus(11.9)[:3])
    first = run.replay(1, looks=TWO, in_time=True)
    assert (first.wanted, first.going_on) == ((), ("augment", "sgan"))
    assert run.replay(looks=TWO, in_time=True).wanted == (("augment", "sgan"),)
    run.in_time("augment", "sgan", plus(11.9)[3:], first=3)
    last = run.only(looks=TWO, in_time=True)
    assert (last.verdict, last.looks, last.seeds) == ("undecided", (2, 2), 5)


def test_later_rows_in_equal_time_do_not_count_at_an_earlier_look() -> None:
    run = Run().arm("augment", BASE).arm("sgan", plus(12), elapsed_s=31.0)
    run.in_time("augment", "sgan", plus(3)[:3])
    before = run.only(looks=TWO, in_time=True)
    after = run.in_time("augment", "sgan", plus(40)[3:], first=3).only(looks=TWO, in_time=True)
    assert before == after
    assert (after.verdict, after.looks) == ("helps", (2, 1))


def test_a_near_rival_that_was_beaten_goes_on_to_be_given_the_arms_time() -> None:
    """`rotation` is 2.8 points behind at a third of the cost: with the arm's time it may yet take the lead."""
    still, small = (0.0,) * 5, (0.001, -0.001, 0.0, 0.001, -0.001)
    for elapsed_s, goes_on in ((31.0, True), (10.0, False)):
        run = Run().arm("rotation", plus(0, small), validation=0.1).arm("fixmatch", plus(2.5, still), validation=0.9)
        run.arm("sgan", plus(2.8, still), elapsed_s=elapsed_s)
        for in_time in (True, False):
            first = run.replay(1, looks=TWO, margin=0.003, in_time=in_time)
            assert first.wanted == ()
            assert ("rotation" in first.going_on) == (goes_on and in_time)
    run = Run().arm("rotation", plus(0, small), validation=0.1).arm("sgan", plus(2.8, still), elapsed_s=31.0)
    run.arm("fixmatch", [*plus(2.5, still)[:3], *plus(2.2, still)[3:]], validation=0.9)
    last = run.replay(looks=TWO, margin=0.003, in_time=True)
    assert last.wanted == (("fixmatch", "sgan"), ("rotation", "sgan"))


points = st.integers(-15, 15)
shares = st.lists(st.integers(-3, 3).map(lambda one: one / 100), min_size=5, max_size=5)
ARMS = ("augment", "mixup", "fixmatch", "synthetic-only", "sgan", "triple-gan", "gan-augment")
made_up = st.fixed_dictionaries({name: st.tuples(points, shares, st.integers(0, 9)) for name in ARMS})
plans = st.sampled_from([TWO, Looks((2, 3, 5), (0.2, 0.3, 0.5)), Looks((2, 3, 4, 5), (0.4, 0.3, 0.2, 0.1))])


def comparison(arms: dict[str, tuple[int, list[float], int]]) -> Run:
    run = Run()
    for name, (gain, wobble, validation) in arms.items():
        run.arm(name, plus(gain, wobble), validation=validation / 10)
    return run


@given(made_up, plans, st.sampled_from([0.05, 0.3]))
@settings(max_examples=15, deadline=None)
def test_a_comparison_that_stops_when_told_and_a_full_one_say_the_same(
    arms: dict[str, tuple[int, list[float], int]], looks: Looks, alpha: float
) -> None:
    """Only what was asked for is run, look by look; the rest of a full comparison must not count."""
    full, run, names = comparison(arms), Run(), list(ARMS)
    for number, count in enumerate(looks.seeds, 1):
        done = {(row["strategy"], row["seed"]) for row in run.rows}
        asked = {(name, seed) for name in names for seed in range(count)} - done
        run.rows += [row for row in full.rows if (row["strategy"], row["seed"]) in asked]
        run.correct |= {key: full.correct[key] for key in asked}
        names = list(run.replay(number, looks=looks, alpha=alpha, seeds=range(5)).going_on)
        if not names:
            break
    terms: dict[str, Any] = {"looks": looks, "alpha": alpha, "seeds": range(5)}
    assert run.replay(**terms).seeds == full.replay(**terms).seeds
    assert run.judge(**terms) == full.judge(**terms)


@given(made_up, plans, st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_the_order_of_rows_does_not_matter(
    arms: dict[str, tuple[int, list[float], int]], looks: Looks, random: Any
) -> None:
    run = comparison(arms)
    before, going_on = run.by_name(looks=looks), run.replay(1, looks=looks).going_on
    random.shuffle(run.rows)
    after = run.by_name(looks=looks)
    assert set(run.replay(1, looks=looks).going_on) == set(going_on)
    for name, found in before.items():
        assert (after[name].verdict, after[name].looks) == (found.verdict, found.looks)
        assert (after[name].p, after[name].p_corrected) == pytest.approx((found.p, found.p_corrected), rel=1e-6)


@given(made_up, plans)
@settings(max_examples=15, deadline=None)
def test_answers_and_intervals_agree_at_every_look(arms: dict[str, tuple[int, list[float], int]], looks: Looks) -> None:
    for found in comparison(arms).judge(looks=looks):
        if found.verdict == "helps":
            assert found.nearest is not None
            assert (found.nearest.ci_low or 0) > 0
        if found.verdict == "no gain worth having":
            assert found.ruled_out is not None
            assert (found.ruled_out.ci_high if found.ruled_out.ci_high is not None else 1) < found.margin
        if found.verdict == "hurts":
            assert (found.ci_high or 0) < 0
        if found.verdict == "undecided":
            assert found.looks == (len(looks.seeds), len(looks.seeds))
