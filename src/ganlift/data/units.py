"""Drawing whole units: images of one group, of equal bytes or nearly alike go to one side together.

Groups and equal bytes are kept so without exception. Near copies are told by their looks, which may be wrong: where
keeping them together would leave a class without images on a side, they are drawn there as if they were none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ganlift.data.kin import units
from ganlift.data.types import Examples
from ganlift.errors import DataError

Index = NDArray[np.int64]
Names = NDArray[np.str_]


@dataclass(frozen=True)
class Units:
    """The unit of each image, (n,): ``alike`` with near copies, ``sure`` by groups and equal bytes alone."""

    alike: Names
    sure: Names


def find_units(images: Examples) -> Units:
    """The units of ``images``, whose near copies are looked up."""
    return Units(units(images), units(images, near=False))


def whole_units(images: Examples, found: Units, pool: Index, fraction: float, seed: int, notes: list[str]) -> Index:
    """About ``fraction`` of each class of ``pool``, taking units whole.

    Raises:
        DataError: a class would keep fewer than two images.
    """
    taken = _some_units(images, found.sure, pool, fraction, np.random.default_rng([seed, 0]))
    try:
        alike = _some_units(images, found.alike, pool, fraction, np.random.default_rng([seed, 0]))
    except DataError:
        alike = pool[:0]
    if np.isin(images.labels[taken], images.labels[alike]).all():
        return alike
    notes.append("Near copies may be on both sides of the test set: kept together, they would leave a class too small.")
    return taken


def _some_units(images: Examples, names: Names, pool: Index, fraction: float, rng: np.random.Generator) -> Index:
    chosen: set[str] = set()
    labels = images.labels[pool]
    for label in range(len(images.class_names)):
        own = names[pool[labels == label]]
        want = min(max(1, round(fraction * len(own))), len(own) - 2)
        kinds, counts = np.unique(own, return_counts=True)
        have = sum(int(count) for kind, count in zip(kinds, counts, strict=True) if kind in chosen)
        for place in rng.permutation(len(kinds)):
            if have >= want:
                break
            if kinds[place] not in chosen and len(kinds) > 1:
                chosen.add(kinds[place])
                have += int(counts[place])
    taken = pool[np.isin(names[pool], sorted(chosen))]
    left = np.bincount(images.labels[np.setdiff1d(pool, taken)], minlength=len(images.class_names))
    if (left < 2).any():
        name = images.class_names[int(left.argmin())]
        raise DataError(
            f"Class '{name}' keeps too few {images.noun}s after whole groups (or duplicates) went to the test set; "
            f"give the split yourself (train/ and test/ folders, or a 'split' column), or add {images.noun}s."
        )
    return np.sort(taken)


def parted(members: Index, found: Units, count: int) -> tuple[Index, Index]:
    """About the first ``count`` of one class's ``members``, and the others, both in their order.

    No unit is on both sides where that can be.
    """
    for names in (found.alike[members], found.sure[members]):
        _, first, which = np.unique(names, return_index=True, return_inverse=True)
        met = first[which]  # where the unit of each was met first
        sizes = np.searchsorted(np.sort(met), np.unique(met)[1:])  # of the first unit, the first two, ...
        if len(sizes):
            taken = np.isin(met, np.unique(met)[: 1 + np.argmin(np.abs(sizes - count))])
            return members[taken], members[~taken]
    return members[:count], members[count:]


def apart_from(members: Index, found: Units, others: Index) -> Index:
    """Those of one class's ``members`` that share no unit with ``others``, or at least none for sure; else all."""
    for names in (found.alike, found.sure):
        apart = members[~np.isin(names[members], names[others])]
        if len(apart):
            return apart
    return members


def by_class(images: Examples, found: Units, index: Index, rng: np.random.Generator) -> list[Index]:
    """``index`` shuffled, by class; images of one group side by side, so that a cut tears one group at most."""
    shuffled = rng.permutation(index)
    if images.groups is not None:
        _, first, which = np.unique(found.sure[shuffled], return_index=True, return_inverse=True)
        shuffled = shuffled[np.argsort(first[which], kind="stable")]
    return [shuffled[images.labels[shuffled] == label] for label in range(len(images.class_names))]


def without(images: Examples, index: Index, others: Index, what: str, whose: str, notes: list[str]) -> Index:
    """``index`` less the images that share bytes or a group with ``others``; a note says how many, and why."""
    same = np.isin(images.hashes[index], images.hashes[others])
    if images.groups is not None:
        groups = images.groups[index]
        same |= (groups != "") & np.isin(groups, images.groups[others])
    if same.any():
        notes.append(
            f"{int(same.sum())} {what} {images.noun}(s) are dropped: the same {images.noun} or group is in {whose}."
        )
    return index[~same]


def without_near(
    images: Examples, found: Units, index: Index, others: Index, what: str, whose: str, notes: list[str]
) -> Index:
    """``index`` less the near copies of ``others``, but for classes of which nothing would be left; a note says so."""
    apart = np.isin(images.labels[index], np.unique(images.labels[index[~_shares(found.alike, index, others)]]))
    near = apart & _shares(found.alike, index, others)
    if near.any():
        notes.append(f"{int(near.sum())} {what} {images.noun}(s) are dropped: near copies are in {whose}.")
    return index[~near]


def _shares(names: Names, index: Index, others: Index) -> NDArray[np.bool_]:
    return np.isin(names[index], names[others])
