"""Features on disk, a row an image: they outlast a run, and the next comparison of the same images reads them.

A folder has ``rows.f16``, all rows one after another, which grows at its end alone, and ``blocks.jsonl``, a sealed line
a block of rows: whose they are, where they lie, and their checksum. A block counts once its line is there, which is
written after the rows are on the disk: a writer that is killed loses the block that it was writing. Readers look only
at rows that a line names, and so need no lock; writers take turns. Of several rows of an image the latest counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganlift.runs.lines import append_line, read_jsonl
from ganlift.runs.sealed import checksum, only_writer, write_at

Half = NDArray[np.float16]
Index = NDArray[np.int64]
_TYPE = np.dtype("<f2")


@dataclass(frozen=True)
class Block:
    """A line of ``blocks.jsonl``: the rows from ``start`` on are those of ``hashes``, of checksum ``sum``."""

    start: int
    hashes: tuple[str, ...]
    sum: str

    @property
    def end(self) -> int:
        return self.start + len(self.hashes)


class Store:
    """The rows of one network, one recipe and one way of reading images.

    Args:
        folder: made where there is none, when something is added.
        views, width: a row is (views, width) float16.
    """

    def __init__(self, folder: Path, views: int, width: int) -> None:
        self.folder = folder
        self._shape = (views, width)
        self._rows = folder / "rows.f16"
        self._blocks = folder / "blocks.jsonl"
        self._end = 0  # known to `writer`

    def find(self, hashes: Sequence[str]) -> Index:
        """(n,) the row of each image, -1 where there is none, or where its block fails its checksum."""
        found = self._latest(set(hashes), self._read_blocks())
        return np.array([found.get(key, -1) for key in hashes], np.int64)

    def rows(self, index: Index) -> Half:
        """(n, views, width) float16 of the rows at ``index``, as `find` has them: mapped, a copy where it must be.

        That is, where they do not lie one after another.
        """
        if not len(index):
            return np.empty((0, *self._shape), np.float16)
        mapped = self._mapped()
        if np.array_equal(index, np.arange(index[0], index[0] + len(index))):
            return mapped[index[0] : index[0] + len(index)]
        return np.asarray(mapped[index])

    def add(self, hashes: Sequence[str], rows: Half) -> None:
        """Append a block: ``rows`` (n, views, width) of the images with ``hashes``. Only within `writer`.

        Raises:
            RunFolderError: the disk is full or the folder can't be written; what was there is unharmed.
        """
        data = np.ascontiguousarray(rows, _TYPE).tobytes()
        start = self._end
        write_at(self._rows, start * self.row_bytes, data, at_end=True)
        append_line(self._blocks, {"start": start, "hashes": list(hashes), "sum": checksum(data)})
        self._end = start + len(hashes)

    @contextmanager
    def writer(self, on_wait: Any = None) -> Iterator[None]:
        """Be the only one that writes; ``on_wait`` is called where another process has to end first.

        Raises:
            RunFolderError: the folder can't be written.
        """
        with only_writer(self.folder, on_wait):
            self._end = max((block.end for block in self._read_blocks()), default=0)
            yield

    @property
    def row_bytes(self) -> int:
        return int(np.prod(self._shape)) * _TYPE.itemsize

    def _mapped(self) -> Half:
        whole = self._rows.stat().st_size // self.row_bytes if self._rows.exists() else 0
        if not whole:
            return np.empty((0, *self._shape), np.float16)
        return np.memmap(self._rows, _TYPE, "r", shape=(whole, *self._shape))

    def _read_blocks(self) -> list[Block]:
        """The blocks whose lines are whole; what is not is made anew."""
        lines = read_jsonl(self._blocks, warn=lambda message: None)
        return [Block(int(line["start"]), tuple(line["hashes"]), line["sum"]) for line in lines]

    def _latest(self, wanted: set[str], blocks: list[Block]) -> dict[str, int]:
        """The latest row of each that is wanted, from blocks whose checksum holds."""
        found: dict[str, int] = {}
        mapped = self._mapped()
        for block in reversed(blocks):
            news = {key: row for row, key in enumerate(block.hashes, block.start) if key in wanted and key not in found}
            if news and checksum(mapped[block.start : block.end].tobytes()) == block.sum:
                found |= news
        return found
