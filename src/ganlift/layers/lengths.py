"""Vectors of one length."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def to_length(x: Tensor) -> Tensor:
    """``x`` (..., d) scaled to length √d, so that the mean square of its values is 1; a zero vector stays zero."""
    scaled: Tensor = F.normalize(x, dim=-1) * x.shape[-1] ** 0.5
    return scaled
