"""Classifiers that measures need: one of the user's own training images, one of generated images alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ganlift.classifiers.resolve import resolve_recorded
from ganlift.data import flips_safe, make_task
from ganlift.data.types import ImageSet, Split, Task
from ganlift.errors import DataError
from ganlift.inference.seen import Held
from ganlift.measures.evaluation import headlines
from ganlift.runs import layout
from ganlift.runs.files import read_json
from ganlift.runs.folder import rows
from ganlift.strategies.base import run_phases, strategies
from ganlift.strategies.options import build_options
from ganlift.strategies.setup import Setup, predict
from ganlift.training.checkpoint import load_module
from ganlift.training.fit import Settings
from ganlift.training.phase import Budget
from ganlift.training.precision import make_fabric
from ganlift.training.rng import Rng

STEPS = 500
"""Of a classifier that is trained for measuring, where the run has no number of its own."""

STRATEGY = "augment"


def own_classifier(
    run: Path, config: Mapping[str, Any], images: ImageSet, split: Split, device: torch.device
) -> tuple[nn.Module, str]:
    """A classifier of real training images, and what it is in words: a baseline's of this seed, or one trained now.

    Raises:
        DataError: there is no labelled image to train one with.
        ConfigError: its architecture is not to be had here.
    """
    if not len(split.labelled):
        raise DataError(
            f"The network 'own' is a classifier of labelled training {images.noun}s, and there are none; "
            "take another with --network, such as efficientnet-lite0."
        )
    name = _baseline(run, split.seed)
    about = f"{config['classifier']} trained on {len(split.labelled)} labelled training {images.noun}s"
    if name is None:
        task = make_task(images, split)
        return train(task, config, steps_of(run), split.seed, device), f"{about} just now"
    build = resolve_recorded(config["classifier"]).build
    model = build(images.channels, images.size, len(images.class_names), 0.0)
    load_module(layout.classifier_file(run, name, split.seed), model)
    return model.to(device).eval(), f"{about}: the arm {name}, seed {split.seed}"


def train(task: Task, config: Mapping[str, Any], steps: int, seed: int, device: torch.device) -> nn.Module:
    """A classifier of the run's architecture on the labelled images of ``task``, as the arm `STRATEGY` trains one."""
    spec = config["classifier"]
    resolve_recorded(spec)  # a file does not get to say which code is run
    setup = Setup(task, Budget(steps, config["batch_size"], 1), Rng(seed, "evaluate", device), device, classifier=spec)
    entry = strategies.get(STRATEGY)
    settings = Settings(make_fabric(device, "fp32"))
    outcome, _ = run_phases(entry.phases(setup, build_options(entry, {})), lambda phase: settings)
    return outcome.classifier


def of_generated(
    pixels: NDArray[np.uint8],
    labels: NDArray[np.int64],
    images: ImageSet,
    run: Path,
    config: Mapping[str, Any],
    device: torch.device,
) -> nn.Module:
    """A classifier that sees ``pixels`` (n, c, h, w) with ``labels`` (n,) alone: that of `synthetic-only`."""
    none = np.empty((0, *pixels.shape[1:]), np.uint8)
    task = Task(pixels, labels, none, np.empty(0, np.int64), none, images.class_names, flips=flips_safe(images))
    return train(task, config, steps_of(run), 0, device)


def accuracy(model: nn.Module, held: Held, device: torch.device) -> dict[str, float]:
    """``value``, ``low`` and ``high`` on the held-out images that have a label."""
    known = held.labels >= 0
    pixels = torch.from_numpy(held.examples.batch(held.index[known])).to(device)
    probabilities = predict(model, pixels).cpu().numpy()
    return headlines(probabilities, held.labels[known])["accuracy"]


def steps_of(run: Path) -> int:
    """The steps of the run's classifiers, or `STEPS`."""
    path = layout.plan_file(run)
    return int((read_json(path) if path.exists() else {}).get("steps") or STEPS)


def has_baseline(run: Path, seed: int) -> bool:
    """Whether `own_classifier` has nothing to train."""
    return _baseline(run, seed) is not None


def _baseline(run: Path, seed: int) -> str | None:
    """The arm of this seed that saw labelled images alone, `STRATEGY` first."""
    names = [
        row["strategy"]
        for row in rows(run)
        if row.get("seed") == seed and row.get("kind") == "baseline" and row["status"] == "done"
        if row.get("rebuildable", True) and layout.classifier_file(run, row["strategy"], seed).exists()
    ]
    return min(names, key=lambda name: (name != STRATEGY, name), default=None)
