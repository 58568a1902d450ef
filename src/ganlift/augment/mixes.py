"""Mixes of two images of a batch: with their labels (Mixup, CutMix) and without (a stand-in for a generator)."""

from __future__ import annotations

import torch
from torch import Tensor

from ganlift.augment.basic import position
from ganlift.augment.draws import beta, partners, uniform


def mixup(x: Tensor, y_onehot: Tensor, rng: torch.Generator, alpha: float = 0.4) -> tuple[Tensor, Tensor]:
    """Convex mix of each image with another, and of their labels (Zhang et al. 2018).

    Args:
        x: (n, c, h, w), or vectors (n, d).
        y_onehot: (n, K) float, rows that sum to one.
        rng: on the images' device.
        alpha: of Beta(alpha, alpha), drawn for each image; the own image keeps the larger share.

    Returns:
        images and (n, K) labels.
    """
    share = beta(len(x), alpha, rng, x.device)
    share = torch.maximum(share, 1.0 - share)
    other = partners(len(x), rng, x.device)
    return _convex(x, x[other], share), torch.lerp(y_onehot[other], y_onehot, share[:, None].to(y_onehot.dtype))


def cutmix(x: Tensor, y_onehot: Tensor, rng: torch.Generator, alpha: float = 1.0) -> tuple[Tensor, Tensor]:
    """Paste a rectangle of another image; labels mix by the area that remains (Yun et al. 2019).

    Arguments and returns as in `mixup`; the rectangle's area is Beta(alpha, alpha) of the image's before
    what lies beyond the border is cut off.
    """
    inside = _rectangles(x, beta(len(x), alpha, rng, x.device), rng)
    other = partners(len(x), rng, x.device)
    kept = 1.0 - inside.flatten(1).float().mean(1)
    labels = torch.lerp(y_onehot[other], y_onehot, kept[:, None].to(y_onehot.dtype))
    return torch.where(inside, x[other], x), labels


def mix_of_two(x: Tensor, rng: torch.Generator, least: float = 0.25) -> Tensor:
    """Blends (n, ...), n from 2, that belong to no one class: each of two keeps at least the share ``least``."""
    other = x[partners(len(x), rng, x.device)]
    return _convex(x, other, uniform(len(x), least, 1.0 - least, rng, x.device))


def image_mixes(x: Tensor, rng: torch.Generator, cut_share: float = 0.5, least: float = 0.25) -> Tensor:
    """Images that belong to no one class: each a mix of two, by blending or by pasting a rectangle.

    Args:
        x: (n, c, h, w), n at least 2.
        rng: on the images' device.
        cut_share: share of the batch that is pasted, not blended.
        least: each image of a pair keeps at least about this share, in (0, 0.5].
    """
    if len(x) < 2:
        raise ValueError("a mix needs two images; give a batch of at least 2")
    n = len(x)
    other = x[partners(n, rng, x.device)]
    blended = _convex(x, other, uniform(n, least, 1.0 - least, rng, x.device))
    inside = _rectangles(x, uniform(n, least, 1.0 - least, rng, x.device), rng, whole=True)
    cut = torch.rand((n, 1, 1, 1), generator=rng, device=x.device) < cut_share
    return torch.where(cut, torch.where(inside, other, x), blended)


def _convex(x: Tensor, other: Tensor, share: Tensor) -> Tensor:
    return torch.lerp(other, x, share.view(-1, *[1] * (x.ndim - 1)).to(x.dtype))


def _rectangles(x: Tensor, area: Tensor, rng: torch.Generator, whole: bool = False) -> Tensor:
    """(n, 1, h, w) bool: a rectangle of the image's proportions with a share ``area`` (n,), placed at random.

    Its centre lies anywhere, and what sticks out is lost, unless it has to fit in ``whole``.
    """
    n, _, h, w = x.shape
    half = area.sqrt()[:, None] / 2
    centre_y, centre_x = torch.rand((2, n, 1), generator=rng, device=x.device)
    if whole:
        centre_y, centre_x = half + centre_y * (1 - 2 * half), half + centre_x * (1 - 2 * half)
    rows = (position(h, x.device) - centre_y).abs() < half
    columns = (position(w, x.device) - centre_x).abs() < half
    inside: Tensor = rows[:, :, None] & columns[:, None, :]
    return inside[:, None]
