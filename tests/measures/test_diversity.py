"""Diversity of samples relative to real images."""

from __future__ import annotations

import pytest
import torch

from ganlift.measures.diversity import diversity, mean_distance


def test_mean_distance_by_hand() -> None:
    # a 3-4-5 triangle: (3 + 4 + 5) / 3
    assert mean_distance(torch.tensor([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]])) == pytest.approx(4.0)
    assert mean_distance(torch.zeros(1, 2)) is None


def test_ratio_for_each_class() -> None:
    real = torch.tensor([[0.0], [2.0], [0.0], [4.0], [0.0]])
    real_labels = torch.tensor([0, 0, 1, 1, 2])
    samples = torch.tensor([[0.0], [1.0], [7.0], [7.0], [1.0], [2.0]])
    sample_labels = torch.tensor([0, 0, 1, 1, 2, 2])
    # class 0 half as wide, class 1 collapsed, class 2 has one real image, class 3 none
    assert diversity(samples, sample_labels, real, real_labels, classes=4) == [0.5, 0.0, None, None]


def test_identical_real_images_give_no_ratio() -> None:
    same = torch.ones(3, 1, 2, 2)
    labels = torch.zeros(3, dtype=torch.int64)
    assert diversity(torch.randn(3, 1, 2, 2), labels, same, labels, classes=1) == [None]


def test_same_distribution_is_near_one() -> None:
    rng = torch.Generator().manual_seed(0)
    a, b = torch.randn((2, 300, 3, 8, 8), generator=rng)
    labels = torch.zeros(300, dtype=torch.int64)
    assert diversity(a, labels, b, labels, classes=1)[0] == pytest.approx(1.0, abs=0.02)
