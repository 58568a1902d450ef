"""Alarms on real training runs: healthy generators raise none, and those made to fail raise the right ones.

    python benchmarks/alarms.py --out benchmarks/results/alarms.json
    python benchmarks/alarms.py --table --out benchmarks/results/alarms.json

Every registered generator with a discriminator, on `fashion-mini` at 16 px, 400 images a class but where a case has
few; 200 steps of 32 images, shipped settings, one thread. A run that is broken off goes on where it stopped. What is
kept are the figures that alarms look at; `heard` puts the rules of today to them.

What makes a run fail is done to its phase, so that it is the same for every method: learning rates, what the generator
reads, what the discriminator is shown as real. Reals that alone are augmented are a leak in Zhao et al. (2020, section
3.1).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from tune import Situation, draw_task

from ganlift.augment.diffaugment import diffaugment
from ganlift.data import Reading, load
from ganlift.generators.base import ImageShape, generators
from ganlift.runs.files import write_text
from ganlift.strategies.generation import generator_stage
from ganlift.strategies.setup import Setup
from ganlift.training.alarms import Alarms, NonFiniteLossError
from ganlift.training.fit import Settings, fit
from ganlift.training.phase import Budget, Phase, Updater
from ganlift.training.pixels import Batch
from ganlift.training.precision import make_fabric
from ganlift.training.rng import Rng

CPU = torch.device("cpu")
SIDE, BATCH, STEPS, SEEDS = 16, 32, 200, 5
FIGURES = ("step", "d_loss", "g_loss", "d_real", "d_fake", "g_grad_norm")
FIGURES += ("variety", "alike", "precision", "recall", "copies", "rough", "grey")

Plant = Callable[[Phase], None]


def generator_rate(factor: float) -> Plant:
    """The generator's learning rate times ``factor``; its opponent's stays."""

    def plant(phase: Phase) -> None:
        for group in phase.optimizers["generator"].param_groups:
            group["lr"] *= factor

    return plant


def reals_through(*policy: str) -> Plant:
    """Real images alone pass DiffAugment's ``policy``; alarms compare with those that don't."""

    def plant(phase: Phase) -> None:
        healthy, rng = phase.step, torch.Generator().manual_seed(0)

        def step(batches: Mapping[str, Batch], t: int, update: Updater) -> Mapping[str, Tensor]:
            seen = {name: replace(batch, x=diffaugment(batch.x, rng, policy)) for name, batch in batches.items()}
            return healthy(seen, t, update)

        phase.step = step

    return plant


def latent_ignored(phase: Phase) -> None:
    """The generator makes one image a class, whatever its latent."""

    def ignore(module: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return torch.zeros_like(inputs[0]), *inputs[1:]

    for module in (phase.modules["generator"], phase.averages["generator"].module):
        module.register_forward_pre_hook(ignore)


@dataclass(frozen=True)
class Case:
    """Runs of one kind, and the alarms of which one is to sound; where there are none, those that must not.

    ``forbidden`` are these, all of them where there are none. ``generators`` are those that it is for, all where there
    are none, and the rest is what they are trained with: ``options``, ``labels`` a class, ``steps``.
    """

    name: str
    expected: tuple[str, ...] = ()
    plant: Plant | None = None
    seeds: int = 1
    generators: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    labels: int = 400
    steps: int = STEPS
    forbidden: tuple[str, ...] = ()


DIVERGED = ("not-finite", "g-exploding", "g-vanishing", "d-saturated", "noise", "collapse")
OTHERS = ("dcgan", "r3gan", "sngan", "stylegan2", "stylegan2-ada", "wgan-gp")
"""The generators that a hundredfold rate ruins: `biggan` bears it, with samples as near to real ones as before."""

LEAKS: dict[str, dict[str, Any]] = {
    "biggan": {"labels": 4, "steps": 900},
    "dcgan": {"labels": 4, "steps": 600, "options": {"lr": 1e-3}},
    "r3gan": {"labels": 4, "steps": 1200},
    "sngan": {"labels": 4, "steps": 3000},
    "stylegan2": {"steps": 600},
    "stylegan2-ada": {"steps": 600},
    "wgan-gp": {"labels": 4, "steps": 1500},
}
"""How long it takes each generator to draw what is cut out of its reals: of few images most learn it sooner."""


def leaks() -> Iterator[Case]:
    """For each generator, reals alone augmented, and as many steps on the same images without that."""
    for name, how in LEAKS.items():
        policy = ("translation", "cutout") if name == "stylegan2-ada" else ("cutout",)
        yield Case("reals alone cut out", ("augmentation-leaks",), reals_through(*policy), generators=(name,), **how)
        yield Case("as long, not cut out", generators=(name,), **how, forbidden=("augmentation-leaks",))


CASES = (
    Case("healthy", seeds=SEEDS),
    Case("generator's rate × 100", DIVERGED, generator_rate(100.0), generators=OTHERS),
    Case("generator's rate × 1,000", DIVERGED, generator_rate(1000.0), generators=("biggan",)),
    Case("generator stands still", ("d-saturated", "noise"), generator_rate(0.0)),
    Case("latent ignored", ("collapse",), latent_ignored),
    *leaks(),
    Case("healthy, with cutout", generators=("biggan", "r3gan", "sngan", "wgan-gp"), options={"cutout": True}),
    Case(
        "both cut out, few images",
        ("copies",),
        generators=("sngan",),
        options={"cutout": True, "colour": False, "translation": False},
        labels=4,
        steps=800,
    ),
)


def adversarial() -> list[str]:
    """The names of registered generators of images that have a discriminator."""
    shape = ImageShape(channels=1, size=8, classes=2)
    built = {name: entry for name, entry in generators if "pixels" in entry.spaces}
    models = {name: entry.build(shape, entry.options(), CPU) for name, entry in built.items()}
    return [name for name, model in models.items() if "discriminator" in model.modules()]


def runs() -> list[tuple[str, Case, int]]:
    """Every generator, case and seed; the first seed of all cases comes before the second of any."""
    found = [
        (name, case, seed) for case in CASES for name in case.generators or adversarial() for seed in range(case.seeds)
    ]
    return sorted(found, key=lambda run: run[2])


def trained(name: str, case: Case, seed: int) -> dict[str, Any]:
    """One run: the figures of its trace that alarms look at, and what ended it early, if anything."""
    images = load("fashion-mini", Reading(image_size=SIDE))
    task = draw_task(Situation("fashion-mini", images, case.labels), seed)
    task = replace(task, unlabelled=task.unlabelled[:0])
    own = {"generator": name, "generator_options": dict(case.options)}
    setup = Setup(task, Budget(1, BATCH, case.steps), Rng(seed, "alarms", CPU), CPU, **own)
    phase = generator_stage(setup, folds=1).phase
    if case.plant:
        case.plant(phase)
    lines: list[dict[str, Any]] = []
    fault = None
    try:
        fit(phase, Settings(make_fabric(CPU, "fp32"), on_metrics=lines.append))
    except NonFiniteLossError as found:
        fault = str(found)
    trace = [{key: float(f"{line[key]:.4g}") for key in FIGURES if key in line} for line in lines]
    return {"generator": name, "case": case.name, "seed": seed, "steps": case.steps, "fault": fault, "trace": trace}


def heard(row: Mapping[str, Any]) -> list[str]:
    """The names of the alarms that the rules raise on a row of the record, in order."""
    alarms = Alarms()
    for line in row["trace"]:
        alarms.look("generator", line["step"], line, logits=generators.get(row["generator"]).logits)
        if "alike" in line:
            alarms.look_at_samples("generator", line["step"], line)
    return [alarm["name"] for alarm in alarms.raised] + (["not-finite"] if row["fault"] else [])


def is_right(row: Mapping[str, Any], case: Case) -> bool:
    """Whether one of the expected alarms sounded, or none of those that should not."""
    names = set(heard(row))
    return bool(names & set(case.expected)) if case.expected else not names & set(case.forbidden or names)


def cell(rows: list[dict[str, Any]], case: Case) -> str:
    """In how many of the runs a right alarm sounded, or any where none should; and which did."""
    count = sum(is_right(row, case) == bool(case.expected) for row in rows)
    names = dict.fromkeys(name for row in rows for name in heard(row))
    return f"{count} of {len(rows)}" + (f": {', '.join(f'`{name}`' for name in names)}" if names else "")


def table(rows: list[dict[str, Any]]) -> list[str]:
    """Markdown, a generator a line and a case a column."""
    columns = list(dict.fromkeys(case.name for case in CASES))
    lines = [f"| generator | {' | '.join(columns)} |", "|---|" + "---|" * len(columns)]
    for name in adversarial():
        cells = []
        for column in columns:
            own = [row for row in rows if (row["generator"], row["case"]) == (name, column)]
            cells.append(cell(own, case_of(name, column)) if own else "")
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    return lines


def case_of(name: str, column: str) -> Case:
    """The case of the generator ``name`` that ``column`` is the name of."""
    return next(case for case in CASES if case.name == column and name in (case.generators or (name,)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="the cases whose name has this")
    parser.add_argument("--generators", help="the names of some, with commas between; all of them else")
    parser.add_argument("--table", action="store_true", help="print the table of what is in --out, and train nothing")
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    rows = json.loads(asked.out.read_text()) if asked.out.exists() else []
    if asked.table:
        print("\n".join(table(rows)))
        return
    torch.set_num_threads(1)
    wanted = asked.generators.split(",") if asked.generators else adversarial()
    done = {(row["generator"], row["case"], row["seed"]) for row in rows}
    for name, case, seed in runs():
        if asked.only in case.name and name in wanted and (name, case.name, seed) not in done:
            rows.append(trained(name, case, seed))
            write_text(asked.out, "[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
            print(f"{name}, {case.name}, seed {seed}: {', '.join(heard(rows[-1])) or 'nothing'}", flush=True)


if __name__ == "__main__":
    main()
