"""`resnet18`: the residual network of He et al. (2016) in its CIFAR form: 3×3 stem, no max-pooling."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from ganlift.classifiers.base import ClassifierEntry, classifiers
from ganlift.layers.dropout import Dropout
from ganlift.layers.pooled import PooledClassifier

STAGES = ((64, 1), (128, 2), (256, 2), (512, 2))
BLOCKS_A_STAGE = 2


class BasicBlock(nn.Module):
    """Two 3×3 convolutions beside a shortcut, which is projected where the shape changes."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        same = stride == 1 and inputs == outputs
        self.shortcut = (
            nn.Identity()
            if same
            else nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
        )

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.body(x) + self.shortcut(x))


class ResNet18(PooledClassifier):
    """Stem, four stages of two blocks, the mean over the plane, dropout and a linear head; 11 million weights."""

    def __init__(self, channels: int, size: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.feature_size = STAGES[-1][0]
        stem_stride = 2 if size >= 96 else 1  # beyond tiny images the stem halves the plane, or the cost explodes
        width = STAGES[0][0]
        layers: list[nn.Module] = [
            nn.Conv2d(channels, width, 3, stem_stride, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
        ]
        for outputs, stride in STAGES:
            for block in range(BLOCKS_A_STAGE):
                layers.append(BasicBlock(width, outputs, stride if block == 0 else 1))
                width = outputs
        self.body = nn.Sequential(*layers)
        self.head = nn.Sequential(Dropout(dropout), nn.Linear(self.feature_size, classes))


classifiers.add("resnet18")(
    ClassifierEntry(
        name="resnet18",
        summary="ResNet-18 in its CIFAR form (3×3 stem, no max-pooling), 11 million weights: for a GPU.",
        source="He, Zhang, Ren, Sun: Deep Residual Learning for Image Recognition, CVPR 2016",
        build=ResNet18,
    )
)
