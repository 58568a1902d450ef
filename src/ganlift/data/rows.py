"""Rows of numbers from arrays, as a `VectorSet`: what they may be, and what is taken for granted of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganlift.data.build import from_vectors
from ganlift.data.choosing import only
from ganlift.data.columns import learn_columns
from ganlift.data.guesses import shared_guesses
from ganlift.data.labels import Naming, coded, labels_of, without_label
from ganlift.data.reading import AS_FOUND, Guess, Reading
from ganlift.data.types import VectorSet
from ganlift.errors import DataError

Array = NDArray[Any]

ABOUT_IMAGES = {
    "image_size": "--image-size",
    "value_range": "--value-range",
    "colours": "--colours",
    "orientation": "--orientation",
    "fit": "--fit",
    "flips": "--flips",
    "parts": "--parts",
    "groups": "--groups",
    "files": "--files",
}
"""What a `Reading` may ask for of images and their files alone."""


def from_rows(
    pairs: Mapping[str, tuple[Array, Array]],
    class_names: Sequence[str] | None,
    source: str,
    reading: Reading,
    ids: Mapping[str, Array] | None = None,
) -> VectorSet:
    """Rows and labels by part, as `ganlift.data.arrays.from_pairs` has images.

    Args:
        pairs: rows (n, d) of any type of real number, finite; labels as of images.
        class_names: as of images.
        ids: (n,) of what tells each row apart, by part; none where the source has none.

    Raises:
        DataError: another form, values that are not finite or too large, or parts or ids that do not fit together.
    """
    where = {part: f"{source}, {part}" if part else source for part in pairs}
    rows = {part: checked_rows(x, where[part]) for part, (x, _) in pairs.items()}
    widths = {part: x.shape[1] for part, x in rows.items()}
    if len(set(widths.values())) > 1:
        told = "; ".join(f"{part} {width}" for part, width in widths.items())
        raise DataError(f"{source}: the parts have rows of different widths ({told}); save the same columns in each.")
    labels = {part: labels_of(y, len(rows[part]), where[part], "row") for part, (_, y) in pairs.items()}
    codes, names, of_labels = coded(labels, Naming(class_names, reading.classes, "class ", source))
    found = from_vectors({part: (rows[part], codes[part]) for part in pairs}, names, source)
    if ids:
        each = np.concatenate([np.asarray(ids.get(part, ())).astype(np.str_).reshape(-1) for part in pairs])
        found = replace(found, ids=checked_ids(each, len(found), source), names=each)
    return taken(found, [*of_labels, *without_label(codes, "row")], reading)


def checked_ids(ids: Array, count: int, source: str) -> Array:
    """``ids`` (n,) of ``count`` rows.

    Raises:
        DataError: there are more or fewer, or two rows have the same.
    """
    if len(ids) != count:
        raise DataError(f"{source} has {len(ids)} ids and {count} rows; give each row its own, in every part.")
    values, counts = np.unique(ids, return_counts=True)
    if counts.max() > 1:
        raise DataError(f"{source}: {counts.max()} rows have the id '{values[counts.argmax()]}'; give each its own.")
    return ids


def taken(rows: VectorSet, guesses: Sequence[Guess], reading: Reading) -> VectorSet:
    """``rows`` of the classes that ``reading`` asks for, with ``guesses`` and those that all sets share.

    Raises:
        DataError: values are too large, or there is no such class.
    """
    learn_columns(rows.vectors, rows.source)  # a part of what has a spread has one too
    return shared_guesses(only(replace(rows, guesses=tuple(guesses)), reading.classes), reading)


def checked_rows(x: Array, where: str) -> NDArray[np.float64]:
    """``x`` (n, d) as float64.

    Raises:
        DataError: it has another form, or a value that is not finite.
    """
    if x.ndim != 2 or not x.size or x.dtype.kind not in "biuf":
        raise DataError(
            f"{where}: x has the shape {x.shape} and type {x.dtype}; expected rows of numbers (n, d), n and d "
            "at least 1."
        )
    rows = x.astype(np.float64)
    bad = np.argwhere(~np.isfinite(rows))
    if len(bad):
        row, column = bad[0].tolist()
        more = f" ({len(bad)} such values in all)" if len(bad) > 1 else ""
        raise DataError(
            f"{where}: row {row}, column {column} is {rows[row, column]}{more}; fill in a finite value, or leave that "
            "row or column out."
        )
    return rows


def refuse_options(reading: Reading, source: str) -> None:
    """Refuse what is about images alone.

    Raises:
        DataError: ``reading`` asks for it.
    """
    for key, option in ABOUT_IMAGES.items():
        if getattr(reading, key) != getattr(AS_FOUND, key):
            raise DataError(f"{option} is about images, and {source} has rows of numbers; leave it out.")
