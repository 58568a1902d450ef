"""A CSV whose columns are numbers; one with a column ``path`` is a list of images (`manifest`)."""

from __future__ import annotations

import csv
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ganlift.data.manifest import EMPTY, no_csv
from ganlift.data.reading import Reading
from ganlift.data.tables import Roles, Table, refuse_missing, refuse_nothing, refuse_texts, roles_of
from ganlift.errors import DataError


def is_rows(file: Path) -> bool:
    """Whether ``file`` is a CSV that lists no images.

    Raises:
        DataError: it is no CSV in UTF-8.
    """
    if file.suffix.lower() != ".csv" or not file.is_file():
        return False
    with _cells(file) as cells:
        return "path" not in [name.strip().lower() for name in next(cells, [])]


def read_csv(file: Path, reading: Reading, *, labelled: bool = True) -> Table:
    """The numbers in ``file``; empty lines are passed over.

    Raises:
        DataError: it is no CSV, its columns are not as `roles_of` wants them, or a cell has no finite number.
    """
    with _cells(file) as cells:
        names = [name.strip() for name in next(cells, [])]
        if len(names) == 1 and ";" in names[0]:
            raise DataError(
                f"{file} has its columns between semicolons; write commas between them, and a point in 1.5."
            )
        roles = roles_of(names, reading, str(file), labelled=labelled)
        column = {name: place for place, name in enumerate(names)}
        values, texts, places = array("d"), {role: list[str]() for role in roles.beside}, []
        for line in filter(None, cells):
            place = f"{file}, line {cells.line_num}"
            if len(line) != len(names):
                raise DataError(
                    f"{place} has {len(line)} cells, and the first line {len(names)}; give each row as many."
                )
            values.extend(_numbers(line, column, roles, place))
            for role, name in roles.beside.items():
                texts[role].append(line[column[name]].strip())
            places.append(place)
    refuse_nothing(str(file), len(places), len(roles.numbers))
    beside = {role: np.array(found, np.str_) for role, found in texts.items()}
    return Table(str(file), roles, np.array(values).reshape(len(places), -1), beside, places)


@contextmanager
def _cells(file: Path) -> Iterator[Any]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            yield csv.reader(stream)
    except (UnicodeDecodeError, csv.Error) as fault:
        raise no_csv(file, fault) from fault


def _numbers(line: list[str], column: dict[str, int], roles: Roles, place: str) -> list[float]:
    """The cells of ``line`` to learn from, as finite numbers."""
    cells = [line[column[name]].strip() for name in roles.numbers]
    try:
        found = [float(cell) for cell in cells]
    except ValueError:
        found = []
    if not found or not np.isfinite(found).all():
        _refuse(dict(zip(roles.numbers, cells, strict=True)), place)
    return found


def _refuse(cells: dict[str, str], place: str) -> None:
    absent = {"", *EMPTY}
    refuse_texts(
        [(name, cell) for name, cell in cells.items() if cell.lower() not in absent and not _is_number(cell)], place
    )
    for name, cell in cells.items():
        if not _is_number(cell) or not np.isfinite(float(cell)):
            refuse_missing(place, name, cell or "empty")


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
