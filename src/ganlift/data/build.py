"""An `ImageSet` from arrays: what every source ends in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganlift.data.reading import Guess, Scale
from ganlift.data.types import ImageSet

Labelled = tuple[NDArray[np.uint8], NDArray[Any]]


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
    labels = np.concatenate([np.asarray(y, np.int64).reshape(-1) for _, y in parts.values()])
    sizes = {part: len(x) for part, (x, _) in parts.items()}
    return ImageSet(
        pixels=pixels,
        labels=labels,
        class_names=tuple(class_names),
        parts=np.concatenate([np.full(n, part, "<U10") for part, n in sizes.items()]),
        hashes=content_hashes(pixels),
        names=np.concatenate([[f"{part or 'image'}[{i}]" for i in range(n)] for part, n in sizes.items()]),
        source=source,
        notes=tuple(notes),
        guesses=tuple(guesses),
        scale=scale,
    )


def content_hashes(pixels: NDArray[np.uint8]) -> NDArray[np.str_]:
    """sha256 of each image's shape and bytes, 16 hex digits: equal for equal images alone."""
    shape = str(pixels.shape[1:]).encode()
    return np.array([hashlib.sha256(shape + image.tobytes()).hexdigest()[:16] for image in pixels], dtype="<U16")
