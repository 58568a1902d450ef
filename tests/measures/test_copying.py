"""The data-copying test: by hand, and on generators that copy, do not copy, and miss."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import mannwhitneyu

from ganlift.measures.copying import copying, z_score


def test_z_by_hand() -> None:
    # of 2 × 3 pairs the generated one is larger in one, and one is a tie: U = 1.5; (1.5 − 3) / √(6 · 6 / 12)
    assert z_score(np.array([1.0, 3.0]), np.array([2.0, 3.0, 4.0])) == pytest.approx(-1.5 / 3**0.5)


def test_z_is_that_of_scipy() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=40), rng.normal(size=30) + 0.2
    z = z_score(one, other)
    theirs = mannwhitneyu(one, other, method="asymptotic", use_continuity=False, alternative="less")
    assert z == pytest.approx((theirs.statistic - 600) / (40 * 30 * 71 / 12) ** 0.5)


def test_flags_copies_and_nothing_else() -> None:
    rng = torch.Generator().manual_seed(0)
    training, held_out, fresh = torch.randn(3, 500, 10, generator=rng)
    numbers = np.random.default_rng(0)
    copies = copying(training, held_out, training + 0.01 * fresh, numbers)
    half = copying(training, held_out, torch.cat([training[:250], fresh[:250]]), numbers)
    honest = copying(training, held_out, fresh, numbers)
    far = copying(training, held_out, 3 * fresh, numbers)
    assert None not in (copies, half, honest, far)
    assert (copies.statistic < -5, copies.near) == (True, 1.0)
    assert half.statistic < -3
    assert half.p < 1e-6
    assert abs(honest.statistic) < 2
    assert 0.001 < honest.p < 0.999
    assert honest.near == pytest.approx(0.05, abs=0.04)
    assert far.statistic > 5
    assert far.near < 0.05
    assert copies.cells >= 5


def test_few_images_are_one_cell_or_none() -> None:
    points = torch.randn(60, 3, generator=torch.Generator().manual_seed(0))
    found = copying(points[:20], points[20:40], points[40:], np.random.default_rng(0))
    assert found is not None
    assert found.cells == 1
    assert copying(points[:20], points[20:30], points[40:], np.random.default_rng(0)) is None
