"""Search: the same number of trials for every arm, on validation, on seeds that the comparison does not use.

Trials meet in rounds, one a seed: all of them on the first, then the better half of each arm's, then the better half of
these (successive halving, Jamieson and Talwalkar 2016; Optuna's median rule). The defaults run beside them on every
seed, and are kept unless the best of those that ran on all seeds leads them by one standard error of the paired
difference.
"""

from __future__ import annotations

import hashlib
import math
import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ganlift.comparison.jobs import arm_job
from ganlift.comparison.plan import Plan
from ganlift.executors.base import Job, Result
from ganlift.runs import layout
from ganlift.runs.files import read_json, write_json
from ganlift.strategies.base import strategies
from ganlift.strategies.options import search_space

if TYPE_CHECKING:
    import optuna

SEARCH_SEEDS = (10_000, 10_001, 10_002)
"""The seeds of all trials: their labelled images, weights and order are not those of any compared seed."""

_TIE = 1e-9
"""What a trial's number costs it in points: less than any two scores on validation differ by."""

Run = Callable[[Sequence[Job]], Iterable[Result]]
Trials = Sequence[Mapping[str, Any]]


def trainings(trials: int) -> int:
    """How many arms ``trials`` are, over all rounds."""
    rounds = [trials]
    while len(rounds) < len(SEARCH_SEEDS):
        rounds.append(_left(rounds[-1]))
    return sum(rounds)


def _left(trials: int) -> int:
    """How many of ``trials`` go on: the defaults, and the better half of the others."""
    return 1 + math.ceil((trials - 1) / 2)


def search(
    run: Path, plan: Plan, trials: int, template: Mapping[str, Any], run_jobs: Run, *, sound: bool = False
) -> dict[str, dict[str, Any]]:
    """Options for each strategy: the best of ``trials`` on validation, the defaults being the first trial.

    Best by the measure that arms are judged by. Trials are drawn up front, for each strategy its own, so that a
    continued run tries what is left; ``sound`` says that the pictures are of it. Every trial is written to
    ``tuning.json``.
    """
    path = layout.tuning_file(run)
    record: dict[str, Any] = (
        read_json(path)
        if path.exists()
        else {"seeds": list(SEARCH_SEEDS), "measure": template["shared"].get("measure"), "trials": []}
    )
    drawn = {name: list(draw_trials(name, trials, sound=sound)) for name in plan.strategies}
    for seed in SEARCH_SEEDS:
        jobs = [
            {
                **_job(plan, name, seed, template, drawn[name][number]),
                "id": f"{name}/trial-{number}/{seed}",
                "trial": number,
            }
            for name in plan.strategies
            for number in going_on(record["trials"], name, seed, trials)
        ]
        known = {(one["strategy"], one["trial"], one["seed"]) for one in record["trials"]}
        left = [job for job in jobs if (job["strategy"], job["trial"], seed) not in known]
        for result in run_jobs(left):
            facts = {key: result.job[key] for key in ("strategy", "trial", "seed", "options")}
            score = (result.value or {}).get("validation_score")
            record["trials"].append({**facts, "validation_score": score, "reason": result.reason})
            write_json(path, record)
    record["chosen"] = {name: best(record["trials"], name) for name in plan.strategies}
    write_json(path, record)
    chosen: dict[str, dict[str, Any]] = record["chosen"]
    return chosen


def _job(plan: Plan, name: str, seed: int, template: Mapping[str, Any], drawn: Mapping[str, Any]) -> Job:
    job = arm_job("trial", name, seed, plan.steps_of(name), plan.generator_steps_of(name), template)
    return {**job, "options": {**template["options"].get(name, {}), **drawn}}


def going_on(trials: Trials, name: str, seed: int, count: int) -> list[int]:
    """The numbers of the strategy's trials that run on ``seed``: the defaults, and on a later one the better half.

    Better is the mean over the seeds before; a trial that failed on one of them is out.
    """
    first, *others = range(count)
    for before in range(SEARCH_SEEDS.index(seed)):
        means = {one: statistics.fmean(own) for one, own in _scores(trials, name, SEARCH_SEEDS[: before + 1]).items()}
        others = better_half({one: means[one] for one in others if one in means})
        if first not in means:
            return others
    return [first, *others]


def better_half(scores: Mapping[int, float]) -> list[int]:
    """Those of ``scores`` that Optuna's `MedianPruner` leaves, of two that are equal the earlier one first.

    The pruner is asked when all of a round have been told to it, so that it doesn't matter which ended first.
    """
    optuna = _optuna()
    pruner = optuna.pruners.MedianPruner(n_startup_trials=0, n_warmup_steps=0)
    study = optuna.create_study(direction="maximize", pruner=pruner)
    untied = {number: score - _TIE * number for number, score in scores.items()}
    for score in untied.values():
        study.add_trial(optuna.trial.create_trial(value=score, intermediate_values={0: score}))
    return [number for number, one in zip(untied, study.trials, strict=True) if not pruner.prune(study, one)]


def _optuna() -> ModuleType:
    import optuna  # takes a while, and most runs search nothing

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def _scores(trials: Trials, name: str, seeds: Sequence[int]) -> dict[int, list[float]]:
    """The scores of each of the strategy's trials that has one on all of ``seeds``, in their order."""
    found = {
        (one["trial"], one["seed"]): one["validation_score"]
        for one in trials
        if one["strategy"] == name and one["validation_score"] is not None
    }
    numbers = sorted({number for number, _ in found})
    whole = [number for number in numbers if all((number, seed) in found for seed in seeds)]
    return {number: [found[number, seed] for seed in seeds] for number in whole}


def best(trials: Trials, name: str) -> dict[str, Any]:
    """Options of the strategy's best trial, where it leads the first by one standard error; else the first's.

    Where the first failed, the best of the others; nothing where all did.
    """
    scores = _scores(trials, name, SEARCH_SEEDS)
    if not scores:
        return {}
    winner = max(scores, key=lambda number: (statistics.fmean(scores[number]), -number))
    if 0 in scores and winner != 0:
        lead = [a - b for a, b in zip(scores[winner], scores[0], strict=True)]
        if statistics.fmean(lead) <= statistics.stdev(lead) / math.sqrt(len(lead)):
            winner = 0
    return dict(next(one["options"] for one in trials if (one["strategy"], one["trial"]) == (name, winner)))


def draw_trials(name: str, trials: int, *, sound: bool = False) -> Iterator[dict[str, Any]]:
    """Options for each trial, drawn at random from the strategy's search space; the first is the defaults.

    Each strategy has draws of its own: with one for all, a lucky one would be lucky for every arm that shares options.
    """
    space = search_space(strategies.get(name), sound=sound)
    optuna = _optuna()
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=_seed_of(name)))
    for number in range(trials):
        if number == 0:
            yield {}
            continue
        trial = study.ask()
        yield {option: _draw(trial, option, how) for option, how in space.items()}


def _seed_of(name: str) -> int:
    return int.from_bytes(hashlib.sha256(f"search/{name}".encode()).digest()[:4])


def _draw(trial: optuna.Trial, option: str, how: Mapping[str, Any]) -> Any:
    if "choices" in how:
        return trial.suggest_categorical(option, how["choices"])
    return trial.suggest_float(option, how["low"], how["high"], log=how.get("log", False))
