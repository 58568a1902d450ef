"""The loop over workers, wherever they are: hand out jobs, hear what is said, try once more what died."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Protocol

from ganlift.errors import GanliftError, Interrupted
from ganlift.events import Event, Listener
from ganlift.executors.base import ATTEMPTS, Job, Result, ShouldStop
from ganlift.executors.order import Order


class Workers(Protocol):
    """Workers that do one job each at a time."""

    def idle(self) -> list[int]:
        """The numbers of those without a job."""
        ...

    def give(self, number: int, job: Job) -> None:
        """Begin ``job`` on an idle worker; that it is dead becomes an event."""
        ...

    def events(self) -> list[Event]:
        """What was said since, within a tenth of a second.

        ``result`` carries ``job``, ``value`` and ``reason``; ``died`` the ``job`` and why its worker is no more, or can
        do no more; ``refused`` the sentence for the user; any other is for whoever listens to the run.
        """
        ...

    def interrupt(self) -> None:
        """Ask all to save their state, and wait for them, `ganlift.executors.base.GRACE_S` seconds at most."""
        ...


def dispatch(workers: Workers, jobs: Sequence[Job], report: Listener, should_stop: ShouldStop) -> Iterator[Result]:
    """Run ``jobs`` on ``workers``; as `ganlift.executors.base.Executor.run`."""
    order, begun = Order(jobs), Counter[str]()
    while not order.finished:
        for number in workers.idle():
            if (job := order.next()) is None:
                break
            begun[job["id"]] += 1
            workers.give(number, job)
        if code := should_stop():
            workers.interrupt()
            raise Interrupted(code)
        for event in workers.events():
            kind = event["type"]
            if kind == "died" and begun[event["job"]["id"]] < ATTEMPTS:
                reason = event["reason"].rstrip(".")
                report({"type": "note", "message": f"{event['job']['id']}: {reason}; trying once more."})
                order.again(event["job"])
            elif kind in ("result", "died"):
                order.over(event["job"]["id"])
                yield Result(event["job"], event.get("value"), event.get("reason", ""))
            elif kind == "refused":
                raise GanliftError(event["reason"])
            else:
                report(event)
