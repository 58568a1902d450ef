"""Operations on pictures of sound, (n, 1, bands, time) in [-1, 1], where -1 is silent and 1 the loudest of the clip.

Level is none of them: `ganlift.data.sound` measures it against the clip's own maximum, so that a louder clip is the
same picture already. Nothing is mirrored, turned or recoloured.
"""

from __future__ import annotations

import math
from functools import partial

import torch
from torch import Tensor

from ganlift.augment.basic import position
from ganlift.augment.diffaugment import Part, diffaugment
from ganlift.augment.draws import uniform

SILENT = -1.0
HALF_RANGE_DB = 40.0
"""Decibels from 0 to 1 of a picture: it spans 80 in all."""


def time_shift(x: Tensor, rng: torch.Generator, share: float) -> Tensor:
    """Earlier or later by up to ``share`` of the length; silence comes in."""
    steps = x.shape[3]
    shift = uniform(len(x), -share * steps, share * steps, rng, x.device).round().long()
    source = torch.arange(steps, device=x.device) - shift[:, None]
    inside = (source >= 0) & (source < steps)
    index = source.clamp(0, steps - 1)[:, None, None].expand(-1, x.shape[1], x.shape[2], -1)
    return x.gather(3, index).masked_fill(~inside[:, None, None], SILENT)


def tilt(x: Tensor, rng: torch.Generator, decibels: float) -> Tensor:
    """Another microphone, or room: high bands louder or softer than low ones, by up to ``decibels`` at either end."""
    slope = uniform(len(x), -decibels, decibels, rng, x.device) / HALF_RANGE_DB
    change = slope[:, None] * (2 * position(x.shape[2], x.device) - 1)
    changed = torch.where(x > SILENT, x + change[:, None, :, None], x)
    return (changed - (changed.amax((1, 2, 3), keepdim=True) - 1).clamp(min=0)).clamp(SILENT, 1)


def response(x: Tensor, rng: torch.Generator, gain: float = 6.0, slope: float = 6.0) -> Tensor:
    """Level and tilt of all that is there, silence too, by up to ``gain`` and ``slope`` decibels.

    For a discriminator: values may leave [-1, 1], as DiffAugment's colours do, so that the gradient is 1 everywhere,
    and a generated near-silence is changed as a real silence is.
    """
    level, tilted = uniform(2 * len(x), -1, 1, rng, x.device).view(2, len(x), 1) / HALF_RANGE_DB
    change = gain * level + slope * tilted * (2 * position(x.shape[2], x.device) - 1)
    changed: Tensor = x + change[:, None, :, None].to(x.dtype)
    return changed


def noise(x: Tensor, rng: torch.Generator, softest: float = 70.0, loudest: float = 35.0) -> Tensor:
    """Noise in every band, between ``softest`` and ``loudest`` decibels below the clip's maximum: powers add up.

    The power of white noise in one window is exponential about its mean.
    """
    level = -uniform(len(x), loudest, softest, rng, x.device) / 10 * math.log(10)
    draws = torch.rand(x.shape, generator=rng, device=x.device).clamp(1e-6, 1 - 1e-6)
    added = level[:, None, None, None] + (-torch.log(draws)).log()
    power = (x - 1) * HALF_RANGE_DB / 10 * math.log(10)
    return (torch.logaddexp(power, added) * 10 / math.log(10) / HALF_RANGE_DB + 1).clamp(SILENT, 1)


def masks(x: Tensor, rng: torch.Generator, share: float) -> Tensor:
    """SpecAugment's masks: a stretch of time and a range of bands fall silent, each up to ``share`` (Park et al. 2019).

    Section 2, its time warping left out, of which they found that it does the least.
    """
    hidden = _stretch(x, 3, rng, share)[:, None, None, :] | _stretch(x, 2, rng, share)[:, None, :, None]
    return x.masked_fill(hidden, SILENT)


def _stretch(x: Tensor, axis: int, rng: torch.Generator, share: float) -> Tensor:
    """(n, length of the axis) bool: one stretch of each."""
    length = uniform(len(x), 0, share, rng, x.device)
    start = uniform(len(x), 0, 1, rng, x.device) * (1 - length)
    places = position(x.shape[axis], x.device)
    return (places >= start[:, None]) & (places < (start + length)[:, None])


def weak_sound(x: Tensor, rng: torch.Generator) -> Tensor:
    """A little earlier or later, from a microphone much like it."""
    return tilt(time_shift(x, rng, 0.06), rng, 3.0)


def strong_sound(x: Tensor, rng: torch.Generator) -> Tensor:
    """Further away in time, another microphone, noise, and SpecAugment's masks."""
    return masks(noise(tilt(time_shift(x, rng, 0.12), rng, 8.0), rng), rng, 0.25)


SOUNDS: dict[str, Part] = {
    "colour": response,
    "translation": partial(time_shift, share=0.12),
    "cutout": partial(masks, share=0.25),
}
"""What the words of DiffAugment's policy mean for sound: nothing moves up or down, which would be another pitch."""


def sound_aid(x: Tensor, rng: torch.Generator) -> Tensor:
    """What a discriminator sees of real and generated pictures alike: DiffAugment's idea (Zhao et al. 2020)."""
    return diffaugment(x, rng, ("translation", "cutout"), SOUNDS)


def adaptive_sound(x: Tensor, p: Tensor, rng: torch.Generator) -> Tensor:
    """`ganlift.augment.ada` for sound: response and shift in time of (n, c, h, w), each with probability ``p``."""
    for part in (SOUNDS["colour"], SOUNDS["translation"]):
        applied = torch.rand((len(x), 1, 1, 1), generator=rng, device=x.device) < p
        x = torch.where(applied, part(x, rng), x)
    return x
