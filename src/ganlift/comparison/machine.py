"""What the machine decides of a run: device, precision, threads; found out once, recorded, kept."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ganlift.config import RunConfig
from ganlift.generators.base import generators
from ganlift.runs import layout
from ganlift.runs.files import read_json, write_json
from ganlift.training.precision import choose_precision, pick_device


def shared_settings(config: RunConfig, run: Path, at_once: int) -> dict[str, Any]:
    """What every job of ``run`` is told; what the first command found out of the machine, later ones keep."""
    device, path, cores = pick_device(config.device), layout.environment_file(run), os.cpu_count() or 1
    if path.exists():
        environment = read_json(path)
    else:
        precision, probe = choose_precision(config.precision, device)
        environment = {
            "versions": {name: version(name) for name in ("ganlift", "torch", "numpy", "lightning-fabric")},
            "python": platform.python_version(),
            "platform": platform.platform(),
            "processor": platform.processor() or platform.machine(),
            "cores": cores,
            "device": str(device),
            "precision": precision,
            "precision_probe_s": probe,
            "threads": max(1, cores // at_once),
        }
        write_json(path, environment)
    return {
        "device": str(device),
        "precision": environment["precision"],
        "threads": environment["threads"],
        "batch_size": config.batch_size,
        "classifier": config.classifier,
        "generator": config.generator,
        "generator_options": {name: config.options.get(name, {}) for name in generators.names()},
        "checkpoint_every": config.checkpoint_every,
        "on_alarm": config.on_alarm,
    }
