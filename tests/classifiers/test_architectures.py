"""What is particular to one architecture."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from ganlift.classifiers.base import classifiers
from ganlift.classifiers.resnet32 import PlainShortcutBlock
from ganlift.classifiers.small_cnn import SmallCNN, first_stride
from ganlift.classifiers.wide_resnet import WideResNet


@pytest.mark.parametrize(
    ("name", "millions"), [("small-cnn", 0.073), ("resnet18", 11.17), ("resnet32", 0.464), ("wide-resnet", 1.47)]
)
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


def test_resnet32_has_32_layers_and_shortcuts_without_weights() -> None:
    model = classifiers.get("resnet32").build(3, 32, 10, 0.0)
    assert sum(isinstance(layer, nn.Conv2d | nn.Linear) for layer in model.modules()) == 32
    block = PlainShortcutBlock(2, 6, stride=2).eval()
    nn.init.zeros_(block.body[4].weight)  # the body adds nothing: what comes out is the shortcut
    x = torch.rand(1, 2, 4, 4)
    with torch.no_grad():
        out = block(x)
    assert torch.equal(out[:, 2:4], x[:, :, ::2, ::2])
    assert not out[:, [0, 1, 4, 5]].any()


def test_wide_resnet_refuses_a_depth_that_is_none() -> None:
    assert WideResNet(3, 32, 10, 0.0, depth=10, widen=1).feature_size == 64
    with pytest.raises(ValueError, match="6 n"):
        WideResNet(3, 32, 10, 0.0, depth=12)
