"""The images that a run learns from, as they were when it began: written once, and compared before anything else is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ganlift.data.identity import Fingerprint, arranged, difference, fingerprint
from ganlift.data.reading import Colours, Reading
from ganlift.data.split_files import data_hash, read_split
from ganlift.data.types import Examples, Split
from ganlift.errors import DamagedFileError, RunFolderError
from ganlift.runs import layout
from ganlift.runs.files import read_json, read_npz, write_npz
from ganlift.runs.folder import is_run

Some = TypeVar("Some", bound=Examples)

_REMEDY = "choose another folder with --out, or put the {}s back as they were to continue it."
_COLUMNS = ("hashes", "labels", "parts", "groups")


def as_recorded(run: Path, images: Some) -> Some:
    """``images`` in the order and under the name that ``run`` recorded; as they are where it has not begun.

    Raises:
        RunFolderError: they are others than the run's; the message says how they differ.
        DamagedFileError: the record of the run's images can't be read.
    """
    if not is_run(run):
        return images
    if found := changes(run, images):
        raise RunFolderError(f"{run} holds a run on other {images.noun}s: {found}; {_REMEDY.format(images.noun)}")
    if layout.data_file(run).exists():
        return arranged(images, read_images(run))
    return replace(images, source=_plan(run).get("data", images.source))


def changes(run: Path, images: Examples) -> str:
    """How ``images`` differ from those that ``run`` began with, in words; "" where they do not, or it has not begun.

    A run from before its images were recorded tells them by their hash alone.

    Raises:
        DamagedFileError: what the run recorded can't be read.
    """
    if layout.data_file(run).exists():
        return difference(read_images(run), fingerprint(images))
    then, now = _plan(run).get("data_hash"), data_hash(images)
    return f"their hash is {now}, and was {then}" if then not in (None, now) else ""


def record_images(run: Path, images: Examples) -> None:
    """Write what ``images`` are into ``run``, which the caller holds, where that is not done yet.

    Raises:
        RunFolderError: another command began the run meanwhile, on images that differ or come in another order.
    """
    if not layout.data_file(run).exists():
        _write(layout.data_file(run), fingerprint(images))
        return
    then, now = read_images(run), fingerprint(images)
    if (then.class_names, then.images) != (now.class_names, now.images):
        raise RunFolderError(f"Another command began {run} meanwhile; run the same command again to continue it.")


def read_images(run: Path) -> Fingerprint:
    """What `record_images` wrote.

    Raises:
        RunFolderError: there is no such record.
        DamagedFileError: it is not what was written.
    """
    stored, path = read_npz(layout.data_file(run)), layout.data_file(run)
    try:
        size, channels = stored["form"].tolist()
        names = tuple(stored["class_names"].tolist())
        return Fingerprint(
            hashes=stored["hashes"],
            labels=stored["labels"],
            parts=stored["parts"],
            groups=stored["groups"],
            class_names=names,
            size=size,
            channels=channels,
            source=str(stored["source"]),
        )
    except (KeyError, ValueError, TypeError) as fault:
        raise DamagedFileError(f"{path} does not describe a run's images ({fault}); remove it and run again.") from None


def recorded_split(run: Path, seed: int, images: Examples) -> Split | None:
    """The split of ``seed`` that ``run`` wrote; None where it has not begun.

    Raises:
        DataError: it was drawn from other images than these, or from these in another order.
    """
    path = layout.split_file(run, seed)
    return read_split(path, images) if is_run(run) and path.exists() else None


def _write(path: Path, now: Fingerprint) -> None:
    columns = {name: getattr(now, name) for name in _COLUMNS}
    facts = {"class_names": np.array(now.class_names, np.str_), "form": np.array([now.size, now.channels])}
    write_npz(path, {**columns, **facts, "source": np.array(now.source)})


def as_hashed(run: Path, reading: Reading) -> Reading:
    """``reading`` at the size and in the colours that the images of ``run`` are recorded in, by which they are known.

    A classifier behind a frozen network reads larger ones, whose content hashes are others.
    """
    if not layout.data_file(run).exists():  # of an early version
        return reading
    then = read_images(run)
    if not then.channels:  # rows, which have no size
        return reading
    colours: Colours = reading.colours if reading.sound else "grey" if then.channels == 1 else "rgb"
    return replace(reading, image_size=then.size, colours=colours)


def _plan(run: Path) -> dict[str, Any]:
    """The recorded plan; empty where there is none yet."""
    found = read_json(layout.plan_file(run)) if layout.plan_file(run).exists() else {}
    return found if isinstance(found, dict) else {}
