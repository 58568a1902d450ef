"""The last items of every class, kept as they are, for generators whose samples are made of training images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Code:
    """How values are kept as integers: x as (x + ``shift``) · ``scale``, rounded."""

    dtype: torch.dtype
    scale: float
    shift: float

    def encode(self, x: Tensor) -> Tensor:
        info = torch.iinfo(self.dtype)
        return ((x.float() + self.shift) * self.scale).round().clamp(info.min, info.max).to(self.dtype)

    def decode(self, kept: Tensor) -> Tensor:
        return kept.float() / self.scale - self.shift


IMAGES = Code(torch.uint8, 127.5, 1.0)
"""Pixels in [-1, 1], as files have them."""
VECTORS = Code(torch.int16, 256.0, 0.0)
"""Values within ±128: those of vectors with mean square 1 and up to 16,384 values."""


class Bank(nn.Module):
    """``size`` items a class as integers, a new one in the place of the oldest.

    Integers, because averaged weights (`ganlift.training.ema`) copy those and would mix floats.

    Args:
        classes: number of classes; 0 is one class of everything.
        size: items kept a class.
        item: the shape of one, (c, h, w) of an image, (d,) of a vector.
        code: how its values are kept.
    """

    images: Tensor
    seen: Tensor

    def __init__(self, classes: int, size: int, item: Sequence[int], code: Code = IMAGES) -> None:
        super().__init__()
        self._conditional, self._code = classes > 0, code
        count = max(classes, 1)
        nothing = int(code.encode(torch.zeros(())))
        self.register_buffer("images", torch.full((count, size, *item), nothing, dtype=code.dtype))
        self.register_buffer("seen", torch.zeros(count, dtype=torch.int64))

    @torch.no_grad()
    def add(self, x: Tensor, labels: Tensor) -> None:
        """Keep items (n, ...) of labels (n,); those of unknown class, -1, are passed over."""
        labels = labels if self._conditional else torch.zeros_like(labels)
        x, labels = x[labels >= 0], labels[labels >= 0]
        classes, size = self.images.shape[:2]
        member = torch.nn.functional.one_hot(labels, classes)
        rank = (member.cumsum(0) * member).sum(1) - 1  # among those of its class in this batch
        slot = (self.seen[labels] + rank) % size
        room = rank < size  # two items of one batch never want one slot
        self.images[labels[room], slot[room]] = self._code.encode(x[room])
        self.seen += member.sum(0)

    @property
    def counts(self) -> Tensor:
        """Items kept of each class, (classes,) int64."""
        return self.seen.clamp(max=self.images.shape[1])

    def values(self, labels: Tensor | None = None, index: Tensor | None = None) -> Tensor:
        """All items, (classes, size, ...); or those at ``index`` (n,) of the classes ``labels`` (n,); 0 where none."""
        return self._code.decode(self.images if labels is None else self.images[labels, index])
