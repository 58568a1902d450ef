"""A small network and images that several files use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ganlift.data.build import from_arrays
from ganlift.data.types import ImageSet
from ganlift.features import Network, feature_network

SMALL = """
import torch
from torch import nn

def make():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 8, 3, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(32, 6))
    net.size = 16
    return net
"""

Write = Callable[[str, str], None]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Put a module of the user's own into the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))

    def put(name: str, text: str) -> None:
        (tmp_path / f"{name}.py").write_text(text)

    return put


@pytest.fixture
def small(write: Write) -> Network:
    """Three layers, 16 px, 6 features."""
    write("smallnet", SMALL)
    return feature_network("smallnet:make")


@pytest.fixture
def counted(small: Network) -> tuple[Network, list[int]]:
    """The same, and the number of images of each forward."""
    calls: list[int] = []

    def forward(images: torch.Tensor) -> torch.Tensor:
        calls.append(len(images))
        return small.forward(images)

    return replace(small, forward=forward), calls


@pytest.fixture
def images() -> ImageSet:
    """150 images of noise, grey, 8 px."""
    pixels = np.random.default_rng(0).integers(0, 256, (150, 8, 8, 1), dtype=np.uint8)
    return from_arrays({"": (pixels, np.zeros(150))}, ["a"], "noise")
