"""Executors: where jobs run. Jobs and results are plain JSON, so every executor is the same contract.

`in_process` runs jobs here, one after the other. `local_processes` keeps N workers
(`python -m ganlift.comparison.worker`), hands each one job at a time over its standard input, and survives
their death: a job whose worker is killed or falls silent is tried once more, then reported as failed.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ganlift.errors import GanliftError, Interrupted
from ganlift.events import Listener

Job = dict[str, Any]
"""``id``, ``kind``, ``after`` (ids that must be over first) and what `ganlift.comparison.work` needs."""

Work = Callable[[Job, Listener, Callable[[], int]], dict[str, Any]]
ShouldStop = Callable[[], int]

ATTEMPTS = 2
GRACE_S = 5.0
"""Seconds that workers get to save their state after a stop is asked for."""


@dataclass(frozen=True)
class Result:
    """How a job ended: ``value`` where it is done, ``reason`` where it failed."""

    job: Job
    value: dict[str, Any] | None = None
    reason: str = ""


def in_process(jobs: Sequence[Job], work: Work, report: Listener, should_stop: ShouldStop) -> Iterator[Result]:
    """Run the jobs here, in an order that respects ``after``."""
    waiting, over = list(jobs), set[str]()
    while waiting:
        job = next(one for one in waiting if over.issuperset(one.get("after", ())))
        waiting.remove(job)
        yield attempt(job, work, report, should_stop)
        over.add(job["id"])


def attempt(job: Job, work: Work, report: Listener, should_stop: ShouldStop) -> Result:
    """One job, with what a user can read for a reason when it fails."""
    try:
        return Result(job, work(job, report, should_stop))
    except (Interrupted, KeyboardInterrupt):
        raise
    except GanliftError:
        raise
    except Exception as fault:
        report({"type": "log", "message": traceback.format_exc()})
        return Result(job, reason=f"{type(fault).__name__}: {fault}")


@dataclass
class _Worker:
    process: subprocess.Popen[str]
    job: Job | None = None
    heard: float = field(default_factory=time.monotonic)


def local_processes(
    jobs: Sequence[Job],
    report: Listener,
    should_stop: ShouldStop,
    workers: int,
    threads: int = 1,
    silent_s: float = 900.0,
) -> Iterator[Result]:
    """Run the jobs in ``workers`` processes of ``threads`` threads each."""
    pool = _Pool(workers, threads)
    waiting, over = list(jobs), set[str]()
    attempts: dict[str, int] = {}
    try:
        while waiting or pool.busy():
            for worker in pool.idle():
                job = next((one for one in waiting if over.issuperset(one.get("after", ()))), None)
                if job is None:
                    break
                waiting.remove(job)
                attempts[job["id"]] = attempts.get(job["id"], 0) + 1
                pool.give(worker, job)
            if code := should_stop():
                pool.interrupt()
                raise Interrupted(code)
            for event in pool.events(silent_s):
                if event["type"] == "died" and attempts[event["job"]["id"]] < ATTEMPTS:
                    report({"type": "note", "message": f"{event['job']['id']}: {event['reason']}; trying once more."})
                    waiting.insert(0, event["job"])
                elif event["type"] in ("result", "died"):
                    over.add(event["job"]["id"])
                    yield Result(event["job"], event.get("value"), event.get("reason", ""))
                elif event["type"] == "refused":
                    raise GanliftError(event["reason"])
                else:
                    report(event)
    finally:
        pool.close()


class _Pool:
    """Worker processes and one queue of what they say."""

    def __init__(self, workers: int, threads: int) -> None:
        self._said: queue.Queue[tuple[_Worker, dict[str, Any] | None]] = queue.Queue()
        self._threads = threads
        self._workers = [self._start() for _ in range(workers)]

    def idle(self) -> list[_Worker]:
        return [worker for worker in self._workers if worker.job is None]

    def busy(self) -> bool:
        return any(worker.job is not None for worker in self._workers)

    def give(self, worker: _Worker, job: Job) -> None:
        worker.job, worker.heard = job, time.monotonic()
        try:
            assert worker.process.stdin
            worker.process.stdin.write(json.dumps(job) + "\n")
            worker.process.stdin.flush()
        except OSError:
            pass  # it is dead; its reader says so and the job is tried again

    def events(self, silent_s: float) -> Iterator[dict[str, Any]]:
        """What the workers have said within a tenth of a second; a death becomes an event of its own."""
        for worker in self._workers:
            if worker.job is not None and time.monotonic() - worker.heard > silent_s:
                worker.process.kill()
        try:
            worker, said = self._said.get(timeout=0.1)
        except queue.Empty:
            return
        worker.heard = time.monotonic()
        if said is not None:
            if said["type"] in ("result", "refused"):
                said["job"], worker.job = worker.job, None
            yield said
            return
        code = worker.process.wait()
        self._workers[self._workers.index(worker)] = self._start()
        if worker.job is not None:
            yield {"type": "died", "job": worker.job, "reason": f"its worker ended ({_ending(code)})"}

    def interrupt(self) -> None:
        """Ask every worker to save its state and leave; wait for it."""
        for worker in self._workers:
            if worker.job is not None:
                worker.process.send_signal(signal.SIGTERM)
            elif worker.process.stdin:
                worker.process.stdin.close()
        end = time.monotonic() + GRACE_S
        for worker in self._workers:
            try:
                worker.process.wait(max(0.0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                worker.process.kill()

    def close(self) -> None:
        for worker in self._workers:
            if worker.process.poll() is None:
                worker.process.kill()
            worker.process.wait()

    def _start(self) -> _Worker:
        threads = str(self._threads)
        seen = os.pathsep.join(path or os.getcwd() for path in sys.path)  # what is imported here can be imported there
        environment = {**os.environ, "OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads, "PYTHONPATH": seen}
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "ganlift.comparison.worker"],  # -P: a file json.py of the user's is not json
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            start_new_session=True,  # Ctrl-C reaches the parent alone, which then asks the workers
        )
        worker = _Worker(process)
        threading.Thread(target=self._listen, args=(worker,), daemon=True).start()
        return worker

    def _listen(self, worker: _Worker) -> None:
        assert worker.process.stdout
        for line in worker.process.stdout:
            self._said.put((worker, json.loads(line)))
        self._said.put((worker, None))


def _ending(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    name = signal.Signals(-code).name
    return f"{name}, perhaps out of memory" if name == "SIGKILL" else name
