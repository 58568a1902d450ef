"""The first steps of every arm, before the plan: what they cost, how many threads pay, whether the machine is busy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ganlift.comparison.costs import Cost, costs_from
from ganlift.comparison.jobs import arm_job
from ganlift.comparison.machine import BUSY
from ganlift.cores import allowance
from ganlift.errors import ConfigError
from ganlift.executors.base import Job, Result


@dataclass(frozen=True)
class Trial:
    """A short run of every arm, ``steps`` and ``generator_steps`` being what it is projected to.

    Attributes:
        at_once: jobs side by side.
        template: what all jobs share, but for their threads.
    """

    names: Sequence[str]
    seed: int
    steps: int
    generator_steps: int
    at_once: int
    template: Mapping[str, Any]
    run_jobs: Callable[[Sequence[Job]], Iterable[Result]]


@dataclass(frozen=True)
class Tried:
    """What a trial with some number of threads a job found.

    Attributes:
        quickest_s: what all arms' steps would take, were each as quick as the quickest of its phase.
        core_share: what jobs got of the core that each should have; 1 where nothing else wanted it.
        free_bytes: what was free on the fullest GPU; 0 where jobs ran on something else.
    """

    costs: list[Cost]
    quickest_s: float
    core_share: float
    free_bytes: int


def first_steps(trial: Trial, choices: Sequence[int]) -> dict[int, Tried]:
    """The trial with each of ``choices`` threads a job; with the first alone where others use the machine.

    Threads wait for their slowest, so that on a busy machine several take far longer than one.

    Raises:
        ConfigError: an arm fails in its first steps.
    """
    found: dict[int, Tried] = {}
    for threads in choices:
        found[threads] = _tried(trial, threads)
        if found[threads].core_share < BUSY:
            break
    return found


def _tried(trial: Trial, threads: int) -> Tried:
    template = {**trial.template, "shared": {**trial.template["shared"], "threads": threads}}
    jobs = [arm_job("probe", name, trial.seed, trial.steps, trial.generator_steps, template) for name in trial.names]
    results = list(trial.run_jobs(jobs))
    for result in results:
        if result.value is None:
            raise ConfigError(f"'{result.job['strategy']}' fails in its first steps: {result.reason}")
    by_name = {result.job["strategy"]: result.value or {} for result in results}
    probes = [by_name[name] for name in trial.names]
    side_by_side = min(trial.at_once, len(jobs))
    own_share = min(1.0, allowance() / (side_by_side * threads))
    return Tried(
        costs=costs_from(probes, trial.steps, trial.generator_steps),
        quickest_s=sum(probe["quickest"] for probe in probes),
        core_share=min(1.0, sum(probe["core_share"] for probe in probes) / len(probes) / own_share),
        free_bytes=min(probe.get("free_bytes", 0) for probe in probes),
    )
