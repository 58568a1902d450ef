"""Calibrated distributions: means and covariances by hand, and what an arm makes of clusters."""

from __future__ import annotations

import numpy as np
import pytest

from ganlift.strategies.distribution_calibration import Clusters, calibrated, clusters_of

NEAR = Clusters(
    np.array([[0.0, 0.0], [2.0, 0.0], [50.0, 50.0]], np.float32),
    [np.array([[1.0, 0.0]], np.float32), np.array([[0.0, 2.0]], np.float32), np.full((1, 2), 9.0, np.float32)],
)
"""Covariances diag(1, 0), diag(0, 4), and one far away."""


def test_a_calibrated_distribution_is_that_of_equation_6() -> None:
    x = np.array([1.0, 3.0], np.float32)
    drawn = calibrated(x, NEAR, 40_000, nearest=2, dispersion=0.5, rng=np.random.default_rng(0))
    assert drawn.mean(0) == pytest.approx([1.0, 1.0], abs=0.03)  # ((0, 0) + (2, 0) + (1, 3)) / 3
    # (diag(1, 0) + diag(0, 4)) / 2, and 0.5 in every entry
    assert np.cov(drawn.T) == pytest.approx(np.array([[1.0, 0.5], [0.5, 2.5]]), abs=0.06)


def test_more_neighbours_than_clusters_are_all_of_them() -> None:
    drawn = calibrated(np.zeros(2, np.float32), NEAR, 20_000, nearest=9, dispersion=0.0, rng=np.random.default_rng(0))
    assert drawn.mean(0) == pytest.approx([13.0, 12.5], abs=0.2)  # (0 + 2 + 50 + 0) / 4, (0 + 0 + 50 + 0) / 4


def test_a_root_times_itself_is_the_covariance() -> None:
    u = np.random.default_rng(0).normal([[0, 0, 0]] * 30 + [[40, 0, 0]] * 20, [1, 2, 3]).astype(np.float32)
    found = clusters_of(u, 2, seed=3)
    order = np.argsort(found.means[:, 0])
    for one, part in zip(order, (u[:30], u[30:]), strict=True):
        assert found.means[one] == pytest.approx(part.mean(0), abs=1e-5)
        assert found.roots[one].T @ found.roots[one] == pytest.approx(np.cov(part.T), abs=1e-3)


def test_a_cluster_of_one_has_no_spread() -> None:
    found = clusters_of(np.array([[0.0, 1.0], [9.0, 9.0]], np.float32), 2, seed=0)
    assert all(not root.any() for root in found.roots)
