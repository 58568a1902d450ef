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


MOVES: dict[str, tuple[float, ...]] = {
    "rotate": (ROTATE, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    "shear x": (0.0, 0.0, SHEAR, 0.0, 0.0, 0.0, 0.0),
    "shear y": (0.0, 0.0, 0.0, 0.0, SHEAR, 0.0, 0.0),
    "translate x": (0.0, 0.0, 0.0, 2 * TRANSLATE, 0.0, 0.0, 0.0),
    "translate y": (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2 * TRANSLATE),
}
"""Operations that move pixels: the angle of strength 1, and what it adds to the matrix of `warp`, row by row."""


def _matrices(signed: Tensor, counts: Sequence[int]) -> Tensor:
    """Those of `warp`, (n, 2, 3), for `MOVES`, ``counts`` of each."""
    of_one = signed.new_tensor(list(MOVES.values())).repeat_interleave(signed.new_tensor(counts).long(), dim=0)
    moves = signed[:, None] * of_one
    cos, sin = moves[:, 0].cos(), moves[:, 0].sin()
    zero = torch.zeros_like(cos)
    return (torch.stack([cos, -sin, zero, sin, cos, zero], dim=1) + moves[:, 1:]).view(-1, 2, 3)


def _grey(x: Tensor) -> Tensor:
    return x.mean(1, keepdim=True).expand_as(x)


def _flat(x: Tensor) -> Tensor:
    return x.mean((1, 2, 3), keepdim=True).expand_as(x)


def _blurred(x: Tensor) -> Tensor:
    return F.avg_pool2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), 3, stride=1)


BLENDS: dict[str, Callable[[Tensor], Tensor]] = {
    "brightness": lambda x: torch.full_like(x, -1.0),
    "contrast": _flat,
    "saturation": _grey,
    "sharpness": _blurred,
}
"""Operations that go towards another image, or away from it: which one. Saturation is the identity on grey images."""


def _away_from(base: Tensor, x: Tensor, signed: Tensor) -> Tensor:
    return torch.lerp(base, x, 1.0 + FACTOR * signed).clamp_(-1.0, 1.0)


def _autocontrast(x: Tensor, signed: Tensor) -> Tensor:
    """Stretch each image's values to [-1, 1]; a flat image stays as it is."""
    low, high = x.amin((1, 2, 3), keepdim=True), x.amax((1, 2, 3), keepdim=True)
    span = high - low
    stretched = (x - low).mul_(2.0).div_(span.clamp(min=1e-3)).sub_(1.0)
    return torch.where(span > 1e-3, stretched, x).clamp_(-1.0, 1.0)


def _solarize(x: Tensor, signed: Tensor) -> Tensor:
    """Invert what is brighter than a threshold, which falls from 1 to -1 as strength grows."""
    return torch.where(x > 1.0 - 2.0 * signed.abs(), -x, x)


def _posterize(x: Tensor, signed: Tensor) -> Tensor:
    """Keep 8 bits down to 2."""
    bits = 8.0 - (6.0 * signed.abs()).round()
    levels = torch.exp2(bits) - 1.0
    return (x + 1.0).div_(2.0).mul_(levels).round_().div_(levels).mul_(2.0).sub_(1.0)


TONES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "autocontrast": _autocontrast,
    "solarize": _solarize,
    "posterize": _posterize,
}
"""Operations that change values one by one: from images and strengths (n, 1, 1, 1)."""

OPERATIONS = ("identity", *MOVES, *BLENDS, *TONES)


def operate(x: Tensor, signed: Tensor, counts: Sequence[int]) -> Tensor:
    """The first ``counts[0]`` images through the first of `OPERATIONS`, the next through the second, and so on.

    What moves pixels is one call for all of these operations, and what blends is another: on a processor a call costs
    more than its images.

    Args:
        x: (n, c, h, w) in [-1, 1].
        signed: strengths (n,) in [-1, 1].
        counts: one number for each operation, n in all.
    """
    same, *rest = counts
    moved, (blended, toned) = rest[: len(MOVES)], (rest[len(MOVES) : -len(TONES)], rest[-len(TONES) :])
    sizes = [same, sum(moved), sum(blended), sum(toned)]
    (alike, to_warp, to_blend, to_tone), (_, places, shares, tones) = torch.split(x, sizes), torch.split(signed, sizes)
    done = [alike]
    if len(to_warp):
        done.append(warp(to_warp, _matrices(places, moved)))
    bases = torch.cat([base(own) for base, own in zip(BLENDS.values(), torch.split(to_blend, blended), strict=True)])
    done.append(_away_from(bases, to_blend, shares.view(-1, 1, 1, 1)))
    strengths = tones.view(-1, 1, 1, 1)
    pieces = zip(TONES.values(), torch.split(to_tone, toned), torch.split(strengths, toned), strict=True)
    done += [change(images, own) for change, images, own in pieces]
    return torch.cat(done)
