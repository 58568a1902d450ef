"""Which files a source names, before any of them is opened: what a folder and a manifest end in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganlift.data.build import content_hashes
from ganlift.data.decode import OnProgress, decode
from ganlift.data.findings import Finding, about_files
from ganlift.data.types import UNLABELLED, FileFacts, ImageSet
from ganlift.errors import DataError


@dataclass(frozen=True)
class Entry:
    """One image file: its class ("" where unlabelled), part and group ("" where none), and how it is called."""

    path: Path
    label: str
    part: str
    group: str
    name: str


@dataclass(frozen=True)
class Listing:
    """The files of a source.

    Attributes:
        source: the folder or manifest, for messages.
        entries: what to read, in order.
        class_names: sorted; also those of which no file is listed.
        passed: what is named there and not read: missing files, files that are no images.
        refused: what makes the source unfit to train on, whatever is in the files.
    """

    source: str
    entries: list[Entry]
    class_names: tuple[str, ...]
    passed: tuple[FileFacts, ...] = ()
    refused: tuple[Finding, ...] = ()

    @property
    def paths(self) -> list[Path]:
        return [entry.path for entry in self.entries]


def load_listing(
    listing: Listing, size: int | None = None, channels: int | None = None, on_progress: OnProgress | None = None
) -> ImageSet:
    """Every image that ``listing`` names, decoded; arguments as `decode` has them.

    Raises:
        DataError: the listing is refused, or no file (of a class) can be read.
    """
    if listing.refused:
        raise DataError(listing.refused[0].sentence)
    found = decode(listing.paths, size, channels, on_progress)
    images = as_images(listing, found.pixels, found.kept, content_hashes(found.pixels), found.files)
    for label, name in enumerate(images.class_names):
        if not np.any(images.labels == label):
            raise DataError(f"No image of class '{name}' in {listing.source} can be read; mend or replace its files.")
    if not len(images):
        raise DataError(
            f"{listing.source} holds no usable image; give a folder with PNG, JPEG, WebP or BMP files that can be read."
        )
    return images


def load_unlabelled(listing: Listing, images: ImageSet, on_progress: OnProgress | None = None) -> ImageSet:
    """The images that ``listing`` names, at the size and in the colours of ``images``.

    Raises:
        DataError: none of the files can be read.
    """
    return load_listing(listing, images.size, images.channels, on_progress)


def as_images(
    listing: Listing,
    pixels: NDArray[np.uint8],
    kept: Sequence[int],
    hashes: NDArray[np.str_],
    files: Sequence[FileFacts],
) -> ImageSet:
    """An `ImageSet` of ``pixels`` (n, h, w, c) and ``hashes`` (n,), those of the entries at ``kept``."""
    entries = [listing.entries[index] for index in kept]
    number = {name: label for label, name in enumerate(listing.class_names)}
    groups = np.array([entry.group for entry in entries], np.str_)
    named = (replace(file, path=Path(entry.name)) for file, entry in zip(files, listing.entries, strict=True))
    facts = (*listing.passed, *named)
    return ImageSet(
        pixels=pixels,
        labels=np.array([number.get(entry.label, UNLABELLED) for entry in entries], np.int64),
        class_names=listing.class_names,
        parts=np.array([entry.part for entry in entries], "<U10"),
        hashes=hashes,
        names=np.array([entry.name for entry in entries], np.str_),
        groups=groups if groups.any() else None,
        source=listing.source,
        notes=tuple(finding.message for finding in about_files(facts) if finding.left_out),
        files=facts,
    )


def joined(images: ImageSet, more: ImageSet) -> ImageSet:
    """``images`` followed by ``more``, which has the same size and channels and no labels."""
    groups = None
    if images.groups is not None:
        groups = np.concatenate([images.groups, np.full(len(more), "")])
    return ImageSet(
        pixels=np.concatenate([images.pixels, more.pixels]),
        labels=np.concatenate([images.labels, more.labels]),
        class_names=images.class_names,
        parts=np.concatenate([images.parts, more.parts]),
        hashes=np.concatenate([images.hashes, more.hashes]),
        names=np.concatenate([images.names, more.names]),
        groups=groups,
        source=images.source,
        notes=(*images.notes, *more.notes),
        files=(*images.files, *more.files),
    )
