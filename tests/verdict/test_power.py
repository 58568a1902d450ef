"""Power, smallest detectable gain and seeds to find one, against the noncentral t and against their definitions."""

from __future__ import annotations

import pytest
from scipy import stats

from ganlift.verdict.difference import Parts
from ganlift.verdict.power import images_forbid, power, seeds_to_find, smallest_detectable


def parts(seeds: int = 5, image_variance: float = 0.0, overlap: float = 0.0, prior_freedom: float = 0.0) -> Parts:
    """Seed standard deviation 1 point; noise of images far below it."""
    return Parts(seeds, 1e-4, image_variance, 1e-6, 2000.0, overlap, prior_freedom)


@pytest.mark.parametrize("seeds", [3, 5, 10, 20])
@pytest.mark.parametrize("alpha", [0.05, 0.0125])
@pytest.mark.parametrize("known", [0.0, 4.0])
def test_power_is_that_of_the_t_test(seeds: int, alpha: float, known: float) -> None:
    freedom = seeds - 1 + known
    shift, limit = seeds**0.5, stats.t.isf(alpha / 2, freedom)
    expected = stats.nct.sf(limit, freedom, shift) + stats.nct.cdf(-limit, freedom, shift)
    assert power(0.01, parts(seeds, prior_freedom=known), alpha) == pytest.approx(expected, abs=0.005)
    assert power(0.01, parts(7, prior_freedom=known), alpha, seeds) == pytest.approx(expected, abs=0.005)


def test_a_gain_and_a_loss_are_found_as_often() -> None:
    assert power(-0.01, parts(), 0.05) == pytest.approx(power(0.01, parts(), 0.05))


def test_nothing_is_found_at_the_rate_of_errors() -> None:
    assert power(0.0, parts(), 0.05) == pytest.approx(0.05, abs=0.003)


def test_smallest_detectable_is_found_in_four_of_five() -> None:
    found = smallest_detectable(parts(), 0.05)
    assert found == pytest.approx(0.0168, abs=1e-4)
    assert power(found or 0.0, parts(), 0.05) == pytest.approx(0.8, abs=1e-3)
    assert smallest_detectable(Parts(2, 0.01, 0.0, 1e-6, 2000.0), 0.0125) is None


def test_more_images_do_not_hurt() -> None:
    few, many = (Parts(5, 1e-4, 0.1, 0.1, images, 0.0) for images in (500.0, 5000.0))
    assert (smallest_detectable(few, 0.05) or 1) > (smallest_detectable(many, 0.05) or 1)


def test_what_other_arms_tell_saves_seeds() -> None:
    plain, known = (seeds_to_find(0.015, parts(prior_freedom=freedom), 0.05) for freedom in (0.0, 4.0))
    assert (known or 1000) < (plain or 0)


@pytest.mark.parametrize("gain", [0.004, -0.004, 0.03])
def test_seeds_to_find_is_the_first_that_does(gain: float) -> None:
    seeds = seeds_to_find(gain, parts(), 0.05)
    assert seeds is not None
    assert seeds > 2
    assert power(gain, parts(), 0.05, seeds) >= 0.8 > power(gain, parts(), 0.05, seeds - 1)


@pytest.mark.parametrize(("gain", "seeds"), [(0.004, 52), (0.005, 34), (0.01, 10)])
def test_seeds_to_find_are_those_of_published_tables(gain: float, seeds: int) -> None:
    """A paired t-test, two-sided at 5 %, 80 % power: effects of 0.4, 0.5 and 1 standard deviation."""
    assert seeds_to_find(gain, parts(), 0.05) == seeds


def test_what_no_number_of_seeds_finds() -> None:
    assert seeds_to_find(0.0, parts(), 0.05) is None
    wide = parts(image_variance=0.2)  # (1.961 + 0.842) √(0.2 / 2000) is 2.80 points
    assert seeds_to_find(0.027, wide, 0.05) is None
    assert images_forbid(0.027, wide, 0.05)
    assert images_forbid(-0.027, wide, 0.05)
    assert not images_forbid(0.029, wide, 0.05)
    assert seeds_to_find(0.029, wide, 0.05) is not None
    assert seeds_to_find(0.004, parts(overlap=0.3), 0.05) is None
    assert not images_forbid(0.004, parts(overlap=0.3), 0.05)
