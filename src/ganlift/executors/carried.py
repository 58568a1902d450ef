"""Files that travel between a run folder and a folder of a worker's own, where the two share no disk.

What a job reads and never changes is known by its content, and lies once on a machine; what a job writes travels back
as it is written, so that another worker can go on from there.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import time

from filelock import FileLock, Timeout

from ganlift.errors import RunFolderError
from ganlift.executors.base import Job
from ganlift.runs import layout
from ganlift.runs.files import write_bytes

KEPT_S = 7 * 24 * 3600.0
"""Seconds that a content stays on a machine after it was last asked for."""

Stamp = tuple[int, int]


def read_by(job: Job, run: Path) -> list[Path]:
    """The files of ``run`` that ``job`` reads and never changes: images, features, its seed's split."""
    cached = [path for path in layout.cache_folder(run).iterdir() if not path.name.startswith("generated-")]
    return [*sorted(cached), layout.split_file(run, job["seed"])]


def written_by(job: Job, run: Path) -> dict[str, bytes]:
    """What is there of ``job`` in ``run``, by paths within it: its arm's files, and its seed's shared generators'."""
    name = job.get("as", {}).get("strategy", job["strategy"])
    folders = [layout.arm_folder(run, name, job["seed"])]
    folders += layout.generator_folder(run, "").glob(f"*-{job['seed']}-*")
    paths = [path for folder in folders for path in _files(folder)] if job["kind"] == "arm" else []
    return {path.relative_to(run).as_posix(): path.read_bytes() for path in paths}


def stamp(path: Path) -> Stamp:
    """Changes when the file does."""
    found = path.stat()
    return found.st_mtime_ns, found.st_size


class Changes:
    """What has changed in a folder since it was last asked, the first time since this was made."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known = dict(self._stamps())

    def __call__(self) -> tuple[list[tuple[str, bytes]], list[str]]:
        """New and changed files with their content, in the order in which they were written, and those that are gone.

        Paths are within the folder. A file that is replaced meanwhile comes the next time.
        """
        now = dict(self._stamps())
        gone = sorted(set(self._known) - set(now))
        changed = []
        for name in sorted((one for one in now if now[one] != self._known.get(one)), key=now.__getitem__):
            try:
                changed.append((name, (self._folder / name).read_bytes()))
            except FileNotFoundError:
                now.pop(name)
                gone += [name] if name in self._known else []
        self._known = now
        return changed, gone

    def _stamps(self) -> Iterator[tuple[str, Stamp]]:
        for path in _files(self._folder):
            with suppress(FileNotFoundError):
                yield path.relative_to(self._folder).as_posix(), stamp(path)


def bring(run: Path, changed: Sequence[tuple[str, bytes]], gone: Sequence[str]) -> None:
    """Make ``run`` as the folder is where `Changes` found these."""
    for name, content in changed:
        write_bytes(run / name, content)
    for name in gone:
        (run / name).unlink(missing_ok=True)
        with suppress(OSError):
            (run / name).parent.rmdir()


class Shelf:
    """The contents that lie on this machine for all workers of this user, below the folder for temporary files.

    Raises:
        RunFolderError: the folder is another user's.
    """

    def __init__(self) -> None:
        user = os.getuid() if hasattr(os, "getuid") else 0
        self.root = Path(tempfile.gettempdir()) / f"ganlift-{user}"
        self.root.mkdir(mode=0o700, exist_ok=True)
        if hasattr(os, "getuid") and self.root.stat().st_uid != user:
            raise RunFolderError(f"{self.root} is another user's; set TMPDIR to a folder of your own.")
        for name in ("contents", "workers"):
            (self.root / name).mkdir(exist_ok=True)

    def put(self, key: str, content: Callable[[], bytes | memoryview], path: Path) -> None:
        """Have the content ``key`` at ``path`` too; ``content`` is called where it does not lie here yet."""
        place = self.root / "contents" / key
        with FileLock(f"{place}.lock"):
            if not place.exists():
                write_bytes(place, content())  # type: ignore[arg-type]
            os.utime(place)
            path.parent.mkdir(parents=True, exist_ok=True)
            os.link(place, path)

    @contextmanager
    def own_folder(self) -> Iterator[Path]:
        """An empty folder, removed at the end; what killed workers left is removed first, and what nobody asks for."""
        with FileLock(self.root / "workers.lock"):
            self._tidy()
            folder = Path(tempfile.mkdtemp(dir=self.root / "workers"))
            held = FileLock(f"{folder}.lock", thread_local=False)
            held.acquire()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            held.release()

    def _tidy(self) -> None:
        workers = [folder for folder in (self.root / "workers").iterdir() if folder.is_dir()]
        contents = [path for path in (self.root / "contents").iterdir() if path.suffix != ".lock"]
        old = [path for path in contents if time() - path.stat().st_mtime > KEPT_S]
        for path in [*workers, *old]:
            with suppress(Timeout), FileLock(f"{path}.lock", timeout=0):
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def _files(folder: Path) -> list[Path]:
    """All files below ``folder`` that are whole."""
    return [path for path in folder.rglob("*") if not path.name.endswith(".tmp") and path.is_file()]
