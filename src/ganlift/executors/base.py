"""What an executor is: it takes jobs, plain JSON all of them, and yields how each ended.

A job knows nothing of where it runs: no path, no device's number. The executor brings the run folder to it, so that
another machine may have it elsewhere.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ganlift.errors import GanliftError, Interrupted, TrainingFailedError, lacks_memory
from ganlift.events import Listener
from ganlift.registry import Registry

Job = dict[str, Any]
"""``id``, ``kind``, ``after`` (ids that must be over first) and what `ganlift.comparison.work` needs."""

ShouldStop = Callable[[], int]
"""0, or the exit code of a stop that was asked for."""

Work = Callable[[Job, Path, Listener, ShouldStop], dict[str, Any]]
"""Does a job in a run folder; returns its value as plain JSON."""


@dataclass(frozen=True)
class Result:
    """How a job ended: ``value`` where it is done, ``reason`` where it failed.

    ``starved`` says that it failed for want of memory, so that another worker may do better.
    """

    job: Job
    value: dict[str, Any] | None = None
    reason: str = ""
    starved: bool = False


@dataclass(frozen=True)
class Place:
    """What an executor is opened for.

    Attributes:
        run: the run folder, absolute.
        workers: jobs side by side.
        gpus: the CUDA devices that there are, by the names that ``CUDA_VISIBLE_DEVICES`` knows them by; empty where
            jobs run on something else.
        launch: the words that go before a worker's command, such as ``srun -n1``; "" for none.
        address: what follows the executor's name and a colon.
        gpu_share: what of a GPU a job has where it runs on one that nobody named; 0 elsewhere.
        needs: names of packages besides ganlift's own that jobs import, such as ``timm``.
        silent_s: seconds without a word after which a worker counts as hanging.
    """

    run: Path
    workers: int = 1
    gpus: tuple[str, ...] = ()
    launch: str = ""
    address: str = ""
    gpu_share: float = 0.0
    needs: tuple[str, ...] = ()
    silent_s: float = 900.0


class Executor(Protocol):
    """Runs jobs; opened once a command, closed at its end."""

    def run(self, jobs: Sequence[Job], report: Listener, should_stop: ShouldStop) -> Iterator[Result]:
        """Run ``jobs``, none before those that its ``after`` names, and yield a result for each as it ends.

        A job that fails, or whose worker dies or lacks memory twice, is a result with a reason; events go to ``report``
        as they come.

        Raises:
            Interrupted: ``should_stop`` said so; workers had `GRACE_S` seconds to save their state.
            GanliftError: a job is refused, with the sentence for the user.
        """
        ...

    def close(self) -> None:
        """Let every worker go; called once, whatever happened."""
        ...


@dataclass(frozen=True)
class ExecutorEntry:
    """One executor.

    Attributes:
        open: makes it ready for a place and a kind of work, or raises a GanliftError that says what is missing.
        reach: sees to it that an address answers, or raises a GanliftError.
        room: how many jobs there is room for at an address, by the threads and the share of a GPU that each takes; None
            where this machine says it, by its cores and GPUs.
    """

    name: str
    summary: str
    open: Callable[[Place, Work], Executor]
    reach: Callable[[str], None] = lambda address: None
    room: Callable[[str, int, float], int | None] = lambda address, threads, gpu_share: None


executors: Registry[ExecutorEntry] = Registry("executor", "ganlift.executors", "ganlift.executors", ExecutorEntry)

ATTEMPTS = 2
"""How often a job is begun whose worker dies, or lacks memory."""

LESS = "give fewer --jobs or a smaller --batch-size"
"""What to do about a worker that the system ended, as far as it can be said from outside."""

GRACE_S = 5.0
"""Seconds that workers get to save their state after a stop is asked for."""


def silence(seconds: float) -> str:
    """Why a worker was ended that hung."""
    return f"it said nothing for {seconds:.0f} s and was ended"


def attempt(job: Job, work: Work, run: Path, report: Listener, should_stop: ShouldStop) -> Result:
    """One job, with what a user can read for a reason when it fails."""
    try:
        return Result(job, work(job, run, report, should_stop))
    except (Interrupted, KeyboardInterrupt):
        raise
    except TrainingFailedError as fault:
        return Result(job, reason=str(fault))
    except GanliftError:
        raise
    except Exception as fault:
        report({"type": "log", "message": traceback.format_exc()})
        return Result(job, reason=f"{type(fault).__name__}: {fault}", starved=lacks_memory(fault))
