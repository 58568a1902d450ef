"""What is kept below the user's cache from one command to the next: who uses it, how large it is, and what goes first.

Each folder there that can be made anew, a set of decoded images or the features of a network, has ``about.json``: what
it is, and by the file's age when it was last used. A process that uses it has a file in ``used-by`` for as long.
"""

from __future__ import annotations

import os
import shutil
import time
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from ganlift.data.download import users_cache
from ganlift.errors import ConfigError, GanliftError
from ganlift.runs.files import read_json, write_json, writing
from ganlift.runs.owner import owner_from, this_process

KINDS = ("images", "features")
"""Folders below the user's cache whose content can be made anew."""

CAP = "GANLIFT_CACHE_GB"
USUAL_CAP = 50.0
"""Gigabytes that both kinds may take together, where nothing else is said."""

FOREIGN_S = 7 * 24 * 3600.0
"""Seconds after which a process on another machine counts as ended: nothing here tells when it does."""

_ABOUT = "about.json"
_USED_BY = "used-by"


@dataclass(frozen=True)
class Kept:
    """A folder that can be made anew.

    Attributes:
        kind: one of `KINDS`.
        what: in words.
        used: seconds since 1970, when it was last used.
        in_use: whether a running command reads it.
    """

    folder: Path
    kind: str
    what: str
    bytes: int
    used: float
    in_use: bool

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        told = {"kind": self.kind, "what": self.what, "bytes": self.bytes}
        return {**told, "last_used": self.used, "in_use": self.in_use, "folder": str(self.folder)}


class Use:
    """That this process uses ``folder``, for as long as this lives; `end` says so sooner."""

    def __init__(self, folder: Path) -> None:
        owner = this_process()
        mark = folder / _USED_BY / f"{owner.token}.json"
        with suppress(OSError):  # where nothing can be written, nothing is removed either
            mark.parent.mkdir(exist_ok=True)
            mark.write_text(owner.to_text(), encoding="utf-8")
            os.utime(folder / _ABOUT)
        self.end = weakref.finalize(self, _unmark, mark, os.getpid())


def use(folder: Path, about: Mapping[str, Any]) -> Use:
    """Use ``folder`` of the user's cache, made where there is none, with ``about``: ``kind`` and ``what``.

    Raises:
        RunFolderError: it can't be written.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with changing(_root(folder)):
        if not (folder / _ABOUT).exists():
            write_json(folder / _ABOUT, about)
        return Use(folder)


def kept(root: Path | None = None) -> list[Kept]:
    """What lies in the user's cache (or ``root``) and can be made anew, what was used last at the end."""
    root = root or users_cache()
    folders = [path.parent for kind in KINDS for path in (root / kind).glob(f"*/*/{_ABOUT}")]
    bare = [path.parent for path in (root / "features").glob("*/*/blocks.jsonl")]  # from before there was `about.json`
    found = [_looked_at(folder, folder.relative_to(root).parts[0]) for folder in {*folders, *bare}]
    return sorted(found, key=lambda one: (one.used, str(one.folder)))


def cap_bytes() -> int:
    """What may be kept, in bytes.

    Raises:
        ConfigError: the variable holds no number.
    """
    said = os.environ.get(CAP, "").strip()
    try:
        gigabytes = float(said) if said else USUAL_CAP
        if not gigabytes >= 0:
            raise ValueError(said)
    except ValueError:
        raise ConfigError(f"{CAP} is '{said}'; it must be a number of gigabytes, such as 20, or be unset.") from None
    return int(min(gigabytes, 1e9) * 1e9)


def make_room(needed: int, spare: Path, root: Path | None = None) -> int:
    """Remove what was used longest ago until ``needed`` more bytes stay within the cap; the bytes removed.

    What a running command uses stays, and ``spare``.
    """
    root = root or users_cache()
    return _remove_until(root, cap_bytes() - needed, spare)


def clear(root: Path | None = None) -> tuple[list[Kept], list[Kept]]:
    """Remove everything that no running command uses: what was removed, and what stays.

    Raises:
        RunFolderError: it can't be removed.
    """
    root = root or users_cache()
    before = kept(root)
    _remove_until(root, -1, None)
    stays = {one.folder for one in kept(root)}
    return [one for one in before if one.folder not in stays], [one for one in before if one.folder in stays]


@contextmanager
def changing(root: Path) -> Iterator[None]:
    """Be the only one that begins to use, or removes, something below ``root``."""
    with writing(root):
        root.mkdir(parents=True, exist_ok=True)
        lock = FileLock(root / ".keeping.lock")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _remove_until(root: Path, most: int, spare: Path | None) -> int:
    removed = 0
    if not root.is_dir():
        return removed
    with changing(root):
        there = kept(root)
        total = sum(one.bytes for one in there)
        for one in there:
            if total - removed <= most:
                break
            if not one.in_use and one.folder != spare:
                _remove(one.folder)
                removed += one.bytes
    return removed


def _remove(folder: Path) -> None:
    aside = folder.with_name(f".{folder.name}.{this_process().token}.tmp")
    with writing(folder):
        folder.rename(aside)
        shutil.rmtree(aside)
        with suppress(OSError):  # others lie beside it
            folder.parent.rmdir()


def _root(folder: Path) -> Path:
    """The user's cache that ``folder``, of a kind and a way, lies in."""
    return folder.parents[2]


def _looked_at(folder: Path, kind: str) -> Kept:
    about, files = folder / _ABOUT, [path for path in folder.rglob("*") if path.is_file()]
    size, used = 0, 0.0
    for path in files:
        with suppress(OSError):  # another process may just remove it
            found = path.stat()
            size += found.st_size
            used = max(used, found.st_mtime if path.parent == folder else 0.0)
    what = folder.parent.name
    with suppress(GanliftError, AttributeError):
        what = str(read_json(about).get("what", what)) if about.exists() else what
    return Kept(folder, kind, what, size, used, _in_use(folder))


def _in_use(folder: Path) -> bool:
    for mark in (folder / _USED_BY).glob("*.json"):
        with suppress(OSError):
            owner = owner_from(mark.read_text(encoding="utf-8"))
            old = time.time() - mark.stat().st_mtime > FOREIGN_S
            if owner is not None and not (owner.is_dead if owner.is_near else old):
                return True
            mark.unlink()
    return False


def _unmark(mark: Path, pid: int) -> None:
    if os.getpid() == pid:  # a fork uses nothing of its parent's
        with suppress(OSError):
            mark.unlink()
