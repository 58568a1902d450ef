"""The shape that all classifiers here have: a body, the mean over the plane, a head."""

from __future__ import annotations

from torch import Tensor, nn


class PooledClassifier(nn.Module):
    """``body`` makes planes (n, d, h, w), ``features`` their means (n, d), ``head`` the logits (n, K)."""

    body: nn.Module
    head: nn.Module

    def features(self, x: Tensor) -> Tensor:
        pooled: Tensor = self.body(x).mean(dim=(2, 3))
        return pooled

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.features(x))
        return logits
