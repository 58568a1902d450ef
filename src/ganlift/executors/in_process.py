"""`in-process`: one job after the other, in this process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ganlift.events import Listener
from ganlift.executors.base import ExecutorEntry, Job, Place, Result, ShouldStop, Work, attempt, executors
from ganlift.executors.order import Order


@dataclass(frozen=True)
class InProcess:
    """No worker at all."""

    place: Place
    work: Work

    def run(self, jobs: Sequence[Job], report: Listener, should_stop: ShouldStop) -> Iterator[Result]:
        order = Order(jobs)
        while (job := order.next()) is not None:
            yield attempt(job, self.work, self.place.run, report, should_stop)
            order.over(job["id"])

    def close(self) -> None:
        """Nothing is open."""


executors.add("in-process")(
    ExecutorEntry(name="in-process", summary="One job after the other, in this process.", open=InProcess)
)
