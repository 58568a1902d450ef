"""Class-conditional BatchNorm."""

from __future__ import annotations

import torch
from torch import nn

from ganlift.layers.conditional_norm import ConditionalBatchNorm


def test_each_class_has_its_own_scale_and_shift() -> None:
    layer = ConditionalBatchNorm(2, classes=3)
    with torch.no_grad():
        layer.scale[1], layer.shift[1] = torch.tensor([2.0, 3.0]), torch.tensor([10.0, 20.0])
    x = torch.randn(4, 2, 5, 5, generator=torch.Generator().manual_seed(0))
    out = layer(x, torch.tensor([0, 1, 0, 1]))
    plain = nn.BatchNorm2d(2, affine=False)(x)
    torch.testing.assert_close(out[0::2], plain[0::2])
    scale, shift = torch.tensor([2.0, 3.0])[:, None, None], torch.tensor([10.0, 20.0])[:, None, None]
    torch.testing.assert_close(out[1::2], plain[1::2] * scale + shift)


def test_without_classes_it_is_batchnorm_whatever_the_labels() -> None:
    layer = ConditionalBatchNorm(2, classes=0)
    x = torch.randn(4, 2, 5, 5, generator=torch.Generator().manual_seed(0))
    out = layer(x, torch.tensor([-1, 0, 5, 9]))
    torch.testing.assert_close(out, nn.BatchNorm2d(2)(x))
