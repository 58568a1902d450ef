"""Classes as large as the labelled ones, or as one another: `neighbours` and `neighbours-mix` both ways.

    python benchmarks/class_sizes.py --out benchmarks/results/class-sizes.json     a quarter of an hour
    python benchmarks/class_sizes.py --table benchmarks/results/class-sizes.json

scikit-learn's breast cancer as it is, and its digits with a tail: ten times as many of one class as of another, in an
order drawn anew. Labelled examples are drawn from all that are for training, so that their classes are as unequal, and
two of each class at least; the others are unlabelled. Test examples are as they come. Each draw is a comparison of one
seed; `fixmatch-mix`, which asks nothing about sizes, stands beside them. Told is macro recall in percent.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.model_selection import train_test_split
from table import spread

import ganlift
from ganlift.runs.files import read_json, write_json, write_npz
from ganlift.runs.lines import read_jsonl

DRAWS, STEPS = 6, 300
LABELLED = {"cells": (24, 100), "digits, a tail": (60, 200)}
ASKING = ("neighbours", "neighbours-mix")
ARMS = ("fixmatch-mix", *ASKING)
TAIL = 10

Index = NDArray[np.int64]


def drawn(name: str, labelled: int, draw: int) -> dict[str, Any]:
    """The arrays of an npz: training examples with labels and without, and test examples."""
    found = load_breast_cancer() if name == "cells" else load_digits()
    x, y, rng = found.data.astype(np.float32), found.target, np.random.default_rng(draw)
    train, test = train_test_split(np.arange(len(y)), test_size=0.3, random_state=draw, stratify=y)
    pool = rng.permutation(train if name == "cells" else thinned(train, y, rng))
    first = np.concatenate([pool[y[pool] == label][:2] for label in np.unique(y)])
    chosen = np.concatenate([first, np.setdiff1d(pool, first)[rng.permutation(len(pool) - len(first))]])[:labelled]
    parts = {"train": chosen, "test": test}
    arrays = {f"{kind}_{part}": of[index] for part, index in parts.items() for kind, of in (("x", x), ("y", y))}
    return {**arrays, "x_unlabelled": x[np.setdiff1d(pool, chosen)]}


def thinned(train: Index, y: Index, rng: np.random.Generator) -> Index:
    """Some of ``train``: of each class, in a drawn order, fewer, down to a `TAIL`-th of them."""
    kept = []
    for place, label in enumerate(rng.permutation(np.unique(y))):
        own = train[y[train] == label]
        kept.append(own[: round(len(own) * TAIL ** (-place / (len(np.unique(y)) - 1)))])
    return np.concatenate(kept)


def measured(name: str, labelled: int, draw: int, folder: Path) -> dict[str, float]:
    """Macro recall of each arm, and of those that ask for sizes with either."""
    data, found = folder / f"{name}-{labelled}-{draw}.npz", dict[str, float]()
    write_npz(data, drawn(name, labelled, draw))
    for sizes in ("labelled", "even"):
        arms = ARMS if sizes == "labelled" else ASKING
        options = {arm: {"class_sizes": sizes} for arm in ASKING}
        run = ganlift.compare(
            data,
            out=folder / f"{data.stem}-{sizes}",
            strategies=["linear-probe", *arms],
            options=options,
            seeds=1,
            budget=STEPS,
            measure="macro-recall",
        ).run
        for row in read_jsonl(run / "results.jsonl"):
            if row["status"] == "done" and row["strategy"] in arms:
                found[f"{row['strategy']}, {sizes}" if row["strategy"] in ASKING else row["strategy"]] = row[
                    "macro_recall"
                ]
    return found


def table(rows: list[dict[str, Any]]) -> str:
    """A line a set and number of labels, a column an arm and what it asks for."""
    by: dict[tuple[str, int], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        for arm, value in row["macro_recall"].items():
            by[row["set"], row["labelled"]][arm].append(value)
    arms = ["fixmatch-mix", *(f"{arm}, {sizes}" for arm in ASKING for sizes in ("labelled", "even"))]
    lines = [["set", "labelled", "draws", *arms], ["---"] * (3 + len(arms))]
    for (name, labelled), found in by.items():
        draws = str(statistics.mode(len(values) for values in found.values()))
        lines.append([name, str(labelled), draws, *(spread(found[arm]) for arm in arms)])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    shown = parser.add_mutually_exclusive_group(required=True)
    shown.add_argument("--out", type=Path)
    shown.add_argument("--table", type=Path)
    asked = parser.parse_args()
    if asked.out:
        rows = []
        with tempfile.TemporaryDirectory() as folder:
            for name, counts in LABELLED.items():
                for labelled in counts:
                    for draw in range(DRAWS):
                        found = measured(name, labelled, draw, Path(folder))
                        rows.append({"set": name, "labelled": labelled, "draw": draw, "macro_recall": found})
        write_json(asked.out, rows)
    print(table(read_json(asked.table or asked.out)))


if __name__ == "__main__":
    main()
