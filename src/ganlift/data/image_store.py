"""Decoded images on disk: what one command decoded, the next ones read, and one that was killed goes on from there.

A folder a set of files, told by their bytes, and a way of reading them. It has ``images.u8``, an image a file in their
order, which is written as files are decoded, and ``blocks.jsonl``, a sealed line a block of files: what is known of
each, and the seal of its image. An image that fails its seal, or whose line is broken, is decoded anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganlift.data.colours import to_grey
from ganlift.data.hashes import content_hash
from ganlift.data.types import FileFacts
from ganlift.runs.lines import CUT_OFF, append_line, read_jsonl
from ganlift.runs.sealed import write_at

Bytes = NDArray[np.uint8]
Strings = NDArray[np.str_]
Index = NDArray[np.int64]

BLOCK_BYTES = 16 * 1024**2
BLOCK_FILES = 256
"""Files that are written at once, and lost where a writer is killed: so many, or fewer large ones."""

_USUAL = asdict(FileFacts(Path()))


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of n files that were decoded before.

    Attributes:
        facts: of each file; None where it was not decoded.
        seals: (n,) of str, the hash of its image as it lies in the file; "" where it is left out.
        grey: (n,) of str, the hash of its one channel where the image is grey.
        faults: sentences about what is damaged, and is made anew.
    """

    facts: list[FileFacts | None]
    seals: Strings
    grey: Strings
    faults: tuple[str, ...] = ()

    def missing(self) -> Index:
        """The files that were not decoded."""
        return np.array([place for place, one in enumerate(self.facts) if one is None], np.int64)

    def kept(self) -> Index:
        """The files that have an image."""
        return np.array([place for place, one in enumerate(self.facts) if one and not one.fault], np.int64)


@dataclass(frozen=True)
class ImageStore:
    """The images of one set of files.

    Attributes:
        keys: what each file is known by.
        shape: of one image, (h, w, c), or of a clip (k, h, w, c).
    """

    folder: Path
    keys: Sequence[str]
    shape: tuple[int, ...]
    names: Sequence[Path] = field(repr=False)

    @property
    def path(self) -> Path:
        return self.folder / "images.u8"

    @property
    def lines(self) -> Path:
        return self.folder / "blocks.jsonl"

    @property
    def image_bytes(self) -> int:
        return int(np.prod(self.shape))

    @property
    def block(self) -> int:
        """Files a block."""
        return max(1, min(BLOCK_FILES, BLOCK_BYTES // self.image_bytes))

    def known(self) -> Known:
        """What was decoded before, by the lines that are whole; whether the images are is seen by their seals."""
        n, broken, lost = len(self.keys), list[str](), set[int]()
        found = Known([None] * n, np.zeros(n, "<U16"), np.zeros(n, "<U16"))
        there = self.path.stat().st_size // self.image_bytes if self.path.exists() else 0
        for line in read_jsonl(self.lines, warn=broken.append):
            for place, key, facts, seal, grey in _rows(line):
                if place >= n or self.keys[place] != key or (seal and place >= there):
                    lost.add(place)  # a line of other files, or images that were cut off
                    continue
                found.facts[place] = replace(facts, path=self.names[place])
                found.seals[place], found.grey[place] = seal, grey
        faults = [f"{one} What it tells of is decoded anew." for one in broken if CUT_OFF not in one]
        if lost:
            faults.append(f"{self.path} is damaged: {len(lost)} of {n} are not there any more, and are decoded anew.")
        return replace(found, faults=tuple(faults))

    def mapped(self) -> Bytes:
        """(n, ...) uint8, all of the file, mapped; images that were not written yet are whatever stands there."""
        there = self.path.stat().st_size // self.image_bytes if self.path.exists() else 0
        if not there:
            return np.empty((0, *self.shape), np.uint8)
        return np.memmap(self.path, np.uint8, "r", shape=(min(there, len(self.keys)), *self.shape))

    def write(self, begin: int, images: Sequence[Bytes | None], facts: Sequence[FileFacts], known: Known) -> None:
        """Put down the files from ``begin`` on: an image of each, None where it is left out, and what is known of it.

        Raises:
            RunFolderError: the disk is full or the folder can't be written; what was there is unharmed.
        """
        nothing = np.zeros(self.shape, np.uint8)
        data = np.stack([nothing if image is None else image for image in images])
        write_at(self.path, begin * self.image_bytes, data.tobytes())
        for place, (image, one) in enumerate(zip(images, facts, strict=True), begin):
            known.facts[place] = replace(one, path=self.names[place])
            known.seals[place] = "" if image is None else content_hash(image)
            known.grey[place] = content_hash(_one_channel(image)) if image is not None and one.grey else ""
        places = range(begin, begin + len(images))
        line = {
            "begin": begin,
            "keys": [self.keys[place] for place in places],
            "facts": [_plain(one) for one in facts],
            "seals": known.seals[begin : places.stop].tolist(),
            "grey": known.grey[begin : places.stop].tolist(),
        }
        append_line(self.lines, line)

    def others(self) -> Iterator[tuple[Path, dict[str, Any]]]:
        """Lines of other sets that were read in the same way: the file of the images, and what `_rows` reads."""
        for lines in sorted(self.folder.parent.glob("*/blocks.jsonl")):
            if lines.parent != self.folder:
                for line in read_jsonl(lines, warn=lambda message: None):
                    yield lines.with_name(self.path.name), line


def elsewhere(store: ImageStore, wanted: Sequence[str]) -> dict[str, tuple[Path, int, FileFacts, str]]:
    """Where files with the ``wanted`` keys were decoded before, in other sets: the file, the place, facts and seal."""
    looked_for, found = set(wanted), dict[str, tuple[Path, int, FileFacts, str]]()
    for path, line in store.others():
        for place, key, facts, seal, _ in _rows(line):
            if key in looked_for and key:
                found[key] = (path, place, facts, seal)
    return found


def image_at(store: ImageStore, path: Path, place: int, seal: str) -> Bytes | None:
    """One image of another set; None where it is not whole."""
    try:
        with path.open("rb") as file:
            file.seek(place * store.image_bytes)
            data = file.read(store.image_bytes)
    except OSError:  # it was just removed
        return None
    if len(data) < store.image_bytes:
        return None
    image = np.frombuffer(data, np.uint8).reshape(store.shape)
    return image if content_hash(image) == seal else None


def _rows(line: dict[str, Any]) -> Iterator[tuple[int, str, FileFacts, str, str]]:
    """Place, key, facts and seals of each file that ``line`` tells of."""
    columns = (line["keys"], line["facts"], line["seals"], line["grey"])
    for place, (key, facts, seal, grey) in enumerate(zip(*columns, strict=True), line["begin"]):
        yield place, key, FileFacts(Path(), **facts), seal, grey


def _plain(facts: FileFacts) -> dict[str, Any]:
    """What is not as usual, without the path, which is no part of the content."""
    values = ((one.name, getattr(facts, one.name)) for one in fields(facts) if one.name != "path")
    return {name: value for name, value in values if value != _USUAL[name]}


def _one_channel(image: Bytes) -> Bytes:
    """Of an image (h, w, c), or of frames (k, h, w, c), all of them grey."""
    of_colours = image.ndim == 4 and image.shape[-1] == 3  # clips, whose grey is not one of their channels
    return np.stack([to_grey(one) for one in image]) if of_colours else image[..., :1]
