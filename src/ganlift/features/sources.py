"""Where images come from that features are made of: an array, or files, decoded anew at the size a network wants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from ganlift.data.colours import to_grey
from ganlift.data.decode import FAULTS, read_file
from ganlift.data.file_hashes import file_hash
from ganlift.data.reading import AS_FOUND, Reading
from ganlift.data.sound import VERSION as SOUND_VERSION
from ganlift.data.types import ImageSet
from ganlift.errors import DataError
from ganlift.features.networks.base import coloured

Bytes = NDArray[np.uint8]
Index = NDArray[np.int64]


class Source(Protocol):
    """Images by their places; called from several threads at once."""

    @property
    def how(self) -> str:
        """For a cache's key: how the images are read. The same hash stands for another image where this differs."""
        ...

    def __len__(self) -> int: ...

    def read(self, index: Index, size: int) -> Bytes:
        """The images at ``index``, (len(index), 3, size, size) uint8."""
        ...

    def name(self, index: int) -> str:
        """One image in words, for messages."""
        ...


@dataclass(frozen=True)
class Pixels:
    """Images of an `ImageSet`, brought to the size as they are; its hashes tell them apart."""

    images: ImageSet

    @property
    def how(self) -> str:
        return "pixels"

    def __len__(self) -> int:
        return len(self.images)

    def read(self, index: Index, size: int) -> Bytes:
        pixels = torch.from_numpy(self.images.batch(index)).float()
        return coloured(pixels, size).round().clamp(0, 255).to(torch.uint8).contiguous().numpy()

    def name(self, index: int) -> str:
        return str(self.images.names[index])


@dataclass(frozen=True)
class Files:
    """Image files, decoded at the size, made square as ``reading`` asks, as it asks in all else but for its size.

    JPEG files are decoded at an eighth, a quarter or a half of their size where that leaves twice the size wanted.
    `hashes` tells them apart by their bytes.
    """

    paths: Sequence[Path]
    reading: Reading = AS_FOUND

    @property
    def how(self) -> str:
        asked = self.reading
        if asked.sound is not None:
            return f"sound{SOUND_VERSION}-{asked.sound.rate}-{asked.sound.seconds:g}"
        grey = "-grey" if asked.channels == 1 else ""
        fit = "" if asked.fit == "crop" else f"-{asked.fit}"
        return "-".join(["files", asked.orientation, *(f"{one:g}" for one in asked.value_range or ())]) + grey + fit

    def __len__(self) -> int:
        return len(self.paths)

    def read(self, index: Index, size: int) -> Bytes:
        """As `Source` has it.

        Raises:
            DataError: a file is gone or can't be read any more.
        """
        return np.stack([self._image(self.paths[one], size) for one in index]).transpose(0, 3, 1, 2)

    def name(self, index: int) -> str:
        return str(self.paths[index])

    def hashes(self) -> NDArray[np.str_]:
        """sha256 of each file's bytes, 16 hex digits.

        Raises:
            DataError: a file can't be read.
        """
        return np.array([file_hash(path) for path in self.paths], "<U16")

    def _image(self, path: Path, size: int) -> Bytes:
        image, facts = read_file(path, self.reading, size)
        if image is None:
            raise DataError(f"{path} can't be read any more ({FAULTS[facts.fault]}); remove it or put it back.")
        return np.repeat(to_grey(image), 3, axis=2) if self.reading.channels == 1 else image


@dataclass(frozen=True)
class Part:
    """The images of ``whole`` at ``rows`` (n,)."""

    whole: Source
    rows: Index

    @property
    def how(self) -> str:
        return self.whole.how

    def __len__(self) -> int:
        return len(self.rows)

    def read(self, index: Index, size: int) -> Bytes:
        return self.whole.read(self.rows[index], size)

    def name(self, index: int) -> str:
        return self.whole.name(int(self.rows[index]))
