"""StyleGAN2's layer: modulated convolution, noise, bias, leaky ReLU (Karras et al. 2020, figure 2)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganlift.layers.equalised import GAIN, SLOPE
from ganlift.layers.modulated import ModulatedConv


class StyledConv(nn.Module):
    """Planes and styles (n, latent) to (n, outputs, side, side), with noise made of latents z (n, latent).

    Args:
        side: of the planes that come out; those that come in have half of it with ``double``.
    """

    noise: Tensor

    def __init__(self, inputs: int, outputs: int, latent: int, side: int, *, double: bool) -> None:
        super().__init__()
        come_in = side // 2 if double else side
        self.convolution = ModulatedConv(inputs, outputs, latent, come_in, gain=GAIN, double=double)
        self.strength = nn.Parameter(torch.zeros(()))
        self.bias = nn.Parameter(torch.zeros(outputs))
        # rows of length 1 on average: of a latent with mean square 1, noise with mean square 1
        self.register_buffer("noise", torch.randn(side * side, latent) / math.sqrt(latent))
        self._side = side

    def forward(self, x: Tensor, w: Tensor, z: Tensor) -> Tensor:
        noise = F.linear(z * (self.strength * GAIN), self.noise).view(-1, 1, self._side, self._side)
        x = self.convolution(x, w)
        x = x + noise.to(x.dtype) + (self.bias * GAIN)[:, None, None].to(x.dtype)
        return F.leaky_relu(x, SLOPE)
