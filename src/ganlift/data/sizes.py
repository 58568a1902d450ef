"""The size that images have for all networks: settled once, where they come in."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ganlift.data.reading import Guess
from ganlift.errors import DataError

LEAST = 8
STEP = 4
"""Networks want squares of at least 8 px, generators multiples of 4."""

LARGE = 64
"""Pixels beyond which training takes long enough to say so."""

OPTION = "--image-size N"


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


def square(x: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """(n, h, w, c) to (n, size, size, c): the shorter side resized, the longer cropped around its middle."""
    if x.shape[1:3] == (size, size):
        return x
    out = np.empty((len(x), size, size, x.shape[3]), np.uint8)
    for index, image in enumerate(x):
        picture = Image.fromarray(image[..., 0] if image.shape[2] == 1 else image)
        fitted = np.asarray(ImageOps.fit(picture, (size, size), Image.Resampling.BICUBIC))
        out[index] = fitted if fitted.ndim == 3 else fitted[..., None]
    return out
