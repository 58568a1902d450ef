"""Device and precision: what is there, and what it computes by instructions of its own."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import torch

from ganlift.errors import ConfigError

if TYPE_CHECKING:
    from lightning_fabric import Fabric

_PRECISIONS = {"fp32": "32-true", "bf16": "bf16-mixed"}


def pick_device(asked: str) -> torch.device:
    """``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"`` to a device that is there.

    Raises:
        ConfigError: the device asked for is not available.
    """
    if asked == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(asked)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as fault:
        raise ConfigError(f"Device '{asked}' is not available here; use --device auto or cpu.") from fault
    return device


def make_fabric(device: torch.device, precision: str) -> Fabric:
    """A Fabric for one process on ``device``, at precision ``"fp32"`` or ``"bf16"``."""
    from lightning_fabric import Fabric  # two seconds, which a mistaken command need not wait for
    from lightning_fabric.plugins.environments.lightning import LightningEnvironment

    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # it announces its precision for every arm
    logging.getLogger("lightning.fabric").setLevel(logging.WARNING)
    which: Any = [device.index] if device.index is not None else 1
    alone: Any = LightningEnvironment()  # else it takes the tasks of a Slurm job for processes that train together
    return Fabric(accelerator=device.type, devices=which, precision=_PRECISIONS[precision], plugins=alone)  # type: ignore[arg-type]


def choose_precision(asked: str, device: torch.device) -> str:
    """``asked`` or, for ``"auto"``, bf16 where ``device`` multiplies it by instructions of its own, else fp32.

    What is there decides and no stopwatch, so that the same command takes the same one on a busy machine.

    Raises:
        ConfigError: ``asked`` is no precision.
    """
    if asked in _PRECISIONS:
        return asked
    if asked != "auto":
        raise ConfigError(f"Precision '{asked}' is not known; use auto, fp32 or bf16.")
    return "bf16" if _has_bf16(device) else "fp32"


def _has_bf16(device: torch.device) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    able = torch.cpu.get_capabilities() if device.type == "cpu" else {}
    return any(able.get(name, False) for name in ("amx_bf16", "avx512_bf16"))
