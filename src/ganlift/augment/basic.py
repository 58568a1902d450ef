"""Single operations, each with its own draw for every image."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from ganlift.augment.draws import uniform

SHIFT = 1 / 14
"""Largest shift of `crop` as a share of the side: 2 of 28 pixels."""


def crop(x: Tensor, rng: torch.Generator, share: float = SHIFT) -> Tensor:
    """Shift by whole pixels, up to ``share`` of the side in each direction; what comes into view is reflected."""
    pad = max(1, round(share * x.shape[2]))
    down, right = torch.randint(0, 2 * pad + 1, (2, len(x)), generator=rng, device=x.device)
    return windows(F.pad(x, (pad, pad, pad, pad), mode="reflect"), down, right, x.shape[2], x.shape[3])


def windows(x: Tensor, top: Tensor, left: Tensor, height: int, width: int) -> Tensor:
    """The (height, width) window of each image that starts at its own ``top`` and ``left``, both (n,) int64.

    Gathered by flat index: cheap, and its gradient is too (that of an unfolded view fills every window there is).
    """
    n, c, _, stride = x.shape
    rows = top[:, None] + torch.arange(height, device=x.device)
    columns = left[:, None] + torch.arange(width, device=x.device)
    flat = (rows[:, :, None] * stride + columns[:, None, :]).view(n, 1, -1).expand(-1, c, -1)
    return x.flatten(2).gather(2, flat).view(n, c, height, width)


def flip(x: Tensor, rng: torch.Generator) -> Tensor:
    """Mirror left and right, with probability one half."""
    mirrored = torch.rand((len(x), 1, 1, 1), generator=rng, device=x.device) < 0.5
    return torch.where(mirrored, x.flip(3), x)


def cutout(x: Tensor, rng: torch.Generator, share: float = 0.5) -> Tensor:
    """Grey out a square with a side of up to ``share`` of the image's, centred anywhere (DeVries and Taylor 2017)."""
    n, _, h, w = x.shape
    half = uniform(n, 0.0, share / 2, rng, x.device)
    centre_y, centre_x = torch.rand((2, n, 1), generator=rng, device=x.device)
    rows = (position(h, x.device) - centre_y).abs() < half[:, None]
    columns = (position(w, x.device) - centre_x).abs() < half[:, None]
    return x.masked_fill((rows[:, :, None] & columns[:, None, :])[:, None], 0.0)


def affine(
    x: Tensor, rng: torch.Generator, degrees: float = 20.0, scale: float = 0.15, translate: float = 0.1
) -> Tensor:
    """Rotate, scale and shift at once; the border's pixels are continued outwards.

    Args:
        x: (n, c, h, w).
        rng: on the images' device.
        degrees: largest angle either way.
        scale: largest relative change of size, below 1.
        translate: largest shift either way, as a share of the side.
    """
    n = len(x)
    angle = uniform(n, -degrees, degrees, rng, x.device) * (math.pi / 180)
    zoom = 1.0 / uniform(n, 1.0 - scale, 1.0 + scale, rng, x.device)
    cos, sin = angle.cos() * zoom, angle.sin() * zoom
    shift = uniform(2 * n, -2.0 * translate, 2.0 * translate, rng, x.device).view(2, n)
    rows = torch.stack([cos, -sin, shift[0], sin, cos, shift[1]], dim=1)
    return warp(x, rows.view(n, 2, 3))


def warp(x: Tensor, matrices: Tensor, beyond: Literal["border", "reflection"] = "border") -> Tensor:
    """Sample each image through its (2, 3) matrix from output to input places, in [-1, 1] coordinates; bilinear.

    ``beyond`` the edge its pixels are continued, or the image is reflected.
    """
    height, width = x.shape[2:]
    y_out = 2 * position(height, x.device)[0] - 1
    x_out = y_out if width == height else 2 * position(width, x.device)[0] - 1
    along_x, along_y, shift = matrices[..., None].unbind(2)
    # F.affine_grid multiplies matrices image by image, which takes longer on a processor than the sampling does
    rows = torch.addcmul(shift, along_y, y_out)
    grid = torch.addcmul(rows[..., None], along_x[..., None], x_out).permute(0, 2, 3, 1)
    return F.grid_sample(x, grid.to(x.dtype), mode="bilinear", padding_mode=beyond, align_corners=False)


def resized_crop(x: Tensor, rng: torch.Generator, least: float = 0.3) -> Tensor:
    """A part of each image, of ``least`` to all of its area and 3:4 to 4:3, anywhere, at the size of the whole."""
    n = len(x)
    area, aspect = uniform(n, least, 1.0, rng, x.device), uniform(n, math.log(3 / 4), math.log(4 / 3), rng, x.device)
    width, height = (area * aspect.exp()).sqrt().clamp(max=1.0), (area / aspect.exp()).sqrt().clamp(max=1.0)
    right, down = uniform(2 * n, -1.0, 1.0, rng, x.device).view(2, n)
    nothing = torch.zeros_like(width)
    rows = torch.stack([width, nothing, right * (1 - width), nothing, height, down * (1 - height)], dim=1)
    return warp(x, rows.view(n, 2, 3))


def jitter(x: Tensor, rng: torch.Generator, strength: float = 0.4) -> Tensor:
    """Brightness, contrast and, in colour, saturation, each by up to ``strength`` either way."""
    x = contrast(brightness(x, rng, strength), rng, strength)
    if x.shape[1] == 1:
        return x
    factor = uniform(len(x), 1.0 - strength, 1.0 + strength, rng, x.device)[:, None, None, None]
    return torch.lerp(x.mean(dim=1, keepdim=True).expand_as(x), x, factor.to(x.dtype)).clamp_(-1.0, 1.0)


def contrast(x: Tensor, rng: torch.Generator, strength: float = 0.5) -> Tensor:
    """Scale the distance from the image's own mean by a factor in [1 - strength, 1 + strength]."""
    factor = uniform(len(x), 1.0 - strength, 1.0 + strength, rng, x.device)[:, None, None, None]
    return torch.lerp(x.mean(dim=(1, 2, 3), keepdim=True), x, factor.to(x.dtype)).clamp_(-1.0, 1.0)


def brightness(x: Tensor, rng: torch.Generator, strength: float = 0.3) -> Tensor:
    """Add a constant in [-strength, strength] to each image."""
    shift = uniform(len(x), -strength, strength, rng, x.device)[:, None, None, None]
    return (x + shift.to(x.dtype)).clamp_(-1.0, 1.0)


def rotate90(x: Tensor, k: int | Tensor) -> Tensor:
    """Turn square images counter-clockwise by ``k`` quarter turns: one number, or (n,) int64 in 0..3 for each."""
    if x.shape[2] != x.shape[3]:
        raise ValueError(f"quarter turns need square images, not {x.shape[2]} x {x.shape[3]}")
    if isinstance(k, int):
        return x.rot90(k, (2, 3))
    turned = torch.stack([x.rot90(quarter, (2, 3)) for quarter in range(4)])
    return turned[k, torch.arange(len(x), device=x.device)]


def position(size: int, device: torch.device) -> Tensor:
    """Centres of ``size`` pixels as shares of the side, (1, size), in (0, 1)."""
    return ((torch.arange(size, device=device) + 0.5) / size)[None]
