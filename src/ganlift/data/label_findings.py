"""What `check` finds in the labels: how many look wrong, which, and what that means for the test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganlift.data.columns import learn_columns
from ganlift.data.findings import Finding, shown
from ganlift.data.kin import units
from ganlift.data.label_errors import LabelErrors, find_label_errors, to_look_at
from ganlift.data.survey import Survey
from ganlift.data.types import UNLABELLED, Examples, VectorSet

ALARMING = 0.015
"""The share of wrong labels that the interval must lie above for a finding."""
UNCLEAR = 0.2
"""The upper end of an interval from 0 on above which it is said that nothing can be told."""
BADLY = 0.5
"""The part of the disagreement by chance above which the classes are told too badly to judge labels by."""

Index = NDArray[np.int64]


@dataclass(frozen=True)
class Evidence:
    """What labels are judged by.

    Attributes:
        index: (m,) int64, the examples whose labels are judged.
        vectors: (m, d), what each of them is like, all numbers on one scale.
        told_by: what these numbers are, in words.
        test: (t,) int64, the examples that are tested on.
    """

    index: Index
    vectors: NDArray[np.floating]
    told_by: str
    test: Index


def judged(examples: Examples, used: Index | None = None) -> Index:
    """The examples whose labels can be judged: of those with one, or of ``used`` among these."""
    labelled = np.flatnonzero(examples.labels != UNLABELLED)
    among = labelled if used is None else np.intersect1d(labelled, used)
    return to_look_at(examples.labels, units(examples), among)


def by_looks(found: Survey, used: Index | None = None, test: Index | None = None) -> Evidence:
    """Judge by what is known without further work: pictures' lowest frequencies, or the columns of rows.

    Args:
        used: the examples to judge; all with a label where None.
        test: the examples that are tested on; those of a part named test where None.
    """
    examples, index = found.images, judged(found.images, used)
    tested = np.flatnonzero(examples.parts == "test") if test is None else test
    if isinstance(examples, VectorSet):
        rows = examples.vectors[index]
        vectors = learn_columns(rows, examples.source).vectors(rows)[:, 0] if len(index) else rows
        return Evidence(index, vectors, "columns", tested)
    prints = found.prints[index].reshape(len(index), found.prints.shape[1] * found.prints.shape[2])
    return Evidence(index, prints, "coarse looks", tested)


def about_labels(examples: Examples, seen: Evidence) -> tuple[list[Finding], dict[str, Any]]:
    """Findings about wrong labels, and ``labels`` of ``check.json``; nothing of either where too few can be judged."""
    if not len(seen.index):
        return [], {}
    found = find_label_errors(seen.vectors, examples.labels[seen.index], units(examples)[seen.index])
    suspects = _lines(examples, seen, found)
    low, high = found.low, found.high
    alarming = low > ALARMING and found.differ < BADLY
    said = {"looked_at": len(seen.index), "told_by": seen.told_by, "share": round(found.share, 4)}
    facts = {**said, "interval": [round(low, 2), round(high, 2)], "suspects": suspects if alarming else []}
    if alarming:
        tested = int(np.isin(seen.index, seen.test).sum())
        findings = [_wrong(found, seen, suspects), *_in_test(suspects, tested, examples.noun)]
    else:
        findings = [_unclear(found, seen)] if high > UNCLEAR or low > ALARMING else []
    return findings, {"labels": facts}


def _lines(examples: Examples, seen: Evidence, found: LabelErrors) -> list[dict[str, Any]]:
    """What ``check.json`` holds of each suspect."""
    index = seen.index[found.suspects]
    return [
        {
            "name": str(examples.names[at]),
            "part": str(examples.parts[at]),
            "given": examples.class_names[examples.labels[at]],
            "likely": examples.class_names[likely],
            "confidence": round(float(confidence), 3),
            "test": bool(tested),
        }
        for at, likely, confidence, tested in zip(
            index, found.likely, found.confidence, np.isin(index, seen.test), strict=True
        )
    ]


def _wrong(found: LabelErrors, seen: Evidence, suspects: list[dict[str, Any]]) -> Finding:
    names = tuple(f"{one['name']} ('{one['given']}', looks like '{one['likely']}')" for one in suspects)
    said = (
        f"About {_percent(found.share)} of {len(seen.index):,} examined labels look wrong, by {seen.told_by} (95 % "
        f"interval {_percent(found.low)} to {_percent(found.high)}); first of all {shown(names)}."
    )
    return Finding("label-errors", said, len(suspects), names)


def _unclear(found: LabelErrors, seen: Evidence) -> Finding:
    said = (
        f"Up to {_percent(found.high)} of {len(seen.index):,} examined labels may be wrong, or none: {seen.told_by} "
        "tell the classes too badly to say."
    )
    return Finding("unclear-labels", said, len(seen.index))


def _in_test(suspects: list[dict[str, Any]], tested: int, noun: str) -> list[Finding]:
    wrong = [one for one in suspects if one["test"]]
    if not wrong:
        return []
    names = tuple(str(one["name"]) for one in wrong)
    said = (
        f"{len(wrong)} of {tested} labels of test {noun}s look wrong. If they are, a classifier that is always right "
        f"scores {_percent(1 - len(wrong) / tested, 1)} there, and what lies above is agreement with errors: "
        f"{shown(names)}."
    )
    return [Finding("test-label-errors", said, len(wrong), names)]


def _percent(share: float, digits: int = 0) -> str:
    return f"{100 * share:.{digits}f} %"
