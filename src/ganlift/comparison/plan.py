"""What will be run: which arms, how many steps, how long it should take."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ganlift.classifiers.base import classifiers, resolve
from ganlift.comparison.auto import ALL, AUTO, choose, generator_warning
from ganlift.comparison.executors import Job
from ganlift.config import ArmsConfig, CompareConfig, Seconds, Steps, parse_budget
from ganlift.errors import ConfigError
from ganlift.generators.base import generators
from ganlift.strategies.base import Strategy, strategies
from ganlift.strategies.options import build_options, checked

REFERENCE_STEPS = 500
"""Classifier steps that an estimate is first made for; a duration is turned into steps from it."""

MIN_STEPS = 20


@dataclass(frozen=True)
class Cost:
    """Seconds of one arm: per classifier step, per generator step, and beside the steps."""

    strategy: str
    per_step: float
    per_generator_step: float
    rest: float

    def seconds(self, steps: int, generator_steps: int) -> float:
        return self.per_step * steps + self.per_generator_step * generator_steps + self.rest


@dataclass(frozen=True)
class Plan:
    """Fixed once, before the first arm, and recorded: a continued run keeps it."""

    strategies: list[str]
    seeds: list[int]
    steps: int
    generator_steps: int
    device: str
    precision: str
    threads: int
    costs: list[Cost]
    estimate_s: float
    own_generator_steps: dict[str, int] = field(default_factory=dict)

    def generator_steps_of(self, strategy: str) -> int:
        """Steps of its generator's own phase: the same for all, or as many as a time holds."""
        return self.own_generator_steps.get(strategy, self.generator_steps)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def read_plan(facts: Mapping[str, Any]) -> Plan:
    """The plan that `Plan.to_json` wrote; further keys are passed over."""
    known = {name: facts[name] for name in Plan.__dataclass_fields__ if name in facts}
    return Plan(**{**known, "costs": [Cost(**cost) for cost in known["costs"]]})


def resolve_arms(
    config: ArmsConfig, labelled_per_class: Sequence[int], unlabelled: int
) -> tuple[list[Strategy], list[str]]:
    """The strategies to compare, and sentences about those picked or added and what is to be expected of them.

    Args:
        labelled_per_class: labelled training images of each class.
        unlabelled: training images without labels.

    Raises:
        ConfigError: an unknown name or option, or a strategy that needs unlabelled images where there are none.
    """
    notes = [*strategies.problems(), *generators.problems(), *classifiers.problems()]
    names = config.strategy_list()
    if AUTO in names:
        picked = choose(labelled_per_class, unlabelled)
        notes.append(f"Picked {', '.join(picked.names)}: {'; '.join(picked.reasons)}.")
        names = [*picked.names, *names]
    if ALL in names:
        possible = _possible(config, unlabelled)
        notes.append(f"Compared are all {len(possible)} strategies that these images allow.")
        names = [*possible, *names]
    chosen = [strategies.get(name) for name in dict.fromkeys(names) if name not in (AUTO, ALL)]
    resolve(config.classifier)
    wanted = {config.generator, *(entry.generator for entry in chosen if entry.generator)}
    entries = {name: generators.get(name) for name in wanted}
    for name, given in config.options.items():
        if name in entries:
            checked(f"generator '{name}'", entries[name].options, given)
        else:
            build_options(strategies.get(name), given)
    _check_labels(config, chosen)
    lacking = [entry.name for entry in chosen if entry.unlabelled == "required" and not unlabelled]
    if lacking and config.labels_per_class == 0:
        raise ConfigError("--labels-per-class 0 leaves no image to learn from with --unlabelled none; leave that out.")
    if lacking:
        raise ConfigError(
            f"{', '.join(lacking)} needs unlabelled images and there are none; give --unlabelled PATH or "
            "--labels-per-class N (the rest of the training images is then unlabelled), or leave it out."
        )
    if isinstance(config, CompareConfig) and not any(entry.kind in ("baseline", "rival") for entry in chosen):
        added = "augment" if config.labels_per_class != 0 else "kmeans-pixels"
        chosen.insert(0, strategies.get(added))
        notes.append(f"'{added}' is added: a gain needs an arm without a GAN to be measured against.")
    generating = [entry.name for entry in chosen if entry.needs_generator]
    warning = generator_warning(generating, labelled_per_class, unlabelled)
    return chosen, [*notes, *([warning] if warning else [])]


def _possible(config: ArmsConfig, unlabelled: int) -> list[str]:
    """Every registered strategy that has what it needs; where no label is used, those that find clusters."""
    entries = [strategies.get(name) for name in strategies.names()]
    labels = config.labels_per_class != 0
    return [one.name for one in entries if one.labels == labels and (unlabelled or one.unlabelled != "required")]


def _check_labels(config: ArmsConfig, chosen: Sequence[Strategy]) -> None:
    """Refuse arms that need labels where there are none, and arms that find clusters beside arms that have labels.

    Raises:
        ConfigError: such an arm; or a search, or one arm alone, where there are no labels.
    """
    if config.labels_per_class != 0:
        if names := [entry.name for entry in chosen if not entry.labels]:
            raise ConfigError(
                f"{', '.join(names)} finds clusters without any label, and is compared with its like alone: "
                "give --labels-per-class 0, or leave it out."
            )
        return
    if names := [entry.name for entry in chosen if entry.labels]:
        raise ConfigError(
            f"{', '.join(names)} needs labelled images and --labels-per-class 0 leaves none; "
            "give a larger number, or take strategies that 'ganlift list strategies' calls without labels."
        )
    if config.search:
        raise ConfigError("--search chooses options by validation labels, and --labels-per-class 0 leaves none to use.")
    if not isinstance(config, CompareConfig):
        raise ConfigError(
            "Clusters have no names, so that 'train' can lay no classifier ready without labels; "
            "compare them with 'ganlift compare DATA --labels-per-class 0'."
        )


def generator_steps_for(config: ArmsConfig, steps: int) -> int:
    """The generator's own steps: as asked for, or as many as the classifier's."""
    return config.generator_budget if isinstance(config.generator_budget, int) else steps


def steps_in_time(config: ArmsConfig, costs: Sequence[Cost]) -> dict[str, int]:
    """Steps that each arm's generator does in the time that ``config`` gives it; empty where it gives none.

    Arms that share a generator get what the first of them is found to do, so that they go on sharing it.

    Raises:
        ConfigError: the time is too short for even `MIN_STEPS`.
    """
    if not isinstance(config.generator_budget, str):
        return {}
    seconds, found = _seconds(config.generator_budget), dict[str, int]()
    shared = dict[str | None, int]()
    for cost in costs:
        if not cost.per_generator_step:
            continue
        entry, steps = strategies.get(cost.strategy), int(seconds / cost.per_generator_step)
        found[cost.strategy] = shared.setdefault(entry.generator, steps) if entry.needs_generator else steps
        if steps < MIN_STEPS:
            least = MIN_STEPS * cost.per_generator_step
            raise ConfigError(
                f"--generator-budget {config.generator_budget} is too short for {cost.strategy}; "
                f"{MIN_STEPS} steps of its generator take about {least:.0f} s."
            )
    return found


def _seconds(budget: str) -> float:
    parsed = parse_budget(budget)
    assert isinstance(parsed, Seconds)
    return parsed.seconds


def costs_from(probes: Sequence[Mapping[str, Any]], steps: int, generator_steps: int) -> list[Cost]:
    """Costs from the results of probe jobs, which project phases of ``steps`` and ``generator_steps``."""
    return [
        Cost(
            probe["strategy"],
            probe["classifier"] / steps,
            probe["generator"] / generator_steps,
            probe["rest"],
        )
        for probe in probes
    ]


def steps_for(config: ArmsConfig, costs: Sequence[Cost], jobs: int) -> int:
    """Classifier steps an arm: as given, or as many as fill the time given.

    Raises:
        ConfigError: the time is too short for even `MIN_STEPS`.
    """
    budget = parse_budget(config.budget)
    if isinstance(budget, Steps):
        return budget.count
    assert isinstance(budget, Seconds)
    own = steps_in_time(config, costs)
    low, high = 0, 10_000_000
    while low < high:
        middle = (low + high + 1) // 2
        taken = estimate(costs, config.seed_list(), middle, generator_steps_for(config, middle), jobs, own)
        low, high = (middle, high) if taken <= budget.seconds else (low, middle - 1)
    if low < MIN_STEPS:
        least = estimate(costs, config.seed_list(), MIN_STEPS, generator_steps_for(config, MIN_STEPS), jobs, own)
        raise ConfigError(
            f"--budget {config.budget} is too short for {len(costs)} strategies and {len(config.seed_list())} seeds; "
            f"it takes at least {least:.0f} s. Give more time, fewer strategies or fewer seeds."
        )
    return low - low % 10 if low >= 100 else low


def estimate(
    costs: Sequence[Cost],
    seeds: Sequence[int],
    steps: int,
    generator_steps: int,
    jobs: int,
    own_generator_steps: Mapping[str, int] | None = None,
) -> float:
    """Seconds until ``jobs`` workers are through with all arms, each taking the next one when it is free.

    A generator is trained once a seed, however many arms share it; an arm that tells it labels of its own has its own.
    """
    ends, own = [0.0] * jobs, own_generator_steps or {}
    for _ in seeds:
        trained = set[str | None]()
        for cost in costs:
            entry, wanted = strategies.get(cost.strategy), own.get(cost.strategy, generator_steps)
            seconds = cost.seconds(steps, 0 if entry.needs_generator and entry.generator in trained else wanted)
            if entry.needs_generator:
                trained.add(entry.generator)
            heapq.heapreplace(ends, ends[0] + seconds)
    return max(ends)


def arm_jobs(plan: Plan, arms: Sequence[tuple[str, int]], template: Mapping[str, Any]) -> list[Job]:
    """One job an arm, seed by seed, so that what is there early is paired; costly ones first within a seed.

    Arms of one seed that share a generator follow one another: the first trains it.
    """
    cost = {one.strategy: one.seconds(plan.steps, plan.generator_steps_of(one.strategy)) for one in plan.costs}
    jobs: list[Job] = []
    for seed in plan.seeds:
        sharing: dict[str | None, list[str]] = {}
        names = [name for name, of_seed in arms if of_seed == seed]
        for name in sorted(names, key=lambda name: -cost.get(name, 0.0)):
            job = arm_job("arm", name, seed, plan.steps, plan.generator_steps_of(name), template)
            entry = strategies.get(name)
            if entry.needs_generator:
                before = sharing.setdefault(entry.generator, [])
                job["after"] = before[-1:]
                before.append(job["id"])
            jobs.append(job)
    return jobs


def arm_job(kind: str, strategy: str, seed: int, steps: int, generator_steps: int, template: Mapping[str, Any]) -> Job:
    """A job as plain JSON; ``template`` holds ``run``, ``shared`` and each strategy's ``options``."""
    return {
        "id": f"{strategy}/{seed}",
        "kind": kind,
        "strategy": strategy,
        "seed": seed,
        "run": template["run"],
        "steps": steps,
        "generator_steps": generator_steps,
        "options": template["options"].get(strategy, {}),
        "shared": template["shared"],
        "after": [],
    }
