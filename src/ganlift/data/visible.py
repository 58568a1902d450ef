"""What a generator that is trained alone may see."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ganlift.data.choosing import CLASSES, grouped
from ganlift.data.decode import OnProgress
from ganlift.data.film_folder import has_clips
from ganlift.data.folder import has_classes, list_unlabelled
from ganlift.data.load import load, load_alone
from ganlift.data.reading import Reading
from ganlift.data.saved import is_saved
from ganlift.data.types import UNLABELLED, ImageSet, Split
from ganlift.data.units import without
from ganlift.errors import DataError


def is_unsorted(data: str, parts: Mapping[str, str] | None) -> bool:
    """Whether ``data`` is a folder of images without class folders; ``parts`` as `Reading` has them."""
    folder = Path(data)
    plain = folder.is_dir() and not is_saved(folder)
    return plain and not has_classes(folder, parts) and not has_clips(folder, parts)


def load_run(
    data: str,
    unlabelled: str,
    reading: Reading,
    data_dir: Path | None,
    on_progress: OnProgress | None = None,
) -> ImageSet:
    """The images of ``data``, with those of ``unlabelled`` where it is a folder, not "rest" or "none".

    A folder without class folders is a set of unlabelled images. Of clips it is their middle frames.

    Raises:
        DataError: there is nothing usable.
    """
    folder = Path(data)
    if is_unsorted(data, reading.parts):
        if reading.classes:
            raise DataError(f"{CLASSES} is about class folders, and {folder} has none; leave it out.")
        return load_alone(grouped(list_unlabelled(folder, reading), reading.groups), reading, on_progress)
    extra = unlabelled if unlabelled not in ("rest", "none") else None
    return load(data, reading, unlabelled=extra, data_dir=data_dir, on_progress=on_progress).stills


def visible_split(images: ImageSet, seed: int, unlabelled: str) -> Split:
    """Every training image, labelled or not; never one of the data's own validation or test part, nor its copy.

    ``unlabelled`` is "none" where images without a label are left out, if there are others. ``test`` holds the
    validation and test parts.
    """
    training = np.isin(images.parts, ["", "train"])
    labelled = np.flatnonzero(training & (images.labels != UNLABELLED))
    more = np.flatnonzero((training | (images.parts == "unlabelled")) & (images.labels == UNLABELLED))
    if unlabelled == "none":
        more = more[:0] if len(labelled) else more
    held_out, notes = np.flatnonzero(np.isin(images.parts, ["val", "test"])), list[str]()
    labelled = without(images, labelled, held_out, "training", "test or validation", notes)
    more = without(images, more, held_out, "unlabelled", "test or validation", notes)
    return Split(seed, labelled, held_out[:0], more, held_out, tuple(notes))
