"""Which job is next: in the order given, and none before those that its ``after`` names are over."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Sequence

from ganlift.executors.base import Job


class Order:
    """Hands out each job once; one that is given back comes first among those that are ready."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._jobs = {job["id"]: job for job in jobs}
        self._place = {job["id"]: number for number, job in enumerate(jobs)}
        self._waits_for = {job["id"]: set(job.get("after", ())) & set(self._jobs) for job in jobs}
        self._followers: dict[str, list[str]] = defaultdict(list)
        for name, before in self._waits_for.items():
            for one in before:
                self._followers[one].append(name)
        self._ready = [self._place[name] for name, before in self._waits_for.items() if not before]
        self._names = list(self._jobs)
        self._left = len(self._jobs)

    def next(self) -> Job | None:
        """The first job that may run; None where none may, now or ever."""
        return self._jobs[self._names[heapq.heappop(self._ready)]] if self._ready else None

    def again(self, job: Job) -> None:
        """Hand ``job`` out once more."""
        heapq.heappush(self._ready, self._place[job["id"]])

    def over(self, name: str) -> None:
        """The job ``name`` ended, well or not: what waits for it waits no longer."""
        self._left -= 1
        for follower in self._followers[name]:
            self._waits_for[follower].discard(name)
            if not self._waits_for[follower]:
                heapq.heappush(self._ready, self._place[follower])

    @property
    def finished(self) -> bool:
        """Whether every job is over."""
        return self._left == 0
