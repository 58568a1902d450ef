"""Names to feature networks, but for the one that is trained on the user's own images.

A network whose weights are not on this machine is fetched only where that was asked for.
"""

from __future__ import annotations

import difflib
from pathlib import Path

import torch

from ganlift.errors import ConfigError
from ganlift.features.networks.base import coloured, first_line
from ganlift.features.networks.efficientnet_lite0 import NAME as EFFICIENTNET
from ganlift.features.networks.efficientnet_lite0 import efficientnet_lite0
from ganlift.features.networks.timm_models import PREFIX as TIMM
from ganlift.features.networks.timm_models import read_plain, timm_network
from ganlift.measures.networks.base import FeatureNetwork

INCEPTION = "inception"
INCEPTION_FILE = "weights-inception-2015-12-05-6726825d.pth"
BATCH = 32
"""Images at once: Inception is wide, and works at its own size."""

NAMES = ("own", EFFICIENTNET, INCEPTION, "timm:NAME")


def named_network(
    name: str, device: torch.device, *, weights: Path | None = None, download: bool = False
) -> FeatureNetwork:
    """The network called ``name``.

    Args:
        weights: the file of weights, for ``inception`` and ``timm:NAME``.
        download: whether weights that are not here may be fetched.

    Raises:
        ConfigError: there is no such network, a package is missing, or the weights are not here; the message says
            what to do.
    """
    if weights is not None and not weights.is_file():
        raise ConfigError(f"--weights {weights}: there is no such file.")
    if name == INCEPTION:
        return _inception(device, weights, download)
    if name == EFFICIENTNET or name.startswith(TIMM):
        on_device = (
            efficientnet_lite0(device) if name == EFFICIENTNET else timm_network(name, device, weights, download)
        )
        return FeatureNetwork(name, on_device.about, on_device.of_images, on_device.batch)
    near = difflib.get_close_matches(name, NAMES, n=1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    raise ConfigError(f"There is no feature network '{name}'.{hint} Known: {', '.join(NAMES)}.")


def _inception(device: torch.device, weights: Path | None, download: bool) -> FeatureNetwork:
    """Inception v3 of 2015 with TensorFlow's way of resizing, as torch-fidelity has it: the one that FID is made of."""
    try:
        from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
    except ImportError as fault:
        raise ConfigError(
            f"The network inception needs a package ({fault}): pip install 'ganlift[inception]'."
        ) from None
    cached = Path(torch.hub.get_dir()) / "checkpoints" / INCEPTION_FILE
    weights = weights or (cached if cached.is_file() else None)
    if weights is None and not download:
        raise ConfigError(
            f"The weights of inception are not on this machine: name their file ({INCEPTION_FILE}) with --weights, or "
            "let them be fetched with --download (95 MB)."
        )
    if weights is not None:
        read_plain(weights)  # torch-fidelity reads it in a way that could run code; this one refuses such a file
    try:
        model = FeatureExtractorInceptionV3(INCEPTION, ["2048"], None if weights is None else str(weights))
    except (OSError, RuntimeError) as fault:
        raise ConfigError(f"The weights of inception can't be used ({first_line(fault)}).") from fault
    model.to(device)

    def apply(images: torch.Tensor) -> torch.Tensor:
        pixels = coloured(images, images.shape[-1]).add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)
        found: torch.Tensor = model(pixels)[0]
        return found

    return FeatureNetwork(INCEPTION, "Inception v3 trained on ImageNet, TensorFlow's weights of 2015", apply, BATCH)
