"""The rows of numbers of a saved data set: a column of lists, or columns of numbers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from ganlift.data.arrow import of_arrow
from ganlift.data.file_findings import about_files
from ganlift.data.reading import Reading
from ganlift.data.saved import Saved, open_saved, split_folders
from ganlift.data.saved_source import SavedSource, use_of
from ganlift.data.tables import Roles, Table, rows_of
from ganlift.data.types import VectorSet
from ganlift.errors import DataError


def saved_rows(source: SavedSource, reading: Reading) -> VectorSet:
    """The rows of ``source`` of the classes that ``reading`` asks for; raises as `saved_table` and `rows_of`."""
    rows = rows_of(saved_table(source), reading)
    notes = (*source.notes, *(finding.message for finding in about_files(source.passed, noun="row")))
    return replace(rows, guesses=(*source.guesses, *rows.guesses), notes=(*notes, *rows.notes))


def bare_tables(root: Path, reading: Reading) -> list[Table]:
    """The numbers of each split of ``root``, with ids where it has them; no label is looked at.

    Raises:
        DataError: it is damaged, or lacks a column that ``reading`` asks for.
    """
    found = []
    for folder in split_folders(root).values():
        saved = open_saved(folder)
        kind, roles = use_of(saved, reading, labelled=False)
        if kind != "numbers":
            raise DataError(
                f"{folder} has images or sound in '{roles.numbers[0]}', and rows of numbers are wanted here."
            )
        found.append(_numbers(saved, replace(roles, beside={k: v for k, v in roles.beside.items() if k == "id"})))
    return found


def saved_table(source: SavedSource) -> Table:
    """The numbers of ``source``, split after split.

    Raises:
        DataError: a cell has no finite number, or rows differ in length.
    """
    tables = [_numbers(split.saved, replace(source.roles, beside={})) for split in source.splits]
    widths = {split.name: table.values.shape[1] for split, table in zip(source.splits, tables, strict=True)}
    if len(set(widths.values())) > 1:
        raise DataError(
            f"The splits of {source.root} have rows of different widths "
            f"({'; '.join(f'{name} {width}' for name, width in widths.items())}); save the same columns in each."
        )
    texts = {
        "label": np.concatenate([split.labels for split in source.splits]),
        "part": np.concatenate([split.parts for split in source.splits]),
        "group": np.concatenate([split.groups for split in source.splits]),
    }
    places = [place for table in tables for place in table.places]
    values = np.concatenate([table.values for table in tables])
    return Table(str(source.root), source.roles, values, texts, places, named=source.named)


def _numbers(saved: Saved, roles: Roles) -> Table:
    import pyarrow as pa

    columns = pa.table({name: saved.column(name) for name in (*roles.numbers, *roles.beside.values())})
    return of_arrow(columns, roles, str(saved.folder))
