"""Clusters matched to classes: by hand, and against all permutations."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from ganlift.measures.clusters import matched, mutual_information


def one_hot(clusters: list[int], classes: int) -> np.ndarray:
    return np.eye(classes)[clusters]


def test_names_of_clusters_do_not_matter() -> None:
    labels = np.array([0, 0, 1, 1, 2])
    found = matched(one_hot([2, 2, 0, 0, 1], 3), labels)
    assert found.argmax(1).tolist() == labels.tolist()
    assert mutual_information(found, labels) == pytest.approx(1.0)


def test_a_cluster_has_one_class_even_where_two_would_be_better() -> None:
    labels = np.array([0, 0, 0, 1, 1])
    found = matched(one_hot([0, 0, 0, 0, 0], 2), labels)
    assert (found.argmax(1) == labels).tolist() == [True, True, True, False, False]
    assert mutual_information(found, labels) == 0.0


def test_no_permutation_does_better() -> None:
    rng = np.random.default_rng(0)
    probabilities, labels = rng.dirichlet(np.ones(4), 60), rng.integers(4, size=60)
    best = max((probabilities[:, list(order)].argmax(1) == labels).mean() for order in permutations(range(4)))
    assert (matched(probabilities, labels).argmax(1) == labels).mean() == best


def test_without_images_there_is_nothing_to_match() -> None:
    assert matched(np.empty((0, 3)), np.empty(0, np.int64)).shape == (0, 3)
