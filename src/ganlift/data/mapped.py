"""Images that stay on the disk: what reads like one array, takes from files what is asked for, and holds nothing.

Each image has a seal, the hash of its bytes, and is held against it when a process reads it first: an image that was
damaged on the disk is never handed out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganlift.data.hashes import content_hash
from ganlift.errors import DamagedFileError

Bytes = NDArray[np.uint8]
Index = NDArray[np.int64]
BYTE = np.dtype(np.uint8)


@dataclass(frozen=True, eq=False)
class Sealed:
    """Images in a file.

    Attributes:
        path: the file.
        images: (n, ...) uint8, mapped.
        seals: (n,) of str, `content_hash` of each image; "" where none was written.
        known: (n,) bool, which of them were held against their seals here.
        channels: the first so many are used.
        keep: whatever must live as long as this does.
    """

    path: Path
    images: Bytes
    seals: NDArray[np.str_]
    known: NDArray[np.bool_]
    channels: int
    keep: Any = None

    def __len__(self) -> int:
        return len(self.images)

    @property
    def is_file(self) -> bool:
        """Whether they lie on the disk."""
        return self.path != Path()

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one image, as it is used."""
        return (*self.images.shape[1:-1], self.channels)

    def take(self, index: Index) -> Bytes:
        """Copies of the images at ``index``, (len(index), ...).

        Raises:
            DamagedFileError: one of them is not what was written.
        """
        found = np.ascontiguousarray(self.images[index][..., : self.channels])
        for place in np.flatnonzero(~self.known[index]):
            if content_hash(found[place]) != self.seals[index[place]]:
                raise DamagedFileError(
                    f"{self.path} is damaged at image {index[place]}; run the same command again, which makes it anew."
                )
        self.known[index] = True
        return found


class Mapped:
    """Images of one or several files, in any order: indexed as an array (n, ...) uint8 is, by images first.

    Args:
        parts: the files, all of images of one shape.
        index: (n,) which images, counted through all ``parts``; all where None.
        frame: of clips, the one frame that is taken of each; all where None.
    """

    dtype = BYTE

    def __init__(self, parts: Sequence[Sealed], index: Index | None = None, frame: int | None = None) -> None:
        self.parts = tuple(parts)
        self._begins = np.cumsum([0, *map(len, parts)])
        self.index = np.arange(self._begins[-1]) if index is None else index
        self.frame = frame

    def __len__(self) -> int:
        return len(self.index)

    @property
    def shape(self) -> tuple[int, ...]:
        one = self.parts[0].shape
        return (len(self), *(one if self.frame is None else one[1:]))

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def nbytes(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64))

    def __getitem__(self, key: Any) -> Bytes:
        """A copy of the images at ``key``: a number, a slice, numbers or bool, and more axes after it."""
        rows, *rest = key if isinstance(key, tuple) else (key,)
        places = self.index[rows]
        found = self._take(np.atleast_1d(places))
        if np.ndim(places) == 0:
            return np.asarray(found[0][tuple(rest)])
        return found[(slice(None), *rest)] if rest else found

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[:], dtype)

    def at(self, index: Index) -> Mapped:
        """The images at ``index`` (m,), in its order; none is read."""
        return Mapped(self.parts, self.index[index], self.frame)

    def frames(self, place: int) -> Mapped:
        """One frame of each clip; none is read."""
        return Mapped(self.parts, self.index, place)

    def _take(self, places: Index) -> Bytes:
        if len(self.parts) == 1:
            found = self.parts[0].take(places)
        else:
            found = np.empty((len(places), *self.parts[0].shape), np.uint8)
            of = np.searchsorted(self._begins, places, side="right") - 1
            for number in np.unique(of):
                own = of == number
                found[own] = self.parts[number].take(places[own] - self._begins[number])
        return found if self.frame is None else found[:, self.frame]


Pixels = Bytes | Mapped
"""Images (n, ...) uint8: in memory, or on the disk."""


def at(column: Any, index: Index) -> Any:
    """What stands at ``index`` of an array; of what is on the disk, without reading it."""
    return column.at(index) if isinstance(column, Mapped | Chosen) else column[index]


def one_after_another(first: Pixels, second: Pixels) -> Pixels:
    """``first`` followed by ``second``, which has images of the same shape; what is mapped stays so."""
    if not isinstance(first, Mapped) and not isinstance(second, Mapped):
        return np.concatenate([first, second])
    both = [one if isinstance(one, Mapped) else in_memory(one) for one in (first, second)]
    begin = sum(map(len, both[0].parts))
    return Mapped([*both[0].parts, *both[1].parts], np.concatenate([both[0].index, begin + both[1].index]))


def in_memory(images: Bytes) -> Mapped:
    """Images in memory, which need no seal, as `Mapped` has them."""
    known = np.ones(len(images), np.bool_)
    return Mapped([Sealed(Path(), images, np.zeros(len(images), "<U16"), known, images.shape[-1])])


@dataclass(frozen=True)
class Chosen:
    """Items that are read when they are asked for, such as images of a set as those who train have them.

    Attributes:
        read: the items (m, ...) at places (m,).
        index: (n,), the places that there are here.
        shape: (n, ...).
    """

    read: Callable[[Index], NDArray[Any]]
    index: Index
    shape: tuple[int, ...]
    dtype: np.dtype[Any] = BYTE

    def __len__(self) -> int:
        return len(self.index)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def nbytes(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64)) * self.dtype.itemsize

    def __getitem__(self, key: Any) -> NDArray[Any]:
        """A copy of the items at ``key``: a number, a slice, numbers or bool."""
        places = self.index[key]
        found = self.read(np.atleast_1d(places))
        return found if np.ndim(places) else np.asarray(found[0])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[:], dtype)

    def at(self, index: Index) -> Chosen:
        """The items at ``index`` (m,), in its order; none is read."""
        return Chosen(self.read, self.index[index], (len(index), *self.shape[1:]), self.dtype)


Items = NDArray[Any] | Chosen
"""Items (n, ...): in memory, or read when they are asked for."""


def items_together(first: Items, second: Items) -> Items:
    """``first`` followed by ``second``, items of one shape; none is read where they are not in memory."""
    if not isinstance(first, Chosen) and not isinstance(second, Chosen):
        return np.concatenate([first, second])
    n, total = len(first), len(first) + len(second)

    def read(places: Index) -> NDArray[Any]:
        found = np.empty((len(places), *first.shape[1:]), first.dtype)
        early = places < n
        found[early], found[~early] = first[places[early]], second[places[~early] - n]
        return found

    return Chosen(read, np.arange(total), (total, *first.shape[1:]), first.dtype)
