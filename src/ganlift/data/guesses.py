"""What is taken for granted of every set of images, whatever it came from; more is said where it is found."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np

from ganlift.data import flips
from ganlift.data.photographs import unlike_photographs
from ganlift.data.reading import AS_FOUND, Guess, Reading
from ganlift.data.types import UNLABELLED, Examples, ImageSet, SoundSet, VideoSet
from ganlift.errors import DataError

Some = TypeVar("Some", bound=Examples)

_OF_IMAGES = {name: f"--{name}" for name in ("colours", "orientation", "fit", "flips")}
_OF_SOUND = {name: f"--{name}" for name in ("rate", "seconds")}

NAMES = 5
"""Class names that are shown, at most."""

_OF_FILES = {
    "parts": "--parts is about folders, and {} has none; leave it out.",
    "groups": "--groups is about paths, and {} has none; give a table of image files with the column group.",
    "files": "--files is about files, and {} has none; leave it out.",
}
"""What may be asked for of files alone."""


def with_guesses(images: ImageSet, reading: Reading) -> ImageSet:
    """``images`` with what ``reading`` asks of their mirroring, and with the guesses that all sets share.

    Raises:
        DataError: ``reading`` asks for what such images do not have.
    """
    if reading.value_range and images.scale is None:
        raise DataError(f"--value-range is about arrays and 16-bit files, and {images.source} has none; leave it out.")
    if reading.frames is not None and not isinstance(images, VideoSet):
        raise DataError(f"--frames, or a classifier of clips, asks for frames of clips, and {images.source} has none.")
    for key, sentence in _OF_FILES.items():
        if getattr(reading, key) is not None and not images.files:
            raise DataError(sentence.format(images.source))
    if isinstance(images, SoundSet):
        _refuse_of_images(images, reading)
        return shared_guesses(images, reading)
    for key, option in _OF_SOUND.items():
        if getattr(reading, key) is not None:
            raise DataError(f"{option} is about sound, and {images.source} has {images.noun}s; leave it out.")
    asked = None if reading.flips == "auto" else reading.flips == "on"
    images = shared_guesses(images, reading)
    return replace(
        images, flips=asked, guesses=(*images.guesses, flips.guess(images.class_names, asked), _of_photographs(images))
    )


def _refuse_of_images(clips: SoundSet, reading: Reading) -> None:
    for key, option in _OF_IMAGES.items():
        if getattr(reading, key) != getattr(AS_FOUND, key):
            raise DataError(f"{option} is about images, and {clips.source} has sound; leave it out.")


def shared_guesses(examples: Some, reading: Reading) -> Some:
    """``examples`` with what is taken for granted of all kinds: their test part, what classes are called, groups."""
    examples = examples if reading.parts is not None else _with_test_part(examples)
    shared = (_of_classes(examples), _of_groups(examples))
    return replace(examples, guesses=(*examples.guesses, *filter(None, shared)))


def _with_test_part(images: Some) -> Some:
    """``images`` with their validation part for a test part where they have none: folders are laid out so already."""
    labelled = {str(part) for part in np.unique(images.parts[images.labels != UNLABELLED])}
    if "val" not in labelled or "test" in labelled:
        return images
    parts = np.where(images.parts == "val", "test", images.parts)
    taken = f"val is the test set, as there is no other, and validation {images.noun}s are drawn from training"
    return replace(images, parts=parts, guesses=(*images.guesses, Guess("parts", taken, "a test part")))


def _of_classes(images: Examples) -> Guess | None:
    """How numbers for names are taken: "10" comes before "2", and "01" is another class than "1"."""
    numbers = [name for name in images.class_names if name.strip().isdigit()]
    if not numbers or any(guess.about == "classes" for guess in images.guesses):
        return None
    shown = ", ".join(numbers[:NAMES]) + (", ..." if len(numbers) > NAMES else "")
    return Guess("classes", f"numbers are names, not values, in the order {shown}", "other names")


def _of_groups(images: Examples) -> Guess | None:
    if images.groups is not None:
        return None
    files = isinstance(images, ImageSet) and images.files
    option = "--groups PATTERN, or a table's column group" if files else "a table with a column group"
    return Guess("groups", f"none named: each {images.noun} counts as one of its own", option)


def _of_photographs(images: ImageSet) -> Guess:
    """Whether a frozen network, which has learned from large photographs, should know what is on them."""
    reason = unlike_photographs(images)
    said = f"no, for {reason}: a frozen network may see less on them than pixels tell" if reason else "yes"
    return Guess("photographs", said, "--features NAME|pixels, or both by commas")
