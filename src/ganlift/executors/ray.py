"""`ray`: actors of a Ray cluster, one job each at a time; no disk is shared.

What jobs read goes through Ray's object store and lies once on a machine (`ganlift.executors.carried`); what they write
comes back to the run folder as it is written. Ray itself tries nothing again: that is `dispatch`'s.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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
from ganlift.executors.carried import Stamp, bring, read_by, stamp, written_by
from ganlift.executors.dispatch import dispatch
from ganlift.executors.hand import Hand
from ganlift.executors.ray_cluster import connect, reach, room
from ganlift.runs.files import sha256_file

WAITING_S = 15.0
"""Seconds that a worker waits for room in the cluster before it is said."""

LEAVE_S = 2.0
"""Seconds that all workers together get to remove what lies on their machines for them alone."""

STARTS = 3
"""Workers in a row that may end before they are ready; then the cluster is at fault."""


@dataclass(eq=False)
class _Worker:
    """An actor, and the one question that it has not answered yet: what it is, and then what there is to hear."""

    actor: Any
    asked: Any
    job: Job | None = None
    ready: bool = False
    host: str = "the cluster"
    heard: float = field(default_factory=time.monotonic)


class Ray:
    """The workers of one run, in a cluster that there is or one of its own on this machine."""

    def __init__(self, place: Place, work: Work) -> None:
        self._place, self._work = place, work
        self._connected = connect(place)
        self._alone = self._connected and not place.address
        self._threads = 1
        self._workers: list[_Worker] = []
        self._stored: dict[Path, tuple[Stamp, str, Any]] = {}
        self._stillborn, self._told = 0, False

    def run(self, jobs: Sequence[Job], report: Listener, should_stop: ShouldStop) -> Iterator[Result]:
        threads = jobs[0]["shared"]["threads"] if jobs else 1
        if threads != self._threads:
            self._let_go()
        self._threads = threads
        while len(self._workers) < min(self._place.workers, len(jobs)):
            self._workers.append(self._start())
        yield from dispatch(self, jobs, report, should_stop)

    def close(self) -> None:
        import ray

        self._let_go()
        if self._connected:
            ray.shutdown()

    def idle(self) -> list[int]:
        return [number for number, worker in enumerate(self._workers) if worker.job is None and worker.ready]

    def give(self, number: int, job: Job) -> None:
        worker, run = self._workers[number], self._place.run
        inputs = [(path.relative_to(run).as_posix(), *self._put(path)) for path in read_by(job, run)]
        worker.actor.begin.remote(job, inputs, written_by(job, run))
        worker.job, worker.heard = job, time.monotonic()

    def events(self) -> list[Event]:
        import ray

        for worker in self._workers:
            if worker.job and time.monotonic() - worker.heard > self._place.silent_s:
                ray.kill(worker.actor)
                worker.heard = math.inf
        asked = {worker.asked: worker for worker in self._workers}
        ready, _ = ray.wait(list(asked), timeout=0.1)
        return [*self._waiting(), *(event for one in ready for event in self._answered(asked[one]))]

    def interrupt(self) -> None:
        for worker in self._workers:
            if worker.job:
                worker.actor.stop.remote()
        end = time.monotonic() + GRACE_S
        while any(worker.job for worker in self._workers) and time.monotonic() < end:
            self.events()

    def _start(self) -> _Worker:
        import ray

        needs = {"num_cpus": 1 if self._alone else self._threads, "num_gpus": self._place.gpu_share}
        hand = ray.remote(Hand).options(**needs, max_restarts=0, max_task_retries=0, max_concurrency=4)
        actor = hand.remote(self._work, self._place.needs)
        return _Worker(actor, actor.about.remote())

    def _let_go(self) -> None:
        import ray

        leaving = [worker.actor.leave.remote() for worker in self._workers if worker.ready]
        if leaving:
            ray.wait(leaving, num_returns=len(leaving), timeout=LEAVE_S)
        for worker in self._workers:
            ray.kill(worker.actor)
        self._workers = []

    def _put(self, path: Path) -> tuple[str, list[Any]]:
        """The key of a file's content, and where in the object store it is, put there once."""
        import numpy as np
        import ray

        now = stamp(path)
        if path not in self._stored or self._stored[path][0] != now:
            self._stored[path] = now, sha256_file(path), ray.put(np.fromfile(path, np.uint8))
        _, key, place = self._stored[path]
        return key, [place]  # in a list, or Ray would send the content to a worker that may have it

    def _answered(self, worker: _Worker) -> list[Event]:
        """The events in what ``worker`` answered; its death is one."""
        import ray

        try:
            answer = ray.get(worker.asked)
        except ray.exceptions.RayError as fault:
            return self._buried(worker, fault)
        worker.asked = worker.actor.heard.remote()  # of idle ones too: that they are lost must cost no job an attempt
        if not worker.ready:
            worker.ready, worker.host, self._stillborn = True, answer["host"], 0
            return [{"type": "refused", "reason": lacks}] if (lacks := unlike(answer)) else []
        return [event for said in answer for event in self._said(worker, said)]

    def _said(self, worker: _Worker, said: Event) -> list[Event]:
        worker.heard = time.monotonic()
        if said["type"] == "files":
            bring(self._place.run, said["changed"], said["gone"])
            return []
        if said["type"] in ("result", "refused", "stopped", "died"):
            said["job"], worker.job = worker.job, None
        if said["type"] == "refused":
            said["reason"] = f"A worker on {worker.host} says: {said['reason']}"
        return [] if said["type"] == "stopped" else [said]

    def _buried(self, worker: _Worker, fault: Exception) -> list[Event]:
        """Another worker takes the place of a dead one, unless none ever comes to life."""
        import ray

        ray.kill(worker.actor)
        if not worker.ready:
            self._stillborn += 1
            if self._stillborn >= STARTS:
                said = " ".join(str(fault).split())[-500:]
                return [{"type": "refused", "reason": f"A worker in the Ray cluster ended before it began: {said}"}]
        self._workers[self._workers.index(worker)] = self._start()
        if worker.job is None:
            return []
        why = f"killed by SIGKILL, for want of memory perhaps: {LESS}; or its machine was lost"
        if worker.heard == math.inf:
            why = silence(self._place.silent_s)
        return [{"type": "died", "job": worker.job, "reason": f"its worker on {worker.host} ended ({why})"}]

    def _waiting(self) -> list[Event]:
        """A note, once, where workers wait for room."""
        late = [one for one in self._workers if not one.ready and time.monotonic() - one.heard > WAITING_S]
        if not late or self._told:
            return []
        self._told = True
        gpu = f" and {self._place.gpu_share:g} of a GPU" if self._place.gpu_share else ""
        waits = f"{len(late)} of {len(self._workers)} workers wait for room in the Ray cluster"
        return [{"type": "note", "message": f"{waits}: each takes {self._threads} CPU{gpu}."}]


executors.add("ray")(
    ExecutorEntry(
        name="ray",
        summary="Workers in the Ray cluster at ADDRESS, which share no disk; without an address, on this machine.",
        open=Ray,
        reach=reach,
        room=room,
    )
)
