"""`wide-resnet`: WRN-28-2 (Zagoruyko and Komodakis, 2016), the usual network of semi-supervised papers."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganlift.classifiers.base import ClassifierEntry, classifiers
from ganlift.layers.dropout import Dropout
from ganlift.layers.pooled import PooledClassifier

DEPTH, WIDEN = 28, 2
SLOPE = 0.1


class PreActivationBlock(nn.Module):
    """Norm, activation, 3×3 convolution twice; the shortcut is projected where the shape changes."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.project = None if inputs == outputs and stride == 1 else nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        h = F.leaky_relu(self.norm1(x), SLOPE)
        shortcut = x if self.project is None else self.project(h)
        h = self.conv2(F.leaky_relu(self.norm2(self.conv1(h)), SLOPE))
        return torch.add(h, shortcut)


class WideResNet(PooledClassifier):
    """Stem, three stages of ``(depth - 4) / 6`` blocks, norm, mean over the plane, dropout, linear head."""

    def __init__(
        self, channels: int, size: int, classes: int, dropout: float, depth: int = DEPTH, widen: int = WIDEN
    ) -> None:
        super().__init__()
        if depth < 10 or (depth - 4) % 6:
            raise ValueError(f"a wide ResNet's depth is 6 n + 4 with n >= 1, not {depth}")
        self.feature_size = 64 * widen
        width = 16
        layers: list[nn.Module] = [
            nn.Conv2d(channels, width, 3, 2 if size >= 96 else 1, padding=1, bias=False),
        ]
        for outputs, stride in ((16 * widen, 1), (32 * widen, 2), (64 * widen, 2)):
            for block in range((depth - 4) // 6):
                layers.append(PreActivationBlock(width, outputs, stride if block == 0 else 1))
                width = outputs
        layers += [nn.BatchNorm2d(width), nn.LeakyReLU(SLOPE, inplace=True)]
        self.body = nn.Sequential(*layers)
        self.head = nn.Sequential(Dropout(dropout), nn.Linear(self.feature_size, classes))


classifiers.add("wide-resnet")(
    ClassifierEntry(
        name="wide-resnet",
        summary="WRN-28-2, 1.5 million weights: the network of most semi-supervised papers, for a GPU.",
        source="Zagoruyko, Komodakis: Wide Residual Networks, BMVC 2016",
        build=WideResNet,
    )
)
