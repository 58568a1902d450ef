"""Clips in pixels: an item is a few frames, a view is one of them, and what is scored is the mean over all."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ganlift.augment.draws import one_of
from ganlift.representations.pixels import PixelSpace
from ganlift.training.pixels import to_float


@dataclass(frozen=True)
class ClipSpace(PixelSpace):
    """Clips of ``frames`` images of ``channels`` × ``size`` × ``size``: items (n, k, c, h, w), views (n, c, h, w).

    Each view draws a frame of its own, so that a weak and a strong view of a clip differ in time as well. A
    classifier, and a generator, work on frames: a temporal segment network with one segment a step and the consensus
    of all of them where it is scored (Wang et al. 2016, "Temporal Segment Networks").
    """

    frames: int = 1

    def plain(self, items: Tensor) -> Tensor:
        """All frames of all clips, (n · k, c, h, w): the probabilities of a clip's are averaged."""
        return to_float(items.flatten(0, 1))

    def unchanged(self, x: Tensor) -> Tensor:
        """The middle frame."""
        return x[:, self.frames // 2]

    def weak(self, x: Tensor, rng: torch.Generator) -> Tensor:
        return super().weak(one_of(x, rng), rng)

    def strong(self, x: Tensor, rng: torch.Generator) -> Tensor:
        return super().strong(one_of(x, rng), rng)

    def labelled(self, x: Tensor, policy: str, rng: torch.Generator) -> Tensor:
        return super().labelled(one_of(x, rng), policy, rng)

    def genuine(self, x: Tensor, rng: torch.Generator) -> Tensor:
        return one_of(x, rng)

    def items(self, views: Tensor) -> Tensor:
        """The same image as every frame, without a copy: batches of real and generated clips go together."""
        return super().items(views)[:, None].expand(-1, self.frames, -1, -1, -1)

    def mixes(self, x: Tensor, rng: torch.Generator) -> Tensor:
        return super().mixes(one_of(x, rng), rng)
