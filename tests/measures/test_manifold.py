"""Precision, recall, density and coverage: by hand, against the formulas by brute force, across chunks."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ganlift.measures import distances
from ganlift.measures.manifold import manifold


def by_brute_force(generated: np.ndarray, real: np.ndarray, k: int) -> dict[str, float]:
    """The papers' sums, term by term."""

    def apart(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.sqrt(np.sum((a - b) ** 2)))

    def radius(points: np.ndarray, i: int) -> float:
        return sorted(apart(points[i], points[j]) for j in range(len(points)) if j != i)[k - 1]

    of_real = [radius(real, i) for i in range(len(real))]
    of_generated = [radius(generated, j) for j in range(len(generated))]
    held = [[apart(x, y) <= r for y in generated] for x, r in zip(real, of_real, strict=True)]
    holding = [[apart(x, y) <= r for y, r in zip(generated, of_generated, strict=True)] for x in real]
    return {
        "precision": float(np.mean([any(row[j] for row in held) for j in range(len(generated))])),
        "recall": float(np.mean([any(row) for row in holding])),
        "density": sum(sum(row) for row in held) / (k * len(generated)),
        "coverage": float(np.mean([any(row) for row in held])),
    }


def test_by_hand() -> None:
    # k = 1: the radii of 0, 1, 10 are 1, 1, 9; those of 2, 3, 40 are 1, 1, 37
    real, generated = (torch.tensor(values)[:, None] for values in ([0.0, 1.0, 10.0], [2.0, 3.0, 40.0]))
    found = manifold(generated, real, precision_k=1, density_k=1)
    # held: 2 (by 1 and 10), 3 (by 10); 40 by none. Generated 2 holds 1, and 40 holds 10; nothing holds 0.
    assert found == pytest.approx({"precision": 2 / 3, "recall": 2 / 3, "density": 3 / 3, "coverage": 2 / 3})


@settings(max_examples=15)
@given(st.integers(0, 10**6), st.integers(6, 14), st.integers(6, 14), st.integers(1, 4))
def test_agrees_with_brute_force(seed: int, n: int, m: int, d: int) -> None:
    rng = np.random.default_rng(seed)
    generated, real = rng.normal(size=(n, d)) * 0.7, rng.normal(size=(m, d))
    found = manifold(torch.from_numpy(generated), torch.from_numpy(real), precision_k=3, density_k=3)
    assert found == pytest.approx(by_brute_force(generated, real, 3), rel=1e-4)


@settings(max_examples=10)
@given(st.integers(0, 10**6))
def test_is_blind_to_rotation_shift_and_order_and_to_chunks(seed: int) -> None:
    rng = torch.Generator().manual_seed(seed)
    generated, real = (torch.randn(n, 5, generator=rng, dtype=torch.float64) for n in (40, 30))
    found = manifold(generated, real)
    turn = torch.linalg.qr(torch.randn(5, 5, generator=rng, dtype=torch.float64)).Q
    assert manifold(generated.flip(0) @ turn + 100, real @ turn + 100) == pytest.approx(found)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(distances, "CHUNK", 7)
        assert manifold(generated, real) == found


def test_what_collapse_and_copies_look_like() -> None:
    rng = torch.Generator().manual_seed(0)
    real = torch.randn(200, 8, generator=rng)
    collapsed = manifold(real[:1].repeat(200, 1) + 1e-4 * torch.randn(200, 8, generator=rng), real)
    assert collapsed["precision"] == 1.0
    assert max(collapsed["recall"], collapsed["coverage"]) < 0.2
    assert manifold(real, real) == pytest.approx({"precision": 1, "recall": 1, "density": 1.2, "coverage": 1}, abs=0.01)
    far = manifold(real + 100, real)
    assert set(far.values()) == {0.0}
    with pytest.raises(ValueError, match="too few points"):
        manifold(real, real[:3])
