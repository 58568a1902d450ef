"""A walk over all images that keeps a fingerprint of each and no pixels, for `checks`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganlift.data.colours import settle_colours, to_grey
from ganlift.data.decode import BATCH, OnProgress, default_size, read_images
from ganlift.data.findings import Finding
from ganlift.data.guesses import with_guesses
from ganlift.data.hashes import content_hashes
from ganlift.data.kin import look, looks, near_copies, seen
from ganlift.data.listing import Listing, alike, as_images, joined
from ganlift.data.load import list_beside, list_files, load_examples, settled
from ganlift.data.near import SIDE
from ganlift.data.reading import AS_FOUND, Reading
from ganlift.data.types import FileFacts, ImageSet, VectorSet

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Survey:
    """What a walk over the images leaves.

    Attributes:
        images: all but the pixels where they came from files: there ``pixels`` is zero throughout, and takes no room.
            Their near copies are looked up.
        constant: (n,) bool, whether an image is of one colour throughout; no row is.
        prints: (n, SIDE, SIDE) `fingerprints` of the images; of rows (n, 0, 0).
        refused: what `load` would have refused.
    """

    images: ImageSet | VectorSet
    constant: NDArray[np.bool_]
    prints: NDArray[np.float16]
    refused: tuple[Finding, ...] = ()

    @property
    def near(self) -> NDArray[np.int64]:
        """(m, 2): pairs of near copies, the one less held out first."""
        return np.empty((0, 2), np.int64) if self.images.near is None else self.images.near


def survey(
    spec: str,
    reading: Reading = AS_FOUND,
    *,
    unlabelled: str | None = None,
    data_dir: Path | None = None,
    on_progress: OnProgress | None = None,
) -> Survey:
    """Walk over the images that ``spec`` names; arguments as `load` has them.

    Files are read one after another and forgotten: memory holds a batch and the fingerprints. What `load` refuses
    about classes is noted in ``refused``.

    Raises:
        DataError: there is nothing of that name or at that path, or its files cannot be made out.
    """
    listing = list_files(spec, reading)
    if listing is None or listing.clips:
        found = load_examples(
            spec, reading, unlabelled=unlabelled, data_dir=data_dir, on_progress=on_progress, to_train=False
        )
        return replace(survey_images(found), refused=listing.refused if listing else ())
    others = list_beside(unlabelled, reading, listing)
    scaled, of_scale = settled(reading, listing, others)
    sized = replace(scaled, image_size=reading.image_size or default_size(listing.paths))
    images, prints, constant = _survey_files(listing, sized, on_progress)
    if others is not None:
        more, *looks = _survey_files(others, alike(sized, images), on_progress)
        images = joined(images, more)
        prints, constant = np.concatenate([prints, looks[0]]), np.concatenate([constant, looks[1]])
    images = with_guesses(replace(of_scale(images), source=spec), reading)
    near = near_copies(images, prints, constant, on_progress)
    return Survey(replace(images, near=near), constant, prints, listing.refused)


def survey_images(images: ImageSet | VectorSet) -> Survey:
    """Walk over images that are in memory (or memory-mapped) already; rows have no looks to walk over."""
    if isinstance(images, VectorSet):
        return Survey(images, np.zeros(len(images), np.bool_), np.empty((len(images), 0, 0), np.float16))
    if images.near is not None:
        prints, constant = seen(images)
        return Survey(images, constant, prints)
    near, prints, constant = looks(images)
    return Survey(replace(images, near=near), constant, prints)


def _survey_files(
    listing: Listing, reading: Reading, on_progress: OnProgress | None
) -> tuple[ImageSet, NDArray[np.float16], NDArray[np.bool_]]:
    """The files of ``listing`` at that size, but for their pixels; fingerprints, and which are constant."""
    size = reading.image_size or default_size(listing.paths)
    files: list[FileFacts] = []
    kept: list[int] = []
    prints, constant = np.empty((len(listing.paths), SIDE, SIDE), np.float16), np.empty(len(listing.paths), np.bool_)
    looked, hashes = 0, [np.empty(0, "<U16")]
    waiting = iter(read_images(listing.paths, reading, on_progress))
    while batch := list(islice(waiting, BATCH)):
        kept += [index for index, (image, _) in enumerate(batch, len(files)) if image is not None]
        files += [facts for _, facts in batch]
        whole = [(image, facts.grey or reading.channels == 1) for image, facts in batch if image is not None]
        if whole:
            rows, looked = slice(looked, looked + len(whole)), looked + len(whole)
            prints[rows], constant[rows] = look(np.stack([image for image, _ in whole]))
            # Copies are told as `load` tells them: it keeps one channel where all are grey, and grey in three is equal.
            hashes.append(np.concatenate([content_hashes((to_grey(x) if grey else x)[None]) for x, grey in whole]))
    channels, _ = settle_colours(all_grey=all(files[index].grey for index in kept), reading=reading)
    nothing = np.broadcast_to(np.zeros((), np.uint8), (len(kept), size, size, channels))
    images = as_images(listing, nothing, kept, np.concatenate(hashes), files, reading)
    return images, prints[:looked], constant[:looked]
