"""Which images are copies of one another: those that splits keep together, and `check` tells of."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ganlift.data.decode import BATCH
from ganlift.data.flips import flips_safe
from ganlift.data.near import fingerprints, near_pairs
from ganlift.data.types import UNLABELLED, Examples, ImageSet

Index = NDArray[np.int64]
Some = TypeVar("Some", bound=Examples)
SIDES = {"": 0, "train": 0, "unlabelled": 0, "val": 1, "test": 2}
"""Parts that are trained on are one side; the higher the number, the more a copy elsewhere matters."""


def sides_of(images: Examples) -> Index:
    """The side of each image, (n,)."""
    return np.array([SIDES[part] for part in images.parts], np.int64)


def look(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float16], NDArray[np.bool_]]:
    """Fingerprints (n, SIDE, SIDE) of images (n, h, h, c), and which are of one colour throughout (n,)."""
    return fingerprints(pixels), np.all(pixels == pixels[:, :1, :1], axis=(1, 2, 3))


def look_at_all(images: ImageSet) -> tuple[NDArray[np.float16], NDArray[np.bool_]]:
    """`look` over a whole set, a batch at a time; over the middle frames of clips."""
    images = images.stills
    found = [look(images.pixels[start : start + BATCH]) for start in range(0, len(images), BATCH)]
    prints, constant = (np.concatenate(column) for column in zip(*found, strict=True))
    return prints, constant


def near_copies(images: ImageSet, prints: NDArray[np.float16], constant: NDArray[np.bool_]) -> Index:
    """(m, 2): near copies, the one less held out first; of exact copies one a side takes part."""
    sides = sides_of(images)
    order = np.lexsort([images.labels == UNLABELLED, sides, images.hashes])
    order = order[~constant[order]]
    fresh = np.ones(len(order), np.bool_)
    fresh[1:] = (images.hashes[order[1:]] != images.hashes[order[:-1]]) | (sides[order[1:]] != sides[order[:-1]])
    chosen = np.sort(order[fresh])
    pairs = chosen[near_pairs(prints[chosen], turned=flips_safe(images))]
    pairs = pairs[images.hashes[pairs[:, 0]] != images.hashes[pairs[:, 1]]]
    return np.take_along_axis(pairs, np.argsort(sides[pairs], axis=1, kind="stable"), axis=1)


def with_near(images: Some) -> Some:
    """``images`` with their near copies looked up, where that was not done yet; rows of numbers have no looks."""
    if images.near is not None or not isinstance(images, ImageSet):
        return images
    return replace(
        images, near=near_copies(images, *look_at_all(images)) if len(images) else np.empty((0, 2), np.int64)
    )


def copied(images: Examples, test: Index) -> NDArray[np.bool_]:
    """Which of the ``test`` images (n_test,) have near copies among those to train or choose on."""
    held_out = np.zeros(len(images), np.bool_)
    held_out[test] = True
    usable = ~held_out & (images.parts != "test")
    pairs = np.empty((0, 2), np.int64) if images.near is None else images.near
    either = np.concatenate([pairs, pairs[:, ::-1]])
    return np.isin(test, either[held_out[either[:, 0]] & usable[either[:, 1]], 0])


def units(images: Examples, *, near: bool = True) -> NDArray[np.str_]:
    """What must stay together, (n,): one name for the images of a group, of equal bytes and, where ``near``, alike.

    Copies of copies hang together. An image of none of these has its own hash for a name.
    """
    names = np.char.add("#", images.hashes)
    if images.groups is not None:
        names = np.where(images.groups != "", np.char.add("@", images.groups), names)
    pairs = [_chained(images.hashes), _chained(names), *([images.near] if near and images.near is not None else [])]
    first, second = np.concatenate(pairs).T
    links = coo_array((np.ones(len(first), np.bool_), (first, second)), shape=(len(names), len(names)))
    _, which = connected_components(links, directed=False)
    order = np.lexsort([names, which])
    _, begin = np.unique(which[order], return_index=True)
    return np.asarray(names[order[begin]][which], np.str_)


def _chained(keys: NDArray[np.str_]) -> Index:
    """(m, 2): each image and the next with an equal key."""
    order = np.argsort(keys, kind="stable")
    same = keys[order[1:]] == keys[order[:-1]]
    return np.stack([order[:-1][same], order[1:][same]], axis=1)
