"""``timm:NAME``: any model of timm (Wightman: PyTorch Image Models) with its own weights, without its last layer."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import torch

from ganlift.errors import ConfigError
from ganlift.features.networks.base import Network, first_line, normalised, settled, weights_version

PREFIX = "timm:"
BATCH = 32


def timm_network(name: str, device: torch.device, weights: Path | None, download: bool) -> Network:
    """The network called ``name``; its weights are fetched only where that was asked for.

    Raises:
        ConfigError: timm is missing or has no such model, or the weights are not here.
    """
    model_name = name.removeprefix(PREFIX)
    timm = _timm(name)
    if not timm.is_model(model_name):
        near = difflib.get_close_matches(model_name, timm.list_models(), n=1)
        raise ConfigError(f"timm has no model '{model_name}'.{f' Did you mean {near[0]!r}?' if near else ''}")
    if weights is None and not download:
        raise ConfigError(
            f"The weights of {name} are fetched only where that is asked for: add --download, or name their file with "
            "--weights."
        )
    if weights is not None and weights.suffix != ".safetensors":
        read_plain(weights)
    overlay = None if weights is None else {"file": str(weights)}
    try:
        model: Any = timm.create_model(model_name, pretrained=True, num_classes=0, pretrained_cfg_overlay=overlay)
    except Exception as fault:
        raise ConfigError(
            f"The weights of {name} are not on this machine and can't be fetched ({first_line(fault)}); connect "
            "once, or write the network to a file and give onnx:PATH."
        ) from fault
    model.eval().requires_grad_(False).to(device)
    wanted = model.pretrained_cfg
    mean, std = (torch.tensor(wanted[key], device=device) for key in ("mean", "std"))
    size = int(wanted["input_size"][-1])
    about = f"timm's {model_name} with its own weights, images resized to {size} px"
    version = weights_version(model, timm.__version__, str(wanted["mean"]), str(wanted["std"]))
    return settled(name, about, size, version, normalised(model, mean, std), BATCH, device)


def read_plain(weights: Path) -> None:
    """Refuse a file of weights that could run code.

    Raises:
        ConfigError: torch can't read it as plain weights.
    """
    try:
        torch.load(weights, map_location="cpu", weights_only=True)
    except Exception as fault:
        raise ConfigError(f"--weights {weights} is no plain file of weights ({first_line(fault)}).") from None


def _timm(name: str) -> Any:
    try:
        import timm
    except Exception as fault:  # timm fails in many ways where torchvision does not fit
        raise ConfigError(f"{name} needs timm ({first_line(fault)}): pip install 'ganlift[timm]'.") from fault
    return timm
