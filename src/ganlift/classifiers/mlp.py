"""`mlp`: two hidden layers on feature vectors, noise at the input; the default in the space of a frozen network."""

from __future__ import annotations

from torch import Tensor, nn

from ganlift.classifiers.base import ClassifierEntry, classifiers
from ganlift.layers.dropout import Dropout
from ganlift.layers.noise import GaussianNoise

HIDDEN = 256
NOISE = 0.3


class Mlp(nn.Module):
    """Vectors (n, width), of mean square 1, to logits; φ is the second hidden layer."""

    def __init__(self, width: int, size: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.feature_size = HIDDEN
        self.body = nn.Sequential(
            GaussianNoise(NOISE),
            nn.Linear(width, HIDDEN),
            nn.LeakyReLU(0.2),
            Dropout(dropout),
            nn.Linear(HIDDEN, HIDDEN),
            nn.LeakyReLU(0.2),
        )
        self.head = nn.Sequential(Dropout(dropout), nn.Linear(HIDDEN, classes))

    def features(self, x: Tensor) -> Tensor:
        found: Tensor = self.body(x)
        return found

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.features(x))
        return logits


classifiers.add("mlp")(
    ClassifierEntry(
        name="mlp",
        summary="Two hidden layers of 256 on features of a frozen network, with noise at the input.",
        source="ganlift; as the semi-supervised networks of Salimans et al. 2016, section 5, on MNIST, smaller",
        build=Mlp,
        reads="vectors",
    )
)
