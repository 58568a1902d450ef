"""The filter (1, 3, 3, 1) around doubling and halving (Karras et al. 2020, appendix B); beyond the edge is 0.

A separable filter is two small matrix products, over columns and over rows: as fast on a processor as a convolution
with one kernel a channel, and quickly differentiated twice.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

TAPS = (1.0, 3.0, 3.0, 1.0)


class Fir(nn.Module):
    """Planes (n, c, side, side) to larger or smaller ones, filtered.

    Args:
        side: of the planes that go in, or, for ``after-doubling``, that went into the convolution.
        where: ``double`` and ``halve`` change the side by 2; ``after-doubling`` follows a 3 × 3 transposed convolution
            of stride 2 (2 side + 1 to 2 side), ``before-halving`` goes before a convolution of stride 2 (side to
            side + 1), both without padding: the same as convolving the larger plane, at a quarter of the work.
    """

    matrix: Tensor

    def __init__(self, side: int, where: Literal["double", "halve", "after-doubling", "before-halving"]) -> None:
        super().__init__()
        matrix = {
            "double": lambda: 2 * _band(side, 2 * side, 2, -1).T,
            "halve": lambda: _band(side // 2, side, 2, -1),
            "after-doubling": lambda: 2 * _band(2 * side, 2 * side + 1, 1, -1),
            "before-halving": lambda: _band(side + 1, side, 1, -2),
        }[where]()
        self.register_buffer("matrix", matrix.contiguous(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.matrix @ (x @ self.matrix.T)


def _band(rows: int, columns: int, stride: int, start: int) -> Tensor:
    """The taps, summing to 1, in each row from column ``start`` + ``stride`` · row on, cut at the edges."""
    offset = torch.arange(columns)[None] - stride * torch.arange(rows)[:, None] - start
    taps = torch.tensor(TAPS) / sum(TAPS)
    inside = (offset >= 0) & (offset < len(TAPS))
    return taps[offset.clamp(0, len(TAPS) - 1)] * inside
