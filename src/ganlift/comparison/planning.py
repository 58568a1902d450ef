"""The plan of a run: the one that is recorded, or a new one from a few steps of every arm; and how jobs share GPUs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ganlift.comparison.cards import MOST, Sharing, share
from ganlift.comparison.costs import (
    REFERENCE_STEPS,
    budget_for,
    equal_time,
    estimate,
    generator_steps_for,
    steps_for,
    steps_in_time,
    steps_of_time,
)
from ganlift.comparison.first_steps import Trial, first_steps
from ganlift.comparison.hands import cards, elsewhere, finds_sharing
from ganlift.comparison.jobs import arm_job
from ganlift.comparison.looking import RunJobs
from ganlift.comparison.machine import settle_threads, thread_choices
from ganlift.comparison.plan import Plan, read_plan
from ganlift.comparison.prepared import Prepared
from ganlift.comparison.search import trainings
from ganlift.config import ArmsConfig
from ganlift.config_values import Seconds
from ganlift.cores import cores
from ganlift.executors.base import Job
from ganlift.runs import folder as run_folder
from ganlift.runs import layout
from ganlift.runs.files import read_json, write_json


def plan_and_sharing(
    prepared: Prepared, run: Path, template: dict[str, Any], at_once: int, run_jobs: RunJobs
) -> tuple[Plan, Sharing | None]:
    """The recorded plan, or a new one, which is recorded; and how jobs share GPUs, where that is to be found out.

    The plan is one of jobs that share none, so that a budget in minutes holds as many steps whatever is found out. That
    is no part of it: every command asks its own cards.

    Args:
        at_once: jobs side by side while none share a GPU.
    """
    config, path = prepared.config, layout.plan_file(run)
    if not path.exists():
        plan, free = _new_plan(prepared, run, template, at_once, run_jobs)
        write_json(path, plan.to_json())
        arms = len(plan.strategies) * max(len(plan.seeds), config.search)
        found = [{"peak_bytes": cost.peak_bytes, "free_bytes": free} for cost in plan.costs]
        return plan, _sharing(config, plan, found) if finds_sharing(config) and arms > at_once else None
    plan = read_plan(read_json(path))
    if not finds_sharing(config) or len(arms_left(run, plan)) <= at_once:
        return plan, None
    results = run_jobs(_hungriest(config, plan, template))
    return plan, _sharing(config, plan, [result.value for result in results if result.value])


def arms_left(run: Path, plan: Plan) -> list[tuple[str, int]]:
    """The arms of ``plan`` that are not done, seed by seed."""
    done = run_folder.done(run)
    return [(name, seed) for seed in plan.seeds for name in plan.strategies if (name, seed) not in done]


def _hungriest(config: ArmsConfig, plan: Plan, template: Mapping[str, Any]) -> list[Job]:
    """First steps, on each card, of the arm that took most memory; of every arm where that is not recorded."""
    costs = sorted(plan.costs, key=lambda cost: -cost.peak_bytes)
    names = [costs[0].strategy] * cards(config) if costs[0].peak_bytes else plan.strategies
    template = {**template, "shared": {**template["shared"], "threads": plan.threads}}
    jobs = [arm_job("probe", name, plan.seeds[0], plan.steps, plan.generator_steps, template) for name in names]
    return [{**job, "id": f"{job['id']}/{number}"} for number, job in enumerate(jobs)]


def _sharing(config: ArmsConfig, plan: Plan, found: Sequence[Mapping[str, Any]]) -> Sharing | None:
    """What `memory_of` said of each of several jobs makes of the cards; None where it said nothing."""
    told = [one for one in found if one.get("peak_bytes") and one.get("free_bytes")]
    if not told:
        return None
    held = MOST * cards(config) if elsewhere(config) else cores() // plan.threads  # what executors there say by `room`
    peak, free = max(one["peak_bytes"] for one in told), min(one["free_bytes"] for one in told)
    return share(peak, free, held, cards(config))


def _new_plan(
    prepared: Prepared, run: Path, template: dict[str, Any], at_once: int, run_jobs: RunJobs
) -> tuple[Plan, int]:
    """A plan from a few steps of every arm, and the bytes that were free on the fullest GPU meanwhile."""
    config, names, seeds = prepared.config, prepared.strategies, prepared.seeds
    budget = budget_for(config, names)
    trial_steps = REFERENCE_STEPS if isinstance(budget, Seconds) else budget.count
    in_time = isinstance(config.generator_budget, str)  # a short budget is no measure of what its steps take
    trial_generator = REFERENCE_STEPS if in_time else generator_steps_for(config, trial_steps)
    trial = Trial(names, seeds[0], trial_steps, trial_generator, at_once, template, run_jobs)
    tried = first_steps(trial, thread_choices(config, run, at_once))
    threads = settle_threads(run, {count: one.quickest_s for count, one in tried.items()})
    costs = tried[threads].costs
    steps = steps_for(config, costs, at_once, seeds)
    generator_steps, own = generator_steps_for(config, steps), steps_in_time(config, costs)
    own_steps = steps_of_time(costs, steps, generator_steps, own) if equal_time(config) else {}

    def takes(count: int) -> float:
        return estimate(costs, seeds[:count], steps, generator_steps, at_once, own, own_steps)

    search_s = trainings(config.search) * takes(len(seeds)) / len(seeds) if config.search else 0.0
    plan = Plan(
        strategies=names,
        seeds=seeds,
        steps=steps,
        generator_steps=generator_steps,
        device=template["shared"]["device"],
        precision=template["shared"]["precision"],
        threads=threads,
        costs=costs,
        core_share=tried[threads].core_share,
        estimate_s=takes(len(seeds)) + search_s,
        least_s=takes(prepared.looks.seeds[0]) + search_s,
        own_generator_steps=own,
        own_steps=own_steps,
    )
    return plan, tried[threads].free_bytes
