"""An `ImageSet` or a `VectorSet` from arrays: what every source ends in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganlift.data.hashes import content_hashes
from ganlift.data.reading import Guess, Scale
from ganlift.data.types import ImageSet, VectorSet

Labelled = tuple[NDArray[np.uint8], NDArray[Any]]
Rows = tuple[NDArray[Any], NDArray[Any]]
"""Items (n, ...) and labels (n,)."""


def from_arrays(
    parts: Mapping[str, Labelled],
    class_names: Sequence[str],
    source: str,
    notes: Sequence[str] = (),
    guesses: Sequence[Guess] = (),
    scale: Scale | None = None,
) -> ImageSet:
    """Images and labels by part ("train", "val", "test", "unlabelled", or "" for a set without parts).

    Args:
        parts: pixels (n, h, w) or (n, h, w, c) uint8 and labels (n,), -1 where unlabelled.
    """
    pixels = np.concatenate([x if x.ndim == 4 else x[..., None] for x, _ in parts.values()])
    return ImageSet(
        pixels=pixels,
        labels=_together(parts),
        class_names=tuple(class_names),
        parts=_parts(parts),
        hashes=content_hashes(pixels),
        names=_names(parts, "image"),
        source=source,
        notes=tuple(notes),
        guesses=tuple(guesses),
        scale=scale,
    )


def from_vectors(parts: Mapping[str, Rows], class_names: Sequence[str], source: str) -> VectorSet:
    """Rows and labels by part, as `from_arrays` has images: rows (n, d) of finite numbers, labels (n,)."""
    vectors = np.concatenate([np.asarray(x, np.float64) for x, _ in parts.values()]) + 0.0  # one zero, not two
    return VectorSet(
        vectors=vectors,
        labels=_together(parts),
        class_names=tuple(class_names),
        parts=_parts(parts),
        hashes=content_hashes(vectors),
        names=_names(parts, "row"),
        source=source,
    )


def _together(parts: Mapping[str, Rows]) -> NDArray[np.int64]:
    return np.concatenate([np.asarray(y, np.int64).reshape(-1) for _, y in parts.values()])


def _parts(parts: Mapping[str, Rows]) -> NDArray[np.str_]:
    return np.concatenate([np.full(len(x), part, "<U10") for part, (x, _) in parts.items()])


def _names(parts: Mapping[str, Rows], one: str) -> NDArray[np.str_]:
    return np.concatenate([[f"{part or one}[{i}]" for i in range(len(x))] for part, (x, _) in parts.items()])
