"""A worker that shares no disk with the run: it does a job in a folder of its own, and sends back what that writes."""

from __future__ import annotations

import queue
import shutil
import signal
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ganlift.errors import GanliftError, Interrupted
from ganlift.events import Event
from ganlift.executors.about import about
from ganlift.executors.base import Job, Work, attempt
from ganlift.executors.carried import Changes, Shelf
from ganlift.runs.files import write_bytes

LISTEN_S = 1.0
"""Seconds after which `Hand.heard` answers, whether or not there is something to say."""

GATHER_S = 0.1
"""Seconds in which what is said goes into one answer."""

Input = tuple[str, str, list[Any]]
"""A path in the run folder, the key of its content, and where in Ray's object store that is."""


class Hand:
    """One job at a time; its methods are called from several threads."""

    def __init__(self, work: Work, needs: Sequence[str]) -> None:
        self._work, self._needs = work, needs
        self._open = ExitStack()
        self._shelf = Shelf()
        self._folder = self._open.enter_context(self._shelf.own_folder())
        self._said: queue.Queue[Event] = queue.Queue()
        self._stop = 0
        self._changes: Changes | None = None
        self._looking = threading.Lock()

    def about(self) -> dict[str, Any]:
        """Which ganlift this is, where, and what is missing."""
        return about(self._needs)

    def begin(self, job: Job, inputs: Sequence[Input], written: Mapping[str, bytes]) -> None:
        """Do ``job`` from ``inputs``, going on from what was ``written`` of it, both by paths in the run folder."""
        threading.Thread(target=self._do, args=(job, inputs, written), daemon=True).start()

    def heard(self) -> list[Event]:
        """What was said since, as for `ganlift.executors.dispatch.Workers.events`, but for the job.

        Besides, ``files`` carries what changed in the run folder; ``stopped`` says that a stopped job saved its state.
        """
        try:
            found = [self._said.get(timeout=LISTEN_S)]
            time.sleep(GATHER_S)
        except queue.Empty:
            found = []
        self._look()
        while not self._said.empty():
            found.append(self._said.get())
        return found

    def stop(self) -> None:
        """Have the job save its state and end."""
        self._stop = 128 + signal.SIGTERM

    def leave(self) -> None:
        """Remove what lies here for this worker alone."""
        self._open.close()

    def _do(self, job: Job, inputs: Sequence[Input], written: Mapping[str, bytes]) -> None:
        try:
            run = self._run_folder(inputs, written)
            result = attempt(job, self._work, run, self._said.put, lambda: self._stop)
            kind = "died" if result.starved else "result"
            end: Event = {"type": kind, "value": result.value, "reason": result.reason}
        except GanliftError as refusal:
            end = {"type": "refused", "reason": str(refusal)}
        except Interrupted:
            end = {"type": "stopped"}
        except Exception as fault:  # of the disk here, say
            end = {"type": "result", "value": None, "reason": f"{type(fault).__name__}: {fault}"}
        self._look()
        with self._looking:
            self._changes = None
        self._said.put(end)

    def _run_folder(self, inputs: Sequence[Input], written: Mapping[str, bytes]) -> Path:
        """A run folder with what the job reads, and nothing of another job."""
        import ray

        run = self._folder / "run"
        shutil.rmtree(run, ignore_errors=True)
        for name, key, (place,) in inputs:
            self._shelf.put(key, lambda place=place: ray.get(place).data, run / name)  # type: ignore[misc]
        for name, content in written.items():
            write_bytes(run / name, content)
        self._changes = Changes(run)
        return run

    def _look(self) -> None:
        """Say which files changed, if any did; one thread at a time, so that none overtakes another."""
        with self._looking:
            changed, gone = self._changes() if self._changes else ([], [])
            if changed or gone:
                self._said.put({"type": "files", "changed": changed, "gone": gone})
