"""Arms as jobs: plain JSON, which any executor can carry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ganlift.comparison.plan import Plan
from ganlift.executors.base import Job
from ganlift.strategies.base import strategies


def arm_jobs(plan: Plan, arms: Sequence[tuple[str, int]], template: Mapping[str, Any]) -> list[Job]:
    """One job an arm, seed by seed, so that what is there early is paired; costly ones first within a seed.

    Arms of one seed that share a generator follow one another: the first trains it.
    """
    cost = {name: plan.seconds_of(name) for name in plan.strategies}
    jobs: list[Job] = []
    for seed in plan.seeds:
        sharing: dict[tuple[str | None, str | None, int], list[str]] = {}
        names = [name for name, of_seed in arms if of_seed == seed]
        for name in sorted(names, key=lambda name: -cost.get(name, 0.0)):
            job = arm_job("arm", name, seed, plan.steps_of(name), plan.generator_steps_of(name), template)
            entry = strategies.get(name)
            if entry.needs_generator:
                before = sharing.setdefault(entry.stage, [])
                job["after"] = before[-1:]
                before.append(job["id"])
            jobs.append(job)
    return jobs


def options_of(strategy: str, options: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What was asked for of ``strategy``; on features, over what was asked for of it in every space."""
    return {**options.get(strategy.partition("@")[0], {}), **options.get(strategy, {})}


def arm_job(kind: str, strategy: str, seed: int, steps: int, generator_steps: int, template: Mapping[str, Any]) -> Job:
    """A job as plain JSON; ``template`` holds ``shared`` and each strategy's ``options``."""
    return {
        "id": f"{strategy}/{seed}",
        "kind": kind,
        "strategy": strategy,
        "seed": seed,
        "steps": steps,
        "generator_steps": generator_steps,
        "options": options_of(strategy, template["options"]),
        "shared": template["shared"],
        "after": [],
    }
