"""How the shipped settings were chosen: the same number of random trials for every arm, on validation.

    python benchmarks/tune.py --fashion FOLDER --cifar10 FOLDER --jobs 2 --out benchmarks/results/tuning.jsonl
    python benchmarks/tune.py --arms fixmatch,sgan ...
    python benchmarks/tune.py --features --trials 12 ... --out benchmarks/results/tuning-features.jsonl
    python benchmarks/tune.py --table --out benchmarks/results/tuning.jsonl

As `ganlift compare --search` does it: rounds over three seeds, of which the better half goes on, the shipped settings
the first trial and kept unless another leads by one standard error. A trial's score is its mean over the situations.
No image of them is in a record: Fashion-MNIST's training images that are not in `fashion-mini`, and CIFAR-10's last
training batch, which `records.py` leaves out, at 16 px (the records `whole` learn from some of them, all arms
alike, and are tested on none). Arms for unequal classes learn from long tails of the same.
With ``--features`` arms learn from the same images through the default network, fewer of them.
A run that is broken off goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ganlift.classifiers.base import DEFAULTS
from ganlift.comparison.search import SEARCH_SEEDS, best, draw_trials, going_on
from ganlift.data import Reading, load
from ganlift.data.flips import flips_safe
from ganlift.data.imbalance import tail_counts
from ganlift.data.types import ImageSet, Task
from ganlift.features import DEFAULT, Pixels, Recipe, embed, feature_network, views_for
from ganlift.measures.clusters import matched
from ganlift.strategies.base import run_phases, strategies
from ganlift.strategies.options import build_options
from ganlift.strategies.setup import Setup
from ganlift.training.fit import Settings
from ganlift.training.phase import Budget
from ganlift.training.precision import choose_precision, make_fabric
from ganlift.training.rng import Rng

CPU = torch.device("cpu")
ARMS = (
    *("augment", "mean-teacher", "fixmatch", "sgan", "sgan-fixmatch", "fixmatch-rotation", "sgan-fixmatch-rotation"),
    *("acgan", "logit-adjust", "mixup-drw", "ldam-drw", "rotation", "pseudo-label", "sgan-rotation"),
    *("sgan-mean-teacher", "dada", "margin-gan", "ec-gan", "triple-gan", "class-weights", "rotation-features"),
    *("simsiam", "gan-features"),
)
ON_FEATURES = (
    *("augment", "mean-teacher", "fixmatch", "pseudo-label", "entropy-minimisation", "fixmatch-mix"),
    *("sgan", "sgan-mix", "sgan-fixmatch", "sgan-entropy", "sgan-mean-teacher", "complement-gan"),
    *("neighbours", "sgan-neighbours", "neighbours-mix"),
    *("scan", "rim", "infogan", "catgan"),
)
UNEQUAL = ("logit-adjust", "mixup-drw", "ldam-drw", "class-weights")
TAIL = "exp:50"
A_CLASS, A_CLASS_ON_FEATURES = 800, 400
VALIDATION = 200
LAST_BATCH = 40_000
"""The first of CIFAR-10's training images that are tuned on; those before are measured on."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Situation:
    """Images to tune on: a number of labels a class, or of the largest class where it is a long tail.

    ``features`` (n, v, d) are what arms learn from where they do not learn from pixels, ``weak_views`` as in `Task`.
    """

    name: str
    images: ImageSet
    labels: int
    imbalance: str | None = None
    features: NDArray[np.float16] | None = None
    weak_views: int = 1


def draw_task(situation: Situation, seed: int) -> Task:
    """Labelled and 200 validation images a class of the training part, the rest unlabelled.

    With an ``imbalance`` the labelled images are a long tail, and there are no unlabelled ones.
    """
    images, labels, imbalance = situation.images, situation.labels, situation.imbalance
    items = images.batch if situation.features is None else situation.features.__getitem__
    rng = np.random.default_rng([seed, 7])
    pool = np.flatnonzero(images.parts == "train")
    classes = [rng.permutation(pool[images.labels[pool] == label]) for label in range(len(images.class_names))]
    counts = tail_counts(imbalance, labels, len(classes)) if imbalance else [labels] * len(classes)
    labelled = np.concatenate([members[:count] for members, count in zip(classes, counts, strict=True)])
    validation = np.concatenate([members[labels : labels + VALIDATION] for members in classes])
    rest = np.concatenate([members[labels + VALIDATION :] for members in classes])[: 0 if imbalance else None]
    return Task(
        items(labelled),
        images.labels[labelled],
        items(validation),
        images.labels[validation],
        items(rest),
        images.class_names,
        weak_views=situation.weak_views,
    )


@cache
def fresh_images(fashion: str, cifar10: str, size: int | None, most: int) -> dict[str, ImageSet]:
    """Images that no record was made from, at most ``most`` a class, CIFAR-10's at ``size``."""
    garments, photographs = load(f"idx:{fashion}"), load(f"cifar10:{cifar10}", Reading(image_size=size))
    train = np.flatnonzero(photographs.parts == "train")
    known = load("fashion-mini").hashes
    return {
        "fashion-mnist": _some(garments, (garments.parts == "train") & ~np.isin(garments.hashes, known), most),
        "cifar10": _some(photographs, np.isin(np.arange(len(photographs)), train[LAST_BATCH:]), most),
    }


def _some(images: ImageSet, usable: NDArray[np.bool_], most: int) -> ImageSet:
    members = (np.flatnonzero(usable & (images.labels == label))[:most] for label in range(len(images.class_names)))
    index = np.sort(np.concatenate(list(members)))
    columns = {name: getattr(images, name)[index] for name in ("pixels", "labels", "parts", "hashes", "names")}
    return replace(images, **columns)


@cache
def on_features(fashion: str, cifar10: str) -> list[Situation]:
    """What arms are tuned on in the space of the default network."""
    network, found = feature_network(DEFAULT), list[Situation]()
    for name, images in fresh_images(fashion, cifar10, None, A_CLASS_ON_FEATURES).items():
        recipe = Recipe(views_for(len(images)), flips=flips_safe(images))
        features = embed(Pixels(images), images.hashes, network, recipe)
        found.append(Situation(name, images, 10 if name == "fashion-mnist" else 5, None, features, recipe.plain))
    return [*found, two_classes(found[-1])]


def without_labels(situation: Situation) -> Situation:
    """``situation`` for arms that find clusters: no label of a training image, which `score` matches to classes."""
    return replace(situation, name=f"{situation.name}, no label", labels=0)


def two_classes(situation: Situation) -> Situation:
    """The first two classes of ``situation`` with two labels each: settings for many labels may fail with so few."""
    images, index = situation.images, np.flatnonzero(situation.images.labels < 2)
    columns = {name: getattr(images, name)[index] for name in ("pixels", "labels", "parts", "hashes", "names")}
    pair = replace(images, class_names=images.class_names[:2], **columns)
    features = None if situation.features is None else situation.features[index]
    return replace(situation, name=f"{situation.name}, two classes", images=pair, labels=2, features=features)


def on_pixels(arm: str, fashion: str, cifar10: str) -> list[Situation]:
    """What ``arm`` is tuned on."""
    garments, photographs = fresh_images(fashion, cifar10, 16, A_CLASS).values()
    if arm in UNEQUAL:
        return [
            Situation(f"fashion-mnist {TAIL}", garments, 200, TAIL),
            Situation(f"cifar10 {TAIL}", photographs, 500, TAIL),
        ]
    return [Situation("fashion-mnist", garments, 10), Situation("cifar10", photographs, 50)]


def score(name: str, options: Mapping[str, Any], seed: int, task: Task, steps: int) -> float:
    """Validation accuracy of one arm, one seed, after matching where it knows no label; classes are alike in number."""
    entry, space = strategies.get(name), "pixels" if task.labelled.ndim == 4 else "vectors"
    setup = Setup(task, Budget(steps, 64, steps), Rng(seed, name, CPU), CPU, classifier=DEFAULTS[space])
    settings = Settings(make_fabric(CPU, choose_precision("auto", CPU)))
    outcome, _ = run_phases(entry.phases(setup, build_options(entry, dict(options), space)), lambda phase: settings)
    if entry.labels:
        return setup.validation_accuracy(outcome.classifier)
    found = setup.predict(outcome.classifier, torch.from_numpy(task.validation)).cpu().numpy()
    return float((matched(found, task.validation_labels).argmax(1) == task.validation_labels).mean())


def rows_in(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def tune(name: str, folders: tuple[str, str], trials: int, steps: int, out: Path, *, features: bool) -> str:
    """All rounds of one arm, each trial written as it ends; a line about what was found."""
    torch.set_num_threads(1)
    tuned_on = on_features(*folders) if features else on_pixels(name, *folders)
    if not strategies.get(name).labels:
        tuned_on = [without_labels(one) for one in tuned_on]
    drawn = list(draw_trials(f"{name}@{DEFAULT}" if features else name, trials))
    for seed in SEARCH_SEEDS:
        for number in going_on(rows_in(out), name, seed, trials):
            known = [row for row in rows_in(out) if row["strategy"] == name]
            if any((row["trial"], row["seed"]) == (number, seed) for row in known):
                continue
            begun = time.perf_counter()
            found = {one.name: score(name, drawn[number], seed, draw_task(one, seed), steps) for one in tuned_on}
            row = {
                "strategy": name,
                "trial": number,
                "seed": seed,
                "validation_score": statistics.fmean(found.values()),
                "by_situation": found,
                "steps": steps,
                "options": drawn[number],
                "elapsed_s": round(time.perf_counter() - begun, 1),
            }
            with out.open("a") as file:
                file.write(json.dumps(row) + "\n")
    return f"{name}: {best(rows_in(out), name) or 'as shipped'}"


def table(rows: Sequence[Row]) -> list[str]:
    """Markdown: each arm's trials on the seeds they reached, in %; what is shipped in bold.

    One table for the arms that have the same situations.
    """
    groups: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        names = groups.setdefault(tuple(row["by_situation"]), [])
        if row["strategy"] not in names:
            names.append(row["strategy"])
    tables = [_group(rows, names, found) for found, names in groups.items()]
    return [line for lines in tables for line in [*lines, ""]][:-1]


def _group(rows: Sequence[Row], names: Sequence[str], found: Sequence[str]) -> list[str]:
    lines = [f"| arm | trial | seeds | {' | '.join(found)} | mean |", "|---|---|---|" + "---|" * (len(found) + 1)]
    for name in names:
        own = [row for row in rows if row["strategy"] == name]
        shipped = best(own, name)
        for trial in sorted({row["trial"] for row in own}):
            of_trial = [row for row in own if row["trial"] == trial]
            cells = [f"{100 * statistics.fmean(row['by_situation'][one] for row in of_trial):.1f}" for one in found]
            mean = f"{100 * statistics.fmean(row['validation_score'] for row in of_trial):.1f}"
            mark = "**" if of_trial[0]["options"] == shipped else ""
            lines.append(f"| `{name}` | {trial} | {len(of_trial)} | {' | '.join(cells)} | {mark}{mean}{mark} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fashion", help="the folder with Fashion-MNIST's files")
    parser.add_argument("--cifar10", help="the folder with CIFAR-10's batches")
    parser.add_argument("--arms", help="names, separated by commas; all where not given")
    parser.add_argument("--features", action="store_true", help="in the space of the default network")
    parser.add_argument("--trials", type=int, default=4)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--table", action="store_true", help="print the table of what is in --out, and train nothing")
    asked = parser.parse_args()
    if asked.table:
        print("\n".join(table(rows_in(asked.out))))
        return
    if not asked.fashion or not asked.cifar10:
        parser.error("--fashion and --cifar10 say where the images are.")
    names = asked.arms.split(",") if asked.arms else ON_FEATURES if asked.features else ARMS
    given = {"trials": asked.trials, "steps": asked.steps, "out": asked.out, "features": asked.features}
    arm = partial(tune, folders=(asked.fashion, asked.cifar10), **given)
    with ProcessPoolExecutor(asked.jobs, mp_context=get_context("spawn")) as pool:
        for line in pool.map(arm, names):
            print(line, flush=True)


if __name__ == "__main__":
    main()
