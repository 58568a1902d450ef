"""Alarms on real training runs: healthy generators raise none, and those made to fail raise the right ones.

    python benchmarks/alarms.py --out benchmarks/results/alarms.json

On `fashion-mini`, 400 images a class but where a run has few; one seed, `--steps` each.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from tune import draw_task

from ganlift.data import load
from ganlift.runs.files import write_json
from ganlift.strategies.base import Setup
from ganlift.strategies.generation import generator_stage
from ganlift.training.alarms import TrainingFailedError
from ganlift.training.fit import Settings, fit
from ganlift.training.phase import Budget
from ganlift.training.precision import make_fabric
from ganlift.training.rng import Rng

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Case:
    """A generator with ``options`` that learns from ``labels`` images a class, and whether it should fail."""

    name: str
    generator: str
    options: Mapping[str, Any] = field(default_factory=dict)
    labels: int = 400
    fails: bool = False


CASES = (
    Case("sngan", "sngan"),
    Case("sngan without augmentation", "sngan", {"colour": False, "translation": False}),
    Case("dcgan", "dcgan", {"lr": 1e-3}),
    Case("wgan-gp", "wgan-gp"),
    Case("stylegan2", "stylegan2"),
    Case("generator's rate × 100", "sngan", {"g_lr": 0.2}, fails=True),
    Case("a discriminator without any restraint", "dcgan", {"lr": 2e-3}, labels=4, fails=True),
    Case("cutout on few images", "sngan", {"cutout": True}, labels=4, fails=True),
)


def run(case: Case, steps: int) -> dict[str, Any]:
    """Train it; its alarms and the figures of its samples."""
    task = draw_task(load("fashion-mini"), case.labels, seed=0)
    task = replace(task, unlabelled=task.unlabelled[:0])
    own = {"generator": case.generator, "generator_options": dict(case.options)}
    setup = Setup(task, Budget(1, 64, steps), Rng(0, "alarms", CPU), CPU, **own)
    stage = generator_stage(setup, folds=1)
    try:
        record = fit(stage.phase, Settings(make_fabric(CPU, "bf16")))
    except TrainingFailedError as fault:
        return {"case": case.name, "fails": case.fails, "alarms": [str(fault)], "looks": []}
    looks = [line for line in record.trace if "alike" in line]
    return {"case": case.name, "fails": case.fails, "alarms": record.alarms, "looks": looks}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--only", default="", help="the cases whose name has this")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    found = []
    for case in CASES:
        if asked.only in case.name:
            found.append(run(case, asked.steps))
            names = [alarm if isinstance(alarm, str) else alarm["name"] for alarm in found[-1]["alarms"]]
            kind = "made to fail" if case.fails else "healthy"
            print(f"{case.name} ({kind}): {', '.join(names) or 'nothing'}", flush=True)
    if asked.out:
        write_json(asked.out, found)


if __name__ == "__main__":
    main()
