"""Predictions for the rows of ``.npz`` files, by a classifier of rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganlift.data.npz import read_arrays
from ganlift.data.rows import checked_rows
from ganlift.errors import DataError
from ganlift.inference.model import Model
from ganlift.inference.predict import Prediction

ARRAYS = ("x", "x_train", "x_val", "x_test", "x_unlabelled")
"""What rows are taken from, in this order."""


def row_predictions(model: Model, files: Iterable[str | Path], batch: int) -> Iterator[Prediction]:
    """One answer a row, called ``FILE:ARRAY[PLACE]``, in the order of the files, of `ARRAYS` and of the rows.

    All files are read before the first answer.

    Raises:
        DataError: a file is no ``.npz`` with such arrays, or their rows are others than the classifier takes.
    """
    found = [(name, rows) for file in files for name, rows in _rows_of(model, Path(file))]
    return _answers(model, found, batch)


def _answers(model: Model, found: Iterable[tuple[str, NDArray[np.float64]]], batch: int) -> Iterator[Prediction]:
    for name, rows in found:
        for start in range(0, len(rows), batch):
            for place, row in enumerate(model.probabilities(rows[start : start + batch]), start):
                yield Prediction(Path(f"{name}[{place}]"), row)


def _rows_of(model: Model, file: Path) -> list[tuple[str, NDArray[np.float64]]]:
    if file.exists() and file.suffix.lower() != ".npz":
        raise DataError(
            f"{file} is no .npz, and this classifier takes {model.facts.takes}; give an .npz with them as x."
        )
    arrays = read_arrays(file)
    names = [name for name in ARRAYS if name in arrays]
    if not names:
        there = ", ".join(sorted(arrays)) or "none"
        raise DataError(f"{file} has the arrays {there}; this classifier takes {model.facts.takes}, as x.")
    return [(f"{file}:{name}", fitting_rows(model, arrays[name], f"{file}, '{name}'")) for name in names]


def fitting_rows(model: Model, x: NDArray[np.generic], where: str) -> NDArray[np.float64]:
    """``x`` as the rows (n, d) that ``model`` takes.

    Raises:
        DataError: they are others.
    """
    if x.ndim != 2 or x.shape[1:] != model.facts.shape:
        raise DataError(
            f"{where} has the shape {x.shape}, and this classifier takes {model.facts.takes}; give the same columns."
        )
    return checked_rows(x, where)
