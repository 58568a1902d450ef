"""The blocks of R3GAN (Huang et al. 2024, section 4): grouped residual blocks without norms, smooth resampling."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

SLOPE = 0.2
GAIN = math.sqrt(2.0 / (1.0 + SLOPE**2))
"""Keeps the variance through a leaky ReLU (He et al. 2015)."""
EXPANSION = 2
GROUP = 16
"""Channels a group of the 3 × 3 convolution, as in the authors' settings."""


def scaled(layer: nn.Conv2d | nn.Linear, gain: float = 1.0) -> nn.Module:
    """``layer`` with weights N(0, gain² / inputs) and biases 0."""
    with torch.no_grad():
        layer.weight.normal_(0.0, gain / math.sqrt(layer.weight[0].numel()))
        if layer.bias is not None:
            layer.bias.zero_()
    return layer


class GroupedBlock(nn.Module):
    """x + W₃ a(W₂ a(W₁ x)) on planes (n, width, h, w): 1 × 1 to twice the width, 3 × 3 in groups, 1 × 1 back.

    Fix-up initialisation (Zhang et al. 2019): W₃ is 0 at first, W₁ and W₂ are scaled by depth^(-1/4).

    Args:
        depth: residual blocks in the network.
    """

    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        inner, gain = width * EXPANSION, GAIN * depth**-0.25
        groups = math.gcd(inner, max(1, inner // GROUP))
        self.body = nn.Sequential(
            scaled(nn.Conv2d(width, inner, 1), gain),
            nn.LeakyReLU(SLOPE, inplace=True),
            scaled(nn.Conv2d(inner, inner, 3, padding=1, groups=groups), gain),
            nn.LeakyReLU(SLOPE, inplace=True),
            scaled(nn.Conv2d(inner, width, 1, bias=False), 0.0),
        )

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.body(x)
        return out


class Resample(nn.Module):
    """Planes (n, c, side, side) to half the side, or to twice, through the filter (1, 3, 3, 1); beyond the edge is 0.

    As two small matrix products, which are differentiated twice at little cost; a convolution with one kernel a
    channel is many times as slow on a processor.
    """

    matrix: Tensor

    def __init__(self, side: int, *, up: bool) -> None:
        super().__init__()
        long = 2 * side if up else side
        halving = torch.zeros(long // 2, long + 2)
        for row in range(long // 2):
            halving[row, 2 * row : 2 * row + 4] = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
        halving = halving[:, 1:-1]
        self.register_buffer("matrix", 2 * halving.T.contiguous() if up else halving.contiguous(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.matrix @ (x @ self.matrix.T)
