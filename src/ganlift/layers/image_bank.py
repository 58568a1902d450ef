"""The last images of every class, kept as they are, for generators whose samples are made of training images."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ImageBank(nn.Module):
    """``size`` images a class as uint8, a new one in the place of the oldest.

    Integers, because averaged weights (`ganlift.training.ema`) copy those and would mix floats.

    Args:
        classes: number of classes; 0 is one class of everything.
        size: images kept a class.
        channels, side: of an image.
    """

    images: Tensor
    seen: Tensor

    def __init__(self, classes: int, size: int, channels: int, side: int) -> None:
        super().__init__()
        self._conditional = classes > 0
        count = max(classes, 1)
        self.register_buffer("images", torch.full((count, size, channels, side, side), 128, dtype=torch.uint8))
        self.register_buffer("seen", torch.zeros(count, dtype=torch.int64))

    @torch.no_grad()
    def add(self, x: Tensor, labels: Tensor) -> None:
        """Keep images (n, c, h, w) in [-1, 1] of labels (n,); those of unknown class, -1, are passed over."""
        labels = labels if self._conditional else torch.zeros_like(labels)
        x, labels = x[labels >= 0], labels[labels >= 0]
        classes, size = self.images.shape[:2]
        member = torch.nn.functional.one_hot(labels, classes)
        rank = (member.cumsum(0) * member).sum(1) - 1  # among those of its class in this batch
        slot = (self.seen[labels] + rank) % size
        room = rank < size  # two images of one batch never want one slot
        pixels = ((x.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
        self.images[labels[room], slot[room]] = pixels[room]
        self.seen += member.sum(0)

    @property
    def counts(self) -> Tensor:
        """Images kept of each class, (classes,) int64."""
        return self.seen.clamp(max=self.images.shape[1])

    def pixels(self) -> Tensor:
        """All of them, (classes, size, c, h, w) in [-1, 1]; grey in places where there is none yet."""
        return self.images.float() / 127.5 - 1
