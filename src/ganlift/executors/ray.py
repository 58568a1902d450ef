"""`ray`: actors of a Ray cluster, one job each at a time; no disk is shared.

What jobs read goes through Ray's object store and lies once on a machine (`ganlift.executors.carried`); what they write
comes back to the run folder as it is written. Ray itself tries nothing again: that is `dispatch`'s.
"""

from __future__ import annotations

import math
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
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
from ganlift.executors.carried import Stamp, bring, read_by, stamp, written_by
from ganlift.executors.dispatch import dispatch
from ganlift.executors.hand import Hand
from ganlift.runs.files import sha256_file

REACH_S = 20.0
"""Seconds that a cluster gets to answer."""

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
        self._connected = _connect(place)
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


def _connect(place: Place) -> bool:
    """Be connected to a cluster; whether that was done here, to be undone at the end.

    Raises:
        ConfigError: Ray is not installed, or the address does not answer, or not as a cluster does.
    """
    ray = _ray()
    if ray.is_initialized():
        return False
    reach(place.address)
    alone = {"address": "local", "num_cpus": place.workers, "num_gpus": len(place.gpus), "include_dashboard": False}
    where = {"address": place.address} if place.address else alone
    with _signals_kept(), _told(place.address):
        ray.init(**where, log_to_driver=False, logging_level="ERROR")
    _say_nothing()
    return True


def _say_nothing() -> None:
    """Keep Ray's words on workers that ended from standard output, where ``--json`` writes; no public switch does."""
    from ray._private import worker

    worker._worker_logs_enabled = False


def room(address: str, threads: int, gpu_share: float) -> int | None:
    """Jobs that the cluster has room for, each with ``threads`` CPUs and ``gpu_share`` of a GPU; None without address.

    Raises:
        ConfigError: as `Ray`.
    """
    if not address:
        return None
    ray = _ray()
    connected = _connect(Place(run=Path(), address=address))
    try:
        found = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    finally:
        if connected:
            ray.shutdown()
    by_cpu = sum(int(one.get("CPU", 0.0) // threads) for one in found)
    by_gpu = sum(int(one.get("GPU", 0.0) / gpu_share + 1e-6) for one in found) if gpu_share else by_cpu
    return min(by_cpu, by_gpu)


def reach(address: str) -> None:
    """See to it that a Ray cluster answers at ``address``; to ask Ray for it would take minutes where none does.

    Raises:
        ConfigError: it does not, or wants a token.
    """
    _ray()
    if address in ("", "auto"):
        return
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal() or "/" in host:
        raise ConfigError(f"--executor ray:{address}: an address is HOST:PORT, as 'ray start --head' says it, or auto.")
    silent = (
        f"--executor ray:{address}: no Ray cluster answers there; is 'ray start --head' running, and its port open?"
    )
    try:
        socket.create_connection((host, int(port)), REACH_S).close()
        command = [sys.executable, "-c", "from ray.scripts.scripts import main; main()", "health-check"]
        asked = subprocess.run([*command, "--address", address], capture_output=True, text=True, timeout=REACH_S)
    except (OSError, OverflowError, subprocess.TimeoutExpired):
        raise ConfigError(silent) from None
    if "AuthenticationError" in asked.stderr:
        token = "set RAY_AUTH_MODE=token, and RAY_AUTH_TOKEN_PATH to the file of the cluster's token"
        raise ConfigError(f"--executor ray:{address}: the cluster wants a token; {token}.")
    if asked.returncode:
        raise ConfigError(silent)


def _ray() -> Any:
    try:
        import ray
    except ImportError as fault:
        raise ConfigError(f"--executor ray needs a package ({fault}): pip install 'ganlift[ray]'.") from None
    return ray


@contextmanager
def _told(address: str) -> Iterator[None]:
    """What Ray says of a cluster that it can't use, in one sentence."""
    try:
        yield
    except (OSError, RuntimeError, ValueError) as fault:
        name, reason = ":".join(filter(None, ["ray", address])), str(fault).strip().partition("\n")[0].rstrip(".")
        raise ConfigError(f"--executor {name} can't be used: {reason}.") from None


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Ray ends the process on SIGTERM; whoever heard of it before does so again."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)


executors.add("ray")(
    ExecutorEntry(
        name="ray",
        summary="Workers in the Ray cluster at ADDRESS, which share no disk; without an address, on this machine.",
        open=Ray,
        reach=reach,
        room=room,
    )
)
