"""The operations TrivialAugment and RandAugment draw from.

Each takes images (n, c, h, w) in [-1, 1] and strengths (n,) in [-1, 1], the sign being the direction where an
operation has two; strength 0 changes nothing (but for autocontrast, which has no strength). Ranges at strength 1
are TrivialAugment's wide ones, made somewhat narrower for images of 28 px.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from ganlift.augment.basic import warp

ROTATE = math.radians(60.0)
SHEAR = 0.6
TRANSLATE = 0.3
"""Largest shift as a share of the side."""
FACTOR = 0.9
"""Brightness, contrast, saturation and sharpness scale by 1 ± this."""


def _rotation(signed: Tensor) -> Tensor:
    cos, sin = (signed * ROTATE).cos(), (signed * ROTATE).sin()
    return _matrices(cos, -sin, None, sin, cos, None)


def _shear_along_x(signed: Tensor) -> Tensor:
    return _matrices(None, signed * SHEAR, None, None, None, None)


def _shear_along_y(signed: Tensor) -> Tensor:
    return _matrices(None, None, None, signed * SHEAR, None, None)


def _shift_along_x(signed: Tensor) -> Tensor:
    return _matrices(None, None, signed * 2 * TRANSLATE, None, None, None)


def _shift_along_y(signed: Tensor) -> Tensor:
    return _matrices(None, None, None, None, None, signed * 2 * TRANSLATE)


def _matrices(*entries: Tensor | None) -> Tensor:
    """Of these six entries, row by row; None stands for the identity's."""
    some = next(entry for entry in entries if entry is not None)
    rows = some.new_tensor([1.0, 0.0, 0.0, 0.0, 1.0, 0.0]).repeat(len(some), 1)
    for column, entry in enumerate(entries):
        if entry is not None:
            rows[:, column] = entry
    return rows.view(-1, 2, 3)


def _brightness(x: Tensor, signed: Tensor) -> Tensor:
    return _away_from(torch.full_like(x, -1.0), x, signed)


def _contrast(x: Tensor, signed: Tensor) -> Tensor:
    return _away_from(x.mean((1, 2, 3), keepdim=True), x, signed)


def _saturation(x: Tensor, signed: Tensor) -> Tensor:
    return x if x.shape[1] == 1 else _away_from(x.mean(1, keepdim=True), x, signed)


def _sharpness(x: Tensor, signed: Tensor) -> Tensor:
    blurred = F.avg_pool2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    return _away_from(blurred, x, signed)


def _away_from(base: Tensor, x: Tensor, signed: Tensor) -> Tensor:
    factor = (1.0 + FACTOR * signed)[:, None, None, None].to(x.dtype)
    return torch.lerp(base.expand_as(x), x, factor).clamp_(-1.0, 1.0)


def _autocontrast(x: Tensor, signed: Tensor) -> Tensor:
    """Stretch each image's values to [-1, 1]; a flat image stays as it is."""
    low, high = x.amin((1, 2, 3), keepdim=True), x.amax((1, 2, 3), keepdim=True)
    span = high - low
    return torch.where(span > 1e-3, 2.0 * (x - low) / span.clamp(min=1e-3) - 1.0, x).clamp_(-1.0, 1.0)


def _solarize(x: Tensor, signed: Tensor) -> Tensor:
    """Invert what is brighter than a threshold, which falls from 1 to -1 as strength grows."""
    threshold = (1.0 - 2.0 * signed.abs())[:, None, None, None]
    return torch.where(x > threshold, -x, x)


def _posterize(x: Tensor, signed: Tensor) -> Tensor:
    """Keep 8 bits down to 2."""
    bits = 8.0 - (6.0 * signed.abs()).round()
    levels = (torch.exp2(bits) - 1.0)[:, None, None, None].to(x.dtype)
    return ((x + 1.0) / 2.0 * levels).round() / levels * 2.0 - 1.0


MATRICES: dict[str, Callable[[Tensor], Tensor]] = {
    "rotate": _rotation,
    "shear x": _shear_along_x,
    "shear y": _shear_along_y,
    "translate x": _shift_along_x,
    "translate y": _shift_along_y,
}
"""Operations that move pixels: from strengths (n,) to the (n, 2, 3) matrices of `warp`."""

VALUES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "brightness": _brightness,
    "contrast": _contrast,
    "saturation": _saturation,
    "sharpness": _sharpness,
    "autocontrast": _autocontrast,
    "solarize": _solarize,
    "posterize": _posterize,
}
"""Operations that change their values; saturation is the identity on grey images."""

OPERATIONS = ("identity", *MATRICES, *VALUES)


def operate(x: Tensor, signed: Tensor, counts: Sequence[int]) -> Tensor:
    """The first ``counts[0]`` images through the first of `OPERATIONS`, the next through the second, and so on.

    What moves pixels is one call for all of these operations: on a processor a call costs more than its images.

    Args:
        x: (n, c, h, w) in [-1, 1].
        signed: strengths (n,) in [-1, 1].
        counts: one number for each operation, n in all.
    """
    images, strengths = (dict(zip(OPERATIONS, torch.split(part, list(counts)), strict=True)) for part in (x, signed))
    done = [images["identity"]]
    if matrices := [matrix(strengths[name]) for name, matrix in MATRICES.items() if len(strengths[name])]:
        done.append(warp(torch.cat([images[name] for name in MATRICES]), torch.cat(matrices)))
    done += [change(images[name], strengths[name]) for name, change in VALUES.items() if len(strengths[name])]
    return torch.cat(done)
