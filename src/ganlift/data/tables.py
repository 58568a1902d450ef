"""Tables of numbers, whatever they lie in: which of their columns is what, and the `VectorSet` that they hold."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganlift.data.build import from_vectors
from ganlift.data.decode import SUFFIXES as IMAGES
from ganlift.data.findings import shown
from ganlift.data.labels import Naming, coded, numbered
from ganlift.data.manifest import EMPTY, PARTS
from ganlift.data.reading import Guess, Reading
from ganlift.data.rows import checked_ids, taken
from ganlift.data.sound import SUFFIXES as SOUNDS
from ganlift.data.types import UNLABELLED, VectorSet
from ganlift.errors import DataError

LABEL = "label"
COLUMN, LEAVE_OUT, LABEL_COLUMN = "--column", "--leave-out", "--label-column"
BESIDE: Mapping[str, tuple[str, ...]] = {"part": ("split", "part"), "group": ("group",), "id": ("id",)}
"""What columns that are not learned from are called, in upper or lower case."""
_INDEX = ("", "unnamed: 0", "__index_level_0__")
"""What other programs call a column that counts the rows; it is in the order of the classes often enough."""


@dataclass(frozen=True)
class Roles:
    """Which column of a table is what.

    Attributes:
        numbers: the columns to learn from, in the order that they are taken in.
        beside: the column that is ``label``, ``part``, ``group`` and ``id``; those that there are.
        passed: columns that are left out unasked: those that count the rows, and those beside what is learned from.
    """

    numbers: tuple[str, ...]
    beside: dict[str, str]
    passed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """What was read of a table.

    Attributes:
        values: (n, d) float64, finite: the columns to learn from side by side.
        texts: (n,) of str for each of `Roles.beside`, "" where a cell is empty.
        places: where each row stands, for messages, such as "line 2".
        named: whether labels are names, even where all of them read like numbers.
    """

    source: str
    roles: Roles
    values: NDArray[np.float64]
    texts: dict[str, NDArray[np.str_]] = field(default_factory=dict)
    places: Sequence[str] = ()
    named: bool = False


def roles_of(
    names: Sequence[str],
    reading: Reading,
    source: str,
    *,
    labelled: bool = True,
    called: Mapping[str, tuple[str, ...]] = BESIDE,
) -> Roles:
    """Which of the columns ``names`` of ``source`` is what, as ``reading`` asks or by their names.

    Args:
        labelled: whether there must be a label.
        called: what columns beside these are called, in lower case, by their role.

    Raises:
        DataError: two columns have one name or one role, or one that is asked for, or the label, is not there.
    """
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError(f"{source} has two columns called '{twice[0]}'; give each a name of its own.")
    label = _label(names, reading, source, labelled=labelled)
    beside = {"label": label} if label is not None else {}
    for role, words in called.items():
        found = [name for name in names if name.strip().lower() in words and name != label]
        if len(found) > 1:
            raise DataError(
                f"{source} has the columns {' and '.join(found)}, which say the same; leave one of them out."
            )
        beside |= {role: found[0]} if found else {}
    wanted = reading.column or reading.learned_columns
    beside = {role: name for role, name in beside.items() if role == "label" or name not in wanted}
    rest = [name for name in names if name not in beside.values()]
    passed = () if wanted else tuple(name for name in rest if _counts(name))
    by = f"{COLUMN} names it" if reading.column else "this classifier learned from it"
    numbers = matching(wanted, rest, by, source) if wanted else [name for name in rest if name not in passed]
    left = matching(reading.leave_out or (), rest, f"{LEAVE_OUT} names it", source)
    return Roles(tuple(name for name in numbers if name not in left), beside, passed)


def _counts(name: str) -> bool:
    """Whether a column is called like one that counts the rows."""
    return name.strip().lower() in _INDEX


def _label(names: Sequence[str], reading: Reading, source: str, *, labelled: bool) -> str | None:
    asked = reading.label_column
    if asked is None and reading.learned_label in names:
        asked = reading.learned_label
    found = [name for name in names if name == asked or (asked is None and name.strip().lower() == LABEL)]
    if found or not labelled:
        return found[0] if found else None
    has = shown(names) or "none"
    if asked is not None:
        raise DataError(
            f"{source} has no column '{asked}' as {LABEL_COLUMN} names it;{_near(asked, names)} it has: {has}."
        )
    raise DataError(
        f"{source} has neither a column path and label, as a list of images has, nor a column label beside columns of "
        f"numbers, as a table of rows has (it has: {has}); name the column of classes with {LABEL_COLUMN} NAME."
    )


def matching(patterns: Iterable[str], names: Sequence[str], by: str, source: str) -> list[str]:
    """Those of ``names`` that are one of ``patterns`` or match it, in the order of the patterns.

    Raises:
        DataError: one matches none; the message says ``by`` what it was wanted, and which columns ``source`` has.
    """
    found: dict[str, None] = {}
    for pattern in patterns:
        matches = [pattern] if pattern in names else [name for name in names if fnmatchcase(name, pattern)]
        if not matches:
            raise DataError(
                f"{source} has no column '{pattern}' to learn from, as {by};{_near(pattern, names)} "
                f"it has: {shown(names) or 'none'}."
            )
        found |= dict.fromkeys(matches)
    return list(found)


def _near(name: str, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1)
    return f" did you mean '{near[0]}'?" if near else ""


def refuse_texts(texts: Sequence[tuple[str, str]], where: str) -> None:
    """Refuse columns that hold something else than numbers.

    Args:
        texts: name and an example of each.

    Raises:
        DataError: there is one.
    """
    if texts:
        names = [name for name, _ in texts]
        listed = next((one for one in texts if Path(one[1]).suffix.lower() in IMAGES | SOUNDS), None)
        if listed is not None:
            raise DataError(
                f"{where}: column {listed[0]!r} names files ({listed[1]!r}); a list of files calls that "
                "column path; write so in the first line."
            )
        raise DataError(
            f"{where}: {'column' if len(names) == 1 else 'columns'} {shown([repr(name) for name in names])} "
            f"{'has' if len(names) == 1 else 'have'} {texts[0][1]!r}, which is no number; leave them out with "
            f"{LEAVE_OUT} {','.join(names)}, or name the columns to learn from with {COLUMN}."
        )


def refuse_missing(place: str, column: str, value: str) -> None:
    """Refuse a cell without a finite number.

    Raises:
        DataError: always.
    """
    raise DataError(
        f"{place}, column '{column}' is {value}; fill in a finite value, or leave that row or column "
        f"({LEAVE_OUT} {column}) out."
    )


def refuse_nothing(source: str, rows: int, columns: int) -> None:
    """Refuse a table without rows, or without columns to learn from.

    Raises:
        DataError: it is one.
    """
    if not columns:
        raise DataError(f"{source} has no column of numbers to learn from; give at least one beside the label.")
    if not rows:
        raise DataError(f"{source} has names of columns and no row; give rows of numbers.")


def rows_of(table: Table, reading: Reading) -> VectorSet:
    """``table`` as rows with labels, parts, groups and ids.

    Raises:
        DataError: a part is unknown, a label reads like an empty cell, or the rows cannot be used.
    """
    parts = parts_in(table.texts.get("part", np.full(len(table.values), "")), table.places)
    texts = np.where(parts == "unlabelled", "", table.texts.get("label", np.full(len(parts), "")))
    refuse_empty_words(texts, table.places)
    labels = texts if table.named else numbered(texts)
    codes, names, of_labels = coded({"": labels}, Naming(None, reading.classes, "class ", table.source))
    rows = from_vectors({"": (table.values, codes[""])}, names, table.source)
    rows = replace(rows, parts=parts, columns=table.roles.numbers, **_named(table))
    told = [*of_labels, *of_learned_label(table.roles, reading), *_unlabelled(codes[""]), of_columns(table.roles)]
    return taken(rows, told, reading)


def refuse_empty_words(texts: NDArray[np.str_], places: Sequence[str]) -> None:
    """Refuse labels that read like an empty cell.

    Raises:
        DataError: there is one; the message says in which of ``places``.
    """
    for place, text in zip(places, texts.tolist(), strict=True):
        if text.lower() in EMPTY - {"none"}:
            raise DataError(
                f"{place}: the label '{text}' reads like an empty cell; empty it, or name the class otherwise."
            )


def parts_in(given: NDArray[np.str_], places: Sequence[str]) -> NDArray[np.str_]:
    """The part that each cell of a column says, "" where it says none.

    Raises:
        DataError: one says something else; the message says in which of ``places``.
    """
    known = {"": "", "unlabelled": "unlabelled", **PARTS}
    for place, part in zip(places, given.tolist(), strict=True):
        if part.lower() not in known:
            raise DataError(f"{place}: split '{part}' is none of train, val, test, unlabelled.")
    return np.array([known[part.lower()] for part in given.tolist()], "<U10")


def _named(table: Table) -> dict[str, Any]:
    """Groups and ids, where the table has them."""
    groups, ids = table.texts.get("group"), table.texts.get("id")
    found: dict[str, Any] = {"groups": groups} if groups is not None and groups.any() else {}
    return found if ids is None else {**found, "ids": checked_ids(ids, len(ids), table.source), "names": ids}


def _unlabelled(codes: NDArray[np.int64]) -> list[Guess]:
    count = int(np.sum(codes == UNLABELLED))
    return [Guess("labels", f"{count} rows have none (an empty cell, or -1 beside numbers)", "a name")] if count else []


def of_learned_label(roles: Roles, reading: Reading) -> list[Guess]:
    """That the classes stand where a classifier learned them from, if nobody said where they do."""
    column = roles.beside.get("label")
    if reading.label_column is not None or column is None or column != reading.learned_label:
        return []
    return [Guess("label column", f"'{column}', where the classifier learned its classes", f"{LABEL_COLUMN} NAME")]


def of_columns(roles: Roles) -> Guess:
    """Which columns are learned from, and what the others were taken for."""
    others = [f"'{name}' is the {role}" for role, name in roles.beside.items()]
    others += [f"'{name}' {'counts the rows and ' if _counts(name) else ''}is left out" for name in roles.passed]
    told = f"{len(roles.numbers)} learned from ({shown(roles.numbers)})"
    return Guess(
        "columns", "; ".join([told, *others]), f"{COLUMN} NAME,..., {LEAVE_OUT} NAME,... or {LABEL_COLUMN} NAME"
    )
