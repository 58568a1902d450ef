"""The size that images have for all networks: settled once, where they come in."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ganlift.data.reading import Fit, Guess
from ganlift.errors import DataError

LEAST = 8
STEP = 4
"""Networks want squares of at least 8 px, generators multiples of 4."""

LARGE = 64
"""Pixels beyond which training takes long enough to say so."""

OPTION = "--image-size N"
FIT = "--fit crop|pad|stretch"
WIDE = 2.0
"""Longer over shorter side beyond which more than half of a picture is cropped away."""

_PREPARED = {
    "crop": "the shorter side resized to {} px, the longer one cropped around its middle",
    "pad": "the longer side resized to {} px, black beside the shorter one, the same on either side",
    "stretch": "both sides resized to {} px",
}
_FITTED = {
    "crop": "the middle square of each is used",
    "pad": "padded with black, as asked",
    "stretch": "stretched, as asked",
}


def fits(size: int) -> bool:
    """Whether every network here takes images of ``size`` pixels."""
    return size >= LEAST and size % STEP == 0


def settle(height: int, width: int, asked: int | None) -> tuple[int, Guess]:
    """The size for images of ``height`` × ``width``, and what was guessed.

    Raises:
        DataError: networks do not take the size that was asked for.
    """
    given = f"{height} × {width}"
    if asked is not None:
        if not fits(asked):
            raise DataError(f"An image size of {asked} fits no network; it must be 8, 12, 16, ... pixels.")
        return asked, Guess("size", f"{asked} × {asked} of {given}, as asked", OPTION)
    size = max(LEAST, math.ceil(min(height, width) / STEP) * STEP)
    if (height, width) == (size, size):
        taken = f"{given}, as given"
    else:
        taken = f"{size} × {size} of {given}: a square whose side is a multiple of {STEP}"
    slow = f"; {(size / LARGE) ** 2:.0f} times the work of {LARGE} × {LARGE}" if size >= 1.4 * LARGE else ""
    return size, Guess("size", taken + slow, OPTION)


def is_wide(height: int, width: int) -> bool:
    """Whether the middle square is less than half of an image."""
    return max(height, width) > WIDE * min(height, width)


def of_shape(sides: Sequence[tuple[int, int]], fit: Fit, what: str = "images") -> list[Guess]:
    """What becomes of ``what`` of ``sides`` (height, width) that are not square; nothing where all are."""
    odd = [one for one in sides if one[0] != one[1]]
    if not odd:
        return []
    wide = sum(is_wide(*one) for one in odd) if fit == "crop" else 0
    lost = f"; {wide} lose more than half" if wide else ""
    return [Guess("shape", f"{len(odd)} of {len(sides)} {what} are not square: {_FITTED[fit]}{lost}", FIT)]


def preparation(fit: Fit, size: int) -> str:
    """What `as_square` does with an image, in words."""
    return _PREPARED[fit].format(size)


def as_square(picture: Image.Image, size: int, fit: Fit) -> Image.Image:
    """``picture`` at ``size`` × ``size`` pixels: cropped around its middle, padded with black, or stretched."""
    if picture.size == (size, size):
        return picture
    if fit == "pad":
        return ImageOps.pad(picture, (size, size), Image.Resampling.BICUBIC, color=0)
    if fit == "stretch":
        return picture.resize((size, size), Image.Resampling.BICUBIC)
    return ImageOps.fit(picture, (size, size), Image.Resampling.BICUBIC)


def square(x: NDArray[np.uint8], size: int, fit: Fit = "crop") -> NDArray[np.uint8]:
    """(n, h, w, c) to (n, size, size, c), each as `as_square` makes it."""
    if x.shape[1:3] == (size, size):
        return x
    out = np.empty((len(x), size, size, x.shape[3]), np.uint8)
    for index, image in enumerate(x):
        picture = Image.fromarray(image[..., 0] if image.shape[2] == 1 else image)
        fitted = np.asarray(as_square(picture, size, fit))
        out[index] = fitted if fitted.ndim == 3 else fitted[..., None]
    return out
