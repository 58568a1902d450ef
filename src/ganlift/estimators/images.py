"""From the forms that ``X`` may have to uint8 images of one size, the same way in ``fit`` and after.

`unfold` brings every form to rows, which scikit-learn's own checks then see; `learn` decides once, in ``fit``,
what a row is and which values are black and white; `encode` does what was decided.
"""

from __future__ import annotations

import math
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.exceptions import DataConversionWarning

from ganlift.data.decode import decode
from ganlift.data.reading import AS_FOUND, Colours, Fit, Reading
from ganlift.data.sizes import LEAST, fits, settle, square
from ganlift.data.values import find_scale, to_bytes, values_of
from ganlift.errors import DataError, InputError

Shape = tuple[int, int, int]


@dataclass(frozen=True)
class Encoding:
    """How rows become images; decided in ``fit`` and kept.

    Attributes:
        shape: (h, w, c) of the images as given.
        size: pixels of each side that the networks see.
        low, high: the values of black and white.
        table: whether rows came without a word on their shape.
        learned: whether black and white are the extremes of these rows; what lies beyond is then clipped.
        fit: how images that are not square become so, as `ganlift.data.Reading` has it.
    """

    shape: Shape
    size: int
    low: float
    high: float
    table: bool = False
    learned: bool = False
    fit: Fit = "crop"


def unfold(
    x: Any, known: Encoding | None = None, image_size: int | None = None, fit: Fit = "crop"
) -> tuple[Any, tuple[int, ...] | None]:
    """``x`` as rows (n, h·w·c), and the shape of its images, (h, w) or (h, w, c), where ``x`` says it.

    What is no images (a table, a sparse matrix, nonsense) comes back as it is, for scikit-learn's checks.

    Args:
        known: what was decided in ``fit``, afterwards; files are read in that size, those colours and that way.
        image_size: pixels of each side that files are read in; chosen from the files where None.
        fit: how files become squares, in ``fit`` itself.
    """
    if are_paths(x):
        x = _read([Path(path) for path in x], known, Reading(image_size=image_size, fit=fit))
    elif isinstance(x, list | tuple) and len(x) and np.ndim(x[0]) >= 2:
        x = _stacked(x)
    if isinstance(x, torch.Tensor):
        x = (x.float() if x.is_floating_point() else x).detach().cpu().numpy()
        if x.ndim == 4:
            x = x.transpose(0, 2, 3, 1)
    if not isinstance(x, np.ndarray) or x.ndim not in (3, 4):
        return x, None
    if x.ndim == 4 and x.shape[3] not in (1, 3):
        raise InputError(
            f"X has the shape {x.shape}; images are (n, h, w) or (n, h, w, 1 or 3). "
            "Give images with the channels first as a torch tensor (n, c, h, w), or transpose them."
        )
    return x.reshape(len(x), math.prod(x.shape[1:])), x.shape[1:]


def learn(
    rows: NDArray[Any], shape: tuple[int, ...] | None, image_shape: Any, image_size: int | None, value_range: Any
) -> Encoding:
    """Decide what a row of ``rows`` (n, d) is: its shape, the size that networks see, black and white.

    Raises:
        InputError: the parameters do not fit the rows, or the range of values is ambiguous.
    """
    asked = None if image_shape is None else _asked_shape(image_shape)
    seen = None if shape is None else whole_shape(shape)
    if seen and asked and seen != asked:
        raise InputError(f"X has images of {_words(seen)} and image_shape asks for {_words(asked)}; leave one out.")
    if asked and math.prod(asked) != rows.shape[1]:
        raise InputError(f"X has {rows.shape[1]} values a row and image_shape={image_shape} has {math.prod(asked)}.")
    table = seen is None and asked is None
    final = seen or asked or _picture_of(rows.shape[1])
    size, _ = settle(final[0], final[1], checked_size(image_size))
    low, high = _range(rows, table, value_range)
    learned = table and isinstance(value_range, str) and rows.dtype.kind != "b" and rows.dtype != np.uint8
    return Encoding(final, size, low, high, table, learned)


def encode(rows: NDArray[Any], encoding: Encoding) -> NDArray[np.uint8]:
    """``rows`` (n, d) as images (n, size, size, c) uint8.

    Raises:
        InputError: the values are on another scale than those of ``fit``.
    """
    low, high = encoding.low, encoding.high
    if not encoding.learned:
        _same_scale(rows, low, high)
    pixels = to_bytes(rows, low, high)
    missing = math.prod(encoding.shape) - pixels.shape[1]
    if missing:
        pixels = np.pad(pixels, ((0, 0), (0, missing)))
    return square(pixels.reshape(len(pixels), *encoding.shape), encoding.size, encoding.fit)


def are_rows(x: Any) -> bool:
    """Whether ``x`` is meant as rows of numbers: no images, no paths; whether it is sound is for later checks."""
    if are_paths(x):
        return False
    if isinstance(x, list | tuple):
        return not (len(x) and np.ndim(x[0]) >= 2)
    return getattr(x, "ndim", 2) not in (3, 4)


def are_paths(x: Any) -> bool:
    one_line = isinstance(x, list | tuple) or getattr(x, "ndim", None) == 1
    return one_line and len(x) > 0 and all(isinstance(one, str | os.PathLike) for one in x)


def _read(paths: list[Path], known: Encoding | None, reading: Reading) -> NDArray[np.uint8]:
    """The images in the files; one that cannot be used is an error, as its label would have none to go with."""
    if known and known.shape[0] != known.shape[1]:
        raise InputError(
            f"The estimator was fitted on images of {_words(known.shape)} and files are read as squares; give arrays."
        )
    if known:
        colours: Colours = "grey" if known.shape[2] == 1 else "rgb"
        reading = Reading(image_size=known.shape[0], colours=colours, fit=known.fit)
    found = decode(paths, reading)
    if found.skipped:
        shown = ", ".join(f"{path} ({reason})" for path, reason in found.skipped[:3])
        more = ", ..." if len(found.skipped) > 3 else ""
        raise InputError(f"{len(found.skipped)} of {len(paths)} files cannot be used: {shown}{more}; leave them out.")
    return found.pixels


def _stacked(x: Any) -> Any:
    """A list of images as one array, or one tensor."""
    try:
        if isinstance(x[0], torch.Tensor):
            return torch.stack(list(x))
        return np.stack([np.asarray(one) for one in x])
    except (ValueError, RuntimeError) as fault:
        raise InputError("X is a list of images of different shapes; resize them, or give their paths.") from fault


def checked_size(image_size: Any) -> int | None:
    """``image_size`` where it is a size that every network here takes, or None."""
    if image_size is None:
        return None
    if isinstance(image_size, int | np.integer) and fits(int(image_size)):
        return int(image_size)
    raise InputError(f"image_size={image_size!r}; it must be 8, 12, 16, ... pixels, or None.")


def checked_fit(squares: Any) -> Fit:
    """``squares`` where it is one of the ways in which images become square."""
    if squares not in get_args(Fit):
        raise InputError(f"squares={squares!r}; it must be 'crop', 'pad' or 'stretch'.")
    return cast(Fit, squares)


def whole_shape(sides: tuple[int, ...]) -> Shape:
    """(h, w, c) of (h, w) or (h, w, c)."""
    return sides[0], sides[1], sides[2] if len(sides) == 3 else 1


def _asked_shape(image_shape: Any) -> Shape:
    try:
        sides = tuple(int(side) for side in image_shape)
    except (TypeError, ValueError):
        sides = ()
    if len(sides) not in (2, 3) or min(sides) < 1 or sides[2:] not in ((), (1,), (3,)):
        raise InputError(f"image_shape={image_shape!r}; it must be (h, w) or (h, w, 1 or 3).")
    return whole_shape(sides)


def _picture_of(columns: int) -> Shape:
    """The smallest square that holds a row of which nothing is known but its length."""
    side = math.isqrt(columns - 1) + 1
    third = math.isqrt(columns // 3)
    if side * side != columns and third >= LEAST and third * third * 3 == columns:
        raise InputError(
            f"X has {columns} values a row, as many as a {third} × {third} image in colour; "
            f"say image_shape=({third}, {third}, 3), or give the images as (n, h, w, 3)."
        )
    if side * side != columns:
        warnings.warn(
            f"X has {columns} values a row, which is no square: each row becomes a picture of {side} × {side} with "
            "the end left blank. Give image_shape if the rows are images.",
            DataConversionWarning,
            stacklevel=2,
        )
    return side, side, 1


def _range(rows: NDArray[Any], table: bool, value_range: Any) -> tuple[float, float]:
    """The values of black and white: as asked, those of a table's own extremes, or by the rule for all images."""
    if not isinstance(value_range, str):
        return _asked_range(value_range)
    if value_range != "auto":
        raise InputError(f"value_range={value_range!r}; it must be 'auto' or (low, high).")
    values = values_of(rows, "X")
    if table and rows.dtype.kind != "b" and rows.dtype != np.uint8:
        return values.least, values.most if values.most > values.least else values.least + 1.0
    try:
        scale, _ = find_scale({"X": values}, AS_FOUND)
    except DataError:
        raise InputError(
            f"X has values from {values.least:g} to {values.most:g}, which does not tell what is black and what is "
            "white; give value_range=(low, high), such as (0, 16) or (-1, 1)."
        ) from None
    return scale.low, scale.high


def _asked_range(value_range: Any) -> tuple[float, float]:
    try:
        low, high = (float(value) for value in value_range)
    except (TypeError, ValueError):
        low, high = math.nan, math.nan
    if not (low < high and math.isfinite(high - low)):
        raise InputError(f"value_range={value_range!r}; it must be 'auto' or (low, high) with low < high.")
    return low, high


def _same_scale(rows: NDArray[Any], low: float, high: float) -> None:
    """Refuse what is clearly on another scale.

    Single values far outside are none: a scaler that was fitted on other rows makes them, and they are clipped.
    """
    least, most, width = float(rows.min()), float(rows.max()), high - low
    beyond = np.sum((rows > high + width) | (rows < low - width)) > 0.5 * np.sum(rows != low)
    fractions = rows.dtype.kind == "f" and (low, high) == (0.0, 255.0) and least >= 0 and most <= 1
    if beyond or (fractions and bool((rows != rows.round()).any())):
        raise InputError(
            f"X has values from {least:g} to {most:g}, and black and white are {low:g} and {high:g} here; "
            "give the same scale to fit and afterwards, or set value_range."
        )


def _words(shape: Shape) -> str:
    return " × ".join(str(side) for side in shape)
