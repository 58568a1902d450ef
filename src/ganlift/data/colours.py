"""One channel or three: for a whole set, by one rule."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganlift.data.reading import Guess, Reading
from ganlift.nouns import IMAGE

OPTION = "--colours grey|rgb"
Pixels = NDArray[np.uint8]


def is_grey(image: Pixels) -> bool:
    """Whether an image (h, w, 3), or many (n, h, w, 3), have no colour anywhere."""
    return bool((image[..., 0] == image[..., 1]).all() and (image[..., 1] == image[..., 2]).all())


def to_grey(image: Pixels) -> Pixels:
    """(h, w, 3) as (h, w, 1): the channel of a grey image, else the luminance."""
    if is_grey(image):
        return image[..., :1]
    return np.asarray(Image.fromarray(image).convert("L"), np.uint8)[..., None]


def in_channels(x: Pixels, channels: int) -> Pixels:
    """(n, h, w, 1 or 3) as (n, h, w, channels)."""
    if x.shape[3] == channels:
        return x
    if channels == 3:
        return np.repeat(x, 3, axis=3)
    return x[..., :1] if is_grey(x) else np.stack([to_grey(image) for image in x])


def settle_colours(*, all_grey: bool, reading: Reading, noun: str = IMAGE) -> tuple[int, Guess]:
    """The channels of a set, and what was guessed."""
    if reading.channels:
        turned = "; what has colour is turned into grey" if reading.channels == 1 and not all_grey else ""
        return reading.channels, Guess("colours", f"{_named(reading.channels)}, as asked{turned}", OPTION)
    taken = f"grey: no {noun} has any colour" if all_grey else f"RGB: some {noun} has colour"
    return (1 if all_grey else 3), Guess("colours", taken, OPTION)


def coloured(parts: Mapping[str, Pixels], reading: Reading) -> tuple[dict[str, Pixels], Guess]:
    """Every part (n, h, w, 1 or 3) in the channels of the set, and what was guessed."""
    all_grey = all(x.shape[3] == 1 or is_grey(x) for x in parts.values())
    channels, guess = settle_colours(all_grey=all_grey, reading=reading)
    return {part: in_channels(x, channels) for part, x in parts.items()}, guess


def _named(channels: int) -> str:
    return "grey" if channels == 1 else "RGB"
