"""What `generate` and `predict` give back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ganlift.nouns import IMAGE

if TYPE_CHECKING:
    from ganlift.data.types import FileFacts
    from ganlift.inference.predict import Prediction, Unreadable


@dataclass(frozen=True)
class Generated:
    """What ``generate`` wrote: by which generator, which files, and the names of the run's other generators.

    ``sounds`` are the previews of ``files`` that are spectrograms, one each; none of images. ``noun`` is what a file
    shows: "image", "clip" (of sound) or "frame".
    """

    generator: str
    files: list[Path]
    others: list[str]
    sounds: list[Path] = field(default_factory=list)
    noun: str = IMAGE


@dataclass(frozen=True)
class Predictions:
    """What ``predict`` answers: an item a file, or a window, in order, worked out while it is gone through (once).

    Attributes:
        class_names: what the probabilities' columns belong to.
        temperature: what calibrated them; 1 where nothing did.
        passed: what lies below the folders that were named and is no image; whole when all items are gone through.
        noun: what one item is called: "image", "clip" or "row".
    """

    class_names: tuple[str, ...]
    temperature: float
    items: Iterator[Prediction | Unreadable]
    passed: list[FileFacts] = field(default_factory=list)
    noun: str = IMAGE

    def __iter__(self) -> Iterator[Prediction | Unreadable]:
        return self.items

    @property
    def notes(self) -> list[str]:
        """What was passed over, in sentences."""
        from ganlift.data.file_findings import about_files

        return [finding.message for finding in about_files(self.passed, noun=self.noun)]
