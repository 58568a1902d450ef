"""Which values are black and white: one rule for arrays, 16-bit files and estimators, one scale for a whole set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganlift.data.reading import Guess, Reading, Scale
from ganlift.errors import DataError

Range = tuple[float, float]
OPTION = "--value-range LOW,HIGH"

OVERSHOOT = 0.2
"""How far, in widths of the range, fractions may lie beyond it: resizing with bicubic filters makes such."""

_WHOLE = "iu"


@dataclass(frozen=True)
class Values:
    """What one array holds: its type and its extremes."""

    dtype: np.dtype[Any]
    least: float
    most: float

    @property
    def natural(self) -> Range | None:
        """The range that such values have; None where they do not tell."""
        whole = self.dtype.kind in _WHOLE
        if self.dtype.kind == "b" or (whole and self.least >= 0 and self.most <= 1):
            return 0.0, 1.0
        if self.dtype == np.uint8:
            return 0.0, 255.0
        if self.dtype == np.uint16 and self.most >= 1 << 15:
            return 0.0, 65535.0
        beyond = 0.0 if whole else OVERSHOOT
        if not whole and self.least >= -beyond and self.most <= 1 + beyond:
            return 0.0, 1.0
        return (0.0, 255.0) if self.least >= -beyond * 255 and 128 <= self.most <= (1 + beyond) * 255 else None


def values_of(array: NDArray[Any], where: str) -> Values:
    """What ``array`` holds.

    Raises:
        DataError: its values are no finite numbers.
    """
    if array.dtype.kind not in "iufb":
        raise DataError(f"{where}: pixel values must be numbers, and these are of type {array.dtype}.")
    if not np.isfinite(array).all():
        first = tuple(int(one) for one in np.unravel_index(np.isfinite(array).argmin(), array.shape))
        raise DataError(
            f"{where}: pixel values must be finite numbers, and that at {list(first)} is {array[first]}; mend "
            "that image or leave it out."
        )
    return Values(array.dtype, float(array.min()), float(array.max()))


def find_scale(parts: Mapping[str, Values], reading: Reading) -> tuple[Scale, Guess]:
    """The values of black and white in all of ``parts`` (their names serve messages), and what was guessed.

    A part that does not tell takes the scale that the others of its type tell.

    Raises:
        DataError: the parts do not tell, or tell different scales.
    """
    types = ", ".join(sorted({str(one.dtype) for one in parts.values()}))
    if reading.value_range:
        asked = Scale(*reading.value_range, types)
        return asked, Guess("values", f"{asked}, as asked", OPTION)
    told = {name: one.natural for name, one in parts.items()}
    known = {one for one in told.values() if one}
    if len(known) > 1:
        lines = "; ".join(f"in {name} {Scale(*one)}" for name, one in told.items() if one)
        raise DataError(
            f"The parts of the set seem to have different scales: {lines}. Save them alike, or give the values of "
            f"black and white in all of them with {OPTION}."
        )
    unknown = [name for name, one in told.items() if not one]
    learned = reading.learned
    if unknown and not known and learned and all(_covers(learned, one) for one in parts.values()):
        return replace(learned, types=types), Guess("values", f"{learned}, as the classifier has learned", OPTION)
    if unknown and not (known and all(_fits(parts[name], parts, next(iter(known))) for name in unknown)):
        raise DataError(_ambiguous(unknown[0], parts[unknown[0]]))
    found = Scale(*known.pop(), types)
    return found, Guess("values", f"{found}{_why(list(parts.values()), found)}", OPTION)


def _covers(scale: Scale, one: Values) -> bool:
    return scale.low <= one.least and one.most <= scale.high


def _fits(one: Values, parts: Mapping[str, Values], found: Range) -> bool:
    """Whether ``one`` may be a dark or dull part of a set whose others tell ``found``."""
    alike = any(other.dtype == one.dtype and other.natural for other in parts.values())
    return alike and _covers(Scale(*found), one)


def _why(parts: Sequence[Values], found: Scale) -> str:
    least, most = min(one.least for one in parts), max(one.most for one in parts)
    beyond = "; what lies beyond is cut off" if least < found.low or most > found.high else ""
    return f" ({found.types}, from {least:g} to {most:g}{beyond})"


def _ambiguous(where: str, one: Values) -> str:
    bits = next((2**n - 1 for n in (1, 4, 8, 10, 12, 14, 16) if one.most <= 2**n - 1), 65535)
    own = f"{one.least:g},{one.most:g}"
    likely = f"0,{bits}" if one.least >= 0 else own if own == "-1,1" else f"-1,1 or {own}"
    return (
        f"{where}: values of type {one.dtype} from {one.least:g} to {one.most:g} do not tell what is black and what is "
        f"white; say it with {OPTION}, such as {likely} (value_range=(low, high) in Python)."
    )


def to_bytes(array: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    """``array`` as uint8, ``low`` becoming 0 and ``high`` 255; what lies beyond is cut off."""
    if array.dtype == np.uint8 and (low, high) == (0.0, 255.0):
        return array
    scaled = np.subtract(array, low, dtype=np.result_type(array.dtype, np.float32))
    bytes_: NDArray[np.uint8] = (scaled * (255.0 / (high - low))).round().clip(0, 255).astype(np.uint8)
    return bytes_
