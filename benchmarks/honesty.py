"""Real comparisons whose answer is known: the same strategy under two names, and one that is told more labels.

    python benchmarks/honesty.py --out benchmarks/results/honesty.json

`twin` is `augment` registered once more as if it had a GAN, so that every "helps" or "hurts" is false. `told-more` is
`augment` with twice the labels, which it looks up among the unlabelled images: it should help. Each comparison has
five seeds of its own, on the 8 px digits with 10 labels a class. What was done is not done again; the folder of a run
is kept no longer than its verdict.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

import ganlift
from ganlift.data.load import load
from ganlift.runs.files import read_json, write_json
from ganlift.strategies import augment
from ganlift.strategies.base import BOTH, Phases, Setup, strategy

SEEDS, BUDGET = 5, 200
TWINS, PLANTED = 20, 5


def entered(name: str, summary: str) -> Callable[[Any], Any]:
    """Enter a form of `augment` as a strategy to be judged."""
    return strategy(
        name, kind="gan", summary=summary, source="no paper", options=augment.AugmentOptions, spaces=BOTH,
        vector_options=augment.ON_VECTORS,
    )  # fmt: skip


@entered("twin", "augment under another name.")
def twin(setup: Setup, options: augment.AugmentOptions) -> Phases:
    """Nothing but other random numbers of its own."""
    return augment.phases(setup, options)


@entered("told-more", "augment with twice the labels.")
def told_more(setup: Setup, options: augment.AugmentOptions) -> Phases:
    """Labels of as many unlabelled images as are labelled, of each class as many."""
    images, task = load("digits"), setup.task
    known = {images.batch(np.array([index])).tobytes(): label for index, label in enumerate(images.labels.tolist())}
    labels = np.array([known[one.tobytes()] for one in task.unlabelled])
    drawn = torch.randperm(len(labels), generator=setup.rng.generator("told")).numpy()  # neighbours share a writer
    wanted = np.bincount(task.labels)
    more = np.concatenate([drawn[labels[drawn] == label][:count] for label, count in enumerate(wanted)])
    told = replace(
        task,
        labelled=np.concatenate([task.labelled, task.unlabelled[more]]),
        labels=np.concatenate([task.labels, labels[more]]),
    )
    return augment.phases(replace(setup, task=told), options)


def judged(name: str, number: int) -> dict[str, Any]:
    """The verdict on ``name`` against `augment`, with seeds that no other comparison has."""
    first = 1000 * (1 + number) + (500 if name == "twin" else 0)
    with tempfile.TemporaryDirectory() as place:
        done = ganlift.compare(
            "digits", labels_per_class=10, strategies=["augment", name], seeds=list(range(first, first + SEEDS)),
            budget=BUDGET, jobs=1, threads=1, executor="in-process", equal="steps", out=Path(place) / "run",
        )  # fmt: skip
        (verdict,) = (one.to_json() for one in done.verdicts)
    return {"strategy": name, "seeds": [first, first + SEEDS - 1], **verdict}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out
    found = read_json(out) if out.exists() else []
    for name, count in (("told-more", PLANTED), ("twin", TWINS)):
        for number in range(sum(one["strategy"] == name for one in found), count):
            found.append(judged(name, number))
            write_json(out, found)
        own = [one for one in found if one["strategy"] == name]
        print(name, json.dumps(Counter(one["verdict"] for one in own)), flush=True)


if __name__ == "__main__":
    main()
