"""How well members are told from others, by model, data and number of training images: docs/privacy.md's table.

    python benchmarks/privacy.py --out runs/privacy --keep benchmarks/results/privacy.json    half an hour on a core
    python benchmarks/privacy.py --table benchmarks/results/privacy.json

Training images and 1,000 others are drawn at random from the same images, so that nothing but the training tells them
apart. Each seed draws anew and trains anew. What is done goes on where it stopped, run by run.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from itertools import product
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

import ganlift
from ganlift.data import load
from ganlift.data.types import ImageSet
from ganlift.runs.files import write_npz, write_text

DATA = ("digits", "fashion-mini")
TRAINED_ON = (100, 600)
SEEDS = (0, 1)
OTHERS = 1000
CLASSIFIERS: dict[str, dict[str, Any]] = {
    "augment": {"strategy": "augment", "budget": 500},
    "augment, random operations off": {
        "strategy": "augment",
        "budget": 500,
        "options": {"augment": {"policy": "none"}},
    },
    "sgan": {"strategy": "sgan", "budget": 300},
}
GENERATORS: dict[str, dict[str, Any]] = {
    name: {"generator": name, "budget": 500} for name in ("dcgan", "wgan-gp", "vae", "autoencoder", "gaussian")
}
COMMON = {"batch_size": 32, "precision": "fp32", "threads": 1, "device": "cpu"}


def main() -> None:
    options = _options()
    if options.table:
        print(table(json.loads(options.table.read_text(encoding="utf-8"))))
        return
    found = []
    for data, count, seed in product(DATA, TRAINED_ON, SEEDS):
        drawn = draw(load(data), count, seed, options.out / f"{data}-{count}-{seed}.npz")
        for name in (*CLASSIFIERS, *GENERATORS):
            run = options.out / f"{data}-{count}-{seed}-{name.replace(' ', '-')}"
            if name in CLASSIFIERS:
                ganlift.train(drawn, seed=seed, out=run, features="pixels", **COMMON, **CLASSIFIERS[name])
            else:
                ganlift.train_generator(drawn, seed=seed, out=run, **COMMON, **GENERATORS[name])
            measured = ganlift.evaluate_privacy(run, device="cpu").attacks
            place = {"data": data, "images": count, "seed": seed, "model": name}
            found += [{**place, "attack": one.name, **asdict(one.figures)} for one in measured]
            if options.keep:
                write_text(options.keep, json.dumps(found, indent=1) + "\n")
    print(table(found))


def draw(images: ImageSet, count: int, seed: int, path: Path) -> Path:
    """Write ``count`` training images, as many of each class, and `OTHERS` test images, where that is not done."""
    if not path.exists():
        order = np.random.default_rng(seed).permutation(len(images))
        by_class = [order[images.labels[order] == label] for label in range(len(images.class_names))]
        each, rest = count // len(by_class), OTHERS // len(by_class)
        arrays = {}
        for part, places in (("train", slice(0, each)), ("test", slice(each, each + rest))):
            own = np.concatenate([members[places] for members in by_class])
            arrays |= {f"x_{part}": np.asarray(images.pixels[own]), f"y_{part}": images.labels[own]}
        path.parent.mkdir(parents=True, exist_ok=True)
        write_npz(path, arrays)
    return path


def table(found: list[dict[str, Any]]) -> str:
    """A line a model and attack, a column a data set and number of images: means over seeds."""
    columns = [(data, count) for data in DATA for count in TRAINED_ON]
    heads = [f"{data}, {count}" for data, count in columns]
    lines = [f"| model | attack | {' | '.join(heads)} |", f"|---|---|{'---|' * len(heads)}"]
    for model, attack in dict.fromkeys((one["model"], one["attack"]) for one in found):
        of_model = [one for one in found if (one["model"], one["attack"]) == (model, attack)]
        cells = [_cell([one for one in of_model if (one["data"], one["images"]) == own]) for own in columns]
        lines.append(f"| {model} | {attack} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(seeds: list[dict[str, Any]]) -> str:
    """Mean AUC with the seeds' widest interval, and the share of members found at 10 % of false alarms."""
    if not seeds:
        return "–"
    area, low, high = fmean(one["auc"] for one in seeds), min(o["low"] for o in seeds), max(o["high"] for o in seeds)
    return f"{area:.2f} ({low:.2f} to {high:.2f}), {100 * fmean(one['found']['0.1'] for one in seeds):.0f} %"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs") / "privacy", help="where the runs go")
    parser.add_argument("--keep", type=Path, help="a JSON file for the figures")
    parser.add_argument("--table", type=Path, help="print the table of such a file, and train nothing")
    return parser.parse_args()


if __name__ == "__main__":
    main()
