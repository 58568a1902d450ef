"""Names to networks."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

import torch

from ganlift.errors import ConfigError
from ganlift.features.networks import onnx_file, timm_models
from ganlift.features.networks.base import Network
from ganlift.features.networks.efficientnet_lite0 import LICENCE, NAME, efficientnet_lite0
from ganlift.features.networks.lite0_onnx import efficientnet_lite0_onnx, has_onnx
from ganlift.features.networks.own import own_network

DEFAULT = NAME
NAMES = (DEFAULT, "timm:NAME", "onnx:PATH", "package.module:factory")
CPU = torch.device("cpu")
LICENCES = {DEFAULT: LICENCE}
PREFIXES = (timm_models.PREFIX, onnx_file.PREFIX)


def feature_network(
    name: str = DEFAULT,
    device: torch.device = CPU,
    *,
    weights: Path | None = None,
    download: bool = True,
    in_torch: bool = False,
) -> Network:
    """The network called ``name``, one of `NAMES`; ``onnx:PATH`` runs on the processor, whatever ``device`` is.

    Where onnxruntime and onnx are installed they run the default network on a processor, nearly twice as fast, but
    ``in_torch``, which can be exported.

    Args:
        weights: the file of weights, for ``timm:NAME``.
        download: whether weights that are not here may be fetched, as whoever names such a network asks for.

    Raises:
        ConfigError: there is no such network, a package is missing, the weights are not here, or it makes no features
            of images; the message says what to do.
        DamagedFileError: the weights are not those that they should be.
    """
    if name == DEFAULT:
        quick = device.type == "cpu" and has_onnx() and not in_torch
        return efficientnet_lite0_onnx() if quick else efficientnet_lite0(device)
    if name.startswith(timm_models.PREFIX):
        return timm_models.timm_network(name, device, weights, download)
    if name.startswith(onnx_file.PREFIX):
        return onnx_file.onnx_network(name)
    if ":" in name:
        return _own_network(name, device)
    hint = f" Did you mean '{DEFAULT}'?" if difflib.get_close_matches(name.lower(), [DEFAULT]) else ""
    raise ConfigError(f"There is no network '{name}'.{hint} Known: {', '.join(NAMES)}.")


def label_of(name: str) -> str:
    """What the network ``name`` is called behind the "@" in the names of arms, which are those of folders too."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")


def licence_of(name: str) -> str:
    """The licence of the weights of the network called ``name``, in words, or that it is not known here."""
    return LICENCES.get(name, "not known to ganlift; see where its weights come from")


def _own_network(name: str, device: torch.device) -> Network:
    """As `own_network`; where there is no such module, what comes before the colon may be a slip."""
    try:
        return own_network(name, device)
    except ConfigError as fault:
        kind, _, rest = name.partition(":")
        near = difflib.get_close_matches(kind.lower(), [prefix.rstrip(":") for prefix in PREFIXES], n=1)
        if not near or not isinstance(fault.__cause__, ModuleNotFoundError):
            raise
        raise ConfigError(f"{fault} Did you mean '{near[0]}:{rest}'?") from fault
