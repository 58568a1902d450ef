"""`GanLiftClassifier` on rows of numbers beside scikit-learn's own semi-supervised classifiers, on sets it ships.

    python benchmarks/estimators.py --out benchmarks/results/estimators.jsonl      (goes on where it stopped)
    python benchmarks/estimators.py --table benchmarks/results/estimators.jsonl

Digits (1,797 rows of 64 numbers, 10 classes), breast cancer (569 of 30, 2) and wine (178 of 13, 3): a third is kept for
testing, 5 rows a class have labels, 5 a class are for choosing, all others have none; a draw a seed, the same for all.
Columns are standardised by the rows that train. Each of scikit-learn's has a few settings, and the best on the rows for
choosing is scored; `GanLiftClassifier` has its defaults and looks at no row for choosing.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import LabelSpreading, SelfTrainingClassifier

from ganlift import GanLiftClassifier

SETS: dict[str, Callable[..., Any]] = {"digits": load_digits, "breast-cancer": load_breast_cancer, "wine": load_wine}
SEEDS = 6
LABELS = 5
STEPS = 300
STRENGTHS = (0.01, 0.1, 1.0, 10.0)
OURS = ("fixmatch", "mean-teacher", "sgan", "sgan-fixmatch")
Rows = NDArray[np.float64]


def rivals() -> dict[str, list[Any]]:
    """Each of scikit-learn's with the settings to choose from."""
    regressions = [LogisticRegression(C=strength, max_iter=2000) for strength in STRENGTHS]
    spreading = [LabelSpreading(kernel="knn", n_neighbors=k, alpha=a) for k in (5, 10, 20) for a in (0.2, 0.8)]
    training = [SelfTrainingClassifier(one, threshold=0.9) for one in regressions]
    return {"LogisticRegression": regressions, "LabelSpreading": spreading, "SelfTrainingClassifier": training}


def drawn(name: str, seed: int) -> tuple[Rows, NDArray[np.int64], Rows, NDArray[np.int64], NDArray[np.int64]]:
    """Rows that are not for testing (n, d), those that are with their labels, and the places of those to choose on.

    The labels of the former are (n, 2): of those to train on, and of those to choose on, -1 elsewhere.
    """
    x, y = SETS[name](return_X_y=True)
    train, test, y_train, y_test = train_test_split(x, y, test_size=1 / 3, stratify=y, random_state=seed)
    rng = np.random.default_rng(seed)
    own = [rng.permutation(np.flatnonzero(y_train == label))[: 2 * LABELS] for label in np.unique(y)]
    known, choosing = (
        np.concatenate([places[part] for places in own]) for part in (slice(LABELS), slice(LABELS, None))
    )
    scaler = StandardScaler().fit(np.delete(train, choosing, axis=0))
    some = np.full(len(y_train), -1)
    some[known] = y_train[known]
    both = np.stack([some, np.where(np.isin(np.arange(len(some)), choosing), y_train, -1)], axis=1)
    return scaler.transform(train), both, scaler.transform(test), y_test, choosing


def measured(name: str, seed: int) -> Iterator[dict[str, Any]]:
    x, both, x_test, y_test, choosing = drawn(name, seed)
    rest = np.delete(np.arange(len(x)), choosing)
    labelled = rest[both[rest, 0] >= 0]
    for method, settings in rivals().items():
        begun = time.perf_counter()
        index = labelled if method == "LogisticRegression" else rest
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # rows that no neighbour reaches, and thresholds that no row passes
            fitted = [one.fit(x[index], both[index, 0]) for one in settings]
        best = max(fitted, key=lambda one: one.score(x[choosing], both[choosing, 1]))
        yield line(name, seed, method, best.score(x_test, y_test), begun)
    for strategy in OURS:
        begun = time.perf_counter()
        ours = GanLiftClassifier(strategy, budget=STEPS, random_state=seed, threads=1)
        ours.fit(x[rest], both[rest, 0])
        yield line(name, seed, f"GanLiftClassifier('{strategy}')", ours.score(x_test, y_test), begun)


def line(name: str, seed: int, method: str, accuracy: float, begun: float) -> dict[str, Any]:
    seconds = round(time.perf_counter() - begun, 2)
    return {"set": name, "seed": seed, "method": method, "accuracy": round(accuracy, 4), "seconds": seconds}


def table(lines: list[dict[str, Any]]) -> str:
    """Mean and spread of the accuracy in percent over the seeds, a line a method, a column a set."""
    methods, sets = (list(dict.fromkeys(one[key] for one in lines)) for key in ("method", "set"))
    rows = [f"| method | {' | '.join(sets)} |", "|---" * (len(sets) + 1) + "|"]
    for method in methods:
        found = [[one for one in lines if (one["method"], one["set"]) == (method, name)] for name in sets]
        scores = [100 * np.array([one["accuracy"] for one in own]) for own in found]
        cells = [f"{own.mean():.1f} ± {own.std(ddof=1):.1f}" for own in scores]
        rows.append(f"| `{method}` | {' | '.join(cells)} |")
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--table", type=Path)
    asked = parser.parse_args()
    kept = asked.table or asked.out
    lines = [json.loads(text) for text in kept.read_text().splitlines()] if kept.exists() else []
    if asked.table is None:
        done = {(one["set"], one["seed"]) for one in lines}
        for name, seed in [(name, seed) for name in SETS for seed in range(SEEDS) if (name, seed) not in done]:
            lines += (found := list(measured(name, seed)))
            with kept.open("a", encoding="utf-8") as file:
                file.writelines(json.dumps(one) + "\n" for one in found)
    print(table(lines))


if __name__ == "__main__":
    main()
