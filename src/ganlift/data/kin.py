"""Which images are copies of one another: those that splits keep together, and `check` tells of."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ganlift.data.decode import BATCH, OnProgress
from ganlift.data.flips import flips_safe
from ganlift.data.mapped import Mapped
from ganlift.data.near import SIDE, fingerprints, near_pairs
from ganlift.data.types import UNLABELLED, Examples, ImageSet
from ganlift.errors import GanliftError
from ganlift.runs.files import read_npz, write_npz

Index = NDArray[np.int64]
Some = TypeVar("Some", bound=Examples)
VERSION = 1
"""Of how near copies are told; another one where the same images give others."""

LOOKING, COMPARING = "looking at images", "looking for near copies"
"""What progress is told of."""

SIDES = {"": 0, "train": 0, "unlabelled": 0, "val": 1, "test": 2}
"""Parts that are trained on are one side; the higher the number, the more a copy elsewhere matters."""


def sides_of(images: Examples) -> Index:
    """The side of each image, (n,)."""
    return np.array([SIDES[part] for part in images.parts], np.int64)


def look(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float16], NDArray[np.bool_]]:
    """Fingerprints (n, SIDE, SIDE) of images (n, h, h, c), and which are of one colour throughout (n,)."""
    return fingerprints(pixels), np.all(pixels == pixels[:, :1, :1], axis=(1, 2, 3))


def look_at_all(
    images: ImageSet, on_progress: OnProgress | None = None
) -> tuple[NDArray[np.float16], NDArray[np.bool_]]:
    """`look` over a whole set, a batch at a time; over the middle frames of clips."""
    images = images.stills
    prints, constant = np.empty((len(images), SIDE, SIDE), np.float16), np.empty(len(images), np.bool_)
    for start in range(0, len(images), BATCH):
        end = min(start + BATCH, len(images))
        prints[start:end], constant[start:end] = look(images.pixels[start:end])
        if on_progress:
            on_progress(LOOKING, end, len(images))
    return prints, constant


def near_copies(
    images: ImageSet,
    prints: NDArray[np.float16],
    constant: NDArray[np.bool_],
    on_progress: OnProgress | None = None,
) -> Index:
    """(m, 2): near copies, the one less held out first; of exact copies one a side takes part."""
    sides = sides_of(images)
    order = np.lexsort([images.labels == UNLABELLED, sides, images.hashes])
    order = order[~constant[order]]
    fresh = np.ones(len(order), np.bool_)
    fresh[1:] = (images.hashes[order[1:]] != images.hashes[order[:-1]]) | (sides[order[1:]] != sides[order[:-1]])
    chosen = np.sort(order[fresh])
    tell = None if on_progress is None else partial(on_progress, COMPARING)
    pairs = near_pairs(prints, flips_safe(images), tell, chosen)
    if on_progress:
        on_progress(COMPARING, 1, 1)
    pairs = pairs[images.hashes[pairs[:, 0]] != images.hashes[pairs[:, 1]]]
    return np.take_along_axis(pairs, np.argsort(sides[pairs], axis=1, kind="stable"), axis=1)


def with_near(images: Some, on_progress: OnProgress | None = None) -> Some:
    """``images`` with their near copies looked up, where that was not done yet; rows of numbers have no looks."""
    if images.near is not None or not isinstance(images, ImageSet):
        return images
    return replace(images, near=looks(images, on_progress)[0])


def looks(
    images: ImageSet, on_progress: OnProgress | None = None
) -> tuple[Index, NDArray[np.float16], NDArray[np.bool_]]:
    """`near_copies` of a set, and of each image what `look` gives: fingerprints, and which are constant.

    Of images on the disk it is kept beside them, for the next command that asks the same.
    """
    if not len(images):
        return np.empty((0, 2), np.int64), np.empty((0, SIDE, SIDE), np.float16), np.empty(0, np.bool_)
    path = _kept(images)
    if path is not None and path.exists():
        with suppress(GanliftError):  # what is damaged is found anew
            there = read_npz(path)
            return there["near"], there["prints"], there["constant"]
    prints, constant = look_at_all(images, on_progress)
    near = near_copies(images, prints, constant, on_progress)
    if path is not None:
        with suppress(GanliftError):  # a disk that is full, or may not be written to: it is found again next time
            write_npz(path, {"near": near, "prints": prints, "constant": constant})
    return near, prints, constant


def seen(images: ImageSet) -> tuple[NDArray[np.float16], NDArray[np.bool_]]:
    """What `look` gives of each image whose near copies are known: from where `looks` kept it, or looked at again."""
    path = _kept(images)
    return looks(images)[1:] if path is not None and path.exists() else look_at_all(images)


def _kept(images: ImageSet) -> Path | None:
    """Where `looks` of images on the disk lies, named by all that it follows from; None where they are in memory."""
    if not isinstance(images.pixels, Mapped) or not images.pixels.parts[0].is_file:
        return None
    told = hashlib.sha256(f"{VERSION} {flips_safe(images)}".encode())
    for column in (images.hashes, sides_of(images), images.labels == UNLABELLED):
        told.update(np.ascontiguousarray(column).tobytes())
    return images.pixels.parts[0].path.with_name(f"near-{told.hexdigest()[:16]}.npz")


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
