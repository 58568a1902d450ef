"""What moves noise to images or vectors at a time t: the networks of `flow`, told time and class.

An unknown class, the label -1, has an embedding of its own, as in `ganlift.layers.coders`.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganlift.layers.coders import rows

WAVES = 8
"""Cosines and sines of a time that a network sees, the slowest half a turn from 0 to 1."""

CONDITION = 64
"""Size of what time and class are told as."""

GROUP = 8
"""Channels of a group of GroupNorm, at most."""

FOLD, WIDEST = 2, 4
"""Side of the squares of pixels that are folded into channels; how many times as many the deepest layers have."""


class Moment(nn.Module):
    """Times (n,) in [0, 1] and labels (n,), -1 where unknown, to conditions (n, `CONDITION`); ``classes`` may be 0."""

    turns: Tensor

    def __init__(self, classes: int) -> None:
        super().__init__()
        self._classes = classes
        self.register_buffer("turns", math.pi * torch.arange(1, WAVES + 1), persistent=False)
        self.time = nn.Linear(2 * WAVES, CONDITION)
        self.embedding = nn.Embedding(classes + 1, CONDITION) if classes else None
        self.mixed = nn.Linear(CONDITION, CONDITION)

    def forward(self, t: Tensor, labels: Tensor) -> Tensor:
        angles = t[:, None] * self.turns
        told = self.time(torch.cat([angles.cos(), angles.sin()], dim=1))
        if self.embedding is not None:
            told = told + self.embedding(rows(labels, self._classes))
        return F.silu(self.mixed(F.silu(told)))


class FiLM(nn.Module):
    """x ⊙ (1 + a) + b on (n, width, ...), a and b linear in a condition (n, `CONDITION`) (Perez et al. 2018)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear = nn.Linear(CONDITION, 2 * width)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        scale, shift = self.linear(condition).unflatten(1, (2, -1, *[1] * (x.ndim - 2))).unbind(1)
        return torch.addcmul(shift, x, 1 + scale)


def normed(width: int, *, affine: bool = True) -> nn.GroupNorm:
    """GroupNorm of groups of `GROUP` channels, or of all where ``width`` has no such."""
    return nn.GroupNorm(width // GROUP if width % GROUP == 0 else 1, width, affine=affine)


def silent(layer: nn.Conv2d | nn.Linear) -> None:
    """``layer`` says 0 until it has learned: a network that ends in it begins as if it were not there."""
    nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


class Block(nn.Module):
    """Planes (n, width, h, w) and a condition to such planes: a residual block that is told the condition."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList([normed(width), normed(width, affine=False)])
        self.film = FiLM(width)
        self.convolutions = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(2))

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        h = self.convolutions[0](F.silu(self.norms[0](x)))
        h = self.convolutions[1](F.silu(self.film(self.norms[1](h), condition)))
        out: Tensor = x + h
        return out


class PlaneVelocity(nn.Module):
    """Images (n, channels, size, size), times (n,) and labels (n,) to as many values: a U-Net.

    Next to the image a quarter of ``width`` channels are one layer deep; folded, `FOLD` × `FOLD` pixels into channels,
    they are ``width`` at half the side, where the blocks begin.

    Args:
        classes: number of classes, 0 for none.
        halvings: how often a folded side is halved on the way down.
        width: channels of the folded image, a multiple of 4; the first two halvings double them.
    """

    def __init__(self, channels: int, classes: int, halvings: int, width: int) -> None:
        super().__init__()
        widths = [min(2**depth, WIDEST) * width for depth in range(halvings + 1)]
        steps, few = list(pairwise(widths)), width // FOLD**2
        self.moment = Moment(classes)
        self.enter = nn.Conv2d(channels, few, 3, padding=1)
        self.down = nn.ModuleList(Block(before) for before, _ in steps)
        self.widen = nn.ModuleList(nn.Conv2d(before, after, 1) for before, after in steps)
        self.deepest = nn.ModuleList(Block(widths[-1]) for _ in range(2))
        self.narrow = nn.ModuleList(nn.Conv2d(after, before, 1) for before, after in reversed(steps))
        self.up = nn.ModuleList(Block(before) for before, _ in reversed(steps))
        self.fine = Block(few)
        self.norm = normed(few)
        self.leave = nn.Conv2d(few, channels, 3, padding=1)
        silent(self.leave)

    def forward(self, x: Tensor, t: Tensor, labels: Tensor) -> Tensor:
        condition, whole, passed = self.moment(t, labels), self.enter(x), []
        h = F.pixel_unshuffle(whole, FOLD)
        for block, widen in zip(self.down, self.widen, strict=True):
            h = block(h, condition)
            passed.append(h)
            h = widen(F.avg_pool2d(h, 2))
        for block in self.deepest:
            h = block(h, condition)
        for block, narrow in zip(self.up, self.narrow, strict=True):
            h = block(F.interpolate(narrow(h), scale_factor=2) + passed.pop(), condition)
        h = self.fine(F.pixel_shuffle(h, FOLD) + whole, condition)
        made: Tensor = self.leave(F.silu(self.norm(h))).float()
        return made


class VectorVelocity(nn.Module):
    """Vectors (n, width), times (n,) and labels (n,) to as many values: residual layers of ``hidden`` units."""

    def __init__(self, width: int, classes: int, hidden: int, depth: int = 2) -> None:
        super().__init__()
        self.moment = Moment(classes)
        self.enter = nn.Linear(width, hidden)
        self.norms = nn.ModuleList(nn.LayerNorm(hidden, elementwise_affine=False) for _ in range(depth))
        self.films = nn.ModuleList(FiLM(hidden) for _ in range(depth))
        self.layers = nn.ModuleList(nn.Linear(hidden, hidden) for _ in range(depth))
        self.leave = nn.Linear(hidden, width)
        silent(self.leave)

    def forward(self, x: Tensor, t: Tensor, labels: Tensor) -> Tensor:
        condition, h = self.moment(t, labels), self.enter(x)
        for norm, film, layer in zip(self.norms, self.films, self.layers, strict=True):
            h = h + layer(F.silu(film(norm(h), condition)))
        made: Tensor = self.leave(F.silu(h)).float()
        return made
