"""Mixes: what share of each image and label is kept."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ganlift.augment import cutmix, image_mixes, mixup
from ganlift.augment.draws import beta, partners

N, SIDE = 200, 20


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def flat_images() -> torch.Tensor:
    """Image i has the value i / N everywhere, so that a mix tells its two parents."""
    return (torch.arange(N) / N).view(N, 1, 1, 1).expand(N, 1, SIDE, SIDE).contiguous()


@given(st.integers(2, 50), st.integers(0, 1000))
def test_partners_are_a_permutation_without_fixed_point(n: int, seed: int) -> None:
    other = partners(n, rng(seed), torch.device("cpu"))
    assert sorted(other.tolist()) == list(range(n))
    assert (other != torch.arange(n)).all()


@pytest.mark.parametrize("alpha", [0.01, 0.4, 1.0, 5.0])
def test_beta_has_the_moments_of_the_distribution(alpha: float) -> None:
    draws = beta(20_000, alpha, rng(), torch.device("cpu"))
    assert torch.isfinite(draws).all()
    assert 0 <= draws.min() <= draws.max() <= 1
    assert draws.mean().item() == pytest.approx(0.5, abs=0.015)
    assert draws.var().item() == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.05)


def test_beta_refuses_alpha_zero() -> None:
    with pytest.raises(ValueError, match="alpha"):
        beta(1, 0.0, rng(), torch.device("cpu"))


def test_mixup_mixes_labels_as_it_mixes_images() -> None:
    x, y = flat_images(), torch.eye(N)
    mixed, labels = mixup(x, y, rng(), alpha=1.0)
    value = mixed[:, 0, 0, 0]
    torch.testing.assert_close(labels.sum(1), torch.ones(N))
    torch.testing.assert_close(labels @ (torch.arange(N) / N), value)
    assert (labels.argmax(1) == torch.arange(N)).all()  # the own image keeps the larger share
    assert labels.amax(1).min() < 0.55


def test_cutmix_labels_are_the_areas() -> None:
    x, y = flat_images(), torch.eye(N)
    mixed, labels = cutmix(x, y, rng(), alpha=1.0)
    own = (mixed == x).flatten(1).float().mean(1)
    torch.testing.assert_close(labels.diagonal(), own)
    torch.testing.assert_close(labels.sum(1), torch.ones(N))
    assert own.min() < 0.3
    assert own.max() > 0.95


def test_image_mixes_keep_a_share_of_both() -> None:
    x = torch.cat([torch.ones(N, 1, SIDE, SIDE), -torch.ones(N, 1, SIDE, SIDE)])
    mixed = image_mixes(x, rng(), cut_share=0.5, least=0.25)
    pasted = (mixed.abs() == 1).flatten(1).all(1)
    both = mixed.flatten(1).mean(1).abs() < 0.999  # pairs of one kind mix to themselves
    share = (mixed.flatten(1).mean(1) + 1) / 2
    assert both.float().mean() > 0.4
    assert share[both].min() > 0.15
    assert share[both].max() < 0.85
    assert 0.3 < (pasted & both).sum() / both.sum() < 0.7
    with pytest.raises(ValueError, match="two images"):
        image_mixes(x[:1], rng())
