"""What other arms tell about the spread of a difference: worked by hand, and what must hold for any scores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from ganlift.verdict.moderation import CHANCE, MOST, NOTHING_KNOWN, Prior, prior

from .conftest import BASE, Run, plus

LOUD = (0.02, -0.02, 0.01, -0.01, 0.0)

scores = st.tuples(st.integers(3, 7), st.integers(2, 8)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.integers(0, 100).map(lambda points: points / 100))
)


def test_prior_by_hand() -> None:
    """From seed to seed the arms move by 2, 0 and 6 points.

    The contrast of the third with the mean of the other two is orthogonal to their difference: it moves by
    (2 + 0 - 12) / √6, with squares about its mean of half of 100 / 6, and a difference has twice a contrast's
    variance: 16.67 squared points. The difference itself, 2 points, has 2.
    """
    table = np.array([[0.70, 0.72], [0.60, 0.60], [0.50, 0.56]])
    found = prior(table, 0, 1)
    assert found.variance == pytest.approx(1e-4 * 100 / 6)
    assert found.freedom == 1.0  # as many as the two seeds have themselves


def test_freedom_falls_with_the_square_of_the_excess() -> None:
    """The second less the third moves by 6 points, variance 18; what is left is (0 + 6 - 4)² / 6 = 2/3: 27 times it."""
    table = np.array([[0.70, 0.72], [0.60, 0.60], [0.50, 0.56]])
    found = prior(table, 1, 2)
    assert found.variance == pytest.approx(1e-4 * 2 / 3)
    assert found.freedom == pytest.approx(1 / 27**2)


def test_two_arms_or_one_seed_tell_nothing() -> None:
    assert prior(np.array([[0.7, 0.8, 0.6], [0.5, 0.7, 0.6]]), 0, 1) == NOTHING_KNOWN
    assert prior(np.array([[0.7], [0.8], [0.6]]), 0, 1) == NOTHING_KNOWN


def test_arms_that_agree_in_every_seed_tell_nothing() -> None:
    table = np.array([[0.70, 0.72, 0.68], [0.60, 0.58, 0.62], [0.65, 0.65, 0.65], [0.40, 0.40, 0.40]])
    assert prior(table, 0, 1) == NOTHING_KNOWN


def moved_by(seeds: int, spread: float) -> np.ndarray:
    """Alternating, with the standard deviation ``spread``."""
    steps = np.resize([1.0, -1.0], seeds)
    return spread * steps / steps.std(ddof=1)


@pytest.mark.parametrize(("seeds", "freedom"), [(2, 1), (3, 2), (4, 3), (5, 4), (6, 4), (20, 4)])
def test_at_most_four_degrees_of_freedom_and_no_more_than_the_seeds_have(seeds: int, freedom: int) -> None:
    """However many the other arms are, and all somewhat louder than the two."""
    table = np.random.default_rng(seeds).normal(0.7, 0.02, (30, seeds))
    table[1] = table[0] + moved_by(seeds, 0.026)
    assert prior(table, 0, 1).freedom == freedom <= MOST


def test_arms_that_are_louder_than_chance_allows_tell_nothing_of_two_quiet_ones() -> None:
    """With 10 seeds a variance falls below 0.598 of the true one once in five (χ², 9 degrees of freedom: 5.380 / 9)."""
    table = np.random.default_rng(0).normal(0.7, 0.1, (12, 10))
    table[1] = table[0] + moved_by(10, 0.01)
    found = prior(table, 0, 1)
    assert found.freedom == pytest.approx(4 / (5.380 / 9 * found.variance / 0.01**2) ** 2, rel=1e-3)
    assert found.freedom < 0.05


def test_moderation_is_a_mean_weighted_by_degrees_of_freedom() -> None:
    assert Prior(3.0, 4.0).moderate(6.0, 2.0) == pytest.approx((4 * 3 + 2 * 6) / 6)
    assert NOTHING_KNOWN.moderate(6.0, 2.0) == 6.0


@given(scores, st.integers(0, 7), st.floats(0.005, 0.2))
def test_the_pairs_own_difference_does_not_enter_the_prior_variance(table: np.ndarray, at: int, x: float) -> None:
    """Only the degrees of freedom may follow it, down as it leaves what the others show, by more than chance below."""
    before = prior(table, 0, 1)
    assume(before.variance > 1e-8)
    seed = at % table.shape[1]
    moved = table.copy()
    moved[0, seed] += x
    moved[1, seed] -= x
    after = prior(moved, 0, 1)
    assert after.variance == pytest.approx(before.variance, rel=1e-6)
    most = min(MOST, table.shape[1] - 1)
    own = float((moved[0] - moved[1]).var(ddof=1))
    lowest = stats.chi2.ppf(CHANCE, table.shape[1] - 1) / (table.shape[1] - 1)
    excess = max(1.0, own / before.variance, lowest * before.variance / max(own, 1e-12))
    assert after.freedom == pytest.approx(most / excess**2, rel=1e-5)


@given(scores, st.integers(0, 7), st.integers(0, 7), st.floats(-0.2, 0.2))
def test_a_hard_seed_and_a_better_arm_tell_nothing_of_the_spread(
    table: np.ndarray, seed: int, arm: int, shift: float
) -> None:
    before = prior(table, 0, 1)
    assume(before.variance > 1e-8)
    moved = table.copy()
    moved[:, seed % table.shape[1]] += shift
    moved[arm % len(table)] += shift
    after = prior(moved, 1, 0)
    assert (after.variance, after.freedom) == pytest.approx((before.variance, before.freedom), rel=1e-5)


def noisy() -> Run:
    return Run().arm("augment", BASE).arm("gan-augment", plus(1, LOUD))


def test_quiet_other_arms_shrink_the_interval() -> None:
    """Two rivals that the arm is not measured against, and that move with the baseline but for half a point."""
    (alone,) = noisy().judge()
    run = noisy().arm("rotation", plus(2, (0.005, 0.01, -0.01, -0.005, 0.0)))
    run.arm("fixmatch", plus(2, (-0.01, 0.0, 0.01, -0.01, 0.01)))
    (among,) = run.judge()
    assert (among.gain, among.rivals) == (alone.gain, alone.rivals)
    assert (among.ci_high or 0) - (among.ci_low or 0) < 0.9 * ((alone.ci_high or 0) - (alone.ci_low or 0))


def test_the_interval_is_that_of_the_moderated_variance() -> None:
    wobble = (0.01, -0.005, 0.0, -0.01, 0.005)
    run = noisy().arm("rotation", plus(2, wobble))
    chosen = run.replay().standings["gan-augment"].chosen
    assert chosen is not None
    assert chosen.estimate is not None
    parts = chosen.estimate.parts
    assert parts is not None
    table = np.array([plus(1, LOUD), BASE, plus(2, wobble)])
    known = prior(table, 0, 1)
    assert 0 < known.freedom < 4
    assert parts.prior_freedom == pytest.approx(known.freedom)
    own = float((table[0] - table[1]).var(ddof=1))
    assert parts.seed_variance == pytest.approx((known.freedom * known.variance + 4 * own) / (known.freedom + 4))


def test_controls_tell_nothing() -> None:
    (before,) = noisy().judge()
    (after,) = noisy().arm("synthetic-only", plus(2, (0.01, 0.0, -0.01, 0.0, 0.0))).judge()
    assert after == before


def test_an_arm_that_missed_a_seed_tells_nothing() -> None:
    (before,) = noisy().judge()
    run = noisy().arm("rotation", plus(2, (0.01, -0.005, 0.0, -0.01, 0.005))[:4]).failed("rotation", 4)
    (after,) = run.judge()
    assert after == before
