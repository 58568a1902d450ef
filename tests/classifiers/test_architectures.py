"""What is particular to one architecture."""

from __future__ import annotations

import pytest
import torch

from ganlift.classifiers.base import classifiers
from ganlift.classifiers.small_cnn import SmallCNN, first_stride
from ganlift.classifiers.wide_resnet import WideResNet


@pytest.mark.parametrize(("name", "millions"), [("small-cnn", 0.073), ("resnet18", 11.17), ("wide-resnet", 1.47)])
def test_sizes_are_the_published_ones(name: str, millions: float) -> None:
    model = classifiers.get(name).build(3, 32, 10, 0.0)
    assert sum(p.numel() for p in model.parameters()) / 1e6 == pytest.approx(millions, rel=0.01)


@pytest.mark.parametrize(
    ("channels", "size", "stride"), [(1, 28, 2), (3, 32, 1), (3, 48, 2), (1, 64, 2), (1, 8, 1), (3, 28, 1)]
)
def test_the_first_stride_of_small_cnn(channels: int, size: int, stride: int) -> None:
    assert first_stride(channels, size) == stride
    plane = SmallCNN(channels, size, 2, 0.0).eval().body(torch.zeros(1, channels, size, size))
    assert plane.shape[2] == -(-size // (4 * stride))


def test_wide_resnet_refuses_a_depth_that_is_none() -> None:
    assert WideResNet(3, 32, 10, 0.0, depth=10, widen=1).feature_size == 64
    with pytest.raises(ValueError, match="6 n"):
        WideResNet(3, 32, 10, 0.0, depth=12)
