"""The shape that all classifiers here have: a body, the mean over the plane, a head."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class PooledClassifier(nn.Module):
    """``body`` makes planes (n, d, h, w), ``features`` their means (n, d), ``head`` the logits (n, K)."""

    body: nn.Module
    head: nn.Module

    def features(self, x: Tensor) -> Tensor:
        return means_of_planes(self.body(x))

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.features(x))
        return logits


def means_of_planes(x: Tensor) -> Tensor:
    """Planes (n, d, h, w) to their means (n, d).

    Where channels are last a mean over the two middle dimensions goes back several times as slowly, since its gradient
    is laid the other way round; over one dimension it sums the same numbers in the same order.
    """
    if x.requires_grad and x.is_contiguous(memory_format=torch.channels_last):
        return x.permute(0, 2, 3, 1).flatten(1, 2).mean(dim=1)
    return x.mean(dim=(2, 3))
