"""The interval, its p and Holm's correction: worked by hand, and what must hold for any numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ganlift.verdict.difference import LEAST_P, Parts, critical, estimate, holm, variance_parts
from ganlift.verdict.moderation import NOTHING_KNOWN, Prior

D = [np.array([1.0, 0.0, 0.0, -1.0]), np.array([1.0, 1.0, 0.0, 0.0])]

tables = st.tuples(st.integers(2, 6), st.integers(2, 40)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.sampled_from([-1.0, 0.0, 0.0, 1.0]))
)


def seeds_only(variance: float, seeds: int, overlap: float = 0.0) -> Parts:
    return Parts(seeds, variance, 0.0, 0.0, 1000.0, overlap)


def test_holm_by_hand() -> None:
    """Sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1 is 0.02, 0.03, 0.06, 0.04; a later one is never smaller."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []


def test_without_image_part_it_is_the_paired_t_test() -> None:
    """Three seeds, standard error 0.01, gain 0.02: t = 2 with 2 degrees of freedom, F(2) = 1/2 + 2 / (2 √6)."""
    parts = seeds_only(3e-4, 3)
    assert parts.reach(0.05) == pytest.approx(4.302653 * 0.01, rel=1e-6)
    assert parts.p(0.02) == pytest.approx(1 - 2 / math.sqrt(6), rel=1e-6)


def test_two_parts_keep_their_own_degrees_of_freedom() -> None:
    """t(2) is 4.3027, t(100) is 1.9840: √(4.3027² · 1e-4 + 1.9840² · 4e-4) = √(1.85128e-3 + 1.57446e-3)."""
    parts = Parts(seeds=3, seed_variance=3e-4, image_variance=0.0404, residual_variance=0.0, images=101.0)
    assert parts.reach(0.05) == pytest.approx(math.sqrt(1.85128e-3 + 1.57446e-3), rel=1e-4)


def test_variance_parts_by_hand() -> None:
    """Seed means 0 and 1/2; image means 1, 1/2, 0, -1/2 with squares 5/4, and one more over 4 + 1; rest ±1/4."""
    parts = variance_parts(D, same_images=True, overlap=0.1)
    assert parts.seed_variance == pytest.approx(0.125)
    assert parts.residual_variance == pytest.approx(0.5 / 3)
    assert parts.image_variance == pytest.approx(2.25 / 5 - 0.5 / 3 / 2)
    assert parts.least(2) == pytest.approx(2.25 / 5 / 4)
    assert (parts.seeds, parts.images, parts.overlap) == (2, 4.0, 0.1)


def test_own_test_images_have_no_common_image_part() -> None:
    """Squares about the means 2 and 1, one more over N + 1: (3/5 + 2/5) / 2."""
    parts = variance_parts(D, same_images=False)
    assert parts.image_variance == 0.0
    assert parts.residual_variance == pytest.approx(0.5)
    assert variance_parts([D[0], D[1][:2]], same_images=False).images == pytest.approx(2 / (1 / 4 + 1 / 2))


def test_what_is_known_moves_the_variance_and_adds_degrees_of_freedom() -> None:
    """The seeds' variance is 1/8 with 1 degree of freedom; with 3 more at 1/20 it is (1/8 + 3/20) / 4, with 4."""
    plain = estimate(D, same_images=True).parts
    found = estimate(D, same_images=True, known=Prior(0.05, 3.0)).parts
    assert plain is not None
    assert found is not None
    assert (plain.seed_variance, plain.freedom()) == pytest.approx((0.125, 1))
    assert (found.seed_variance, found.freedom()) == pytest.approx((0.06875, 4))
    assert found.freedom(10) == pytest.approx(12)
    assert (found.image_variance, found.residual_variance) == (plain.image_variance, plain.residual_variance)


def test_known_degrees_of_freedom_count_in_the_reach_of_the_seeds_alone() -> None:
    """Standard error 0.01 with 2 + 4 degrees of freedom: t(6) is 2.4469; the image part keeps t(100), 1.9840."""
    known = Parts(3, 3e-4, 0.0, 0.0, 1000.0, 0.0, 4.0)
    assert known.reach(0.05) == pytest.approx(2.446912 * 0.01, rel=1e-6)
    both = Parts(3, 3e-4, 0.0404, 0.0, 101.0, 0.0, 4.0)
    assert both.reach(0.05) == pytest.approx(math.sqrt(2.446912**2 * 1e-4 + 1.983972**2 * 4e-4), rel=1e-5)


def test_overlap_widens_until_the_pool_is_taken_as_given() -> None:
    """ρ = 1/4 adds 1/3 to 1/S: at three seeds the seed part doubles."""
    assert seeds_only(3e-4, 3, 0.25).of_seeds(3) == pytest.approx(2 * seeds_only(3e-4, 3).of_seeds(3))
    assert seeds_only(3e-4, 3, 1.0).of_seeds(3) == pytest.approx(1e-4)
    assert seeds_only(3e-4, 3, 0.5).of_seeds(3) == pytest.approx(3e-4 * (1 / 3 + 0.5))  # half of ρ / (1 - ρ)
    assert seeds_only(3e-4, 3, 1.0).same_pool
    assert not seeds_only(3e-4, 3, 0.25).same_pool


def test_no_overlap_is_a_cliff() -> None:
    """One labelled image more moves an interval by little, wherever it happens."""
    reach = np.array([seeds_only(3e-4, 5, overlap).reach(0.05) for overlap in np.linspace(0.0, 1.0, 1001)])
    assert np.abs(np.diff(reach)).max() < 0.02 * reach.min()


@pytest.mark.parametrize("seeds", [2, 3, 10])
def test_equal_seeds_alone_make_no_claim(seeds: int) -> None:
    """One image of 100 better in every seed: no spread over seeds, and still no effect."""
    one = np.zeros(100)
    one[7] = 1.0
    found = estimate([one] * seeds, same_images=True)
    assert found.p is not None
    assert found.p > 0.05
    assert found.low is not None
    assert found.low < 0 < found.gain


def test_nothing_differs() -> None:
    found = estimate([np.zeros(50)] * 3, same_images=True)
    assert (found.gain, found.p) == (0.0, 1.0)
    assert found.high is not None
    assert 0 < found.high < 0.05


def test_an_overwhelming_gain_has_the_least_p() -> None:
    found = estimate([np.ones(5000), np.ones(5000), np.ones(5000)], same_images=True)
    assert found.p == LEAST_P


def test_one_seed_has_no_interval() -> None:
    found = estimate([D[1]], same_images=True)
    assert (found.gain, found.low, found.high, found.p, found.parts) == (0.5, None, None, None, None)


@given(tables, st.booleans(), st.sampled_from([0.0, 0.2, 1.0]))
@settings(max_examples=60, deadline=None)
def test_swapping_the_arms_mirrors_the_estimate(table: np.ndarray, same: bool, overlap: float) -> None:
    one = estimate(list(table), same_images=same, overlap=overlap)
    other = estimate(list(-table), same_images=same, overlap=overlap)
    assert other.gain == pytest.approx(-one.gain)
    assert other.low == pytest.approx(-(one.high or 0.0))
    assert other.p == pytest.approx(one.p)


@given(tables, st.booleans(), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_order_of_seeds_and_images_does_not_matter(table: np.ndarray, same: bool, random: object) -> None:
    rng = np.random.default_rng(random.randint(0, 99))  # type: ignore[attr-defined]
    mixed = rng.permutation(rng.permutation(table, axis=0), axis=1)
    one, other = (estimate(list(which), same_images=same) for which in (table, mixed))
    assert (one.gain, one.low, one.p) == pytest.approx((other.gain, other.low, other.p))


priors = st.sampled_from([NOTHING_KNOWN, Prior(1e-4, 4.0), Prior(0.1, 0.5)])


@given(tables, st.booleans(), st.sampled_from([0.01, 0.05, 0.3]), priors)
@settings(max_examples=100, deadline=None)
def test_p_and_interval_agree(table: np.ndarray, same: bool, alpha: float, known: Prior) -> None:
    found = estimate(list(table), same_images=same, alpha=alpha, known=known)
    assert found.low is not None
    assert found.high is not None
    assert found.p is not None
    if abs(found.p - alpha) > 1e-6:
        assert (found.p < alpha) == (found.low > 0 or found.high < 0)


@given(st.lists(st.floats(0, 1), max_size=8))
def test_correction_never_lowers_p_and_keeps_the_order(p: list[float]) -> None:
    corrected = holm(p)
    assert all(first <= second <= 1 for first, second in zip(p, corrected, strict=True))
    order = sorted(range(len(p)), key=lambda index: p[index])
    assert [corrected[index] for index in order] == sorted(corrected)


def test_critical_value() -> None:
    assert critical(0.05, 4) == pytest.approx(2.776445, rel=1e-6)


def test_weighted_halves_by_hand() -> None:
    """Weights 1/2 (three times) and 5/2, mean square 7/4: the rare image alone differs, and wins in both seeds."""
    weights = np.array([0.5, 0.5, 0.5, 2.5])
    one = np.array([0.0, 0.0, 0.0, 1.0])
    found = estimate([one, one], same_images=True, weights=[weights, weights])
    assert found.gain == pytest.approx(2.5 / 4)
    assert found.parts is not None
    # deviations 2.5 · (-1/4, -1/4, -1/4, 3/4), squares 6.25 · 3/4
    assert found.parts.least(2) == pytest.approx((6.25 * 0.75 + 1.75) / 5 / 4)
    own = estimate([one, one], same_images=False, weights=[weights, weights])
    assert own.parts is not None
    assert own.parts.residual_variance == pytest.approx((6.25 * 0.75 + 1.75) / 5)


def test_equal_weights_change_nothing() -> None:
    plain, weighted = (estimate(D, same_images=True, weights=one) for one in (None, [np.ones(4), np.ones(4)]))
    assert plain == weighted
