"""A comparison from images to verdict: split, plan, search, run, judge, lay the winner ready."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ganlift.comparison import label_errors
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
from ganlift.comparison.feature_points import write_points
from ganlift.comparison.features import write_features
from ganlift.comparison.first_steps import Trial, first_steps
from ganlift.comparison.hands import open_executor
from ganlift.comparison.images import write_images
from ganlift.comparison.looking import Looking, RunJobs
from ganlift.comparison.machine import jobs_at_once, machine_notes, settle_threads, shared_settings, thread_choices
from ganlift.comparison.model_facts import model_facts
from ganlift.comparison.plan import Plan, read_plan
from ganlift.comparison.prepared import Prepared, labelled_per_class
from ganlift.comparison.search import search, trainings
from ganlift.comparison.stopping import stop_requested, stopping, while_held
from ganlift.comparison.winner import choose, clear_cache, lay_ready
from ganlift.config import CompareConfig
from ganlift.config_values import Seconds
from ganlift.data import data_hash
from ganlift.data.identity import form_numbers, form_of
from ganlift.data.kin import copied
from ganlift.data.reading import asked
from ganlift.data.types import ImageSet, SoundSet, VectorSet, VideoSet
from ganlift.errors import GanliftError
from ganlift.events import Listener
from ganlift.runs import folder as run_folder
from ganlift.runs import layout
from ganlift.runs.files import read_json, write_json
from ganlift.strategies.base import strategies
from ganlift.verdict import Verdict, verdicts, worth_of_copies


def run_arms(prepared: Prepared, run: Path, tell: Listener) -> None:
    """Run every arm that is not done yet in ``run``, which the caller has opened and holds."""
    config = prepared.config
    write_images(run, config, prepared.images, prepared.splits)
    with stop_requested() as should_stop:
        if isinstance(prepared.images, ImageSet):
            reading, cache = asked(config.identity()), layout.cache_folder(run)
            listener = stopping(tell, should_stop)
            write_features(cache, prepared.images, prepared.splits, reading, prepared.networks, listener)
        _write_check(prepared, run, tell)
        template, at_once = _template(prepared, run)
        executor = open_executor(config, run, at_once)
        hear = while_held(run, should_stop)
        try:
            _go(prepared, run, tell, (template, at_once), lambda jobs: executor.run(jobs, tell, hear))
        finally:
            executor.close()


def _write_check(prepared: Prepared, run: Path, tell: Listener) -> None:
    """What is in the images, once a run; labels that look wrong by a network's features are told as well."""
    path, check, images = layout.check_file(run), prepared.check, prepared.images
    if path.exists():
        return
    if prepared.networks and isinstance(images, ImageSet):
        told = set(check.sentences())
        seen = label_errors.of_run(layout.cache_folder(run), images, prepared.splits, prepared.networks)
        check = check.with_labels(images, seen)
        for sentence in check.sentences():
            if sentence not in told:
                tell({"type": "note", "message": sentence})
    write_json(path, check.to_json())


def _go(prepared: Prepared, run: Path, tell: Listener, shared: tuple[dict[str, Any], int], run_jobs: RunJobs) -> None:
    """Plan, search, and train what the looks need, through ``run_jobs``."""
    config, (template, at_once) = prepared.config, shared
    plan = _plan(prepared, run, template, at_once, run_jobs)
    template["shared"]["threads"] = plan.threads
    done = run_folder.done(run)
    arms = [(name, seed) for seed in plan.seeds for name in plan.strategies if (name, seed) not in done]
    facts = _plan_facts(prepared, run, plan, arms, at_once)
    tell({"type": "plan", **facts, "out": str(run)})
    for note in machine_notes(config, plan.threads, plan.core_share if arms else 1.0):
        tell({"type": "note", "message": note})
    begun = time.perf_counter()
    if config.search:
        template["options"] = search(
            run, plan, config.search, template, run_jobs, sound=isinstance(prepared.images, SoundSet)
        )
    Looking(run, plan, prepared.looks, template, run_jobs, lambda: prepared.question(run), tell).go()
    recorded = read_json(layout.plan_file(run))
    if run_folder.done(run) != done or "actual_s" not in recorded:
        recorded["actual_s"] = recorded.get("actual_s", 0.0) + time.perf_counter() - begun
        write_json(layout.plan_file(run), recorded)


def conclude(prepared: Prepared, run: Path, tell: Listener) -> tuple[list[Verdict], Mapping[str, Any] | None]:
    """Judge the rows, lay the winner ready, write ``verdict.json``; the verdicts and the winner's row."""
    rows, measure = run_folder.rows(run), prepared.measure
    terms = prepared.question(run)
    found = verdicts(terms)
    write_json(layout.verdict_file(run), [verdict.to_json() for verdict in found])
    if worth := worth_of_copies(terms, copied(prepared.images, prepared.splits[0].test)):
        write_json(layout.copies_file(run), worth.to_json())
        tell({"type": "note", "message": worth.sentence})
    for one in read_json(layout.check_file(run))["findings"]:
        if one["code"] == "test-label-errors":
            tell({"type": "note", "message": one["message"]})
    best = choose(rows, [verdict.to_json() for verdict in found], measure)
    if best:
        lay_ready(run, best, model_facts(prepared, best))
    write_points(run, prepared.images, prepared.splits[0], prepared.networks)
    clear_cache(run)
    return found, best


def finish_training(prepared: Prepared, run: Path) -> Mapping[str, Any]:
    """Lay the one arm's classifier ready; its row.

    Raises:
        GanliftError: the arm failed.
    """
    row = run_folder.rows(run)[-1]
    if row["status"] != "done":
        raise GanliftError(f"'{row['strategy']}' failed: {row['reason']}. Its log is in {layout.log_file(run)}.")
    lay_ready(run, row, model_facts(prepared, row))
    clear_cache(run)
    return row


def _template(prepared: Prepared, run: Path) -> tuple[dict[str, Any], int]:
    """What all jobs share, but for their threads, and how many run at once."""
    config = prepared.config
    arms = len(prepared.strategies) * max(len(prepared.seeds), config.search)
    rows = isinstance(prepared.images, VectorSet)
    shared = {**shared_settings(config, run), "measure": prepared.measure.name, "rows": rows}
    return {"shared": shared, "options": dict(config.options)}, jobs_at_once(config, run, arms)


def _plan(prepared: Prepared, run: Path, template: dict[str, Any], at_once: int, run_jobs: RunJobs) -> Plan:
    """The recorded plan, or a new one from a few steps of every arm."""
    config, names, seeds = prepared.config, prepared.strategies, prepared.seeds
    path = layout.plan_file(run)
    if path.exists():
        return read_plan(read_json(path))
    budget = budget_for(config, names)
    trial_steps = REFERENCE_STEPS if isinstance(budget, Seconds) else budget.count
    trial_generator = generator_steps_for(config, trial_steps)
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
    write_json(path, plan.to_json())
    return plan


def _plan_facts(prepared: Prepared, run: Path, plan: Plan, arms: list[tuple[str, int]], at_once: int) -> dict[str, Any]:
    """What the terminal and ``plan.json`` say before the first arm."""
    config, images, split = prepared.config, prepared.images, prepared.splits[0]
    facts = {
        **plan.to_json(),
        "data": images.source,
        "data_hash": data_hash(images),
        "guesses": [guess.to_json() for guess in images.guesses],
        "classes": list(images.class_names),
        "image": form_of(*form_numbers(images), frames=images.frames if isinstance(images, VideoSet) else 0),
        "noun": images.noun,
        **({"frames": images.frames} if isinstance(images, VideoSet) else {}),
        "space": "pixels" if isinstance(images, ImageSet) else "rows",
        "labelled": len(split.labelled),
        "imbalance": config.imbalance,
        "labelled_per_class": labelled_per_class(images, split),
        "measure": prepared.measure.name,
        "looks": {"seeds": list(prepared.looks.seeds), "shares": list(prepared.looks.shares)},
        **({"margin": config.margin / 100, "equal": config.equal} if isinstance(config, CompareConfig) else {}),
        "validation": len(split.validation),
        "unlabelled": len(split.unlabelled),
        "test": len(split.test),
        "batch_size": config.batch_size,
        "jobs": at_once,
        "search": config.search,
        "needs_generator": any(strategies.get(name).needs_generator for name in plan.strategies),
        "arms": len(plan.strategies) * len(plan.seeds),
        "arms_left": len(arms),
    }
    path = layout.plan_file(run)
    recorded = read_json(path) if path.exists() else {}
    write_json(path, {**facts, **recorded})  # a continued run stays what it was; what is left of it is told alone
    return facts
