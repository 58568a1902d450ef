"""One process at a time in a run folder, on any machine that sees it.

The holder's name lies in a file that is made where there is none, which network file systems do for one process alone,
where locks of the system may hold on each machine for itself. The holder keeps the file young. One that is dead, or was
silent for `ganlift.runs.owner.STALE_S` seconds by the clock of the file server, is replaced.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ganlift.errors import RunFolderError
from ganlift.runs import layout
from ganlift.runs.files import make_folder, writing
from ganlift.runs.folder import refuse_foreign
from ganlift.runs.held import HELD, Held
from ganlift.runs.owner import STALE_S, Owner, owner_from, this_process

CHANGE_S = 20.0
"""Seconds after which a change of holders, which takes milliseconds, counts as one that died in the middle."""

_HERE = threading.Lock()


@contextmanager
def run_lock(folder: Path) -> Iterator[None]:
    """Hold the run folder, making it where there is none.

    The lock of a process that died here is taken over at once, that of one elsewhere after a while. The process that
    holds it may enter again.

    Raises:
        RunFolderError: another process holds it (named by host and number), the folder is not a run, or it
            can't be written.
    """
    folder = folder.resolve()
    refuse_foreign(folder)
    with writing(folder):
        make_folder(folder)
    held = _enter(folder)
    try:
        yield
    finally:
        _leave(held)


def _enter(folder: Path) -> Held:
    with _HERE:
        held = HELD.get(folder)
        if held is not None and held.owner.pid == os.getpid():  # a fork holds nothing of its parent's
            held.entered += 1
            return held
        path = layout.holder_file(folder)
        with writing(path):
            owner = _taken(path)
        HELD[folder] = Held(folder, path, owner)
        return HELD[folder]


def _leave(held: Held) -> None:
    with _HERE:
        held.entered -= 1
        if held.entered:
            return
        held.let_go()
        del HELD[held.folder]
        with suppress(OSError, RunFolderError), _changing(held.path):  # the folder may be gone, as of a failed start
            if (found := _read(held.path)) and found.token == held.owner.token:
                held.path.unlink()


def _taken(path: Path) -> Owner:
    """Make this process the owner in the file at ``path``."""
    owner = this_process()
    with _changing(path):
        if path.exists():
            _refuse_living(path)
            path.unlink(missing_ok=True)
        with open(path, "x", encoding="utf-8") as file:
            file.write(owner.to_text())
            file.flush()
            os.fsync(file.fileno())
    return owner


def _refuse_living(path: Path) -> None:
    """Raise RunFolderError where the owner in ``path`` may still live."""
    found = _read(path)
    # of a process here the age says nothing: the machine may have slept
    if found.is_dead if found and found.is_near else _age(path) > STALE_S:
        return
    held = f"{path.parent} is in use by {found.words if found else 'another process'}"
    after = ""
    if not (found and found.is_near):
        after = f" Should it have died, its folder is free {STALE_S:.0f} s after its last sign of life."
    raise RunFolderError(f"{held}; wait until it ends, or choose another folder with --out.{after}")


@contextmanager
def _changing(path: Path) -> Iterator[None]:
    """Be the only one who looks at the owner in ``path`` and changes it: two takers must not both find it dead."""
    turn, end = layout.turn_file(path.parent), time.monotonic() + 2 * CHANGE_S
    while True:
        try:
            os.close(os.open(turn, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            break
        except FileExistsError:
            _clear(turn)
        if time.monotonic() > end:
            raise RunFolderError(f"{path.parent} is in use by others; try again, or choose another folder with --out.")
        time.sleep(0.02)
    try:
        yield
    finally:
        with suppress(OSError):
            turn.unlink()


def _clear(turn: Path) -> None:
    """Remove the turn of a process that died while it had it."""
    with suppress(FileNotFoundError):
        if _age(turn) > CHANGE_S:
            aside = turn.with_name(f"{turn.name}.{this_process().token}.tmp")
            os.rename(turn, aside)  # succeeds for one of those who wait
            aside.unlink()


def _read(path: Path) -> Owner | None:
    with suppress(FileNotFoundError):
        return owner_from(path.read_text(encoding="utf-8"))
    return None


def _age(path: Path) -> float:
    """Seconds since the last sign of life at ``path``, both times being the file server's."""
    with open(path, "rb") as file:  # opened: a client of NFS asks the server anew
        then = os.fstat(file.fileno()).st_mtime
    clock = path.with_name(f".{this_process().token}.tmp")
    with open(clock, "xb") as file:
        try:
            file.write(b"\n")
            file.flush()
            os.fsync(file.fileno())
            return os.fstat(file.fileno()).st_mtime - then
        finally:
            clock.unlink(missing_ok=True)
