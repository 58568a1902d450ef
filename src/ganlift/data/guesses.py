"""What is taken for granted of every set of images, whatever it came from; more is said where it is found."""

from __future__ import annotations

from dataclasses import replace

from ganlift.data import flips
from ganlift.data.reading import Guess, Reading
from ganlift.data.types import ImageSet

NAMES = 5
"""Class names that are shown, at most."""


def with_guesses(images: ImageSet, reading: Reading) -> ImageSet:
    """``images`` with what ``reading`` asks of their mirroring, and with the guesses that all sets share."""
    asked = None if reading.flips == "auto" else reading.flips == "on"
    shared = (_of_classes(images), _of_groups(images), flips.guess(images.class_names, asked))
    return replace(images, flips=asked, guesses=(*images.guesses, *filter(None, shared)))


def _of_classes(images: ImageSet) -> Guess | None:
    """How numbers for names are taken: "10" comes before "2", and "01" is another class than "1"."""
    numbers = [name for name in images.class_names if name.strip().isdigit()]
    if not numbers:
        return None
    shown = ", ".join(numbers[:NAMES]) + (", ..." if len(numbers) > NAMES else "")
    return Guess("classes", f"numbers are names, not values, in the order {shown}", "other names")


def _of_groups(images: ImageSet) -> Guess | None:
    if images.groups is not None:
        return None
    return Guess("groups", "none named: each image counts as one of its own", "a manifest with a column group")
