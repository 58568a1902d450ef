"""What kind of source a path is, where it has rows or arrays in it, and what may be asked for of each kind."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from ganlift.data.arrow import SUFFIXES, read_parquet
from ganlift.data.csv_rows import is_rows, read_csv
from ganlift.data.reading import AS_FOUND, Reading
from ganlift.data.saved import is_saved
from ganlift.data.tables import Table
from ganlift.errors import DataError

Kind = Literal["", "table", "npy", "saved"]

_ASKED = {
    "column": ("--column", "tables"),
    "leave_out": ("--leave-out", "tables"),
    "label_column": ("--label-column", "tables"),
    "labels": ("--labels", "an .npy"),
}
_TAKES: dict[Kind, tuple[str, ...]] = {
    "": (),
    "table": ("column", "leave_out", "label_column"),
    "npy": ("labels",),
    "saved": ("column", "leave_out", "label_column"),
}


def kind_of(path: Path) -> Kind:
    """``table`` for a CSV without a column of paths, and for Parquet; ``npy`` for an array; ``saved`` for a
    data set of `datasets`; "" for all else."""
    if is_saved(path):
        return "saved"
    if path.suffix.lower() == ".npy":
        return "npy"
    return "table" if path.suffix.lower() in SUFFIXES or is_rows(path) else ""


def refuse_for(kind: Kind, reading: Reading, source: str) -> None:
    """Refuse what is not about a ``kind`` of source.

    Raises:
        DataError: ``reading`` asks for it.
    """
    for key, (option, what) in _ASKED.items():
        if getattr(reading, key) != getattr(AS_FOUND, key) and key not in _TAKES[kind]:
            raise DataError(f"{option} is about {what}, and {source} is none; leave it out.")


def read_table(file: Path, reading: Reading, *, labelled: bool = True) -> Table:
    """The table in ``file``, a CSV or Parquet; raises as `read_csv` and `read_parquet`."""
    return (read_csv if file.suffix.lower() == ".csv" else read_parquet)(file, reading, labelled=labelled)
