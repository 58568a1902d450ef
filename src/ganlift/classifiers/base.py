"""The contract of a classifier: images in, features, logits out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor, nn

from ganlift.registry import Registry


class ClassifierModule(Protocol):
    """``features(x)`` is (n, d) pooled features, ``head(features)`` is (n, K) logits, the call is both.

    ``x`` is (n, c, h, w) float in [-1, 1].
    """

    feature_size: int
    head: nn.Module

    def features(self, x: Tensor) -> Tensor: ...

    def __call__(self, x: Tensor) -> Tensor: ...


@dataclass(frozen=True)
class ClassifierEntry:
    """``build(channels, size, classes, dropout)`` draws weights from torch's global generator; the caller seeds it."""

    name: str
    summary: str
    source: str
    build: Callable[[int, int, int, float], nn.Module]


classifiers: Registry[ClassifierEntry] = Registry("classifier", "ganlift.classifiers", "ganlift.classifiers")
