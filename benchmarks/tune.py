"""How the shipped settings were chosen: the same number of random trials for every arm, on validation.

    python benchmarks/tune.py --trials 3 --out benchmarks/results/tuning.jsonl
    python benchmarks/tune.py --data cifar10:PATH --labels 50 --trials 3 --steps 400 --out ...
    python benchmarks/tune.py --arms oversample,ldam-drw --labels 200 --imbalance exp:50 --trials 3 --out ...
    python benchmarks/tune.py --table --out benchmarks/results/tuning.jsonl

The training part only: the first labels a class of a seed, 200 other labelled images a class for validation, the rest
unlabelled. Seeds 100 and up, which no comparison uses. The first trial is the shipped settings, and trial n has the
same settings on every data set. A run that is broken off goes on where it stopped. ``--part 0/2`` and ``--part 1/2``
share the work between two processes.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ganlift.comparison.search import draw_trials
from ganlift.data import load
from ganlift.data.imbalance import tail_counts
from ganlift.data.types import ImageSet, Task
from ganlift.strategies.base import Setup, run_phases, strategies
from ganlift.strategies.options import build_options
from ganlift.training.fit import Settings
from ganlift.training.phase import Budget
from ganlift.training.precision import choose_precision, make_fabric
from ganlift.training.rng import Rng

CPU = torch.device("cpu")
ARMS = "augment,rotation,fixmatch,sgan,sgan-fixmatch,acgan"
VALIDATION = 200


def draw_task(images: ImageSet, labels: int, seed: int, imbalance: str | None = None) -> Task:
    """``labels`` labelled and 200 validation images a class of the training part, the rest unlabelled.

    With ``imbalance`` the labelled images are a long tail, and there are no unlabelled ones.
    """
    rng = np.random.default_rng([seed, 7])
    pool = np.flatnonzero(images.parts == "train")
    classes = [rng.permutation(pool[images.labels[pool] == label]) for label in range(len(images.class_names))]
    counts = tail_counts(imbalance, labels, len(classes)) if imbalance else [labels] * len(classes)
    labelled = np.concatenate([members[:count] for members, count in zip(classes, counts, strict=True)])
    validation = np.concatenate([members[labels : labels + VALIDATION] for members in classes])
    rest = np.concatenate([members[labels + VALIDATION :] for members in classes])[: 0 if imbalance else None]
    return Task(
        images.batch(labelled),
        images.labels[labelled],
        images.batch(validation),
        images.labels[validation],
        images.batch(rest),
        images.class_names,
    )


def score(name: str, options: dict[str, Any], seed: int, task: Task, steps: int, precision: str) -> float:
    """Validation accuracy of one arm, one seed."""
    entry = strategies.get(name)
    setup = Setup(task, Budget(steps, 64, steps), Rng(seed, name, CPU), CPU)
    settings = Settings(make_fabric(CPU, precision))
    outcome, _ = run_phases(entry.phases(setup, build_options(entry, options)), lambda phase: settings)
    return setup.validation_accuracy(outcome.classifier)


def trials(arms: list[str], count: int) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Every arm's first trial, then every arm's second, and so on."""
    drawn = {name: list(draw_trials(name, count)) for name in arms}
    for number in range(count):
        for name in arms:
            yield name, number, drawn[name][number]


def table(records: list[dict[str, Any]]) -> list[str]:
    """Markdown: validation accuracy in % of each arm's trials on each data set; the best mean in bold is shipped.

    One table for the arms that have the same data sets.
    """
    groups: dict[tuple[str, ...], list[str]] = {}
    for name in dict.fromkeys(row["strategy"] for row in records):
        data_sets = tuple(dict.fromkeys(row["data"] for row in records if row["strategy"] == name))
        groups.setdefault(data_sets, []).append(name)
    tables = [_group([row for row in records if row["strategy"] in names], data) for data, names in groups.items()]
    return [line for lines in tables for line in [*lines, ""]][:-1]


def _group(records: list[dict[str, Any]], data_sets: tuple[str, ...]) -> list[str]:
    lines = [f"| arm | trial | {' | '.join(data_sets)} | mean |", "|---|---|" + "---|" * (len(data_sets) + 1)]
    for name in dict.fromkeys(row["strategy"] for row in records):
        found: dict[int, dict[str, float]] = {}
        for row in records:
            if row["strategy"] == name:
                found.setdefault(row["trial"], {})[row["data"]] = 100 * row["validation_accuracy"]
        means = {trial: statistics.fmean(own.values()) for trial, own in found.items() if len(own) == len(data_sets)}
        for trial in sorted(means):
            mark = "**" if means[trial] == max(means.values()) else ""
            cells = [f"{found[trial][data]:.1f}" for data in data_sets]
            lines.append(f"| `{name}` | {trial} | {' | '.join(cells)} | {mark}{means[trial]:.1f}{mark} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arms", default=ARMS)
    parser.add_argument("--data", default="fashion-mini")
    parser.add_argument("--labels", type=int, default=10)
    parser.add_argument("--imbalance")
    parser.add_argument("--trials", type=int, default=8)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--part", default="0/1")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--table", action="store_true", help="print the table of what is in --out, and train nothing")
    arguments = parser.parse_args()
    if arguments.table:
        print("\n".join(table([json.loads(line) for line in arguments.out.read_text().splitlines()])))
        return
    torch.set_num_threads(1)
    part, parts = map(int, arguments.part.split("/"))
    data = " ".join(filter(None, [arguments.data.partition(":")[0], arguments.imbalance]))
    seeds = range(100, 100 + arguments.seeds)
    images = load(arguments.data)
    tasks = {seed: draw_task(images, arguments.labels, seed, arguments.imbalance) for seed in seeds}
    precision, _ = choose_precision("auto", CPU)
    for index, (name, number, options) in enumerate(trials(arguments.arms.split(","), arguments.trials)):
        known = arguments.out.read_text().splitlines() if arguments.out.exists() else []
        if index % parts != part or any(
            (row := json.loads(line))["strategy"] == name and row["trial"] == number and row["data"] == data
            for line in known
        ):
            continue
        begun = time.perf_counter()
        found = [score(name, options, seed, tasks[seed], arguments.steps, precision) for seed in seeds]
        row = {
            "data": data,
            "strategy": name,
            "trial": number,
            "validation_accuracy": round(statistics.fmean(found), 4),
            "by_seed": found,
            "steps": arguments.steps,
            "options": options,
            "elapsed_s": round(time.perf_counter() - begun, 1),
        }
        with arguments.out.open("a") as file:
            file.write(json.dumps(row) + "\n")
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
