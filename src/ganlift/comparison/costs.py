"""What arms cost in seconds, and how many steps a budget holds.

Steps are equal for all arms, or, with ``--equal time``, so many that each arm trains for as long as the one that takes
longest with the steps given.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ganlift.config import ArmsConfig, CompareConfig
from ganlift.config_values import Seconds, Steps, parse_budget
from ganlift.errors import ConfigError
from ganlift.strategies.base import strategies

REFERENCE_STEPS = 500
"""Classifier steps where none are asked for; a duration is turned into steps from an estimate for as many."""

FEATURE_STEPS = 300
"""Those where every arm learns from the features of a network: five times as many leave the best of them where they
are (docs/photographs.md)."""

MIN_STEPS = 20


@dataclass(frozen=True)
class Cost:
    """Seconds of one arm: per classifier step, per generator step, and beside the steps.

    ``peak_bytes`` is the most that it held of a GPU while it was tried; 0 on anything else.
    """

    strategy: str
    per_step: float
    per_generator_step: float
    rest: float
    peak_bytes: int = 0

    def seconds(self, steps: int, generator_steps: int) -> float:
        return self.training(steps, generator_steps) + self.rest

    def training(self, steps: int, generator_steps: int) -> float:
        """Seconds of the steps alone; the rest says more of where the arm was tried out than of the arm."""
        return self.per_step * steps + self.per_generator_step * generator_steps

    def steps_in(self, seconds: float, generator_steps: int) -> int:
        """Classifier steps that ``seconds`` of training hold beside the generator's."""
        return int((seconds - self.training(0, generator_steps)) / self.per_step) if self.per_step else 0


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
    shared = dict[tuple[str | None, str | None, int], int]()
    for cost in costs:
        if not cost.per_generator_step:
            continue
        entry, steps = strategies.get(cost.strategy), int(seconds / cost.per_generator_step)
        found[cost.strategy] = shared.setdefault(entry.stage, steps) if entry.needs_generator else steps
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
            probe.get("peak_bytes", 0),
        )
        for probe in probes
    ]


def budget_for(config: ArmsConfig, names: Sequence[str]) -> Steps | Seconds:
    """What is asked for, or the steps that arms of these ``names`` get unasked."""
    if config.budget is not None:
        return parse_budget(config.budget)
    return Steps(FEATURE_STEPS if all(strategies.get(name).features for name in names) else REFERENCE_STEPS)


def equal_time(config: ArmsConfig) -> bool:
    """Whether all arms are given the same time in place of the same steps."""
    return isinstance(config, CompareConfig) and config.equal == "time"


def steps_of_time(
    costs: Sequence[Cost], steps: int, generator_steps: int, own_generator_steps: Mapping[str, int] | None = None
) -> dict[str, int]:
    """Classifier steps by arm, so that each trains for as long as the costliest does with ``steps``."""
    own = {cost.strategy: (own_generator_steps or {}).get(cost.strategy, generator_steps) for cost in costs}
    longest = max(cost.training(steps, own[cost.strategy]) for cost in costs)
    return {cost.strategy: max(steps, cost.steps_in(longest, own[cost.strategy])) for cost in costs}


def steps_for(config: ArmsConfig, costs: Sequence[Cost], jobs: int, seeds: Sequence[int]) -> int:
    """Classifier steps an arm: as given, or as many as fill the time given.

    Raises:
        ConfigError: the time is too short for even `MIN_STEPS`.
    """
    budget = budget_for(config, [cost.strategy for cost in costs])
    if isinstance(budget, Steps):
        return budget.count
    assert isinstance(budget, Seconds)
    own = steps_in_time(config, costs)

    def taken(steps: int) -> float:
        generator_steps = generator_steps_for(config, steps)
        alike = steps_of_time(costs, steps, generator_steps, own) if equal_time(config) else {}
        return estimate(costs, seeds, steps, generator_steps, jobs, own, alike)

    low, high = 0, 10_000_000
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if taken(middle) <= budget.seconds else (low, middle - 1)
    if low < MIN_STEPS:
        raise ConfigError(
            f"--budget {config.budget} is too short for {len(costs)} strategies and {len(seeds)} seeds; "
            f"it takes at least {taken(MIN_STEPS):.0f} s. Give more time, fewer strategies or fewer seeds."
        )
    return low - low % 10 if low >= 100 else low


def estimate(
    costs: Sequence[Cost],
    seeds: Sequence[int],
    steps: int,
    generator_steps: int,
    jobs: int,
    own_generator_steps: Mapping[str, int] | None = None,
    own_steps: Mapping[str, int] | None = None,
) -> float:
    """Seconds until ``jobs`` workers are through with all arms, each taking the next one when it is free.

    A generator is trained once a seed, however many arms share it; an arm that tells it labels of its own has its own.
    """
    ends, own, classifier_steps = [0.0] * jobs, own_generator_steps or {}, own_steps or {}
    for _ in seeds:
        trained = set[tuple[str | None, str | None, int]]()
        for cost in costs:
            entry, wanted = strategies.get(cost.strategy), own.get(cost.strategy, generator_steps)
            wanted = 0 if entry.needs_generator and entry.stage in trained else wanted
            seconds = cost.seconds(classifier_steps.get(cost.strategy, steps), wanted)
            if entry.needs_generator:
                trained.add(entry.stage)
            heapq.heapreplace(ends, ends[0] + seconds)
    return max(ends)
