"""Exact and near copies: within a part, across parts, and under several labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganlift.data.findings import SHOWN, Finding
from ganlift.data.kin import sides_of
from ganlift.data.survey import Survey
from ganlift.data.types import UNLABELLED, Examples

Index = NDArray[np.int64]


def about_copies(found: Survey) -> tuple[list[Finding], dict[str, Any]]:
    """Findings about copies, and their counts for ``check.json``."""
    images = found.images
    sides = sides_of(images)
    exact = _exact_pairs(images, sides)
    near = found.near
    split = bool(np.any(images.parts == "test"))
    findings = [
        *_within(exact, sides, images, "duplicates", "exact copies of others on their side"),
        *_across(exact, sides, images, "duplicates-across-parts", "exact"),
        *_conflicting(exact, images, "conflicting-labels", "exact copies"),
        *_within(
            near, sides, images, "near-duplicates" if split else "near-duplicates-unsplit", "near copies of others"
        ),
        *_across(near, sides, images, "near-duplicates-across-parts", "near"),
        *_conflicting(near, images, "near-conflicting-labels", "near copies"),
    ]
    distinct, which = np.unique(images.hashes, return_inverse=True)
    labelled = images.labels != UNLABELLED
    facts = {
        "duplicates": len(images) - len(distinct),
        "duplicate_groups_across_parts": _with_several(which, np.unique(images.parts, return_inverse=True)[1]),
        "duplicate_groups_with_conflicting_labels": _with_several(which[labelled], images.labels[labelled]),
        "near_duplicates": len(np.unique(near)),
        "near_duplicates_across_parts": len(np.unique(near[sides[near[:, 0]] != sides[near[:, 1]], 1])),
    }
    return findings, facts


def _exact_pairs(images: Examples, sides: Index) -> Index:
    """(m, 2): each exact copy with the first of its kind, in the order of sides; labelled ones come first."""
    order = np.lexsort([images.labels == UNLABELLED, sides, images.hashes])
    _, first, which = np.unique(images.hashes[order], return_index=True, return_inverse=True)
    leader = order[first[which]]
    return np.asarray(np.stack([leader, order], axis=1)[leader != order], np.int64)


def _within(pairs: Index, sides: Index, images: Examples, code: str, words: str) -> list[Finding]:
    pairs = pairs[sides[pairs[:, 0]] == sides[pairs[:, 1]]]
    copies = len(np.unique(pairs[:, 1]))
    said = f"{copies} {images.noun}(s) are {words}: {_shown(pairs, images)}."
    return [Finding(code, said, copies, _examples(pairs, images))] if copies else []


def _across(pairs: Index, sides: Index, images: Examples, code: str, words: str) -> list[Finding]:
    """Counted are the images on the side that is more held out."""
    pairs = pairs[sides[pairs[:, 0]] != sides[pairs[:, 1]]]
    if not len(pairs):
        return []
    copies, first = np.unique(pairs[:, 1], return_index=True)
    parts = np.char.add(np.char.add(images.parts[copies], " in "), images.parts[pairs[first, 0]])
    where = ", ".join(f"{count} of {name}" for name, count in zip(*np.unique(parts, return_counts=True), strict=True))
    said = f"{len(copies)} {images.noun}(s) have {words} copies in another part ({where}): {_shown(pairs, images)}."
    return [Finding(code, said, len(copies), _examples(pairs, images))]


def _conflicting(pairs: Index, images: Examples, code: str, words: str) -> list[Finding]:
    labels = images.labels[pairs]
    pairs = pairs[(labels[:, 0] != labels[:, 1]) & (labels != UNLABELLED).all(axis=1)]
    if not len(pairs):
        return []
    said = f"{len(pairs)} pair(s) of {words} carry different labels: {_shown(pairs, images, labelled=True)}."
    return [Finding(code, said, len(pairs), _examples(pairs, images, labelled=True))]


def _shown(pairs: Index, images: Examples, labelled: bool = False) -> str:
    more = f" and {len(pairs) - SHOWN} more pairs" if len(pairs) > SHOWN else ""
    return "; ".join(_examples(pairs, images, labelled)) + more


def _examples(pairs: Index, images: Examples, labelled: bool = False) -> tuple[str, ...]:
    """The first few pairs in words."""

    def name(index: int) -> str:
        return (
            f"{images.names[index]} ({images.class_names[images.labels[index]]})" if labelled else images.names[index]
        )

    return tuple(f"{name(i)} = {name(j)}" for i, j in pairs[:SHOWN].tolist())


def _with_several(group: Index, value: Index) -> int:
    """How many groups hold more than one value; both arguments are (n,)."""
    pairs = np.unique(np.stack([group, value], axis=1), axis=0)
    return int(np.sum(np.bincount(pairs[:, 0]) > 1)) if len(pairs) else 0
