"""`local-processes`: workers that speak lines of JSON (`ganlift.comparison.worker`), here or through a command.

With ``--launch`` the worker's command follows the words given, so that ``srun``, ``ssh`` or a container starts it
anywhere; where the words hold ``{worker}``, it takes that place, without the interpreter. A worker says ``ready`` and
which ganlift it is before it is given a job, and the time until then is a queue's, not its own.
"""

from __future__ import annotations

import json
import os
import queue
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ganlift.errors import ConfigError
from ganlift.events import Event, Listener
from ganlift.executors.about import unlike
from ganlift.executors.base import (
    GRACE_S,
    LESS,
    ExecutorEntry,
    Job,
    Place,
    Result,
    ShouldStop,
    Work,
    executors,
    silence,
)
from ganlift.executors.dispatch import dispatch

WORKER = ("-P", "-m", "ganlift.comparison.worker")  # -P: a file json.py of the user's is not json
STARTS = 3
"""Workers in a row that may end before they say ``ready``; then the command is at fault."""

WAITING_S = 15.0
"""Seconds without any worker after which it is said what is being waited for."""

LEAVE_S = 2.0
"""Seconds that a worker without a job, and a command that waits in a queue, get to leave by themselves."""

STOP = {"type": "stop"}
"""The line that asks a worker to save its state and leave: a signal would end at the launching command."""


@dataclass
class _Worker:
    process: subprocess.Popen[str]
    job: Job | None = None
    ready: bool = False
    host: str = ""
    silent: bool = False
    heard: float = field(default_factory=time.monotonic)
    complaints: deque[str] = field(default_factory=lambda: deque(maxlen=20))


class LocalProcesses:
    """Worker processes, and one queue of what they say."""

    def __init__(self, place: Place, work: Work) -> None:
        self._place = place
        self._threads = 1
        self._said: queue.Queue[tuple[_Worker, Event | None]] = queue.Queue()
        self._workers: list[_Worker] = []
        self._stillborn = 0
        self._waits_since: float | None = None

    def run(self, jobs: Sequence[Job], report: Listener, should_stop: ShouldStop) -> Iterator[Result]:
        self._staff(min(self._place.workers, len(jobs)), jobs[0]["shared"]["threads"] if jobs else 1)
        yield from dispatch(self, jobs, report, should_stop)

    def close(self) -> None:
        for worker in self._workers:
            _let_go(worker)
        _await(self._workers, LEAVE_S)
        self._workers = []

    def idle(self) -> list[int]:
        return [number for number, worker in enumerate(self._workers) if worker.job is None and worker.ready]

    def give(self, number: int, job: Job) -> None:
        worker = self._workers[number]
        worker.job, worker.heard = job, time.monotonic()
        _tell(worker, job)

    def events(self) -> list[Event]:
        for worker in self._workers:
            counts = worker.job is not None or not (worker.ready or self._place.launch)
            if counts and time.monotonic() - worker.heard > self._place.silent_s:
                worker.silent = True
                _kill(worker)
        found = self._waiting()
        try:
            found += self._heard(*self._said.get(timeout=0.1))
            while True:
                found += self._heard(*self._said.get_nowait())
        except queue.Empty:
            return found

    def interrupt(self) -> None:
        begun, queued = [one for one in self._workers if one.ready], [one for one in self._workers if not one.ready]
        for worker in begun:
            _tell(worker, STOP)
        for worker in queued:
            _let_go(worker)
        end = time.monotonic() + GRACE_S
        _await(queued, LEAVE_S)
        _await(begun, end - time.monotonic())

    def _staff(self, count: int, threads: int) -> None:
        """Have ``count`` workers; new ones where the last jobs had another number of threads."""
        if threads != self._threads:
            self.close()
        self._threads = threads
        while len(self._workers) < count:
            self._workers.append(self._start(len(self._workers)))
        self._waits_since = time.monotonic()

    def _waiting(self) -> list[Event]:
        """A note, once, where a launching command has started no worker for a while."""
        if self._waits_since is None or any(worker.ready for worker in self._workers):
            self._waits_since = None
            return []
        if not self._place.launch or time.monotonic() - self._waits_since < WAITING_S:
            return []
        self._waits_since = None
        said = "".join(f"; it says: {words}" for words in [_said(self._workers[0])] if words)
        waits = f"No worker has begun after {WAITING_S:.0f} s; waiting for --launch '{self._place.launch}'{said}."
        return [{"type": "note", "message": waits}]

    def _heard(self, worker: _Worker, said: Event | None) -> list[Event]:
        """The event behind what ``worker`` said; None is its death."""
        worker.heard = time.monotonic()
        if worker not in self._workers:
            return []  # of those that were let go
        if said is None:
            return self._buried(worker)
        if said["type"] == "ready":
            worker.ready, worker.host, self._stillborn = True, said["host"], 0
            return [{"type": "refused", "reason": fault}] if (fault := unlike(said)) else []
        if said["type"] in ("result", "refused"):
            said["job"], worker.job = worker.job, None
        if said["type"] == "died":  # it leaves by itself; another takes its place, and the next job
            number = self._workers.index(worker)
            said["job"], self._workers[number] = worker.job, self._start(number)
        if said["type"] == "refused" and self._place.launch:
            said["reason"] = f"A worker on {worker.host} says: {said['reason']}"
        return [said]

    def _buried(self, worker: _Worker) -> list[Event]:
        """Another worker takes the place of a dead one, unless none ever comes to life."""
        code, number = worker.process.wait(), self._workers.index(worker)
        why = silence(self._place.silent_s) if worker.silent else _ending(code)
        if not worker.ready:
            self._stillborn += 1
            if self._stillborn >= STARTS or self._place.launch:
                return [{"type": "refused", "reason": self._fault(worker, why)}]
        self._workers[number] = self._start(number)
        if worker.job is None:
            return []
        return [{"type": "died", "job": worker.job, "reason": f"its worker ended ({why})"}]

    def _fault(self, worker: _Worker, why: str) -> str:
        said = _said(worker) or "nothing"
        command = shlex.join(_command(self._place.launch))
        return f"A worker ended before it began ({why}). Its command is {command}; it said: {said}."

    def _start(self, number: int) -> _Worker:
        threads = str(self._threads)
        seen = os.pathsep.join(path or os.getcwd() for path in sys.path)  # what is imported here can be imported there
        environment = {**os.environ, "OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads, "PYTHONPATH": seen}
        if self._place.gpus:
            environment["CUDA_VISIBLE_DEVICES"] = self._place.gpus[number % len(self._place.gpus)]
        try:
            process = subprocess.Popen(
                [*_command(self._place.launch), *_arguments(self._place)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=environment,
                start_new_session=True,  # Ctrl-C reaches the parent alone, which then asks the workers
            )
        except OSError as fault:
            raise ConfigError(f"--launch {self._place.launch!r} can't be run: {fault.strerror}.") from None
        worker = _Worker(process)
        beside = threading.Thread(target=self._overhear, args=(worker,), daemon=True)
        beside.start()
        threading.Thread(target=self._listen, args=(worker, beside), daemon=True).start()
        return worker

    def _listen(self, worker: _Worker, beside: threading.Thread) -> None:
        assert worker.process.stdout
        for line in worker.process.stdout:
            if (said := _event(line)) is not None:
                self._said.put((worker, said))
            elif not worker.ready:  # a launching command's own words, where some tell what went wrong
                worker.complaints.append(line)
        beside.join(1.0)  # why it ends may be said there
        self._said.put((worker, None))

    def _overhear(self, worker: _Worker) -> None:
        """Pass on what comes on standard error, and remember its end."""
        assert worker.process.stderr
        for line in worker.process.stderr:
            worker.complaints.append(line)
            if worker.ready:
                sys.stderr.write(line)


def _command(launch: str) -> list[str]:
    words = shlex.split(launch)
    if "{worker}" in words:
        place = words.index("{worker}")
        return [*words[:place], *WORKER, *words[place + 1 :]]
    return [*words, sys.executable, *WORKER]


def _arguments(place: Place) -> list[str]:
    return ["--run", str(place.run), *(["--needs", ",".join(place.needs)] if place.needs else [])]


def _tell(worker: _Worker, line: dict[str, Any]) -> None:
    assert worker.process.stdin
    try:
        worker.process.stdin.write(json.dumps(line) + "\n")
        worker.process.stdin.flush()
    except (OSError, ValueError):
        pass  # it is dead; its reader says so and the job is tried again


def _let_go(worker: _Worker) -> None:
    """Ask the worker to leave without saving: its input ends; a command that waits in a queue is told by a signal."""
    assert worker.process.stdin
    with suppress(OSError):
        worker.process.stdin.close()
    if not worker.ready:
        _signal(worker, signal.SIGTERM)  # srun takes its request back, which SIGKILL would leave in the queue


def _await(workers: Sequence[_Worker], seconds: float) -> None:
    """Wait for ``workers`` to end, ``seconds`` for all together, and kill those that did not."""
    end = time.monotonic() + seconds
    for worker in workers:
        try:
            worker.process.wait(max(0.0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            _kill(worker)


def _kill(worker: _Worker) -> None:
    """End the worker and what launched it."""
    _signal(worker, signal.SIGKILL)
    worker.process.wait()


def _signal(worker: _Worker, number: signal.Signals) -> None:
    if worker.process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(worker.process.pid, number)


def _event(line: str) -> Event | None:
    """What a worker says with ``line``; None where it is something else."""
    with suppress(ValueError):
        said = json.loads(line)
        if isinstance(said, dict) and "type" in said:
            return said
    return None


def _said(worker: _Worker) -> str:
    """The end of what came besides events, in one line."""
    return " ".join(" ".join(worker.complaints).split())[-500:]


def _ending(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    name = signal.Signals(-code).name
    return f"{name}, perhaps out of memory: {LESS}" if name == "SIGKILL" else name


executors.add("local-processes")(
    ExecutorEntry(
        name="local-processes",
        summary="Worker processes on this machine, or wherever --launch starts them.",
        open=LocalProcesses,
    )
)
