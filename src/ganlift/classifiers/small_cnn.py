"""`small-cnn`: six 3×3 convolutions, about 70,000 weights; the default where there is only a CPU."""

from __future__ import annotations

from torch import nn

from ganlift.classifiers.base import ClassifierEntry, classifiers
from ganlift.layers.dropout import Dropout
from ganlift.layers.pooled import PooledClassifier

WIDTHS = (16, 16, 32, 32, 64, 64)


def first_stride(channels: int, size: int) -> int:
    """2 where the first layer can throw away detail (48 px and more, or grey and not tiny), else 1."""
    return 2 if size >= 48 or (channels == 1 and size >= 16) else 1


class SmallCNN(PooledClassifier):
    """Convolution, BatchNorm, LeakyReLU six times, the mean over the plane, dropout and a linear head."""

    def __init__(self, channels: int, size: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.feature_size = WIDTHS[-1]
        layers: list[nn.Module] = []
        for width, stride in zip(WIDTHS, (first_stride(channels, size), 1, 2, 1, 2, 1), strict=True):
            layers += [
                nn.Conv2d(channels, width, 3, stride, padding=1, bias=False),
                nn.BatchNorm2d(width),
                nn.LeakyReLU(0.2, inplace=True),
            ]
            channels = width
        self.body = nn.Sequential(*layers)
        self.head = nn.Sequential(Dropout(dropout), nn.Linear(self.feature_size, classes))


classifiers.add("small-cnn")(
    ClassifierEntry(
        name="small-cnn",
        summary="Six 3×3 convolutions with BatchNorm, about 70,000 weights: quick on a CPU.",
        source="ganlift; the plain convolutional stack of DCGAN's discriminator, pooled",
        build=SmallCNN,
    )
)
