"""The kernel distance: by hand, against torchmetrics, unbiased."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchmetrics.image.kid import poly_mmd

from ganlift.measures.kernel import kernel_distance


def test_by_hand() -> None:
    # d = 1: k(0, 1) = 1, k(1, 2) = 27, k(0, 2) = 1 and k(1, 1) = 8
    # pairs among {0, 1}: 1; among {1, 2}: 27; across: (1 + 1 + 8 + 27) / 4 = 9.25; 1 + 27 − 18.5
    assert kernel_distance(torch.tensor([[0.0], [1.0]]), torch.tensor([[1.0], [2.0]])) == pytest.approx(9.5)
    with pytest.raises(ValueError, match="at least 2"):
        kernel_distance(torch.zeros(1, 1), torch.zeros(2, 1))


@settings(max_examples=20)
@given(st.integers(0, 10**6), st.integers(2, 30), st.integers(1, 20))
def test_agrees_with_torchmetrics_and_is_blind_to_rotation_and_order(seed: int, n: int, d: int) -> None:
    rng = torch.Generator().manual_seed(seed)
    one, other, square = (torch.randn(rows, d, generator=rng, dtype=torch.float64) for rows in (n, n, d))
    theirs = float(poly_mmd(one, other + 1))
    assert kernel_distance(one, other + 1) == pytest.approx(theirs, rel=1e-4, abs=1e-9)
    turn = torch.linalg.qr(square).Q
    assert kernel_distance(one.flip(0) @ turn, (other + 1) @ turn) == pytest.approx(theirs, rel=1e-6, abs=1e-9)


def test_is_0_on_average_where_both_sides_are_alike() -> None:
    rng = torch.Generator().manual_seed(0)
    found = [kernel_distance(*torch.randn(2, 30, 4, generator=rng)) for _ in range(400)]
    assert abs(np.mean(found)) < 3 * np.std(found) / 20
