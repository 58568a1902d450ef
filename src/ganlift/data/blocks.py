"""Several files of rows side by side: two embeddings of the same examples, say of a picture and of its caption."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganlift.data.findings import shown
from ganlift.data.hashes import content_hashes
from ganlift.data.kinds import kind_of, read_table, refuse_for
from ganlift.data.npy import load_npy
from ganlift.data.npz import load_npz
from ganlift.data.reading import Guess, Reading
from ganlift.data.tables import rows_of
from ganlift.data.types import UNLABELLED, VectorSet
from ganlift.errors import DataError

SUFFIXES = (".npz", ".npy", ".csv", ".parquet")


def files_of(spec: str) -> list[str]:
    """The files that ``spec`` names by commas, where each could have rows; none where it names one thing."""
    files = [piece.strip() for piece in spec.split(",")]
    rows = len(files) > 1 and all(Path(file).suffix.lower() in SUFFIXES for file in files)
    return files if rows and not Path(spec).exists() else []


def names_of(files: Sequence[str]) -> list[str]:
    """What each block is called: its file, without folder and suffix.

    Raises:
        DataError: two would be called alike, or a name is none that arms can be called by.
    """
    names = [Path(file).stem for file in files]
    for name, file in zip(names, files, strict=True):
        if names.count(name) > 1:
            raise DataError(f"{' and '.join(files)}: two files are called '{name}'; rename one.")
        if not name.replace("-", "").replace("_", "").replace(".", "").isalnum():
            raise DataError(f"{file}: blocks are called by their files; rename it to letters, digits, - and _.")
    return names


def load_blocks(files: Sequence[str], spec: str, reading: Reading, *, labelled: bool = True) -> VectorSet:
    """The rows of ``files`` as blocks of one set; the first one has the labels, the others may have them too.

    Args:
        labelled: whether the first one must have labels.

    Raises:
        DataError: a file cannot be read, has images, or is none of those that ``reading.learned_blocks`` names, or
            their rows do not fit together.
    """
    by_name = dict(zip(names_of(files), files, strict=True))
    names = list(reading.learned_blocks) if len(reading.learned_blocks) > 1 else list(by_name)
    if set(names) != set(by_name):
        raise DataError(
            f"{spec}: this classifier learned from blocks called {' and '.join(names)}; give files of these names, as "
            "in new/" + ",new/".join(f"{name}.npz" for name in names) + "."
        )
    sets = dict[str, VectorSet]()
    for name in names:
        file = by_name[name]
        own = replace(reading, learned_columns=_learned(reading, name))
        own = own if not sets else replace(own, labels=None, classes=None)
        refuse_for(kind_of(Path(file)), replace(own, label_column=None), file)
        sets[name] = _rows_in(Path(file), own, labelled=labelled and not sets)
    return side_by_side(sets, spec)


def _learned(reading: Reading, name: str) -> tuple[str, ...]:
    """Those of the columns that a classifier learned from which are of the block ``name``, as its file calls them."""
    if len(reading.learned_blocks) == 1:
        return reading.learned_columns if name in reading.learned_blocks else ()
    return tuple(one.removeprefix(f"{name}.") for one in reading.learned_columns if one.startswith(f"{name}."))


def _rows_in(file: Path, reading: Reading, *, labelled: bool) -> VectorSet:
    kind = kind_of(file)
    if kind == "table":
        return rows_of(read_table(file, reading, labelled=labelled), reading)
    found = load_npy(file, reading, labelled=labelled) if kind == "npy" else load_npz(file, reading, labelled=labelled)
    if not isinstance(found, VectorSet):
        raise DataError(f"{file} has images, and only rows of numbers lie side by side; give embeddings of them.")
    return found


def side_by_side(sets: Mapping[str, VectorSet], source: str) -> VectorSet:
    """One row an example, its ``sets`` one after another as blocks; labels and parts are those of the first.

    Rows are joined by their ids, or where no set has any by their order in each part. Those that a set lacks are left
    out and counted.

    Raises:
        DataError: only some sets have ids, the rows do not fit together, or two sets disagree about a label or a part.
    """
    first = next(iter(sets.values()))
    places, of_join = (_by_id if _with_ids(sets) else _in_order)(sets)
    joined = [one.at(place) for one, place in zip(sets.values(), places, strict=True)]
    for other in joined[1:]:
        _agree(joined[0], other, f"{first.source} and {other.source}")
    vectors = np.concatenate([one.vectors for one in joined], axis=1)
    blocks = tuple((name, one.width) for name, one in sets.items())
    told = ", ".join(f"{name} ({width} numbers)" for name, width in blocks)
    guess = Guess("blocks", f"{told}; {of_join}; standardised apart, all of one weight", "one file alone")
    return replace(
        joined[0],
        vectors=vectors,
        hashes=content_hashes(vectors),
        columns=tuple(f"{name}.{column}" for name, one in sets.items() for column in one.columns),
        blocks=blocks,
        guesses=(*first.guesses, guess),
        source=source,
    )


def _with_ids(sets: Mapping[str, VectorSet]) -> bool:
    """Whether all of ``sets`` have ids; raises `DataError` where some have and others not."""
    lacking = [one.source for one in sets.values() if one.ids is None]
    if lacking and len(lacking) < len(sets):
        raise DataError(
            f"{shown(lacking)} has no ids, and what it is to lie beside has; give every row its id: a column id in a "
            "table, ids_train (ids_test, ...) in an .npz."
        )
    return not lacking


def _by_id(sets: Mapping[str, VectorSet]) -> tuple[list[NDArray[np.int64]], str]:
    """Where the rows with ids that all ``sets`` share are in each of them, in the order of the first; and that said."""
    first, *others = (np.asarray(one.ids) for one in sets.values())
    shared = first[np.logical_and.reduce([np.isin(first, other) for other in others])]
    if not len(shared):
        raise DataError(f"{' and '.join(one.source for one in sets.values())} have no id in common; give matching ids.")
    places = []
    for ids in (first, *others):
        order = np.argsort(ids)
        places.append(order[np.searchsorted(ids[order], shared)])
    left = {one.source: len(one) - len(shared) for one in sets.values()}
    alone = [f"{count} of {source}" for source, count in left.items() if count]
    return places, "joined by id" + (f", {', '.join(alone)} left out for want of a partner" if alone else "")


def _in_order(sets: Mapping[str, VectorSet]) -> tuple[list[NDArray[np.int64]], str]:
    """All rows of each of ``sets``, as they stand; raises `DataError` where the parts differ."""
    first, *others = sets.values()
    for other in others:
        if not np.array_equal(first.parts, other.parts):
            raise DataError(
                f"{first.source} has {_counts(first)} and {other.source} {_counts(other)}, and without ids rows are "
                "joined in their order; give as many rows in each part, or ids."
            )
    return [np.arange(len(first))] * len(sets), "joined in their order, for want of ids"


def _counts(rows: VectorSet) -> str:
    parts, counts = np.unique(rows.parts, return_counts=True)
    return ", ".join(
        f"{count} rows" + (f" of {part}" if part else "") for part, count in zip(parts, counts, strict=True)
    )


def _agree(first: VectorSet, other: VectorSet, where: str) -> None:
    """Refuse rows, joined already, that two files put into different classes or parts."""
    apart = (first.parts != "") & (other.parts != "") & (first.parts != other.parts)
    both = (first.labels != UNLABELLED) & (other.labels != UNLABELLED)
    pairs = {pair: place for place, pair in enumerate(zip(first.labels, other.labels, strict=True)) if both[place]}
    split = [pair for pair in pairs if sum(pair[0] == one[0] for one in pairs) > 1]
    if apart.any():
        place = int(np.flatnonzero(apart)[0])
        told = f"in {first.parts[place]} of one and in {other.parts[place]} of the other"
    elif split:
        place = pairs[split[-1]]
        told = "in different classes"
    else:
        return
    raise DataError(f"{where}: row '{first.names[place]}' is {told}; are these the same examples, in this order?")
