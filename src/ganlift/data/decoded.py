"""Files to images that stay on the disk: decoded once, and mapped from the user's cache ever after.

A set is known by the bytes of its files, so that a folder may be moved or renamed; files that another set has as well
are copied from there. What was decoded when a command was killed is not decoded again.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganlift.cores import most_threads
from ganlift.data.colours import settle_colours, to_grey
from ganlift.data.decode import READING, OnProgress, Read, default_size, read_images
from ganlift.data.decode_clips import default_clip_size, read_clips
from ganlift.data.download import users_cache
from ganlift.data.file_hashes import clip_hash
from ganlift.data.hashes import content_hash
from ganlift.data.image_store import Bytes, ImageStore, Known, elsewhere, image_at
from ganlift.data.keeping import make_room, use
from ganlift.data.mapped import Mapped, Sealed
from ganlift.data.reading import FRAMES, Reading
from ganlift.data.sound import VERSION as SOUND_VERSION
from ganlift.data.types import FileFacts
from ganlift.errors import DataError, RunFolderError
from ganlift.nouns import CLIP, IMAGE
from ganlift.runs.sealed import only_writer

VERSION = 1
"""Of how files are decoded; another one where the same file gives other pixels."""

HASHING, CHECKING = "telling files by their bytes", "checking what was decoded before"
WAITING = "waiting for another command, which reads the same files"
PHASES = (*READING.values(), HASHING, CHECKING, WAITING)
"""What progress is told of."""

AT_ONCE = 256
"""Files that are hashed, or images that are checked, before progress is told."""

Strings = NDArray[np.str_]
Index = NDArray[np.int64]
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True, eq=False)
class DecodedFiles:
    """``pixels`` (n, ..., h, w, c), mapped, of the files at ``kept`` with their ``hashes``; facts of all; notes."""

    pixels: Mapped
    kept: list[int]
    hashes: Strings
    files: list[FileFacts]
    notes: tuple[str, ...]


def decoded(
    paths: Sequence[Path], reading: Reading, *, clips: bool = False, on_progress: OnProgress | None = None
) -> DecodedFiles:
    """The images of the files at ``paths``, or of ``clips``, as ``reading`` asks; see `decode` and `decode_clips`.

    Raises:
        RunFolderError: the disk is full; what was decoded is kept.
        ConfigError: something that is needed is not installed.
    """
    work = _Work(paths, reading, clips, on_progress or (lambda name, done, total: None))
    keys = work.keys()
    store, keep = work.store(keys)
    known, fresh = store.known(), np.zeros(len(keys), np.bool_)
    work.notes += known.faults
    if len(known.missing()):
        with only_writer(store.folder, work.told_to_wait):
            known = store.known()
            fresh[known.missing()] = True
            work.fill(store, known)
    all_grey = all(one.grey for one in known.facts if one and not one.fault)
    channels, _ = settle_colours(all_grey=all_grey, reading=reading)
    seals = known.grey if channels < store.shape[-1] else known.seals
    damaged = work.damaged(store.mapped()[..., :channels], seals, known.kept()[~fresh[known.kept()]])
    if len(damaged):
        with only_writer(store.folder, work.told_to_wait):
            work.mend(store, known, damaged)
    kept = known.kept()
    sealed = Sealed(store.path, store.mapped(), seals, np.ones(len(keys), np.bool_), channels, keep)
    facts = [one for one in known.facts if one is not None]
    return DecodedFiles(Mapped([sealed], kept), kept.tolist(), seals[kept], facts, tuple(work.notes))


class _Work:
    """What `decoded` does in turn; ``notes`` are sentences for the user about it."""

    def __init__(self, paths: Sequence[Path], reading: Reading, clips: bool, tell: OnProgress) -> None:
        size = reading.image_size or (default_clip_size if clips else default_size)(paths)
        self.paths = paths
        self.reading = replace(reading, image_size=size)
        self.clips = clips
        self.tell = tell
        self.notes: list[str] = []
        self.shape = (*((reading.frames or FRAMES,) if clips else ()), size, size, reading.channels or 3)

    @property
    def noun(self) -> str:
        return CLIP if self.clips or self.reading.sound else IMAGE

    def told_to_wait(self) -> None:
        self.tell(WAITING, 0, len(self.paths))

    def keys(self) -> list[str]:
        """What tells each file by its bytes; "" where it can't be read."""
        found: list[str] = []
        with ThreadPoolExecutor(_threads()) as pool:
            for part in _parts(self.paths):
                found += pool.map(_key, part)
                self.tell(HASHING, len(found), len(self.paths))
        return found

    def store(self, keys: Sequence[str]) -> tuple[ImageStore, Any]:
        """Where the images are, or will be, and what says that they are in use for as long as it lives.

        That is the user's cache; where it can't be written, and has not all of them, a temporary folder.
        """
        way = f"{'x'.join(map(str, self.shape))}-{_short(json.dumps(_way(self.reading), sort_keys=True))}"
        below = Path("images", way, _short("\n".join(keys)))
        nouns, side = self.noun if len(keys) == 1 else f"{self.noun}s", self.shape[-2]
        what = f"{len(keys)} {nouns} of {side}×{side} from {_place_of(self.paths)}"
        try:
            store = ImageStore(users_cache() / below, keys, self.shape, self.paths)
        except RuntimeError as fault:  # nobody knows where this user's home is
            return self._elsewhere(below, keys, f"There is no home folder ({fault})")
        try:
            keep = use(store.folder, {"kind": "images", "what": what})
            if len(store.known().missing()):
                there = store.path.stat().st_size if store.path.exists() else 0
                make_room(max(0, len(keys) * store.image_bytes - there), store.folder)
            return store, keep
        except RunFolderError as fault:
            if isinstance(fault.__cause__, OSError) and fault.__cause__.errno in _FULL:
                raise
            if not len(store.known().missing()):
                return store, None
            return self._elsewhere(below, keys, str(fault).partition(". ")[0])

    def _elsewhere(self, below: Path, keys: Sequence[str], why: str) -> tuple[ImageStore, Any]:
        try:
            temporary = tempfile.TemporaryDirectory(prefix="ganlift-", ignore_cleanup_errors=True)
        except OSError as fault:
            raise RunFolderError(
                f"{why}, and there is no folder for temporary files ({fault.strerror}); set GANLIFT_DATA to a folder "
                "that you may write to."
            ) from fault
        self.notes.append(
            f"{why}: what is decoded lies in {temporary.name} until this command ends, and the next one decodes it "
            "again. Set GANLIFT_DATA to a folder that you may write to."
        )
        return ImageStore(Path(temporary.name) / below, keys, self.shape, self.paths), temporary

    def fill(self, store: ImageStore, known: Known) -> None:
        """Decode the files that are missing, block by block, and write each while the next is decoded."""
        missing = known.missing()
        there = elsewhere(store, [store.keys[place] for place in missing])
        done = len(store.keys) - len(missing) + sum(store.keys[place] in there for place in missing)
        writing: Future[None] | None = None
        with ThreadPoolExecutor(1) as pen:
            for places in _blocks(missing, store.block):
                copied = {place: self._copied(store, place, there) for place in places.tolist()}
                read = self._read([store.names[place] for place, found in copied.items() if found is None])
                images, facts = [], []
                for found in copied.values():
                    image, one = found or next(read)
                    images.append(image)
                    facts.append(one)
                    if found is None:
                        done = min(done + 1, len(store.keys))
                        self.tell(READING[self.noun], done, len(store.keys))
                if writing:
                    writing.result()
                writing = pen.submit(store.write, int(places[0]), images, facts, known)
            if writing:
                writing.result()

    def _read(self, paths: Sequence[Path]) -> Iterator[Read]:
        """The files at ``paths`` decoded, in as many channels as are kept."""
        for image, facts in (read_clips if self.clips else read_images)(paths, self.reading):
            yield image if image is None or self.reading.channels != 1 else _grey(image), facts

    def _copied(self, store: ImageStore, place: int, there: dict[str, Any]) -> Read | None:
        """What another set has of a file; None where it has nothing."""
        if (found := there.get(store.keys[place])) is None:
            return None
        path, row, facts, seal = found
        if facts.fault:
            return None, facts
        image = image_at(store, path, row, seal)
        return None if image is None else (image, facts)

    def damaged(self, images: Bytes, seals: Strings, places: Index) -> Index:
        """Those of ``places`` whose images are not what was written."""

        def fail(part: Index) -> Index:
            return part[[content_hash(images[place]) != seals[place] for place in part]]

        found, done = [places[:0]], 0
        with ThreadPoolExecutor(_threads()) as pool:
            for part in pool.map(fail, _parts(places)):
                found.append(part)
                done = min(done + AT_ONCE, len(places))
                self.tell(CHECKING, done, len(places))
        return np.concatenate(found)

    def mend(self, store: ImageStore, known: Known, damaged: Index) -> None:
        """Decode the images at ``damaged`` anew and put them in their places."""
        for place in damaged.tolist():
            [(image, facts)] = self._read([store.names[place]])
            store.write(place, [image], [facts], known)
        self.notes.append(
            f"{len(damaged)} of {len(store.keys)} decoded {self.noun}s in {store.folder} were damaged on the disk (the "
            f"first is of {store.names[damaged[0]]}); they were decoded anew."
        )


def _key(path: Path) -> str:
    try:
        return clip_hash(path)
    except (DataError, ValueError):  # said where it is decoded, with the others that are left out
        return ""


def _way(reading: Reading) -> dict[str, Any]:
    """All that decides what a file decodes to, besides the shape."""
    sound = reading.sound and {**asdict(reading.sound), "version": SOUND_VERSION}
    asked = {"fit": reading.fit, "orientation": reading.orientation, "range": reading.value_range, "sound": sound}
    libraries = {name: _version(name) for name in ("pillow", "av", "soundfile")}
    return {**asked, **libraries, "version": VERSION}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _grey(image: Bytes) -> Bytes:
    """Of an image (h, w, 3), or of frames (k, h, w, 3)."""
    return np.stack([to_grey(one) for one in image]) if image.ndim == 4 else to_grey(image)


def _blocks(missing: Index, size: int) -> list[Index]:
    """``missing`` parted where a block ends, or where some between them are there."""
    cuts = np.flatnonzero((np.diff(missing) != 1) | (missing[1:] % size == 0)) + 1
    return np.split(missing, cuts) if len(missing) else []  # another command has just made them


def _parts(items: Any) -> list[Any]:
    return [items[start : start + AT_ONCE] for start in range(0, len(items), AT_ONCE)]


def _place_of(paths: Sequence[Path]) -> str:
    """The folder that all ``paths`` lie in."""
    return os.path.commonpath([os.path.abspath(path.parent) for path in paths]) if paths else "nowhere"


def _short(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _threads() -> int:
    return min(8, most_threads())
