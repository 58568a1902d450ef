"""Class-conditional BatchNorm (Dumoulin et al. 2017; de Vries et al. 2017)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ConditionalBatchNorm(nn.Module):
    """BatchNorm whose scale and shift belong to the image's class; one pair for all where ``classes`` is 0.

    Args:
        width: channels.
        classes: number of classes, or 0.
    """

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(width, affine=False)
        self.scale = nn.Parameter(torch.ones(max(classes, 1), width))
        self.shift = nn.Parameter(torch.zeros(max(classes, 1), width))
        self._conditional = classes > 0

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        """``x`` (n, width, h, w); ``labels`` (n,) in 0..classes-1, unused without classes."""
        row = labels if self._conditional else torch.zeros_like(labels)
        scale, shift = self.scale[row], self.shift[row]
        return torch.addcmul(shift[:, :, None, None], self.norm(x), scale[:, :, None, None])


class EmbeddedBatchNorm(nn.Module):
    """BatchNorm whose scale and shift are linear in a vector that all layers share (Brock et al. 2019).

    Args:
        width: channels.
        size: of the vector.
    """

    def __init__(self, width: int, size: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(width, affine=False)
        self.scale = nn.Linear(size, width, bias=False)
        self.shift = nn.Linear(size, width, bias=False)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """``x`` (n, width, h, w); ``condition`` (n, size)."""
        scale, shift = 1 + self.scale(condition), self.shift(condition)
        return torch.addcmul(shift[:, :, None, None], self.norm(x), scale[:, :, None, None])
