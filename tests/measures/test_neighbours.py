"""Nearest real images, by hand, with copies among them, and across chunks."""

from __future__ import annotations

import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.neighbors import NearestNeighbors

from ganlift.measures import neighbours as module
from ganlift.measures.neighbours import neighbours


def test_by_hand() -> None:
    real = torch.tensor([[0.0, 0.0], [3.0, 4.0], [10.0, 0.0]])
    found = neighbours(torch.tensor([[0.0, 1.0], [10.0, 0.0]]), real, k=2)
    assert found.index[:, 0].tolist() == [0, 2]
    assert found.distance[:, 0].tolist() == [1.0, 0.0]
    assert found.real_to_real.tolist() == pytest.approx([5.0, 5.0, 65**0.5])
    assert found.facts()["generated_to_real"] == [1.0, 0.0]


def test_agrees_with_scikit_learn_across_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK", 37)
    digits = torch.from_numpy(load_digits().data).float()
    generated, real = digits[:100], digits[100:400]
    found = neighbours(generated, real, k=3)
    distance, _ = NearestNeighbors(n_neighbors=3).fit(real.numpy()).kneighbors(generated.numpy())
    torch.testing.assert_close(found.distance.double(), torch.from_numpy(distance).double(), rtol=1e-4, atol=1e-3)
    among, _ = NearestNeighbors(n_neighbors=2).fit(real.numpy()).kneighbors(real.numpy())
    torch.testing.assert_close(
        found.real_to_real.double(), torch.from_numpy(among[:, 1]).double(), rtol=1e-4, atol=1e-3
    )


def test_an_exact_copy_has_distance_zero_however_large_the_values() -> None:
    real = torch.randn(50, 64, generator=torch.Generator().manual_seed(0)) + 1e3
    found = neighbours(real[7:8].clone(), real)
    assert (found.index[0, 0].item(), found.distance[0, 0].item()) == (7, 0.0)


def test_more_neighbours_than_real_images_and_too_few() -> None:
    assert neighbours(torch.zeros(1, 2), torch.ones(3, 2), k=9).index.shape == (1, 3)
    with pytest.raises(ValueError, match="at least 2"):
        neighbours(torch.zeros(1, 2), torch.zeros(1, 2))
    with pytest.raises(ValueError, match="width"):
        neighbours(torch.zeros(1, 3), torch.zeros(4, 2))
