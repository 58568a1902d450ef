"""The mean over the plane."""

from __future__ import annotations

import pytest
import torch

from ganlift.layers.pooled import means_of_planes


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("side", [1, 4, 7])
def test_means_and_gradients_are_those_of_the_plain_mean(
    dtype: torch.dtype, layout: torch.memory_format, side: int
) -> None:
    drawn = torch.randn(5, 24, side, side, generator=torch.Generator().manual_seed(0)).to(dtype)
    weights = torch.randn(5, 24, generator=torch.Generator().manual_seed(1)).to(dtype)
    found = []
    for means in (means_of_planes, lambda x: x.mean(dim=(2, 3))):
        x = drawn.clone().to(memory_format=layout).requires_grad_()
        means(x).backward(weights)
        found.append((means(x.detach()), means(x).detach(), x.grad))
    for ours, plain in zip(*found, strict=True):
        assert torch.equal(ours, plain)  # to the bit: results are those of before


def test_a_gradient_lies_as_its_planes_do() -> None:
    """Else the layer before turns it round, at several times the cost of the mean."""
    x = torch.randn(4, 16, 7, 7).to(memory_format=torch.channels_last).requires_grad_()
    seen = []
    x.register_hook(lambda gradient: seen.append(gradient.stride()))
    means_of_planes(x).sum().backward()
    assert seen == [x.stride()]
