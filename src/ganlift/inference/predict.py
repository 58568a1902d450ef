"""Predictions for image files, batch by batch: memory does not grow with their number."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np

from ganlift.data.decode import FAULTS, decode, hear
from ganlift.data.decode_clips import decode_clips
from ganlift.data.deep import DEEP
from ganlift.data.folder import Find
from ganlift.data.held import is_cell
from ganlift.data.kinds import kind_of, refuse_for
from ganlift.data.reading import AS_FOUND, Reading
from ganlift.data.types import FileFacts
from ganlift.data.walking import image_files
from ganlift.inference.facts import Inputs, Probabilities
from ganlift.inference.model import Model

Item = TypeVar("Item")


@dataclass(frozen=True)
class Prediction:
    """One image: ``probabilities`` (K,) float32, calibrated, in the order of the class names.

    Of a window of a recording ``span`` is its start and its end, in seconds.
    """

    file: Path
    probabilities: Probabilities
    span: tuple[float, float] | None = None

    def best(self, n: int = 1) -> list[int]:
        """The ``n`` likeliest classes, likeliest first; of equal ones the first."""
        return [int(index) for index in (-self.probabilities).argsort(kind="stable")[:n]]

    def confidence(self) -> float:
        """The probability of the likeliest class."""
        return float(self.probabilities.max())


@dataclass(frozen=True)
class Unreadable:
    """A file that is no usable image, and why."""

    file: Path
    reason: str


def find_images(
    given: Iterable[str | Path], passed: list[FileFacts], find: Find = image_files, asked: Reading = AS_FOUND
) -> Iterator[Path]:
    """Each file in the order given; in place of a folder all images below it, of a pattern its matches, both sorted.

    A path is a pattern only where nothing has that very name, and then only below the folders that have theirs. What
    leads to no image is yielded as it is. What lies below a folder and is no image goes to ``passed``. ``find`` tells
    what is below a folder: images, or clips.

    Raises:
        DataError: ``asked`` is about columns, and what is given has none.
    """
    for text in given:
        names = [str(text)] if os.path.exists(text) else sorted(glob.glob(_pattern(str(text)), recursive=True))
        for name in names or [str(text)]:
            if asked != AS_FOUND and not is_cell(Path(name)):
                refuse_for(kind_of(Path(name)), asked, name)
            inside, others = find(Path(name)) if os.path.isdir(name) else ([], [])
            closed = [one.path for one in others if one.fault == "unreadable"]
            passed += [one for one in others if one.path not in closed]
            yield from [*inside, *closed] or [Path(name)]


def predictions(
    model: Model, files: Iterable[Path], batch: int, value_range: tuple[float, float] | None = None
) -> Iterator[Prediction | Unreadable]:
    """One answer a file, in the order of ``files``; no more than ``batch`` of them are held at once.

    16-bit files are on the scale of ``value_range``, else of the 16-bit files that the classifier has learned from;
    without either they can't be used.
    """
    learned = model.facts.scale
    if value_range is None and learned and learned.types == DEEP:
        value_range = (learned.low, learned.high)
    reading = model.facts.reading(Reading(value_range=value_range))
    for group in groups(files, batch):
        is_there = os.path.exists if model.facts.frames else os.path.isfile  # neither faults a name that can't be
        present = [path for path in group if is_there(path) or is_cell(path)]
        inputs, kept, reasons = _inputs(model, present, reading)
        found = {present[index]: row for index, row in zip(kept, model.probabilities(inputs), strict=True)}
        for path in group:
            if path in found:
                yield Prediction(path, found[path])
            else:
                yield Unreadable(path, reasons.get(path) or absence(path, model.facts.noun))


def _inputs(model: Model, paths: Sequence[Path], reading: Reading) -> tuple[Inputs, list[int], dict[Path, str]]:
    """What ``model`` takes of the files at ``paths``, of which of them, and why the others are left out."""
    if not model.facts.waves:
        read = (decode_clips if model.facts.frames else decode)(paths, reading)
        return np.moveaxis(read.pixels, -1, -3), read.kept, dict(read.skipped)
    heard = [hear(path, reading) for path in paths]
    kept = [index for index, (wave, _) in enumerate(heard) if wave is not None]
    waves = np.array([wave for wave, _ in heard if wave is not None], np.float32).reshape(-1, *model.facts.shape)
    reasons = {path: FAULTS[facts.fault] for path, (_, facts) in zip(paths, heard, strict=True) if facts.fault}
    return waves, kept, reasons


def _pattern(text: str) -> str:
    """``text`` with the folders that it begins with and that are there taken by their names, brackets and all."""
    folder, rest = os.path.split(text)
    while folder and not os.path.isdir(folder):
        folder, last = os.path.split(folder)
        if not last:  # a root that is not there
            break
        rest = os.path.join(last, rest)
    return os.path.join(glob.escape(folder), rest)


def groups(items: Iterable[Item], size: int) -> Iterator[Sequence[Item]]:
    """``items`` in their order, ``size`` at a time and the last ones fewer, none taken before its group's turn."""
    waiting = iter(items)
    while group := list(islice(waiting, size)):
        yield group


def absence(path: Path, noun: str) -> str:
    """Why ``path``, which is no file, can't be read."""
    if os.path.isdir(path):
        return f"a folder without {noun}s" if os.access(path, os.R_OK | os.X_OK) else "a folder that may not be read"
    return "not a file" if os.path.exists(path) else "there is no such file"
