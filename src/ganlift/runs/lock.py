"""One process at a time in a run folder."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from ganlift.errors import RunFolderError
from ganlift.runs import layout
from ganlift.runs.files import write_json, writing
from ganlift.runs.folder import refuse_foreign


@contextmanager
def run_lock(folder: Path) -> Iterator[None]:
    """Hold the run folder, making it where there is none.

    The system drops the lock of a process that dies, so a stale lock is simply taken over. The process that
    holds it may enter again.

    Raises:
        RunFolderError: another process holds it (named by host and number), the folder is not a run, or it
            can't be written.
    """
    folder = folder.resolve()
    refuse_foreign(folder)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(layout.lock_file(folder), is_singleton=True, thread_local=False)
    with writing(layout.lock_file(folder)):
        try:
            lock.acquire(timeout=0)
        except Timeout:  # an OSError too, so it is caught before `writing` sees it
            held = f"{folder} is in use by {_holder(folder)}"
            raise RunFolderError(f"{held}; wait until it ends, or choose another folder with --out.") from None
    try:
        write_json(layout.holder_file(folder), {"host": socket.gethostname(), "pid": os.getpid(), "since": time.time()})
        yield
    finally:
        if lock.lock_counter == 1:
            with suppress(OSError):
                layout.holder_file(folder).unlink()
        lock.release()


def _holder(folder: Path) -> str:
    """The words for who holds the lock; it may not have written its name yet."""
    try:
        holder = json.loads(layout.holder_file(folder).read_text(encoding="utf-8"))
        return f"process {holder['pid']} on {holder['host']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
