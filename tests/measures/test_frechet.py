"""The Fréchet distance: by hand, against torchmetrics, under rotations, and without the bias of few samples."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchmetrics.image.fid import _compute_fid

from ganlift.measures.frechet import distance, frechet, frechet_at_infinity, moments, moments_of


def normal(n: int, d: int, seed: int) -> torch.Tensor:
    """Correlated features around a mean that is not 0."""
    rng = torch.Generator().manual_seed(seed)
    mixing = torch.randn(d, d, generator=rng, dtype=torch.float64)
    return torch.randn(n, d, generator=rng, dtype=torch.float64) @ mixing + torch.randn(d, generator=rng).double()


def test_by_hand() -> None:
    # N(0, 4) and N(3, 25) on a line: 9 + (2 − 5)² = 18
    one, other = (
        moments_of(torch.zeros(1), torch.tensor([[4.0]])),
        moments_of(torch.ones(1) * 3, torch.tensor([[25.0]])),
    )
    assert distance(one, other) == pytest.approx(18.0)
    # variances 2 and 8 (by n − 1) and means 1 and 3: 4 + (√2 − √8)² = 6
    assert frechet(torch.tensor([[0.0], [2.0]]), torch.tensor([[1.0], [5.0]])) == pytest.approx(6.0)
    # diag(1, 4) and diag(9, 16) around one mean: (1 − 3)² + (2 − 4)² = 8
    diagonal = [moments_of(torch.zeros(2), torch.diag(torch.tensor(values))) for values in ([1.0, 4.0], [9.0, 16.0])]
    assert distance(*diagonal) == pytest.approx(8.0)


@pytest.mark.parametrize(("n", "m", "d"), [(300, 200, 16), (40, 60, 96)])
def test_agrees_with_torchmetrics(n: int, m: int, d: int) -> None:
    one, other = normal(n, d, 0), normal(m, d, 1)
    theirs = _compute_fid(one.mean(0), torch.cov(one.T), other.mean(0), torch.cov(other.T))
    assert frechet(one, other) == pytest.approx(float(theirs), rel=1e-4)
    given_moments = [moments_of(side.mean(0), torch.cov(side.T)) for side in (one, other)]
    assert distance(*given_moments) == pytest.approx(float(theirs), rel=1e-4)


@settings(max_examples=20)
@given(st.integers(0, 10**6), st.integers(2, 12), st.integers(1, 8))
def test_is_symmetric_and_blind_to_rotation_shift_and_order(seed: int, n: int, d: int) -> None:
    one, other = normal(n, d, seed), normal(n + 3, d, seed + 1)
    turn = torch.linalg.qr(normal(d, d, seed + 2)).Q
    found = frechet(one, other)
    assert found == pytest.approx(frechet(other, one), rel=1e-6, abs=1e-9)
    assert found == pytest.approx(frechet(one @ turn + 7, other @ turn + 7), rel=1e-6, abs=1e-9)
    assert found == pytest.approx(frechet(one.flip(0), other), rel=1e-6, abs=1e-9)
    assert frechet(one, one) == pytest.approx(0.0, abs=1e-8)


def test_the_bias_of_few_samples_goes_away() -> None:
    rng = torch.Generator().manual_seed(0)
    one, other = (torch.randn(2000, 16, generator=rng) for _ in range(2))
    few, all_of_them = frechet(one[:200], other[:200]), frechet(one, other)
    assert few > 5 * all_of_them > 0  # the truth is 0
    found = frechet_at_infinity(one, other, np.random.default_rng(0))
    assert found is not None
    assert abs(found) < all_of_them / 3
    apart = frechet_at_infinity(one, other + 1, np.random.default_rng(0))
    assert apart == pytest.approx(16.0, rel=0.05)
    assert frechet_at_infinity(one[:50], other[:50], np.random.default_rng(0)) is None


def test_refuses_what_has_no_moments() -> None:
    with pytest.raises(ValueError, match="need features"):
        moments(torch.zeros(1, 3))
    with pytest.raises(ValueError, match="finite"):
        moments(torch.tensor([[0.0], [torch.nan]]))
