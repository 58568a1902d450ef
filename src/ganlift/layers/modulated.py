"""Modulated convolution (Karras et al. 2020, section 2.2): a style scales a convolution's inputs, image by image.

w'_oik = s_i w_oik and w''_oik = w'_oik / √(Σ_ik w'_oik² + ε). As a scale s_i of what comes in and 1 / √... of what goes
out: the same numbers as one convolution a sample with its own weights, which takes up to four times as long on a
processor.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganlift.layers.equalised import EqualisedLinear
from ganlift.layers.fir import Fir


class ModulatedConv(nn.Module):
    """Planes (n, inputs, side, side) and latents (n, latent) to (n, outputs, side, side), or 2 side with ``double``.

    Args:
        side: of the planes that go in.
        size: of the kernel, odd; 3 with ``double``.
        gain: of the output.
        demodulate: bring every output to the same expected variance.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        latent: int,
        side: int,
        size: int = 3,
        gain: float = 1.0,
        *,
        double: bool = False,
        demodulate: bool = True,
    ) -> None:
        super().__init__()
        self.style = EqualisedLinear(latent, inputs, bias=1.0)
        self.weight = nn.Parameter(torch.randn(outputs, inputs, size, size))
        self.smooth = Fir(side, "after-doubling") if double else None
        # demodulation takes any constant out again
        self._gain = gain if demodulate else gain / math.sqrt(inputs * size**2)
        self._demodulate, self._padding = demodulate, size // 2

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        style = self.style(w)
        x = x * style[:, :, None, None]
        if self.smooth is None:
            x = F.conv2d(x, self.weight if self._demodulate else self.weight * self._gain, padding=self._padding)
        else:
            x = self.smooth(F.conv_transpose2d(x, self.weight.transpose(0, 1), stride=2))
        return x * self._lengths(style)[:, :, None, None].to(x.dtype) if self._demodulate else x

    def _lengths(self, style: Tensor) -> Tensor:
        """What each output of each image is divided by, as a factor (n, outputs), times the gain; in full precision."""
        with torch.autocast(style.device.type, enabled=False):
            energy = style.float().square() @ self.weight.square().sum((2, 3)).T
            return torch.rsqrt(energy + 1e-8) * self._gain
