"""A discriminator that is told classes: D(x, y) = ψ(φ(x)) + ⟨e(y), φ(x)⟩ (Miyato and Koyama 2018)."""

from __future__ import annotations

from torch import Tensor, nn

from ganlift.generators.common import class_term
from ganlift.layers.residual import Wrap


class Judge(nn.Module):
    """Images and labels (n,), -1 where unknown, to logits (n,).

    Args:
        body: images to features φ (n, width).
        wrap: what is done to the layers after the body: spectral normalisation, or nothing.
        bias: of the last layer; a loss of differences between real and fake has no gradient for it.
    """

    def __init__(self, body: nn.Module, width: int, classes: int, wrap: Wrap, *, bias: bool = True) -> None:
        super().__init__()
        self.body = body
        self.head = wrap(nn.Linear(width, 1, bias=bias))
        self.embedding = wrap(nn.Embedding(classes, width)) if classes else None

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        features = self.body(x)
        logits: Tensor = self.head(features).flatten()
        if self.embedding is not None:
            logits = logits + class_term(self.embedding, features, labels)
        return logits.float()
