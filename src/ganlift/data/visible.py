"""What a generator that is trained alone may see."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ganlift.data.decode import OnProgress
from ganlift.data.folder import has_classes, list_unlabelled
from ganlift.data.listing import load_listing
from ganlift.data.load import load
from ganlift.data.split import without
from ganlift.data.types import UNLABELLED, ImageSet, Split


def load_run(config: Mapping[str, Any], data_dir: Path | None, on_progress: OnProgress | None = None) -> ImageSet:
    """The images that a run's ``config`` names (``data``, ``image_size``, ``unlabelled``).

    A folder without class folders is a set of unlabelled images.

    Raises:
        DataError: there is nothing usable.
    """
    folder, size, more = Path(config["data"]), config["image_size"], config["unlabelled"]
    if folder.is_dir() and not has_classes(folder):
        return load_listing(list_unlabelled(folder), size, on_progress=on_progress)
    extra = more if more not in ("rest", "none") else None
    return load(config["data"], image_size=size, unlabelled=extra, data_dir=data_dir, on_progress=on_progress)


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
