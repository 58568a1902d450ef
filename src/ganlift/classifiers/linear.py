"""`linear`: logits straight from feature vectors."""

from __future__ import annotations

from torch import Tensor, nn

from ganlift.classifiers.base import ClassifierEntry, classifiers
from ganlift.layers.dropout import Dropout


class Linear(nn.Module):
    """Vectors (n, width) to logits; φ is the vector itself."""

    def __init__(self, width: int, size: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.feature_size = width
        self.head = nn.Sequential(Dropout(dropout), nn.Linear(width, classes))

    def features(self, x: Tensor) -> Tensor:
        return x

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(x)
        return logits


classifiers.add("linear")(
    ClassifierEntry(
        name="linear",
        summary="One linear layer on features of a frozen network.",
        source="linear probing: Alain and Bengio 2016",
        build=Linear,
        reads="vectors",
    )
)
