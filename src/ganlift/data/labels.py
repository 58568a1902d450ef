"""Labels, as people have them in arrays, to class numbers and the classes' names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganlift.data.choosing import CLASSES
from ganlift.data.findings import SHOWN, shown
from ganlift.data.reading import Guess
from ganlift.data.types import UNLABELLED
from ganlift.errors import DataError

Array = NDArray[Any]


def labels_of(y: Array, n: int, where: str, noun: str = "image") -> Array:
    """The labels ``y`` of ``n`` examples as (n,) whole numbers or strings.

    Args:
        y: (n,) or (n, 1) whole numbers or names, or (n, K) with a single 1 a row.
        noun: what one of them is called in messages.

    Raises:
        DataError: it is none of these.
    """
    y = np.asarray(y)
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim == 2 and y.dtype.kind in "iufb" and set(np.unique(y)) <= {0, 1} and (y.sum(1) == 1).all():
        y = y.argmax(1)
    if y.ndim == 2:
        raise DataError(
            f"{where}: labels have {y.shape[1]} columns, several labels for one {noun}. "
            f"ganlift compares classifiers with one label for each {noun}; give labels of shape (n,)."
        )
    if y.dtype.kind == "f" and np.isnan(y).any():
        raise DataError(f"{where}: {int(np.isnan(y).sum())} labels are nan; mark {noun}s without a label with -1.")
    names = y.dtype.kind in "US"
    whole = y.dtype.kind in "iub" or (y.dtype.kind == "f" and bool((y == y.round()).all()))
    if y.ndim != 1 or len(y) != n or not (whole or names):
        raise DataError(
            f"{where}: labels have the shape {y.shape} and type {y.dtype}; expected {n} whole numbers or names."
        )
    return np.char.strip(y.astype(np.str_)) if names else y.astype(np.int64)


def numbered(texts: NDArray[np.str_]) -> Array:
    """Labels as a table has them (n,), "" where there is none: as numbers, -1 for none, where all are written so."""
    there = set(texts.tolist()) - {""}
    if there and all(re.fullmatch(r"0|-1|[1-9][0-9]{0,17}", text) for text in there):
        return np.where(texts == "", str(UNLABELLED), texts).astype(np.int64)
    return texts


@dataclass(frozen=True)
class Naming:
    """What classes are called: by the source, else as asked, else ``stem`` and their number."""

    given: Sequence[str] | None
    asked: Sequence[str] | None
    stem: str
    source: str


def coded(labels: Mapping[str, Array], how: Naming) -> tuple[dict[str, NDArray[np.int64]], list[str], list[Guess]]:
    """Each part's labels as places among the classes' names, -1 where unlabelled; these names, and what was guessed."""
    together = np.concatenate(list(labels.values()))
    nothing: Any = "" if together.dtype.kind == "U" else UNLABELLED
    values = np.unique(together[together != nothing])
    names, guesses = _named(values, how)
    codes = {}
    for part, own in labels.items():
        place = np.searchsorted(values, own.astype(values.dtype))
        codes[part] = np.where(own == nothing, UNLABELLED, place).astype(np.int64)
    return codes, names, guesses


def _named(values: Array, how: Naming) -> tuple[list[str], list[Guess]]:
    """The names of the labels ``values`` (K,), sorted, and what was taken for them where they are numbers alone."""
    if values.dtype.kind == "U":
        return [str(value) for value in values], []
    if how.given is None:
        return _of_numbers(values, how)
    if len(values) and (values.max() >= len(how.given) or values.min() < 0):
        raise DataError(f"{how.source} has {len(how.given)} class_names and the label {values.max()}.")
    return [str(how.given[value]) for value in values], []


def _of_numbers(values: Array, how: Naming) -> tuple[list[str], list[Guess]]:
    if how.asked is not None and len(how.asked) != len(values):
        raise DataError(
            f"--classes has {len(how.asked)} names and {how.source} has {len(values)} labels "
            f"({shown(values.tolist())}); give one name a label, from the lowest."
        )
    names = list(how.asked) if how.asked else [f"{how.stem}{value}" for value in values]
    told = [f"label {value} is '{name}'" for value, name in zip(values, names, strict=True)]
    said = ", as asked" if how.asked else ""
    return names, [Guess("classes", f"{', '.join(told[:SHOWN])}{', ...' if told[SHOWN:] else ''}{said}", CLASSES)]


def without_label(codes: Mapping[str, NDArray[np.int64]], noun: str = "image") -> list[Guess]:
    """That -1 was taken for no label, and of how many; nothing where all have one."""
    counts = {part or "the set": int(np.sum(own == UNLABELLED)) for part, own in codes.items()}
    told = ", ".join(f"{count} of {part}" for part, count in counts.items() if count)
    return [Guess("labels", f"-1 marks {noun}s without a label ({told})", "other numbers")] if told else []
