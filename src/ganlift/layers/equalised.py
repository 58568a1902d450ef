"""Layers with an equalised learning rate (Karras et al. 2018, section 4.1): weights N(0, 1), scaled in use.

A weight w is used as w · gain / √inputs: Adam's steps, which know no scale, are then of one relative size everywhere.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SLOPE, GAIN = 0.2, math.sqrt(2.0)
"""Of the leaky ReLU, and what keeps its variance; √2 lrelu(x) = lrelu(√2 x), so the gain goes to the layer before."""


class EqualisedLinear(nn.Module):
    """(n, inputs) to (n, outputs).

    Args:
        gain: of the output, its bias included.
        rate: the learning rate's factor: weights begin at N(0, 1 / rate²) and are used times ``rate``, biases too.
        bias: what the biases are at first.
    """

    def __init__(self, inputs: int, outputs: int, gain: float = 1.0, rate: float = 1.0, bias: float = 0.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / rate)
        self.bias = nn.Parameter(torch.full((outputs,), bias / rate))
        self._weight_gain, self._bias_gain = gain * rate / math.sqrt(inputs), gain * rate

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight * self._weight_gain, self.bias * self._bias_gain)


class EqualisedConv(nn.Module):
    """(n, inputs, h, w) to (n, outputs, h', w'), padded so that without a stride the plane keeps its size.

    Args:
        size: of the kernel, odd.
        gain: of the output, its bias included.
        stride: 2 takes every second place of a plane that `ganlift.layers.fir.Fir` has made one larger.
    """

    def __init__(
        self, inputs: int, outputs: int, size: int, gain: float = 1.0, stride: int = 1, *, bias: bool = True
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, size, size))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        self._weight_gain, self._bias_gain = gain / math.sqrt(inputs * size**2), gain
        self._stride, self._padding = stride, size // 2 if stride == 1 else 0

    def forward(self, x: Tensor) -> Tensor:
        bias = None if self.bias is None else self.bias * self._bias_gain
        return F.conv2d(x, self.weight * self._weight_gain, bias, self._stride, self._padding)
