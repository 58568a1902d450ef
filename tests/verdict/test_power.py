"""Power, smallest detectable gain and seeds to settle, against the noncentral t and against their definitions."""

from __future__ import annotations

import pytest
from scipy import stats

from ganlift.verdict.difference import Parts
from ganlift.verdict.power import images_forbid, power, seeds_to_settle, smallest_detectable


def parts(seeds: int = 5, image_variance: float = 0.0, overlap: float = 0.0) -> Parts:
    """Seed standard deviation 1 point; noise of images far below it."""
    return Parts(seeds, 1e-4, image_variance, 1e-6, 2000.0, overlap)


@pytest.mark.parametrize("seeds", [3, 5, 10, 20])
@pytest.mark.parametrize("alpha", [0.05, 0.0125])
def test_power_is_that_of_the_t_test(seeds: int, alpha: float) -> None:
    shift, limit = seeds**0.5, stats.t.isf(alpha / 2, seeds - 1)
    expected = stats.nct.sf(limit, seeds - 1, shift) + stats.nct.cdf(-limit, seeds - 1, shift)
    assert power(0.01, parts(seeds), alpha) == pytest.approx(expected, abs=0.005)


def test_smallest_detectable_is_found_in_four_of_five() -> None:
    found = smallest_detectable(parts(), 0.05)
    assert found == pytest.approx(0.0168, abs=1e-4)
    assert power(found or 0.0, parts(), 0.05) == pytest.approx(0.8, abs=1e-3)
    assert smallest_detectable(Parts(2, 0.01, 0.0, 1e-6, 2000.0), 0.0125) is None


def test_more_images_do_not_hurt() -> None:
    few, many = (Parts(5, 1e-4, 0.1, 0.1, images, 0.0) for images in (500.0, 5000.0))
    assert (smallest_detectable(few, 0.05) or 1) > (smallest_detectable(many, 0.05) or 1)


@pytest.mark.parametrize("gain", [0.004, -0.004, 0.02])
def test_seeds_to_settle_is_the_first_that_does(gain: float) -> None:
    seeds = seeds_to_settle(gain, parts(), 0.05)
    assert seeds is not None
    assert parts().reach(0.05, seeds) < abs(gain)
    assert seeds == 2 or parts().reach(0.05, seeds - 1) >= abs(gain)


def test_by_hand_twenty_seven_seeds() -> None:
    """t(26)/√27 is 0.3956 and t(25)/√26 is 0.4039: a gain of 0.4 standard deviations takes 27 seeds."""
    assert seeds_to_settle(0.004, parts(), 0.05) == 27


def test_what_no_number_of_seeds_settles() -> None:
    assert seeds_to_settle(0.0, parts(), 0.05) is None
    wide = parts(image_variance=0.2)  # 1.96 √(0.2 / 2000) is 2 points
    assert seeds_to_settle(0.015, wide, 0.05) is None
    assert images_forbid(0.015, wide, 0.05)
    assert not images_forbid(0.025, wide, 0.05)
    assert seeds_to_settle(0.004, parts(overlap=0.3), 0.05) is None
    assert not images_forbid(0.004, parts(overlap=0.3), 0.05)
