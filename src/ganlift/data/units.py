"""What must stay on one side of a split: images of one group, and exact duplicates."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganlift.data.types import ImageSet
from ganlift.errors import DataError

Index = NDArray[np.int64]


def whole_units(images: ImageSet, pool: Index, fraction: float, rng: np.random.Generator, whose: str) -> Index:
    """About ``fraction`` of each class of ``pool``, groups and exact duplicates whole; ``whose`` is for messages.

    Raises:
        DataError: fewer than two images of a class would be left.
    """
    units = units_of(images, pool)
    chosen: set[Any] = set()
    labels = images.labels[pool]
    for label in range(len(images.class_names)):
        own = units[labels == label]
        want = min(max(1, round(fraction * len(own))), len(own) - 2)
        names, counts = np.unique(own, return_counts=True)
        have = sum(int(count) for name, count in zip(names, counts, strict=True) if name in chosen)
        for place in rng.permutation(len(names)):
            if have >= want:
                break
            if names[place] not in chosen and len(names) > 1:
                chosen.add(names[place])
                have += int(counts[place])
    taken = pool[np.isin(units, sorted(chosen))]
    left = np.bincount(images.labels[np.setdiff1d(pool, taken)], minlength=len(images.class_names))
    if (left < 2).any():
        name = images.class_names[int(left.argmin())]
        raise DataError(
            f"Class '{name}' keeps too few images after whole groups (or duplicates) went to {whose}; "
            "give the split yourself (train/ and test/ folders, or a 'split' column), or add images."
        )
    return np.sort(taken)


def units_of(images: ImageSet, index: Index) -> NDArray[Any]:
    """What must stay together: the group where there is one, else images of equal bytes."""
    units = np.char.add("#", images.hashes[index])
    if images.groups is None:
        return units
    groups = images.groups[index]
    return np.where(groups != "", np.char.add("@", groups), units)


def without(images: ImageSet, index: Index, others: Index, what: str, whose: str, notes: list[str]) -> Index:
    """``index`` less the images that share bytes or a group with ``others``; a note says how many, and why."""
    same = np.isin(images.hashes[index], images.hashes[others])
    if images.groups is not None:
        groups = images.groups[index]
        same |= (groups != "") & np.isin(groups, images.groups[others])
    if same.any():
        notes.append(f"{int(same.sum())} {what} image(s) are dropped: the same image or group is in {whose}.")
    return index[~same]


def by_class(images: ImageSet, index: Index, rng: np.random.Generator) -> list[Index]:
    """``index`` shuffled, by class; images of one group side by side, so that a cut tears one group at most."""
    shuffled = rng.permutation(index)
    if images.groups is not None:
        _, first, unit = np.unique(units_of(images, shuffled), return_index=True, return_inverse=True)
        shuffled = shuffled[np.argsort(first[unit.reshape(-1)], kind="stable")]
    return [shuffled[images.labels[shuffled] == label] for label in range(len(images.class_names))]
