"""Rows of numbers in an ``.npy``, and their labels in a file beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganlift.data.labels import numbered
from ganlift.data.manifest import EMPTY
from ganlift.data.reading import Reading
from ganlift.data.rows import from_rows
from ganlift.data.types import UNLABELLED, VectorSet
from ganlift.errors import DataError

LABELS = "--labels"


def load_npy(file: Path, reading: Reading, *, labelled: bool = True) -> VectorSet:
    """The rows (n, d) in ``file`` with the labels that ``reading`` names: an ``.npy``, or a text with one a line.

    Args:
        labelled: whether there must be labels.

    Raises:
        DataError: a file is not there or holds something else, or no labels are named.
    """
    x = read_npy(file)
    if reading.labels is None and not labelled:
        return from_rows({"": (x, np.full(len(x), UNLABELLED))}, None, str(file), reading)
    if reading.labels is None:
        raise DataError(
            f"{file} has rows and no labels; name their file with {LABELS} FILE: an .npy, or a text with one a line, "
            "empty where a row has none."
        )
    y = _labels(Path(reading.labels))
    if len(y) != len(x):
        raise DataError(f"{reading.labels} has {len(y)} labels, and {file} {len(x)} rows; give one a row.")
    return from_rows({"": (x, y)}, None, str(file), reading)


def read_npy(file: Path) -> NDArray[Any]:
    """The array in ``file``; nothing pickled is loaded.

    Raises:
        DataError: there is no such file, or it is no whole ``.npy``.
    """
    if not file.is_file():
        raise DataError(f"There is no file {file}; check the path.")
    try:
        found: NDArray[Any] = np.load(file, allow_pickle=False)
    except (ValueError, OSError, EOFError) as fault:
        raise DataError(f"{file} is not a whole .npy file of numbers ({fault}).") from fault
    return found


def _labels(file: Path) -> NDArray[Any]:
    if file.suffix.lower() == ".npy":
        return read_npy(file)
    if not file.is_file():
        raise DataError(f"There is no file {file}, which {LABELS} names; check the path.")
    try:
        lines = [line.strip() for line in file.read_text(encoding="utf-8-sig").splitlines()]
    except UnicodeDecodeError as fault:
        raise DataError(f"{file} is neither an .npy nor a text in UTF-8 with a label a line.") from fault
    lines = lines[1:] if lines[:1] == ["label"] else lines
    if len({line.count(",") for line in lines}) == 1 and "," in lines[0]:
        raise DataError(f"{file} has several cells a line ('{lines[0]}'); give a text with the label alone in each.")
    for number, line in enumerate(lines, 1):
        if line.lower() in EMPTY - {"none"}:
            raise DataError(f"{file}, row {number}: the label '{line}' reads like an empty cell; leave the line empty.")
    return numbered(np.array(lines, np.str_))
