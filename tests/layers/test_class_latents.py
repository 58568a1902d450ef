"""Gaussians of classes: the identity at first, the codes' own moments after, and none of low rank."""

from __future__ import annotations

import torch

from ganlift.layers.class_latents import ClassLatents


def test_before_a_fit_noise_passes_as_it_is() -> None:
    z = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(ClassLatents(3, 4)(z, torch.arange(6) % 3), z)


def test_moments_are_those_of_the_formula() -> None:
    """Class 0 has codes (0, 0) and (2, 0), class 1 has (0, 5) and (0, 7): S = diag(1, 0), diag(0, 1), Σ = I / 2."""
    layer = ClassLatents(3, 2)
    codes = torch.tensor([[0.0, 0.0], [2.0, 0.0], [0.0, 5.0], [0.0, 7.0]])
    layer.fit(codes, torch.tensor([0, 0, 1, 1]), prior=2.0)
    covariance = layer.factor @ layer.factor.transpose(1, 2)
    assert torch.allclose(layer.mean, torch.tensor([[1.0, 0.0], [0.0, 6.0], [0.5, 3.0]]))
    expected = [[0.75, 0.25], [0.25, 0.75], [0.5, 0.5]]  # (2 · 1 + 2 · 0.5) / 4 and 2 · 0.5 / 4; Σ where no code is
    for own, diagonal in zip(covariance, expected, strict=True):
        assert torch.allclose(own, torch.diag(torch.tensor(diagonal)), atol=1e-3)


def test_what_is_drawn_has_these_moments() -> None:
    layer = ClassLatents(1, 2)
    codes = torch.randn(4000, 2, generator=torch.Generator().manual_seed(1)) @ torch.tensor([[2.0, 0.0], [1.0, 0.5]])
    layer.fit(codes + 3, torch.zeros(4000, dtype=torch.int64), prior=1.0)
    noise = torch.randn(4000, 2, generator=torch.Generator().manual_seed(2))
    drawn = layer(noise, torch.zeros(4000, dtype=torch.int64))
    assert torch.allclose(drawn.mean(0), (codes + 3).mean(0), atol=0.15)
    assert torch.allclose(drawn.T.cov(), codes.T.cov(), atol=0.4)


def test_one_code_a_class_still_gives_a_spread() -> None:
    layer = ClassLatents(2, 3)
    layer.fit(torch.eye(3)[:2], torch.tensor([0, 1]), prior=5.0)
    assert torch.isfinite(layer.factor).all()
    assert layer.factor.diagonal(dim1=1, dim2=2).min() > 0
