"""A comparison from images to verdict: split, plan, search, run, judge, lay the winner ready."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from ganlift.comparison import label_errors
from ganlift.comparison.cards import Sharing
from ganlift.comparison.feature_points import write_points
from ganlift.comparison.features import write_features
from ganlift.comparison.hands import asked_per_gpu, open_executor
from ganlift.comparison.images import write_images
from ganlift.comparison.looking import Looking, RunJobs
from ganlift.comparison.machine import jobs_at_once, machine_notes, shared_settings
from ganlift.comparison.model_facts import model_facts
from ganlift.comparison.plan import Plan
from ganlift.comparison.planning import arms_left, plan_and_sharing
from ganlift.comparison.prepared import Prepared, labelled_per_class
from ganlift.comparison.search import search
from ganlift.comparison.stopping import stop_requested, stopping, while_held
from ganlift.comparison.winner import choose, clear_cache, lay_ready
from ganlift.config import ArmsConfig, CompareConfig
from ganlift.data import data_hash
from ganlift.data.identity import form_numbers, form_of
from ganlift.data.kin import copied
from ganlift.data.reading import asked
from ganlift.data.types import ImageSet, SoundSet, VectorSet, VideoSet
from ganlift.errors import GanliftError
from ganlift.events import Listener
from ganlift.executors.base import ShouldStop
from ganlift.runs import folder as run_folder
from ganlift.runs import layout
from ganlift.runs.files import read_json, write_json
from ganlift.strategies.base import strategies
from ganlift.training.gpu_memory import give_back
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
            give_back()
        _write_check(prepared, run, tell)
        template, hear, per_gpu = _template(prepared, run), while_held(run, should_stop), asked_per_gpu(config)
        at_once = _at_once(prepared, run, per_gpu)
        with ExitStack() as hands:
            run_jobs = hands.enter_context(_hands(config, run, at_once, per_gpu, tell, hear))
            plan, sharing = plan_and_sharing(prepared, run, template, at_once, run_jobs)
            if sharing and (more := _at_once(prepared, run, sharing.jobs)) != at_once:
                hands.close()
                at_once = more
                run_jobs = hands.enter_context(_hands(config, run, at_once, sharing.jobs, tell, hear))
            _go(prepared, run, plan, sharing, template, at_once, tell, run_jobs)


@contextmanager
def _hands(
    config: ArmsConfig, run: Path, at_once: int, per_gpu: int, tell: Listener, hear: ShouldStop
) -> Iterator[RunJobs]:
    """What runs jobs, ``at_once`` of them, ``per_gpu`` on each GPU; closed at the end."""
    executor = open_executor(config, run, at_once, per_gpu)
    try:
        yield lambda jobs: executor.run(jobs, tell, hear)
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


def _go(
    prepared: Prepared,
    run: Path,
    plan: Plan,
    sharing: Sharing | None,
    template: dict[str, Any],
    at_once: int,
    tell: Listener,
    run_jobs: RunJobs,
) -> None:
    """Tell the plan, search, and train what the looks need, through ``run_jobs``."""
    config = prepared.config
    template["shared"]["threads"] = plan.threads
    done, arms = run_folder.done(run), arms_left(run, plan)
    facts = _plan_facts(prepared, run, plan, arms, at_once, sharing)
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


def _template(prepared: Prepared, run: Path) -> dict[str, Any]:
    """What all jobs share, but for their threads."""
    config, rows = prepared.config, isinstance(prepared.images, VectorSet)
    shared = {**shared_settings(config, run), "measure": prepared.measure.name, "rows": rows}
    return {"shared": shared, "options": dict(config.options)}


def _at_once(prepared: Prepared, run: Path, per_gpu: int) -> int:
    """How many jobs run side by side, ``per_gpu`` on each GPU."""
    arms = len(prepared.strategies) * max(len(prepared.seeds), prepared.config.search)
    return jobs_at_once(prepared.config, run, arms, per_gpu)


def _plan_facts(
    prepared: Prepared, run: Path, plan: Plan, arms: list[tuple[str, int]], at_once: int, sharing: Sharing | None
) -> dict[str, Any]:
    """What the terminal and ``plan.json`` say before the first arm."""
    config, images, split = prepared.config, prepared.images, prepared.splits[0]
    chosen = {"sharing": sharing.to_json()} if sharing else {}
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
        **chosen,
        "search": config.search,
        "needs_generator": any(strategies.get(name).needs_generator for name in plan.strategies),
        "arms": len(plan.strategies) * len(plan.seeds),
        "arms_left": len(arms),
    }
    path = layout.plan_file(run)
    recorded = read_json(path) if path.exists() else {}
    # A continued run stays what it was, and what is left of it is told alone; cards may be others than before.
    write_json(path, {**facts, **recorded, **chosen})
    return facts
