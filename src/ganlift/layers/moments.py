"""Clips as vectors: what their frames have in common, and how much it changes."""

from __future__ import annotations

import torch
from torch import Tensor

SPREAD = 2.0
"""What deviations are multiplied by: of clips of a second they are about a quarter as long as the mean, then half."""


def moments(frames: Tensor) -> Tensor:
    """Mean and standard deviation over the frames of a clip, side by side: (n, k, ..., d) to (n, ..., 2d).

    Deviations (of all k frames, divided by k) are `SPREAD` times as long, so that both parts matter, and keep what they
    are to the mean: a clip that stands still, or of one frame, has zeros there, and no noise made large.
    """
    mean = frames.mean(1)
    spread = (frames - mean[:, None]).square().mean(1).sqrt()
    return torch.cat([mean, SPREAD * spread], dim=-1)
