"""Which images of a source are used, and which belong together, where the user says so: classes, names, groups."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TypeVar

import numpy as np

from ganlift.data.file_findings import about_files
from ganlift.data.findings import Finding, shown
from ganlift.data.listing import Entry, Listing
from ganlift.data.reading import Guess
from ganlift.data.types import UNLABELLED, Examples, FileFacts
from ganlift.errors import DataError

CLASSES = "--classes NAME,NAME,..."
GROUPS = "--groups PATTERN"

Counts = Counter[str]
Some = TypeVar("Some", bound=Examples)


def chosen(there: Iterable[str], asked: Sequence[str] | None, source: object) -> list[str]:
    """The classes of ``source`` to use: those of ``there`` that are ``asked`` for, all where None; sorted.

    Raises:
        DataError: one that is asked for is not there.
    """
    known = sorted(set(there))
    for name in asked or ():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"it has {shown(known)}."
            raise DataError(f"--classes names '{name}', and {source} has no such class; {hint}")
    return known if asked is None else [name for name in known if name in asked]


def of_labels(labels: Iterable[str], asked: Sequence[str] | None, source: object) -> tuple[tuple[str, ...], Counts]:
    """The classes to use of ``labels``, "" where there is none; and how many labels each of the others has.

    Raises:
        DataError: one that is asked for is not there.
    """
    counts = Counter(label for label in labels if label)
    used = tuple(chosen(counts, asked, source))
    return used, Counter({label: count for label, count in counts.items() if label not in used})


def of_classes(used: Sequence[str], there: Iterable[str], asked: Sequence[str] | None) -> list[Guess]:
    """That ``used`` of the classes that are ``there`` were asked for; nothing where none were."""
    if asked is None:
        return []
    return [Guess("classes", f"{len(used)} of {len(set(there))} are used, as asked: {', '.join(used)}", CLASSES)]


def unused(counts: Counts, folder: Path = Path()) -> list[FileFacts]:
    """Classes of ``folder`` that are left out, with the number of their images."""
    return [FileFacts(folder / name, "unused-class", count=count) for name, count in sorted(counts.items())]


def only(images: Some, asked: Sequence[str] | None) -> Some:
    """``images`` of the classes that are ``asked`` for, in the order that the set has them, and those without a label.

    Raises:
        DataError: the set has no such class.
    """
    used = chosen(images.class_names, asked, images.source)
    if len(used) == len(images.class_names):
        return images
    names = [name for name in images.class_names if name in used]
    number = np.array([names.index(name) if name in used else UNLABELLED for name in images.class_names], np.int64)
    labels = np.where(images.labels == UNLABELLED, UNLABELLED, number[images.labels])
    kept = np.flatnonzero((labels != UNLABELLED) | (images.labels == UNLABELLED))
    left = Counter(images.class_names[label] for label in np.delete(images.labels, kept).tolist())
    return replace(
        images.at(kept),
        labels=labels[kept],
        class_names=tuple(names),
        notes=(*images.notes, *(finding.message for finding in about_files(unused(left), noun=images.noun))),
        guesses=(*images.guesses, *of_classes(names, images.class_names, asked)),
    )


def of_names(listing: Listing, patterns: Sequence[str] | None) -> Listing:
    """``listing`` with the files alone whose names match one of the shell ``patterns``; all where None.

    Raises:
        DataError: none does.
    """
    if patterns is None:
        return listing
    kept = [entry for entry in listing.entries if _matches(entry, patterns)]
    left = [entry for entry in listing.entries if not _matches(entry, patterns)]
    if not kept:
        raise DataError(
            f"--files {','.join(patterns)} matches none of the {len(left)} {listing.noun}s of {listing.source} "
            f"({shown([entry.path.name for entry in left])}); patterns are for names without folders, upper and lower "
            "case as written, and stand in quotes."
        )
    gone = sorted({entry.label for entry in listing.entries} - {entry.label for entry in kept} - {""})
    said = f"--files leaves no {listing.noun} of the class(es) {', '.join(gone)} of {listing.source}."
    return replace(
        listing,
        entries=kept,
        passed=(*listing.passed, *(FileFacts(Path(entry.name), "unmatched-file") for entry in left)),
        refused=(
            *listing.refused,
            *([Finding("empty-class", said, len(gone), tuple(gone), listing.noun)] if gone else []),
        ),
    )


def grouped(listing: Listing, pattern: str | None) -> Listing:
    """``listing`` with the group of each file as ``pattern`` (`Reading.groups`) has it, and that said.

    Raises:
        DataError: no path matches.
    """
    if pattern is None:
        return listing
    groups = [_group(entry.below, pattern) for entry in listing.entries]
    none = groups.count("")
    if none == len(groups):
        where = f"such as {listing.entries[0].below}" if listing.entries else "of which there are none"
        raise DataError(
            f"--groups '{pattern}' matches no path of {listing.source} ({where}); give a regular expression that does."
        )
    alone = f"; {none} match nowhere, and each counts as one of its own" if none else ""
    told = f"{len(set(groups) - {''})} in the paths of {len(groups)} {listing.noun}s, as asked{alone}"
    entries = [replace(entry, group=group) for entry, group in zip(listing.entries, groups, strict=True)]
    return replace(listing, entries=entries, guesses=(*listing.guesses, Guess("groups", told, GROUPS)))


def also_grouped(listing: Listing, pattern: str | None) -> Listing:
    """As `grouped`, of images beside those that the pattern is for: it need not match any of them."""
    if pattern is None:
        return listing
    entries = [replace(entry, group=_group(entry.below, pattern)) for entry in listing.entries]
    none = sum(not entry.group for entry in entries)
    note = f"{none} of {len(entries)} paths of {listing.source} match --groups nowhere, each a group of its own."
    return replace(listing, entries=entries, notes=(*listing.notes, *([note] if none else [])))


def _matches(entry: Entry, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(entry.path.name, pattern) for pattern in patterns)


def _group(path: str, pattern: str) -> str:
    found = re.search(pattern, path)
    return (found[min(1, found.re.groups)] or "") if found else ""
