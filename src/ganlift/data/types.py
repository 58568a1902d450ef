"""`ImageSet`, `VectorSet`, `Split` and `Task`: what every source makes and every strategy sees."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from ganlift.data.mapped import Items, Mapped, Pixels, at
from ganlift.data.reading import Fit, Guess, Orientation, Scale, Sound

UNLABELLED = -1


@dataclass(frozen=True, slots=True)
class FileFacts:
    """An image file as it lies on disk, before anything is converted; or a folder that is left out as a whole.

    Attributes:
        path: where it is; in an `ImageSet` below its folder, or as the manifest has it.
        fault: why it is left out, a key of `ganlift.data.decode.FAULTS`; "" where it is used.
        format: "PNG", "JPEG", "WEBP" or "BMP", by content; "" where it could not be opened.
        mode: Pillow's name of how pixels are stored, such as "RGB" or "CMYK".
        width, height: pixels, as stored.
        turned: whether its EXIF data say that it must be turned or mirrored to stand upright.
        grey: whether all its pixels are grey, however they are stored.
        generated: whether its metadata say that `ganlift generate` made it.
        rate: of a sound file, samples a second; else 0.
        clipped: whether many of its samples are at full scale.
        count: of a folder that is left out as a whole, how many images are in it; else 1.
        frames: of a clip, how many it has; else 0.
        seconds: how long a clip or a sound is; 0 where nothing says so, as in a folder of frames.
    """

    path: Path
    fault: str = ""
    format: str = ""
    mode: str = ""
    width: int = 0
    height: int = 0
    turned: bool = False
    grey: bool = False
    generated: bool = False
    rate: int = 0
    clipped: bool = False
    count: int = 1
    frames: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Examples:
    """Labels, and all else that is known of examples but the examples themselves.

    Attributes:
        labels: (n,) int64, class index or -1 where unlabelled.
        class_names: one name a class, in label order, as the source wrote them.
        parts: (n,) of str: "train", "val", "test", "unlabelled", or "" where the source names no part.
        hashes: (n,) of str, a content hash an example (sha256 of shape and bytes, 16 hex digits).
        names: (n,) of str, where an example came from (a path, or "train[17]").
        groups: (n,) of str (patient, site, speaker), "" where unknown; None where the source has none.
        source: the specification it was loaded from, for messages and records.
        notes: sentences for the user: files skipped and why, conversions made.
        guesses: what was taken to be so where nobody said.
        near: (m, 2) int64, pairs of near copies (`ganlift.data.kin`); None where nobody has looked.
    """

    noun: ClassVar[str] = "example"
    """What one of them is called in sentences."""
    own: ClassVar[tuple[str, ...]] = ()
    """What a kind of examples has of each, besides what all kinds have."""

    labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    parts: NDArray[np.str_]
    hashes: NDArray[np.str_]
    names: NDArray[np.str_]
    groups: NDArray[np.str_] | None = None
    source: str = ""
    notes: tuple[str, ...] = ()
    guesses: tuple[Guess, ...] = ()
    near: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def at(self, index: NDArray[np.int64]) -> Self:
        """The examples at ``index`` (m,), in its order; their near copies are to be looked up again."""
        columns = ("labels", "parts", "hashes", "names", "groups", *self.own)
        there = {name: getattr(self, name) for name in columns}
        taken = {name: at(column, index) for name, column in there.items() if column is not None}
        return replace(self, **taken, near=None)


@dataclass(frozen=True, kw_only=True)
class VectorSet(Examples):
    """Rows of numbers with labels.

    Attributes:
        vectors: (n, d) float64, finite, as they were given.
        columns: what the columns of a table that they came from are called, one or several numbers each; else empty.
        ids: (n,) of str, what tells each row apart where the source says so; None where it does not.
        blocks: name and width of each of several sources whose numbers lie side by side; empty where it is one.
    """

    noun: ClassVar[str] = "row"
    own: ClassVar[tuple[str, ...]] = ("vectors", "ids")

    vectors: NDArray[np.float64]
    columns: tuple[str, ...] = ()
    ids: NDArray[np.str_] | None = None
    blocks: tuple[tuple[str, int], ...] = ()

    @property
    def width(self) -> int:
        """Numbers a row."""
        return int(self.vectors.shape[1])

    def place_of(self, block: str) -> slice:
        """Where the numbers of one of ``blocks`` are in a row."""
        place = [one for one, _ in self.blocks].index(block)
        start = sum(width for _, width in self.blocks[:place])
        return slice(start, start + self.blocks[place][1])

    def block(self, name: str) -> VectorSet:
        """The rows of one of ``blocks`` alone."""
        own = tuple(one.removeprefix(f"{name}.") for one in self.columns if one.startswith(f"{name}."))
        return replace(self, vectors=self.vectors[:, self.place_of(name)], columns=own, blocks=())


@dataclass(frozen=True, kw_only=True)
class ImageSet(Examples):
    """Images as uint8 with labels, all of one size.

    Attributes:
        pixels: (n, h, w, c) uint8, c is 1 or 3; an array, or `Mapped` on the disk.
        files: the files it was read from, those left out too; empty where the source is no files.
        scale: what black and white were, where not all came as 8 bits from files.
        flips: whether a mirrored image keeps its class, where that was asked for; told from the names where None.
        orientation: whether photographs were turned as their EXIF data say, or taken as stored.
        paths: (n,) of str, the image files; None where they did not all come from files.
        fit: how images that are not square were made so.
    """

    noun: ClassVar[str] = "image"
    own: ClassVar[tuple[str, ...]] = ("pixels", "paths")

    pixels: Pixels
    files: tuple[FileFacts, ...] = ()
    scale: Scale | None = None
    flips: bool | None = None
    orientation: Orientation = "exif"
    paths: NDArray[np.str_] | None = None
    fit: Fit = "crop"

    @property
    def size(self) -> int:
        """Height (= width) in pixels."""
        return int(self.pixels.shape[-2])

    @property
    def channels(self) -> int:
        return int(self.pixels.shape[-1])

    @property
    def stills(self) -> ImageSet:
        """One picture an example, for what looks at pictures alone: the images themselves."""
        return self

    def image(self, index: int) -> NDArray[np.uint8]:
        """One image, (h, w, c) uint8."""
        return np.asarray(self.pixels[index])

    def batch(self, indices: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The images at ``indices``, (len(indices), c, h, w) uint8."""
        return np.ascontiguousarray(np.asarray(self.pixels[indices]).transpose(0, 3, 1, 2))


@dataclass(frozen=True, kw_only=True)
class SoundSet(ImageSet):
    """Clips of sound, as the pictures that `ganlift.data.sound` makes of them: they are never mirrored.

    Attributes:
        sound: what the clips were brought to.
    """

    noun: ClassVar[str] = "clip"

    sound: Sound
    flips: bool | None = False


@dataclass(frozen=True, kw_only=True)
class FrameSet(ImageSet):
    """Images that are one frame each of a clip."""

    noun: ClassVar[str] = "frame"


@dataclass(frozen=True, kw_only=True)
class VideoSet(ImageSet):
    """Clips with labels, each as frames that are evenly spaced over its length.

    Attributes:
        pixels: (n, k, h, w, c) uint8, k frames a clip.
        paths: (n,) of str, the clips' files, or the folders of their frames; None where they did not all come from any.
    """

    noun: ClassVar[str] = "clip"

    @property
    def frames(self) -> int:
        """Frames a clip."""
        return int(self.pixels.shape[1])

    @property
    def stills(self) -> FrameSet:
        """The middle frame of each clip, (n, h, w, c), as an image of its label, its group and its hash."""
        own = {one.name: getattr(self, one.name) for one in fields(self)}
        place, held = self.frames // 2, self.pixels
        middle = held.frames(place) if isinstance(held, Mapped) else held[:, place]
        return FrameSet(**{**own, "pixels": middle, "paths": None})

    def image(self, index: int) -> NDArray[np.uint8]:
        """The middle frame of one clip, (h, w, c) uint8."""
        return np.asarray(self.pixels[index, self.frames // 2])

    def batch(self, indices: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The clips at ``indices``, (len(indices), k, c, h, w) uint8."""
        return np.ascontiguousarray(np.asarray(self.pixels[indices]).transpose(0, 1, 4, 2, 3))


@dataclass(frozen=True)
class Split:
    """Who is used for what in one seed: index arrays into an `ImageSet`, all sorted and disjoint.

    `labelled` and `validation` carry labels; `unlabelled` is used without them, whatever the source
    says; `test` is never shown to a strategy.
    """

    seed: int
    labelled: NDArray[np.int64]
    validation: NDArray[np.int64]
    unlabelled: NDArray[np.int64]
    test: NDArray[np.int64]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Task:
    """All that a strategy may see: no test image, and no label of an unlabelled one.

    Attributes:
        labelled, validation: pixels (n, c, h, w) uint8, of clips (n, k, c, h, w), or features of their views (n, v, d),
            with labels (n,) int64. Many pixels are `Chosen`: read when asked for.
        unlabelled: as they are, (m, ...); m may be 0.
        class_names: one a class.
        flips: whether a mirrored image keeps its class (False for digits, letters, left/right).
        sound: whether the pictures are of sound.
        weak_views: of features, how many of the first views change little.
        class_counts: labelled images a class, (K,) int64.
    """

    labelled: Items
    labels: NDArray[np.int64]
    validation: Items
    validation_labels: NDArray[np.int64]
    unlabelled: Items
    class_names: tuple[str, ...]
    flips: bool = True
    sound: bool = False
    weak_views: int = 1
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def classes(self) -> int:
        return len(self.class_names)

    @property
    def channels(self) -> int:
        return int(self.labelled.shape[1 + self._of_clips])

    @property
    def size(self) -> int:
        return int(self.labelled.shape[2 + self._of_clips])

    @property
    def _of_clips(self) -> bool:
        """Whether frames stand before the channels."""
        return self.labelled.ndim == 5

    @property
    def class_counts(self) -> NDArray[np.int64]:
        return np.bincount(self.labels, minlength=self.classes).astype(np.int64)
