"""The operations TrivialAugment and RandAugment draw from.

Each takes images (n, c, h, w) in [-1, 1] and strengths (n,) in [-1, 1], the sign being the direction where an
operation has two; strength 0 changes nothing (but for autocontrast, which has no strength). Ranges at strength 1
are TrivialAugment's wide ones, made somewhat narrower for images of 28 px.
"""

from __future__ import annotations

import math
from collections.abc import Callable

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


def _rotate(x: Tensor, signed: Tensor) -> Tensor:
    cos, sin = (signed * ROTATE).cos(), (signed * ROTATE).sin()
    return _warp(x, cos, -sin, None, sin, cos, None)


def _shear_x(x: Tensor, signed: Tensor) -> Tensor:
    return _warp(x, None, signed * SHEAR, None, None, None, None)


def _shear_y(x: Tensor, signed: Tensor) -> Tensor:
    return _warp(x, None, None, None, signed * SHEAR, None, None)


def _translate_x(x: Tensor, signed: Tensor) -> Tensor:
    return _warp(x, None, None, signed * 2 * TRANSLATE, None, None, None)


def _translate_y(x: Tensor, signed: Tensor) -> Tensor:
    return _warp(x, None, None, None, None, None, signed * 2 * TRANSLATE)


def _warp(x: Tensor, *entries: Tensor | None) -> Tensor:
    """Through the matrix with these six entries, row by row; None stands for the identity's."""
    identity = torch.tensor([1.0, 0.0, 0.0, 0.0, 1.0, 0.0], device=x.device).repeat(len(x), 1)
    for column, entry in enumerate(entries):
        if entry is not None:
            identity[:, column] = entry
    return warp(x, identity.view(-1, 2, 3))


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


def _identity(x: Tensor, signed: Tensor) -> Tensor:
    return x


OPERATIONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "identity": _identity,
    "rotate": _rotate,
    "shear x": _shear_x,
    "shear y": _shear_y,
    "translate x": _translate_x,
    "translate y": _translate_y,
    "brightness": _brightness,
    "contrast": _contrast,
    "saturation": _saturation,
    "sharpness": _sharpness,
    "autocontrast": _autocontrast,
    "solarize": _solarize,
    "posterize": _posterize,
}
"""By name; saturation is the identity on grey images."""
