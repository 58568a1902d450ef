"""Predictions for rows of numbers in files, by a classifier of rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganlift.data.blocks import files_of, load_blocks
from ganlift.data.kinds import kind_of, read_table, refuse_for
from ganlift.data.npy import read_npy
from ganlift.data.npz import read_arrays
from ganlift.data.reading import AS_FOUND, Reading
from ganlift.data.rows import checked_rows
from ganlift.data.saved_rows import bare_tables
from ganlift.data.tables import Table
from ganlift.data.types import VectorSet
from ganlift.errors import DataError
from ganlift.inference.model import Model
from ganlift.inference.predict import Prediction

ARRAYS = ("x", "x_train", "x_val", "x_test", "x_unlabelled")
"""What rows are taken from, in this order."""


def row_predictions(
    model: Model, files: Iterable[str | Path], batch: int, asked: Reading = AS_FOUND
) -> Iterator[Prediction]:
    """One answer a row, in the order of the files, of `ARRAYS` and of the rows.

    They are called ``FILE:ARRAY[PLACE]``, or of a table, and of files side by side (``FILE,FILE``), ``FILE[PLACE]``,
    where the place is its id if there are ids. Of
    a table the columns that the classifier learned from are taken by their names, or those that ``asked`` names; a
    label is not looked at. All files are read before the first answer.

    Raises:
        DataError: a file is no ``.npz`` with such arrays and no table with such columns, or their rows are others than
            the classifier takes.
    """
    reading = model.facts.reading(asked)
    found = [pair for file in files for pair in _rows_of(model, Path(file), reading)]
    return _answers(model, found, batch)


def _answers(
    model: Model, found: Iterable[tuple[NDArray[np.str_], NDArray[np.float64]]], batch: int
) -> Iterator[Prediction]:
    for names, rows in found:
        for start in range(0, len(rows), batch):
            chunk = slice(start, start + batch)
            for name, row in zip(names[chunk].tolist(), model.probabilities(rows[chunk]), strict=True):
                yield Prediction(Path(name), row)


def _rows_of(model: Model, file: Path, reading: Reading) -> list[tuple[NDArray[np.str_], NDArray[np.float64]]]:
    """The rows in ``file`` that ``model`` takes, and what each is called, an array at a time."""
    if files := files_of(str(file)):
        joined = load_blocks(files, str(file), reading, labelled=False)
        return [(_called(str(file), joined.names), fitting_rows(model, of_block(model, joined).vectors, str(file)))]
    refuse_for(kind_of(file), reading, str(file))
    if kind_of(file) == "table":
        table = read_table(file, reading, labelled=False)
        return [(_called(str(file), _places(table)), fitting_rows(model, table.values, str(file)))]
    if kind_of(file) == "saved":
        tables = bare_tables(file, reading)
        return [(_called(one.source, _places(one)), fitting_rows(model, one.values, one.source)) for one in tables]
    if kind_of(file) == "npy":
        return [_array(model, read_npy(file), str(file), str(file))]
    if file.exists() and file.suffix.lower() != ".npz":
        raise DataError(
            f"{file} is no .npz and no table of numbers, and this classifier takes {model.facts.takes}; give an .npz "
            "with them as x, or a CSV or Parquet with such columns."
        )
    arrays = read_arrays(file)
    names = [name for name in ARRAYS if name in arrays]
    if not names:
        there = ", ".join(sorted(arrays)) or "none"
        raise DataError(f"{file} has the arrays {there}; this classifier takes {model.facts.takes}, as x.")
    return [_array(model, arrays[name], f"{file}:{name}", f"{file}, '{name}'") for name in names]


def _places(table: Table) -> NDArray[np.str_]:
    return table.texts.get("id", np.arange(len(table.values)).astype(np.str_))


def _array(
    model: Model, x: NDArray[np.generic], called: str, where: str
) -> tuple[NDArray[np.str_], NDArray[np.float64]]:
    rows = fitting_rows(model, x, where)
    return _called(called, np.arange(len(rows)).astype(np.str_)), rows


def _called(source: str, places: NDArray[np.str_]) -> NDArray[np.str_]:
    return np.array([f"{source}[{place}]" for place in places.tolist()], np.str_)


def of_block(model: Model, rows: VectorSet) -> VectorSet:
    """``rows``, or the one block of them that ``model`` learned from alone.

    Raises:
        DataError: they have other blocks.
    """
    columns = model.facts.columns
    if columns is None or not columns.block or not rows.blocks:
        return rows
    if columns.block not in dict(rows.blocks):
        raise DataError(f"{rows.source} has no block '{columns.block}', which this classifier learned from; add it.")
    return rows.block(columns.block)


def fitting_rows(model: Model, x: NDArray[np.generic], where: str) -> NDArray[np.float64]:
    """``x`` as the rows (n, d) that ``model`` takes.

    Raises:
        DataError: they are others.
    """
    blocks = [name for name, _ in model.facts.columns.blocks] if model.facts.columns else []
    if x.ndim == 2 and x.shape[1:] != model.facts.shape and blocks:
        raise DataError(
            f"{where} has the shape {x.shape}, and this classifier takes {model.facts.takes}, of {' and '.join(blocks)}"
            f" side by side; give {','.join(f'{name}.npz' for name in blocks)}."
        )
    if x.ndim != 2 or x.shape[1:] != model.facts.shape:
        raise DataError(
            f"{where} has the shape {x.shape}, and this classifier takes {model.facts.takes}; give the same columns."
        )
    return checked_rows(x, where)
