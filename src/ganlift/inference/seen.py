"""Which images a run's generator learned from, and which it never saw."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ganlift.data import data_hash, read_split
from ganlift.data.listing import alike
from ganlift.data.reading import Reading, asked
from ganlift.data.recorded import as_recorded, changes
from ganlift.data.types import ImageSet, Split
from ganlift.data.visible import load_run, visible_split
from ganlift.errors import DataError, RunFolderError
from ganlift.inference.evaluate import choose_part, match_classes
from ganlift.inference.generator import KeptGenerator
from ganlift.inference.side import Index, Side
from ganlift.runs import layout
from ganlift.runs.folder import run_config

Held = Side[ImageSet]
"""Images that a generator did not see."""


@dataclass(frozen=True)
class Seen:
    """What a generator learned from and what not.

    Attributes:
        images: of the run.
        split: of the generator's seed; ``labelled`` and ``unlabelled`` are what it saw.
        held: what it did not see.
        about: the held-out images in words.
        notes: sentences for the user.
    """

    images: ImageSet
    split: Split
    held: Held
    about: str
    notes: list[str] = field(default_factory=list)

    @property
    def training(self) -> Index:
        return np.concatenate([self.split.labelled, self.split.unlabelled])


def images_of(run: Path, kept: KeptGenerator, data_dir: Path | None) -> tuple[ImageSet, Split]:
    """The run's images, and the split of the generator's seed.

    Raises:
        DataError: they can't be read, or are others than the generator learned from.
    """
    config = run_config(run)
    try:
        images = load_run(config["data"], config["unlabelled"], asked(config), data_dir)
    except DataError as fault:
        raise DataError(
            f"What the generator has seen is told from its run's data, which are needed: {fault}"
        ) from fault
    changed = changes(run, images)
    images = images if changed else as_recorded(run, images)
    if changed or data_hash(images) != kept.record["data_hash"]:
        how = f" ({changed})" if changed else ""
        raise DataError(
            f"The {images.noun}s of {config['data']} have changed since the generator learned from them{how}, so that "
            "what it has seen is not known; bring them back, or train it again."
        )
    return images, split_of(run, kept.record, images, config)


def split_of(run: Path, record: dict[str, Any], images: ImageSet, config: dict[str, Any]) -> Split:
    """The split of the seed in ``record``: the one that was written, or what a generator alone may see."""
    path = layout.split_file(run, record["seed"])
    return read_split(path, images) if path.exists() else visible_split(images, record["seed"], config["unlabelled"])


def own_held_out(run: Path, images: ImageSet, split: Split) -> Seen:
    """The run's own images that the generator did not see: those of the split's test part.

    Raises:
        RunFolderError: there are none.
    """
    if not len(split.test):
        raise RunFolderError(
            f"{run} kept no {images.noun}s back that its generator did not see; name some after it: "
            f"ganlift evaluate {run} DATA --what generator."
        )
    held = Held(images, split.test, images.labels[split.test])
    return Seen(images, split, held, f"{images.source}, the {images.noun}s that the run held out")


def other_held_out(images: ImageSet, split: Split, data: str, part: str | None, data_dir: Path | None) -> Seen:
    """``part`` of ``data``, but for images that the generator saw.

    Raises:
        DataError: they can't be read, are of other classes, or were all seen.
    """
    notes: list[str] = []
    others = load_run(data, "none", alike(Reading(learned=images.scale), images), data_dir)
    notes += others.notes
    known = len(images.class_names) > 0
    to_own = match_classes(others, images.class_names, notes, "generator") if known else None
    part, chosen = choose_part(others, part) if known else ("all", np.arange(len(others)))
    seen = np.isin(others.hashes[chosen], images.hashes[np.concatenate([split.labelled, split.unlabelled])])
    if seen.all():
        raise DataError(
            f"The generator learned from all {len(seen)} {images.noun}s of part '{part}' of {data}; name others."
        )
    if seen.any():
        notes.append(f"{seen.sum()} of {len(seen)} {images.noun}s are left out: the generator learned from them.")
    chosen = chosen[~seen]
    labels = np.full(len(chosen), -1, np.int64) if to_own is None else to_own[others.labels[chosen]]
    return Seen(images, split, Held(others, chosen, labels), f"{data}, part '{part}'", notes)
