"""Strategies learn in every space they say they learn in, and read alike there."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch

from ganlift.data import load
from ganlift.data.types import Task
from ganlift.errors import ConfigError
from ganlift.strategies.base import Setup, run_phases, strategies
from ganlift.strategies.options import build_options, search_space
from ganlift.training.fit import Settings
from ganlift.training.phase import Budget
from ganlift.training.precision import make_fabric
from ganlift.training.rng import Rng

CPU = torch.device("cpu")
ON_VECTORS = [name for name, entry in strategies if "vectors" in entry.spaces]


@cache
def garments() -> Task:
    """Four kinds of garments as vectors of 49 values in four views: 7 × 7 pixels, mirrored, and two moved a little."""
    images = load("fashion-mini")
    rng = np.random.default_rng(0)
    chosen = [rng.permutation(np.flatnonzero(images.labels == label))[:90] for label in (0, 1, 5, 8)]
    seen = images.pixels[..., 0].astype(np.float32)

    def vectors(index: np.ndarray) -> np.ndarray:
        x = seen[index]
        views = [x, x[:, :, ::-1], np.roll(x, 2, axis=1), np.roll(x, 2, axis=2)]
        pooled = [view.reshape(-1, 7, 4, 7, 4).mean((2, 4)).reshape(len(x), 49) for view in views]
        return np.stack(pooled, axis=1).astype(np.float16)

    parts = [np.concatenate([own[begin:end] for own in chosen]) for begin, end in ((0, 5), (5, 35), (35, 90))]
    labels = [np.repeat(np.arange(4), len(part) // 4) for part in parts]
    names = ("shirt", "trouser", "sandal", "bag")
    return Task(vectors(parts[0]), labels[0], vectors(parts[1]), labels[1], vectors(parts[2]), names, weak_views=2)


def trained(name: str, seed: int = 0, steps: int = 60) -> tuple[Setup, torch.nn.Module]:
    entry = strategies.get(name)
    setup = Setup(garments(), Budget(steps, 32, steps), Rng(seed, name, CPU), CPU, classifier="mlp")
    options = build_options(entry, {}, "vectors")
    outcome, _ = run_phases(entry.phases(setup, options), lambda phase: Settings(make_fabric(CPU, "fp32")))
    return setup, outcome.classifier


@pytest.mark.parametrize("name", ON_VECTORS)
def test_it_learns_on_vectors(name: str) -> None:
    setup, classifier = trained(name)
    assert setup.validation_accuracy(classifier) > 0.65  # chance is 0.25


def test_what_is_for_pictures_alone_is_refused_and_not_searched() -> None:
    entry = strategies.get("augment@efficientnet-lite0")
    with pytest.raises(ConfigError, match="'mix' of strategy 'augment@efficientnet-lite0' is 'cutmix'"):
        build_options(entry, {"mix": "cutmix"}, entry.space)
    assert search_space(entry)["mix"]["choices"] == ["none", "mixup"]
    assert search_space(strategies.get("augment"))["mix"]["choices"] == ["none", "mixup", "cutmix"]


@pytest.mark.parametrize("name", ["fixmatch", "sgan"])
def test_the_same_seed_gives_the_same_classifier(name: str) -> None:
    (_, first), (_, second) = trained(name, steps=5), trained(name, steps=5)
    for a, b in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(a, b)
