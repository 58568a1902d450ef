"""Files of 16 bits a pixel: which they are, and the one scale of all that a set has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from pathlib import Path

import numpy as np
from PIL import Image

from ganlift.data.held import opened, readable
from ganlift.data.reading import Guess, Reading, Scale
from ganlift.data.values import Values, find_scale, values_of
from ganlift.data.walking import look

DEEP = "uint16"
"""The type that the `Scale` of 16-bit files names."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_DEPTH, _COLOUR = 24, 25
"""Where a PNG's first chunk has its bits a channel, and whether it is grey (0)."""


def scale_of(paths: Sequence[Path], reading: Reading) -> tuple[Scale, Guess] | None:
    """The one scale of the 16-bit files among ``paths``, and what was guessed; None without such.

    Raises:
        DataError: their values do not tell black and white.
    """
    found = reduce(_both, _values(paths), None)
    return find_scale({"The 16-bit files": found}, reading) if found else None


def is_deep_file(path: Path) -> bool:
    """Whether ``path`` is a PNG of 16-bit grey; others lose their low bits in decoding."""
    try:
        with opened(path) as file:
            start = file.read(_COLOUR + 1)
    except OSError:
        return False
    return start.startswith(_SIGNATURE) and start[_DEPTH:] == bytes([16, 0])


def _pictures(paths: Sequence[Path]) -> Iterator[Path]:
    """``paths``, and of clips that are folders their frames."""
    for path in paths:
        yield from look(path).images if path.is_dir() else [path]


def _values(paths: Sequence[Path]) -> Iterator[Values]:
    for path in _pictures(paths):
        if is_deep_file(path):
            try:
                with Image.open(readable(path), formats=("PNG",)) as picture:
                    yield values_of(np.asarray(picture).astype(np.uint16), str(path))
            except Exception:  # a broken file is left out, and said, where it is decoded
                continue


def _both(one: Values | None, other: Values) -> Values:
    if one is None:
        return other
    return Values(other.dtype, min(one.least, other.least), max(one.most, other.most))
