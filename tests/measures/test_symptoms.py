"""Planted failures of a generator are seen in some of its samples, and healthy ones are left alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from ganlift.data import load
from ganlift.measures.symptoms import LEAST, symptoms
from ganlift.training.alarms import Alarms

N = 150


@pytest.fixture(scope="module")
def images() -> Tensor:
    found = load("fashion-mini")
    index = np.random.default_rng(0).permutation(np.flatnonzero(found.parts == "train"))[: 2 * N]
    return torch.from_numpy(found.batch(index)).float() / 127.5 - 1


def planted(images: Tensor, kind: str) -> Tensor:
    rng = torch.Generator().manual_seed(0)
    real, others = images[:N], images[N:].clone()
    speckle = 0.1 * torch.randn(real.shape, generator=rng)
    if kind == "constant":
        return (real[:1] + speckle).clamp(-1, 1)
    if kind == "two modes":
        return (real[torch.randint(2, (N,), generator=rng)] + speckle).clamp(-1, 1)
    if kind == "copies":
        return (real[torch.randperm(N, generator=rng)] + speckle).clamp(-1, 1)
    if kind == "uniform noise":
        return torch.rand(real.shape, generator=rng) * 2 - 1
    if kind == "normal noise":
        return torch.randn(real.shape, generator=rng).clamp(-1, 1)
    if kind == "cutout":
        others[::2, :, 5:19, 8:22] = 0.0
    if kind.startswith("a generator's squares"):  # half the side, neither plain nor all of one grey
        grey = float(kind.split()[-1])
        others[::2, :, 5:19, 8:22] = grey + 0.7 * speckle[::2, :, 5:19, 8:22]
    if kind == "a generator's shifts":
        others[:, :, :3] = 1.5 * speckle[:, :, :3]
    if kind == "blurred":
        return F.avg_pool2d(others, 9, 1, 4)
    if kind == "shifted":
        others = torch.cat([torch.zeros_like(others[:, :, :3]), others[:, :, :-3]], 2)
    return others


@pytest.mark.parametrize(
    ("kind", "alarm"),
    [
        ("constant", "collapse"),
        ("two modes", "collapse"),
        ("copies", "copies"),
        ("uniform noise", "noise"),
        ("normal noise", "noise"),
        ("cutout", "augmentation-leaks"),
        ("shifted", "augmentation-leaks"),
        ("a generator's squares of 0.0", "augmentation-leaks"),
        ("a generator's shifts", "augmentation-leaks"),
        ("a generator's squares of 0.4", ""),  # grey, but not that of augmentation
        ("blurred", ""),
        ("healthy", ""),
    ],
)
def test_a_failure_is_seen_and_named(images: Tensor, kind: str, alarm: str) -> None:
    alarms, figures = Alarms(), symptoms(planted(images, kind), images[:N])
    for step in (1, 2):
        alarms.look_at_samples("generator", step, figures)
    names = [one["name"] for one in alarms.raised]
    assert alarm in names if alarm else not names


def test_pale_samples_are_not_taken_for_a_leak(images: Tensor) -> None:
    """Those of a young generator are near to grey everywhere; what matters is what is nearer than the rest."""
    assert symptoms(0.15 * images[N:], images[:N])["grey"] < 0.1


def test_figures_by_hand() -> None:
    real = torch.zeros(LEAST, 1, 8, 8)
    real[:, 0, 0, 0] = torch.arange(LEAST) / LEAST  # on a line, 1 / LEAST apart
    figures = symptoms(real[torch.arange(LEAST) // 2 * 2], real)
    assert figures["alike"] == 1.0
    assert figures["copies"] == 1.0
    assert figures["precision"] == 1.0
    assert figures["grey"] == 0.0
    assert symptoms(real, real)["variety"] == pytest.approx(1.0)
    assert symptoms(real, real)["rough"] == pytest.approx(1.0)
    assert symptoms(real[1:], real[1:]) == {}
