"""A split in a file: indices, names and content hashes, and whether it is one of these images."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganlift.data.types import Examples, Split
from ganlift.errors import DamagedFileError, DataError
from ganlift.runs.files import read_json, write_json

Index = NDArray[np.int64]

PARTS = ("labelled", "validation", "unlabelled", "test")
"""The parts of a split."""


def data_hash(images: Examples) -> str:
    """One hash of all images, labels, parts and class names, 16 hex digits; order does not matter."""
    lines = sorted(
        f"{digest} {label} {part}"
        for digest, label, part in zip(images.hashes, images.labels, images.parts, strict=True)
    )
    return hashlib.sha256("\n".join([*images.class_names, *lines]).encode()).hexdigest()[:16]


def write_split(split: Split, images: Examples, path: Path) -> None:
    """Write the split with names and content hashes, for people and for `read_split`."""
    parts: dict[str, Any] = {}
    for name in PARTS:
        index: Index = getattr(split, name)
        labels = images.labels[index]
        parts[name] = {
            "index": index,
            "hashes": images.hashes[index],
            "names": images.names[index],
            "per_class": np.bincount(labels[labels >= 0], minlength=len(images.class_names)),
        }
    write_json(path, {"seed": split.seed, "data_hash": data_hash(images), "notes": split.notes, "parts": parts})


def read_split(path: Path, images: Examples) -> Split:
    """The split that `write_split` wrote.

    Raises:
        DataError: it belongs to other images, or to these in another order.
        DamagedFileError: it is not what was written.
    """
    facts = read_json(path)
    try:
        index = {name: np.asarray(facts["parts"][name]["index"], np.int64) for name in PARTS}
        hashes = {name: facts["parts"][name]["hashes"] for name in PARTS}
        seed, notes = int(facts["seed"]), tuple(facts["notes"])
    except (KeyError, TypeError, ValueError) as fault:
        raise DamagedFileError(f"{path} is damaged, not a split ({fault!r}); remove it and run again.") from fault
    for name, own in index.items():
        outside = own.size and not 0 <= own.min() <= own.max() < len(images)
        if outside or images.hashes[own].tolist() != hashes[name]:
            raise DataError(
                f"{path} was drawn from other {images.noun}s; use those of that run, or another run folder."
            )
    return Split(seed, **index, notes=notes)
