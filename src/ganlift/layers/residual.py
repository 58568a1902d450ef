"""Pre-activation residual blocks of GANs (Gulrajani et al. 2017; Miyato et al. 2018, table 4).

A 1 × 1 shortcut commutes with nearest-neighbour doubling and with mean pooling, so it always runs on the smaller plane:
the same numbers as in the papers' order, at a quarter of the work.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from torch import Tensor, nn
from torch.nn import functional as F

Wrap = Callable[[nn.Module], nn.Module]
"""What is done to a layer with weights: spectral normalisation, or nothing."""


def as_it_is(layer: nn.Module) -> nn.Module:
    """The `Wrap` that does nothing."""
    return layer


class UpBlock(nn.Module):
    """(n, inputs, h, w) and a condition to (n, outputs, 2h, 2w).

    Args:
        norm: width to a module that is called with planes and the condition.
    """

    def __init__(self, inputs: int, outputs: int, norm: Callable[[int], nn.Module]) -> None:
        super().__init__()
        self.norms = nn.ModuleList([norm(inputs), norm(outputs)])
        self.convolutions = nn.ModuleList(
            [nn.Conv2d(inputs, outputs, 3, padding=1), nn.Conv2d(outputs, outputs, 3, padding=1)]
        )
        self.shortcut = nn.Conv2d(inputs, outputs, 1)
        xavier(self)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        h = F.interpolate(F.relu(self.norms[0](x, condition)), scale_factor=2)
        h = self.convolutions[0](h)
        h = self.convolutions[1](F.relu(self.norms[1](h, condition)))
        out: Tensor = h + F.interpolate(self.shortcut(x), scale_factor=2)
        return out


class DownBlock(nn.Module):
    """(n, inputs, h, w) to (n, outputs, h / 2, w / 2), or of the same side without ``halve``.

    Args:
        first: the images come in, which no ReLU may cut.
    """

    def __init__(self, inputs: int, outputs: int, wrap: Wrap, *, halve: bool = True, first: bool = False) -> None:
        super().__init__()
        self._first, self._halve = first, halve
        convolutions = [nn.Conv2d(inputs, outputs, 3, padding=1), nn.Conv2d(outputs, outputs, 3, padding=1)]
        self.convolutions = nn.ModuleList(wrap(convolution) for convolution in convolutions)
        self.shortcut = wrap(nn.Conv2d(inputs, outputs, 1)) if halve or inputs != outputs else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        h = self.convolutions[0](x if self._first else F.relu(x))
        h = self.convolutions[1](F.relu(h))
        if self._halve:
            h, x = F.avg_pool2d(h, 2), F.avg_pool2d(x, 2)
        out: Tensor = h + self.shortcut(x)
        return out


class SummedPlanes(nn.Module):
    """Planes (n, d, h, w) to their sums (n, d) after a ReLU: the end of a residual discriminator."""

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x).sum(dim=(2, 3))


def down_blocks(
    channels: int, width: int, doublings: int, base: int, wrap: Wrap, growth: int = 1
) -> tuple[list[nn.Module], int]:
    """The discriminator of table 4: halving down to about 8 × 8, then two blocks at that side; and its last width.

    Args:
        width: after the first block.
        doublings, base: of the image's side, see `ganlift.generators.common.resolutions`.
        growth: of the width in each later block but the last; 1 in the table.
    """
    halvings = max(1, doublings - (2 * base <= 8))
    blocks: list[nn.Module] = [DownBlock(channels, width, wrap, first=True)]
    for n in range(1, halvings + 1):
        blocks.append(DownBlock(width, growth * width, wrap, halve=n < halvings))
        width *= growth
    return [*blocks, DownBlock(width, width, wrap, halve=False)], width


def xavier(block: nn.Module) -> None:
    """Glorot's uniform weights, times √2 where a ReLU comes before (the papers' code); biases 0."""
    for layer in block.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(layer.weight, math.sqrt(2) if layer.weight[0, 0].numel() > 1 else 1.0)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
