"""Vectors to a code and back, for `vae` and `autoencoder` on features: one hidden layer, the class beside the input.

An unknown class, the label -1, has an embedding of its own, as in `ganlift.layers.coders`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganlift.layers.coders import rows
from ganlift.layers.lengths import to_length

EMBEDDED = 32
"""Size of a class's embedding."""


class Told(nn.Module):
    """Vectors (n, inputs) and labels (n,), -1 where unknown, to (n, outputs) by one hidden layer with LeakyReLU.

    Args:
        classes: number of classes, 0 for none.
        hidden: width of the hidden layer.
    """

    def __init__(self, inputs: int, classes: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self._classes = classes
        self.embedding = nn.Embedding(classes + 1, EMBEDDED) if classes else None
        self.hidden = nn.Linear(inputs + (EMBEDDED if classes else 0), hidden)
        self.out = nn.Linear(hidden, outputs)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        if self.embedding is not None:
            x = torch.cat([x, self.embedding(rows(labels, self._classes))], dim=1)
        made: Tensor = self.out(F.leaky_relu(self.hidden(x), 0.2))
        return made.float()


class VectorDecoder(Told):
    """Codes (n, inputs) and labels to vectors (n, outputs) of length √outputs, none below zero where ``positive``."""

    def __init__(self, inputs: int, classes: int, hidden: int, outputs: int, *, positive: bool) -> None:
        super().__init__(inputs, classes, hidden, outputs)
        self._positive = positive

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        made = super().forward(x, labels)
        return to_length(F.softplus(made) if self._positive else made)
