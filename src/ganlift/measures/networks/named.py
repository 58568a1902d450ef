"""Names to feature networks, but for the one that is trained on the user's own images.

A network whose weights are not on this machine is fetched only where that was asked for.
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import torch

from ganlift.errors import ConfigError
from ganlift.measures.networks.base import FeatureNetwork, coloured
from ganlift.measures.networks.efficientnet_lite0 import NAME as EFFICIENTNET
from ganlift.measures.networks.efficientnet_lite0 import efficientnet_lite0

INCEPTION = "inception"
INCEPTION_FILE = "weights-inception-2015-12-05-6726825d.pth"
TIMM = "timm:"
BATCH = 32
"""Images at once: those networks are wide, and work at their own size."""

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
    if name == EFFICIENTNET:
        return efficientnet_lite0(device)
    if name == INCEPTION:
        return _inception(device, weights, download)
    if name.startswith(TIMM):
        return _timm(name, device, weights, download)
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
        _read(weights)  # torch-fidelity reads it in a way that could run code; this one refuses such a file
    try:
        model = FeatureExtractorInceptionV3(INCEPTION, ["2048"], None if weights is None else str(weights))
    except (OSError, RuntimeError) as fault:
        raise ConfigError(f"The weights of inception can't be used ({_first_line(fault)}).") from fault
    model.to(device)

    def apply(images: torch.Tensor) -> torch.Tensor:
        pixels = coloured(images, images.shape[-1]).add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)
        found: torch.Tensor = model(pixels)[0]
        return found

    return FeatureNetwork(INCEPTION, "Inception v3 trained on ImageNet, TensorFlow's weights of 2015", apply, BATCH)


def _timm(name: str, device: torch.device, weights: Path | None, download: bool) -> FeatureNetwork:
    try:
        import timm
    except Exception as fault:  # timm fails in many ways where torchvision does not fit
        raise ConfigError(f"{name} needs timm ({_first_line(fault)}): pip install 'ganlift[timm]'.") from fault
    model_name = name.removeprefix(TIMM)
    if not timm.is_model(model_name):
        near = difflib.get_close_matches(model_name, timm.list_models(), n=1)
        raise ConfigError(f"timm has no model '{model_name}'.{f' Did you mean {near[0]!r}?' if near else ''}")
    if weights is None and not download:
        raise ConfigError(
            f"The weights of {name} are fetched only where that is asked for: add --download, or name their file with "
            "--weights."
        )
    overlay = None if weights is None else {"file": str(weights)}
    if weights is not None and weights.suffix != ".safetensors":
        _read(weights)
    try:
        model: Any = timm.create_model(model_name, pretrained=True, num_classes=0, pretrained_cfg_overlay=overlay)
    except Exception as fault:
        raise ConfigError(f"The weights of {name} can't be had ({_first_line(fault)}).") from fault
    model.eval().requires_grad_(False).to(device)
    wanted = model.pretrained_cfg
    mean, std = (torch.tensor(wanted[key], device=device).view(1, -1, 1, 1) for key in ("mean", "std"))
    size = int(wanted["input_size"][-1])
    about = f"timm's {model_name} with its own weights, images resized to {size} px"
    return FeatureNetwork(name, about, lambda images: model(((coloured(images, size) + 1) / 2 - mean) / std), BATCH)


def _read(weights: Path) -> None:
    try:
        torch.load(weights, map_location="cpu", weights_only=True)
    except Exception as fault:
        raise ConfigError(f"--weights {weights} is no plain file of weights ({_first_line(fault)}).") from None


def _first_line(fault: Exception) -> str:
    return f"{type(fault).__name__}: {fault}".splitlines()[0].rstrip(".")
