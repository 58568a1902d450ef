"""`gda`: what its discriminant is, worked by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ganlift.api import compare
from ganlift.strategies.gda import discriminant


def test_two_classes_of_one_spread_are_told_apart_along_the_line_between_their_means() -> None:
    x = np.array([[-2.0, 0.0], [-2.0, 2.0], [2.0, 0.0], [2.0, 2.0]])
    weights, bias = discriminant(x, np.eye(2)[[0, 0, 1, 1]], np.ones(4))
    scores = np.array([[-1.0, 5.0], [1.0, -5.0], [0.0, 1.0]]) @ weights.T + bias
    assert scores[:2].argmax(1).tolist() == [0, 1]
    assert np.isclose(scores[2, 0], scores[2, 1])


def test_one_vector_a_class_says_nothing_of_a_spread() -> None:
    """The nearest mean: μ_kᵀ x − ‖μ_k‖² / 2."""
    x = np.array([[0.0, 2.0], [3.0, 0.0]])
    weights, bias = discriminant(x, np.eye(2), np.ones(2))
    assert weights.tolist() == x.tolist()
    assert bias.tolist() == [-2.0, -4.5]


def test_one_label_a_class_of_rows_is_enough(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    y = np.arange(90) % 3
    np.savez(tmp_path / "rows.npz", x=rng.normal(size=(90, 5)) + 4 * np.eye(5)[y], y=y)
    found = compare(
        tmp_path / "rows.npz", labels_per_class=1, strategies="gda", seeds=1, budget=10, jobs=1, out=tmp_path / "run"
    )
    assert found.rows[0]["test_accuracy"] > 0.7
