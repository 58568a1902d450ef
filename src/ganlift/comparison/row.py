"""The row of an arm: its test and validation images scored, its records summed up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganlift.data import data_hash
from ganlift.data.types import Examples, Split
from ganlift.measures.accuracy import score
from ganlift.measures.clusters import matched, mutual_information
from ganlift.runs.files import write_npz
from ganlift.strategies.base import Outcome, Strategy
from ganlift.strategies.setup import Setup
from ganlift.training.fit import Record
from ganlift.yardstick import YARDSTICKS

Items = Callable[[NDArray[np.int64]], NDArray[Any]]
"""Indices of examples to what a classifier reads of them."""


def probabilities(outcome: Outcome, setup: Setup, items: Items, index: NDArray[np.int64]) -> NDArray[np.float32]:
    """Class probabilities (n, K) of the images at ``index``; n may be 0."""
    if not len(index):
        return np.empty((0, setup.task.classes), np.float32)
    found: NDArray[np.float32] = setup.predict_some(outcome.classifier, items, index).cpu().numpy()
    return found


def row_of(
    entry: Strategy,
    setup: Setup,
    split: Split,
    outcome: Outcome,
    records: list[Record],
    images: Examples,
    items: Items,
    folder: Path,
) -> dict[str, Any]:
    """Score the test and validation images, write their probabilities, and sum the records up.

    Without test images the columns that tell of them are absent. Clusters are matched to classes first.
    """
    test = probabilities(outcome, setup, items, split.test)
    validation = probabilities(outcome, setup, items, split.validation)
    if not entry.labels:
        test = matched(test, images.labels[split.test])
        validation = matched(validation, images.labels[split.validation])
    arrays: dict[str, NDArray[Any]] = {
        "probabilities": test,
        "labels": images.labels[split.test],
        "index": split.test,
        "validation_probabilities": validation,
        "validation_labels": images.labels[split.validation],
        "validation_index": split.validation,
    }
    write_npz(folder / "predictions.npz", arrays)
    right = validation.argmax(1) == arrays["validation_labels"]
    generating = [record for record in records if record.counts == "generator"]
    uses_unlabelled = entry.unlabelled != "never" and len(split.unlabelled) > 0
    return {
        "strategy": entry.name,
        "kind": entry.kind,
        "status": "done",
        "uses_unlabelled": uses_unlabelled,
        **(score(test, arrays["labels"]) if len(test) else {}),
        **(_of_clusters(test, arrays["labels"]) if len(test) and not entry.labels else {}),
        "rebuildable": outcome.rebuildable and entry.labels,
        **{one.validation: one.of(right, arrays["validation_labels"]) for one in YARDSTICKS.values()},
        "data_hash": data_hash(images),
        "validation_n": len(split.validation),
        "labels": len(split.labelled),
        "unlabelled_n": len(split.unlabelled) if uses_unlabelled else 0,
        "test_n": len(split.test),
        **_spent(records),
        "generator_steps": sum(record.steps for record in generating),
        "generator_images_seen": sum(record.images_seen for record in generating),
        "elapsed_s": sum(record.elapsed_s for record in records),
        "generator_elapsed_s": sum(record.elapsed_s for record in generating),
        "generator_peak_bytes": max((one.peak_bytes for one in generating if one.peak_bytes is not None), default=None),
        "alarms": [alarm for record in records for alarm in record.alarms],
        "phases": [{key: value for key, value in asdict(record).items() if key != "trace"} for record in records],
    }


def _of_clusters(matched_test: NDArray[np.floating[Any]], labels: NDArray[np.int64]) -> dict[str, Any]:
    """The columns of an arm without labels, which say what its accuracies are."""
    return {"matched": True, "nmi": mutual_information(matched_test, labels)}


def _spent(records: list[Record]) -> dict[str, Any]:
    """Steps of the classifier and besides, images of both, and the classifier's by where they come from."""
    training = [record for record in records if record.counts == "classifier"]
    besides = [record for record in records if record.counts == "besides"]
    seen = Counter[str]()
    for record in training:
        seen.update(record.seen)
    return {
        "steps": sum(record.steps for record in training),
        "steps_besides": sum(record.steps for record in besides),
        "images_seen": sum(record.images_seen for record in [*training, *besides]),
        "labelled_seen": seen["labelled"],
        "unlabelled_seen": seen["unlabelled"],
    }
