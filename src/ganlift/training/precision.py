"""Device and precision: what is there, and what a half-second probe says is faster."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from ganlift.errors import ConfigError

if TYPE_CHECKING:
    from lightning_fabric import Fabric

_PRECISIONS = {"fp32": "32-true", "bf16": "bf16-mixed"}
_WORTH = 1.1
"""bf16 must be this much faster than fp32 to be chosen."""


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


def choose_precision(asked: str, device: torch.device) -> tuple[str, dict[str, float]]:
    """``asked`` or, for ``"auto"``, the faster of fp32 and bf16; and the probe's figures (seconds a pass)."""
    if asked in _PRECISIONS:
        return asked, {}
    if asked != "auto":
        raise ConfigError(f"Precision '{asked}' is not known; use auto, fp32 or bf16.")
    seconds = {name: _probe(device, name == "bf16") for name in _PRECISIONS}
    return ("bf16" if seconds["bf16"] * _WORTH < seconds["fp32"] else "fp32"), seconds


def _probe(device: torch.device, bf16: bool, budget_s: float = 0.25) -> float:
    """Best time of a small convolutional net's forward and backward within ``budget_s``."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        convolutions = [nn.Conv2d(a, b, 3, padding=1, bias=False) for a, b in ((16, 32), (32, 64))]
        model = nn.Sequential(*convolutions).to(device)
        x = torch.randn(64, 16, 14, 14).to(device)
    best, end = float("inf"), time.perf_counter() + budget_s
    while time.perf_counter() < end:
        begun = time.perf_counter()
        with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
            loss = model(x).square().mean()
        loss.backward()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        best = min(best, time.perf_counter() - begun)
    return best
