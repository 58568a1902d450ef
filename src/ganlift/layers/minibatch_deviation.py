"""Minibatch standard deviation (Karras et al. 2018, section 3): how much neighbours differ, as a plane."""

from __future__ import annotations

import torch
from torch import Tensor

GROUP = 4


def with_deviation(x: Tensor, batches: int = 1) -> Tensor:
    """Planes (n, c, h, w) with one more channel: the deviation within an image's group, averaged over all of c, h, w.

    Groups are four images in a row, or a whole batch where 4 does not divide it.

    Args:
        batches: how many batches of equal size lie in ``x``, one after another; groups never mix them.
    """
    n, c, h, w = x.shape
    size = n // batches
    group = GROUP if size % GROUP == 0 else size
    with torch.autocast(x.device.type, enabled=False):
        grouped = x.float().view(-1, group, c * h * w)
        variance = (grouped - grouped.mean(1, keepdim=True)).square().mean(1)
        # the small constant keeps the root's gradient finite where images are alike
        deviation = (variance + 1e-8).sqrt().mean(1)
    plane = deviation.to(x.dtype).repeat_interleave(group)[:, None, None, None].expand(n, 1, h, w)
    return torch.cat([x, plane], dim=1)
