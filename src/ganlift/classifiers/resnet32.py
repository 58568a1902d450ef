"""`resnet32`: the residual network for CIFAR of He et al. (2016, section 4.2), the usual network of long-tailed papers.

Three stages of n = 5 blocks with 16, 32 and 64 channels, 6 n + 2 = 32 layers. Where a stage halves the plane its
shortcut has no weights (option A): every second row and column, and zeros for the channels that are new, half of them
before the others and half behind, as in the code of Cao et al. (2019). Weights start from He's normal distribution, as
there.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from ganlift.classifiers.base import ClassifierEntry, classifiers
from ganlift.layers.dropout import Dropout
from ganlift.layers.pooled import PooledClassifier

STAGES = ((16, 1), (32, 2), (64, 2))
BLOCKS_A_STAGE = 5


class PlainShortcutBlock(nn.Module):
    """Two 3×3 convolutions beside a shortcut without weights."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.stride = stride
        self.new = outputs - inputs

    def forward(self, x: Tensor) -> Tensor:
        before = self.new // 2
        shortcut = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, before, self.new - before))
        return F.relu(self.body(x) + shortcut)


class ResNet32(PooledClassifier):
    """Stem, three stages of five blocks, the mean over the plane, dropout and a linear head; 460,000 weights."""

    def __init__(self, channels: int, size: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.feature_size = STAGES[-1][0]
        width = STAGES[0][0]
        layers: list[nn.Module] = [
            nn.Conv2d(channels, width, 3, 2 if size >= 96 else 1, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
        ]
        for outputs, stride in STAGES:
            for block in range(BLOCKS_A_STAGE):
                layers.append(PlainShortcutBlock(width, outputs, stride if block == 0 else 1))
                width = outputs
        self.body = nn.Sequential(*layers)
        self.head = nn.Sequential(Dropout(dropout), nn.Linear(self.feature_size, classes))
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(layer.weight)


classifiers.add("resnet32")(
    ClassifierEntry(
        name="resnet32",
        summary="ResNet-32 for CIFAR, 0.46 million weights: the network of most long-tailed papers.",
        source="He, Zhang, Ren, Sun: Deep Residual Learning for Image Recognition, CVPR 2016, section 4.2",
        build=ResNet32,
    )
)
