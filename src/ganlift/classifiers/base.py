"""The contract of a classifier: images in, features, logits out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

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
    """``build(channels, size, classes, dropout)`` draws weights from torch's global generator; the caller seeds it.

    One that reads vectors is built with their width for ``channels`` and a ``size`` of 1.
    """

    name: str
    summary: str
    source: str
    build: Callable[[int, int, int, float], nn.Module]
    reads: Literal["pixels", "vectors"] = "pixels"


classifiers: Registry[ClassifierEntry] = Registry(
    "classifier", "ganlift.classifiers", "ganlift.classifiers", ClassifierEntry
)

ClassifierSpec = str | nn.Module | Callable[[int, int, int], nn.Module]
"""A registered name, ``timm:NAME``, ``package.module:factory``; from Python also a module, or a factory."""


DEFAULTS: dict[str, str] = {"pixels": "small-cnn", "vectors": "mlp"}
"""The classifier of each space, where nobody asks for another."""
