"""A CSV manifest: ``path,label[,split][,group]``, paths relative to the file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from ganlift.data.folder import PARTS
from ganlift.data.listing import Entry, Listing
from ganlift.data.types import FileFacts
from ganlift.errors import DataError


def list_manifest(file: Path) -> Listing:
    """The images that ``file`` lists. A group (patient, site, speaker) never straddles splits.

    Raises:
        DataError: columns are missing, a split is unknown, a picture has several labels, or fewer than 2 classes.
    """
    entries = list(_entries(file))
    _one_label_each(entries, file)
    class_names = tuple(sorted({entry.label for entry in entries} - {""}))
    if len(class_names) < 2:
        raise DataError(f"{file} names {len(class_names)} class(es) in its label column and at least 2 are needed.")
    present = [entry for entry in entries if entry.path.is_file()]
    missing = [FileFacts(entry.path, "missing-file") for entry in entries if not entry.path.is_file()]
    return Listing(str(file), present, class_names, tuple(missing))


def _entries(file: Path) -> Iterator[Entry]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            columns = [name.strip().lower() for name in reader.fieldnames or []]
            if not {"path", "label"} <= set(columns):
                given = ", ".join(columns) or "none"
                raise DataError(f"{file} needs the columns path and label in its first line; it has: {given}.")
            reader.fieldnames = columns
            for row in reader:
                yield _entry(file, reader.line_num, row)
    except (UnicodeDecodeError, csv.Error) as fault:
        raise DataError(f"{file} is not a CSV file in UTF-8: {fault}.") from fault


def _entry(file: Path, line: int, row: dict[str, str | None]) -> Entry:
    values = {key: (row.get(key) or "").strip() for key in ("path", "label", "split", "group")}
    if not values["path"]:
        raise DataError(f"{file}, line {line}: the path is empty.")
    split = values["split"].lower()
    if split not in ("", "unlabelled", *PARTS):
        raise DataError(f"{file}, line {line}: split '{values['split']}' is none of train, val, test, unlabelled.")
    part = PARTS.get(split, split)
    label = "" if part == "unlabelled" else values["label"]
    path = file.parent / values["path"]
    return Entry(path, label, part, values["group"], str(path))


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
        key = column.strip().lower()
        return {str(file.parent / (row["path"] or "").strip()): (row[key] or "").strip() for row in reader}
