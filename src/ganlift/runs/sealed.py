"""Rows that are written once and read for long: a file that is written in blocks, and how it is known to be whole.

A block counts once a sealed line says so, which is written after the block is on the disk; so a writer that is killed
loses the block that it was writing, and a reader that looks only at blocks with a line needs no lock.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ganlift.runs.files import sync_folder, writing


def checksum(data: bytes) -> str:
    """sha256 of ``data``, 16 hex digits."""
    return hashlib.sha256(data).hexdigest()[:16]


def write_at(path: Path, offset: int, data: bytes, *, at_end: bool = False) -> None:
    """Put ``data`` into the file at ``path``, ``offset`` bytes from its begin; on the disk when this returns.

    Args:
        at_end: whether nothing may be behind it; what a killed writer left there is cut off.

    Raises:
        RunFolderError: the disk is full or the file can't be written; what was before ``offset`` is unharmed.
    """
    with writing(path):
        is_new = not path.exists()
        with open(path, "w+b" if is_new else "r+b") as file:
            if at_end:
                file.truncate(offset)
            file.seek(offset)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if is_new:
            sync_folder(path.parent)


@contextmanager
def only_writer(folder: Path, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Be the only process that writes in ``folder``, which is made; ``on_wait`` is called where another is at it.

    Raises:
        RunFolderError: the folder can't be written.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / "lock")
    with writing(folder / "lock"):
        try:
            lock.acquire(timeout=0)
        except Timeout:  # the system drops the lock of a process that dies
            if on_wait:
                on_wait()
            lock.acquire()
    try:
        yield
    finally:
        lock.release()
