"""Which files a source names, before any of them is opened: what a folder and a manifest end in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganlift.data import sizes
from ganlift.data.colours import settle_colours
from ganlift.data.decode import OnProgress
from ganlift.data.decode_clips import FRAMES_OPTION, of_frames
from ganlift.data.decoded import decoded
from ganlift.data.file_findings import about_files
from ganlift.data.findings import Finding
from ganlift.data.mapped import Pixels, one_after_another
from ganlift.data.reading import AS_FOUND, Colours, Guess, Reading
from ganlift.data.sound import is_sound
from ganlift.data.types import UNLABELLED, FileFacts, ImageSet, SoundSet, VideoSet
from ganlift.errors import DataError
from ganlift.nouns import IMAGE

PICTURES = "image; give a folder with PNG, JPEG, WebP or BMP files"
SOUNDS = "sound; give a folder with WAV, FLAC, OGG or MP3 files"
FILMS = "clip; give a folder with films, animations or folders of frames"
"""What should be in a folder, for messages."""

ORIENTATION = "--orientation stored"


@dataclass(frozen=True, slots=True)
class Entry:
    """One image file: its class ("" where unlabelled), part and group ("" where none), and how it is called.

    ``below`` is its path below its folder, or as a table has it, with / between folders, for `Reading.groups`.
    """

    path: Path
    label: str
    part: str
    group: str
    name: str
    below: str


@dataclass(frozen=True)
class Listing:
    """The files of a source.

    Attributes:
        source: the folder or manifest, for messages.
        entries: what to read, in order.
        class_names: sorted; also those of which no file is listed.
        passed: what is named there and not read: missing files, files that are no images.
        refused: what makes the source unfit to train on, whatever is in the files.
        guesses: what was taken to be so where nobody said: which folder is which part, say.
        notes: sentences for the user about how the source was read.
        clips: whether what is named are clips: films, animations and folders of frames.
    """

    source: str
    entries: list[Entry]
    class_names: tuple[str, ...]
    passed: tuple[FileFacts, ...] = ()
    refused: tuple[Finding, ...] = ()
    guesses: tuple[Guess, ...] = ()
    notes: tuple[str, ...] = ()
    clips: bool = False

    @property
    def paths(self) -> list[Path]:
        return [entry.path for entry in self.entries]

    @property
    def sounds(self) -> bool:
        """Whether the files are sound; a listing has one kind alone (`of_one_kind`)."""
        return bool(self.entries) and is_sound(self.entries[0].path)

    @property
    def noun(self) -> str:
        """What one of the files is called."""
        return "clip" if self.clips or self.sounds else IMAGE

    def of_one_kind(self) -> Listing:
        """The images of the listing, or its sound, whichever are more; the others are passed over."""
        kinds: dict[bool, list[Entry]] = {False: [], True: []}
        for entry in self.entries:
            kinds[is_sound(entry.path)].append(entry)
        images, sounds = kinds.values()
        kept, others = (sounds, images) if len(sounds) > len(images) else (images, sounds)
        left = tuple(FileFacts(Path(entry.name), "other-file") for entry in others)
        return replace(self, entries=kept, passed=(*self.passed, *left)) if left else self


def load_listing(listing: Listing, reading: Reading = AS_FOUND, on_progress: OnProgress | None = None) -> ImageSet:
    """Every image that ``listing`` names, decoded as ``reading`` asks; they stay on the disk.

    Raises:
        DataError: no file can be read.
    """
    found = decoded(listing.paths, reading, clips=listing.clips, on_progress=on_progress)
    images = as_images(listing, found.pixels, found.kept, found.hashes, found.files, reading)
    if not len(images):
        wanted = FILMS if listing.clips else SOUNDS if reading.sound else PICTURES
        raise DataError(f"{listing.source} holds no usable {wanted} that can be read.")
    return replace(images, notes=(*images.notes, *found.notes))


def load_unlabelled(
    listing: Listing, images: ImageSet, reading: Reading, on_progress: OnProgress | None = None
) -> ImageSet:
    """The images that ``listing`` names, made `alike` to ``images``, else as ``reading`` asks.

    Raises:
        DataError: none of the files can be read.
    """
    return load_listing(listing, alike(reading, images), on_progress)


def alike(reading: Reading, images: ImageSet) -> Reading:
    """``reading`` with the size, the colours, the orientation and the shape that ``images`` were read with."""
    if isinstance(images, SoundSet):
        return replace(reading, image_size=images.size, sound=images.sound)
    colours: Colours = "grey" if images.channels == 1 else "rgb"
    frames = images.frames if isinstance(images, VideoSet) else reading.frames
    return replace(
        reading,
        image_size=images.size,
        colours=colours,
        orientation=images.orientation,
        fit=images.fit,
        frames=frames,
    )


def as_images(
    listing: Listing,
    pixels: Pixels,
    kept: Sequence[int],
    hashes: NDArray[np.str_],
    files: Sequence[FileFacts],
    reading: Reading,
) -> ImageSet:
    """An `ImageSet` of ``pixels`` (n, h, w, c) and ``hashes`` (n,), those of the entries at ``kept``.

    Of clips it is a `VideoSet`, whose pixels are (n, k, h, w, c).
    """
    entries = [listing.entries[index] for index in kept]
    number = {name: label for label, name in enumerate(listing.class_names)}
    groups = np.array([entry.group for entry in entries], np.str_)
    named = (replace(file, path=Path(_as_text(entry.name))) for file, entry in zip(files, listing.entries, strict=True))
    facts = (*listing.passed, *named)
    made = partial(SoundSet, sound=reading.sound) if reading.sound else VideoSet if listing.clips else ImageSet
    return made(
        pixels=pixels,
        labels=np.array([number.get(entry.label, UNLABELLED) for entry in entries], np.int64),
        class_names=tuple(map(_as_text, listing.class_names)),
        parts=np.array([entry.part for entry in entries], "<U10"),
        hashes=hashes,
        names=np.array([_as_text(entry.name) for entry in entries], np.str_),
        groups=groups if groups.any() else None,
        source=listing.source,
        notes=(
            *listing.notes,
            *(finding.message for finding in about_files(facts, noun=listing.noun) if finding.noted),
        ),
        files=facts,
        guesses=(*listing.guesses, *_of_files([files[index] for index in kept], pixels.shape[-2], reading)),
        orientation=reading.orientation,
        paths=np.array([str(entry.path) for entry in entries], np.str_),
        fit=reading.fit,
    )


def _as_text(name: str) -> str:
    """``name`` as it can be written down: bytes that are no UTF-8, of an old archive, as ``\\udc`` and two digits."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def _of_files(used: Sequence[FileFacts], size: int, reading: Reading) -> list[Guess]:
    """What was taken for the size, the shape, the orientation and the colours of the files that are used."""
    if reading.sound is not None:
        return []
    turned = sum(file.turned for file in used)
    shorter = [min(file.width, file.height) for file in used]
    sides = " to ".join(str(side) for side in sorted({min(shorter), max(shorter)})) if shorter else ""
    given = f" of a shorter side of {sides} px" if sides else ""
    clips = any(file.frames for file in used)
    noun, said = ("clip", "metadata") if clips else (IMAGE, "EXIF data")
    upright = f"{turned} set upright by their {said}" if turned else f"no {said} say to turn one"
    frames = [Guess("frames", f"{of_frames(reading)}, as {'asked' if reading.frames else 'usual'}", FRAMES_OPTION)]
    return [
        *(frames if clips else []),
        Guess("size", f"{size} × {size}{given}", sizes.OPTION),
        *sizes.of_shape([(file.height, file.width) for file in used], reading.fit, f"{noun}s"),
        Guess("orientation", upright if reading.orientation == "exif" else "as stored, as asked", ORIENTATION),
        settle_colours(all_grey=all(file.grey for file in used), reading=reading, noun=noun)[1],
    ]


def joined(images: ImageSet, more: ImageSet) -> ImageSet:
    """``images`` followed by ``more``, which has the same size and channels and no labels."""
    groups = [np.full(len(one), "") if one.groups is None else one.groups for one in (images, more)]
    paths = None
    if images.paths is not None and more.paths is not None:
        paths = np.concatenate([images.paths, more.paths])
    return replace(
        images,
        pixels=one_after_another(images.pixels, more.pixels),
        labels=np.concatenate([images.labels, more.labels]),
        parts=np.concatenate([images.parts, more.parts]),
        hashes=np.concatenate([images.hashes, more.hashes]),
        names=np.concatenate([images.names, more.names]),
        groups=None if images.groups is more.groups is None else np.concatenate(groups),
        notes=(*images.notes, *more.notes),
        files=(*images.files, *more.files),
        paths=paths,
        near=None,
    )
