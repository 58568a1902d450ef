"""Search: the same number of trials for every arm, on validation, on a seed the comparison does not use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganlift.comparison.executors import Job, Result
from ganlift.comparison.plan import Plan, arm_job
from ganlift.runs import layout
from ganlift.runs.files import read_json, write_json
from ganlift.strategies.base import strategies
from ganlift.strategies.options import search_space

if TYPE_CHECKING:
    import optuna

SEARCH_SEED = 10_000
"""The seed of all trials: its labelled images, weights and order are not those of any compared seed."""

Run = Callable[[Sequence[Job]], Iterable[Result]]


def search(plan: Plan, trials: int, template: Mapping[str, Any], run_jobs: Run) -> dict[str, dict[str, Any]]:
    """Options for each strategy: the best of ``trials`` on validation, the defaults being the first trial.

    Best by the measure that arms are judged by.

    Trials are drawn up front from (strategy, trial), so that all arms are searched alike and a continued
    run tries what is left. Every trial is written to ``tuning.json``.
    """
    path = layout.tuning_file(Path(template["run"]))
    record: dict[str, Any] = (
        read_json(path)
        if path.exists()
        else {"seed": SEARCH_SEED, "measure": template["shared"].get("measure"), "trials": []}
    )
    known = {(one["strategy"], one["trial"]) for one in record["trials"]}
    jobs = []
    for name in plan.strategies:
        for number, drawn in enumerate(draw_trials(name, trials)):
            if (name, number) not in known:
                options = {**template["options"].get(name, {}), **drawn}
                job = arm_job("trial", name, SEARCH_SEED, plan.steps_of(name), plan.generator_steps_of(name), template)
                jobs.append({**job, "id": f"{name}/trial-{number}", "options": options, "trial": number})
    for result in run_jobs(jobs):
        job, value = result.job, result.value or {}
        facts = {key: job[key] for key in ("strategy", "trial", "options")}
        score = value.get("validation_score")
        record["trials"].append({**facts, "validation_score": score, "reason": result.reason})
        write_json(path, record)
    record["chosen"] = {name: best(record["trials"], name) for name in plan.strategies}
    write_json(path, record)
    chosen: dict[str, dict[str, Any]] = record["chosen"]
    return chosen


def best(trials: Sequence[Mapping[str, Any]], name: str) -> dict[str, Any]:
    """Options of the strategy's best trial on validation; the earliest, so the defaults, where trials tie."""
    scored = [one for one in trials if one["strategy"] == name and one["validation_score"] is not None]
    if not scored:
        return {}
    winner = max(scored, key=lambda one: (one["validation_score"], -one["trial"]))
    return dict(winner["options"])


def draw_trials(name: str, trials: int) -> Iterator[dict[str, Any]]:
    """Options for each trial, drawn at random from the strategy's search space; the first is the defaults."""
    space = search_space(strategies.get(name))
    import optuna  # takes a while, and most runs search nothing

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=SEARCH_SEED))
    for number in range(trials):
        if number == 0:
            yield {}
            continue
        trial = study.ask()
        yield {option: _draw(trial, option, how) for option, how in space.items()}


def _draw(trial: optuna.Trial, option: str, how: Mapping[str, Any]) -> Any:
    if "choices" in how:
        return trial.suggest_categorical(option, how["choices"])
    return trial.suggest_float(option, how["low"], how["high"], log=how.get("log", False))
