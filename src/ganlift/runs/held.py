"""The folders that this process holds, a sign of life for each, and whether they are still its own."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from ganlift.errors import RunFolderError
from ganlift.runs.owner import STALE_S, Owner, owner_from

BEAT_S = 10.0
"""Seconds between signs of life."""


class Held:
    """A hold on ``folder`` by ``owner``, whose file at ``path`` a thread keeps young."""

    def __init__(self, folder: Path, path: Path, owner: Owner) -> None:
        self.folder, self.path, self.owner = folder, path, owner
        self.entered = 1
        self._lost, self._beaten = "", time.time()
        self._over = threading.Event()
        threading.Thread(target=self._beat, daemon=True).start()

    def let_go(self) -> None:
        """End the signs of life."""
        self._over.set()

    def assure(self) -> None:
        """Look again where the last sign of life is old: this process may have been stopped, or its machine asleep.

        Raises:
            RunFolderError: another process took the folder over.
        """
        if not self._lost and abs(time.time() - self._beaten) > 2 * BEAT_S:
            self._look()
        if self._lost:
            raise RunFolderError(
                f"{self.folder} was taken over by {self._lost} while this process gave no sign of life; it writes "
                "nothing more there. Run the same command again once the other one has ended."
            )

    def _beat(self) -> None:
        while not self._over.wait(BEAT_S) and not self._lost:
            self._look()

    def _look(self) -> None:
        """Give a sign of life where the folder is still held; remember who holds it where not."""
        try:
            found = owner_from(self.path.read_text(encoding="utf-8"))
            if found is not None and found.token == self.owner.token:
                os.utime(self.path)  # the file server's time, not this machine's
                self._beaten = time.time()
                return
            self._lost = found.words if found else "another process"
        except FileNotFoundError:
            self._lost = "another process, which has ended"
        except OSError:
            if time.time() - self._beaten > STALE_S:  # the disk does not answer, and others may see that it is free
                self._lost = "perhaps another process (its lock can't be read)"


HELD: dict[Path, Held] = {}
"""By folder. A property of the process, like the files that it has open."""


def still_ours(path: Path) -> None:
    """Nothing, where ``path`` is in no folder that this process holds, or in one that it holds still.

    Raises:
        RunFolderError: the folder was taken over by another process.
    """
    for folder, held in list(HELD.items()):
        if held.owner.pid == os.getpid() and path.is_relative_to(folder):
            held.assure()
