"""A CSV manifest: ``path,label[,split][,group]``, paths relative to the file; ``speaker`` is ``group`` as well."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import compress
from pathlib import Path

from ganlift.data.choosing import grouped, of_classes, of_labels, of_names, unused
from ganlift.data.findings import Finding, shown
from ganlift.data.fitness import refuse, too_few
from ganlift.data.listing import Entry, Listing
from ganlift.data.paths import BACKSLASHES, NO_SUFFIX, finder
from ganlift.data.reading import AS_FOUND, Reading
from ganlift.data.types import FileFacts
from ganlift.errors import DataError

PARTS = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}

EMPTY = {"nan", "na", "n/a", "#n/a", "<na>", "null", "none"}
"""What other programs write into an empty cell, in lower case."""

Find = Callable[[str], tuple[Path, tuple[str, ...]]]


@dataclass(frozen=True)
class Line:
    """A line of a manifest: its number, what it lists, and what of its path was not as written."""

    number: int
    entry: Entry
    mended: tuple[str, ...]


def list_manifest(file: Path, reading: Reading = AS_FOUND) -> Listing:
    """The images that ``file`` lists. A group (patient, site, speaker) never straddles splits.

    Raises:
        DataError: columns are missing, a split is unknown, a path may mean several files or no file is there, a
            picture has several labels, no line has a label, or ``reading`` asks for what is not there.
    """
    lines = list(_lines(file, reading))
    _one_label_each([line.entry for line in lines], file)
    class_names, left = of_labels([line.entry.label for line in lines], reading.classes, file)
    names = {*class_names, *left}
    lines = [line for line in lines if line.entry.label not in left]
    entries = [line.entry for line in lines]
    said = "--classes leaves" if reading.classes else f"{file} names"
    few = too_few(class_names, f"{said} {len(class_names)} class(es) in its label column and at least 2 are needed.")
    if not class_names:
        refuse(few)
    there = [os.path.exists(entry.path) for entry in entries]  # a clip's folder too; no path is too long for it
    present = list(compress(entries, there))
    missing = [FileFacts(entry.path, "missing-file") for entry, found in zip(entries, there, strict=True) if not found]
    if not present:
        raise DataError(
            f"None of the {len(missing)} files that {file} lists is there ({shown([file.path for file in missing])}); "
            "write paths relative to the manifest's folder, or whole ones."
        )
    refused, notes = _labels_of_nothing(lines, class_names, file)
    notes = (*_mended(lines, file), *notes)
    listing = Listing(
        source=str(file),
        entries=present,
        class_names=class_names,
        passed=(*missing, *unused(left)),
        refused=(*few, *refused),
        guesses=tuple(of_classes(class_names, names, reading.classes)),
        notes=notes,
    )
    return grouped(of_names(listing.of_one_kind(), reading.files), reading.groups)


def _lines(file: Path, reading: Reading) -> Iterator[Line]:
    find = finder(file.parent)
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            columns = [name.strip().lower() for name in reader.fieldnames or []]
            if not {"path", "label"} <= set(columns):
                given = ", ".join(columns) or "none"
                raise DataError(f"{file} needs the columns path and label in its first line; it has: {given}.")
            if {"group", "speaker"} <= set(columns):
                raise DataError(f"{file} has the columns group and speaker, which say the same; leave one of them out.")
            columns = ["group" if name == "speaker" else name for name in columns]
            if reading.groups is not None and "group" in columns:
                raise DataError(f"{file} has a column group, and --groups asks for others; leave one of them out.")
            reader.fieldnames = columns
            for row in reader:
                if any(row.get(None, ())):  # csv puts cells without a column there
                    raise DataError(
                        f"{file}, line {reader.line_num} has more cells than the first line has columns; write a path "
                        'or a name with a comma in quotation marks ("one, two.png").'
                    )
                yield _line(file, reader.line_num, row, find)
    except (UnicodeDecodeError, csv.Error) as fault:
        raise no_csv(file, fault) from fault


def no_csv(file: Path, fault: Exception) -> DataError:
    """What to say where ``file`` is not read as a CSV."""
    if isinstance(fault, UnicodeDecodeError):
        return DataError(f"{file} is not a CSV file in UTF-8; save it in that encoding (in a spreadsheet: CSV UTF-8).")
    return DataError(f"{file} is not a CSV file: {fault}.")


def _line(file: Path, number: int, row: dict[str, str | None], find: Find) -> Line:
    values = {key: (row.get(key) or "").strip() for key in ("path", "label", "split", "group")}
    if not values["path"]:
        raise DataError(f"{file}, line {number}: the path is empty.")
    split = values["split"].lower()
    if split not in ("", "unlabelled", *PARTS):
        raise DataError(f"{file}, line {number}: split '{values['split']}' is none of train, val, test, unlabelled.")
    part = PARTS.get(split, split)
    label = "" if part == "unlabelled" else values["label"]
    try:
        path, mended = find(values["path"])
    except DataError as fault:
        raise DataError(f"{file}, line {number}: {fault}") from fault
    below = values["path"].replace("\\", "/")
    return Line(number, Entry(path, label, part, values["group"], str(path), below), mended)


def _mended(lines: list[Line], file: Path) -> Iterator[str]:
    """A sentence for each way in which paths were not as written."""
    for how, words in ((BACKSLASHES, "backslashes between folders"), (NO_SUFFIX, "no suffix")):
        found = [line.entry.name for line in lines if how in line.mended]
        if found:
            yield f"{len(found)} path(s) of {file} have {words} and were found as {shown(found)}."


def _labels_of_nothing(
    lines: list[Line], class_names: tuple[str, ...], file: Path
) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """What is wrong, or worth a note, about labels that read like an empty cell."""
    doubtful = [line for line in lines if line.entry.label.lower() in EMPTY]
    if not doubtful:
        return (), ()
    names = sorted({line.entry.label for line in doubtful})
    said = " and ".join(f"'{name}'" for name in names)
    if len(class_names) - len(names) < 2:  # with one class beside it, such as 'none' and 'crack', it is one
        return (), (
            f"The label {said} of {file} is taken as a class; where an image has no label, leave the cell empty.",
        )
    where = f"{file}, line {doubtful[0].number}"
    more = f" (and {len(doubtful) - 1} more)" if len(doubtful) > 1 else ""
    message = f"{where}{more}: the label {said} reads like an empty cell."
    return (Finding("absent-label", message, len(doubtful), tuple(names)),), ()


def _one_label_each(entries: list[Entry], file: Path) -> None:
    """Refuse pictures with several labels: the same path under two labels, or labels joined by ; or |."""
    labels: dict[Path, str] = {}
    for entry in entries:
        if labels.setdefault(entry.path, entry.label) != entry.label:
            raise DataError(
                f"{file} gives {entry.path.name} two labels, '{labels[entry.path]}' and '{entry.label}'. "
                "ganlift compares classifiers with one label an image; keep one line an image."
            )
    joined = [entry.label for entry in entries if ";" in entry.label or "|" in entry.label]
    if joined:
        raise DataError(
            f"{file} has several labels in one cell ('{joined[0]}'). "
            "ganlift compares classifiers with one label an image; keep one."
        )


def read_column(file: Path, column: str) -> dict[str, str]:
    """What ``column`` says of each picture, by its path as in `ImageSet.names`; "" where a line has nothing there.

    Raises:
        DataError: the file has no such column.
    """
    with file.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        columns = [name.strip().lower() for name in reader.fieldnames or []]
        if column.strip().lower() not in columns:
            raise DataError(f"{file} has no column '{column}'; it has: {', '.join(columns)}.")
        reader.fieldnames = columns
        key, find = column.strip().lower(), finder(file.parent)
        return {str(find((row["path"] or "").strip())[0]): (row[key] or "").strip() for row in reader}
