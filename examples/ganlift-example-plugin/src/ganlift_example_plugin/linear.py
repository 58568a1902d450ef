"""`example-linear`: one linear layer on the pixels, the smallest classifier there is."""

from __future__ import annotations

from torch import Tensor, nn

from ganlift.classifiers.base import ClassifierEntry
from ganlift.layers.dropout import Dropout


class Linear(nn.Module):
    """``features`` are the pixels, ``head`` is all there is to learn."""

    def __init__(self, channels: int, size: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.feature_size = channels * size * size
        self.head = nn.Sequential(Dropout(dropout), nn.Linear(self.feature_size, classes))

    def features(self, x: Tensor) -> Tensor:
        return x.flatten(1)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.features(x))
        return logits


entry = ClassifierEntry("example-linear", "One linear layer on the pixels.", "logistic regression", Linear)
