"""The rows of numbers of a saved data set: a column of lists, or columns of numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ganlift.data.arrow import of_arrow
from ganlift.data.findings import about_files
from ganlift.data.reading import Reading
from ganlift.data.saved_source import SavedSource, Split
from ganlift.data.tables import Roles, Table, rows_of
from ganlift.data.types import VectorSet
from ganlift.errors import DataError


def saved_rows(source: SavedSource, reading: Reading) -> VectorSet:
    """The rows of ``source`` of the classes that ``reading`` asks for; raises as `saved_table` and `rows_of`."""
    rows = rows_of(saved_table(source), reading)
    notes = (*source.notes, *(finding.message for finding in about_files(source.passed)))
    return replace(rows, guesses=(*source.guesses, *rows.guesses), notes=(*notes, *rows.notes))


def saved_table(source: SavedSource) -> Table:
    """The numbers of ``source``, split after split.

    Raises:
        DataError: a cell has no finite number, or rows differ in length.
    """
    tables = [_numbers(split, source.roles) for split in source.splits]
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


def _numbers(split: Split, roles: Roles) -> Table:
    import pyarrow as pa

    columns = pa.table({name: split.saved.column(name) for name in roles.numbers})
    return of_arrow(columns, replace(roles, beside={}), str(split.saved.folder))
