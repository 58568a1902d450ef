"""The report's tables: rows and predictions in, lines of text and numbers out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganlift.nouns import IMAGE
from ganlift.report import answers, numbers, spaces, words
from ganlift.report.read import IN_TIME, Row, Run, sequence
from ganlift.yardstick import ACCURACY, MACRO_RECALL

MOST_CLASSES = 20
"""A confusion table with more classes can't be read; the most frequent confusions are listed instead."""


@dataclass(frozen=True)
class ArmLine:
    """One strategy of the comparison, its cells (text and a smaller line below) in the order of the table's head.

    ``beside`` stands under its name: how many seeds it has, where arms have not as many as each other.
    """

    strategy: str
    kind: str
    seeds: int
    failed: int
    cells: list[tuple[str, str]]
    verdict: str
    beside: str = ""


_SCORES = {ACCURACY: "share of the test {} that are right", MACRO_RECALL: "mean recall over classes"}
"""Of what the examples are called."""


def arm_head(run: Run) -> list[tuple[str, str]]:
    """The columns' names and what they are; first what the arms were judged by."""
    judged, other = sorted(_SCORES, key=lambda one: one != run.measure)
    return [
        (_capital(judged.words), f"{_SCORES[judged].format(run.examples)}, mean ± standard deviation over seeds"),
        (
            f"Against {spaces.baseline_words(run)}",
            f"mean paired difference in points of {judged.words} in the same space, and its range over seeds",
        ),
        (
            "Deciding gain",
            f"gain in points of {judged.words} with its 95 % interval over the arm without a GAN that decides the "
            "verdict: the nearest where it helps, one that rules a gain out or stands in its way, else the one that "
            "validation picked",
        ),
        (_capital(other.words), _SCORES[other].format(run.examples)),
        *_MORE,
        ("Labels", f"labelled training {run.examples}, and unlabelled ones used"),
    ]


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]


_MORE = [
    ("G-mean", "geometric mean of the classes' recalls: 0 where a class is never recognised"),
    ("ECE", "expected calibration error; lower is better"),
    ("Time", "median training time, and as a multiple of augment's (of the fastest arm's where augment is absent)"),
]


def arm_lines(run: Run) -> list[ArmLine]:
    """All arms, best first; then those of which every seed failed, and last those in time."""
    verdicts = {verdict["strategy"]: verdict for verdict in run.verdicts}
    times = {name: numbers.typical(rows, "elapsed_s") for name, rows in run.rows.items()}
    equal = (time for name, time in times.items() if time and name not in run.in_time)
    base = times.get("augment") or min(equal, default=None)
    ordered = sorted(run.rows, key=lambda name: -numbers.average(run.rows[name], run.measure.test))
    only_failed = sorted({row["strategy"] for row in run.failed} - set(ordered))
    lines = []
    for name in sorted([*ordered, *only_failed], key=lambda name: name in run.in_time):
        rows = run.rows.get(name, [])
        failures = [row for row in run.failed if row["strategy"] == name]
        verdict = verdicts.get(name, {})
        cells = _cells(run, name, verdict, base)
        kind = str((rows or failures)[0].get("kind", ""))
        beside = f"{len(rows)} seed{'s' * (len(rows) > 1)}" if run.uneven and rows else ""
        lines.append(ArmLine(name, kind, len(rows), len(failures), cells, str(verdict.get("verdict", "")), beside))
    return lines


def kind_words(kind: str) -> str:
    """A kind as the page shows it."""
    return {"gan": "GAN", IN_TIME: "in time"}.get(kind, kind)


def _cells(run: Run, name: str, verdict: Row, base: float | None) -> list[tuple[str, str]]:
    rows = run.rows.get(name, [])
    if not rows:
        return [(words.NONE, "")] * len(arm_head(run))
    judged, other = sorted(_SCORES, key=lambda one: one != run.measure)
    found = numbers.values(rows, judged.test)
    deviation = numbers.deviation(found)
    baseline = spaces.baseline(run, name)
    pairs = numbers.pairs(run.rows.get(baseline, []), rows, judged.test)
    against = numbers.gain(pairs) if name != baseline else None
    elapsed = numbers.typical(rows, "elapsed_s")
    unlabelled = _same(rows, "unlabelled_n")
    return [
        (words.percent(numbers.mean(found)), _beside(rows, deviation)),
        (words.points(against.mean), _range(against.low, against.high)) if against else (words.NONE, ""),
        _judged(verdict),
        (words.percent(numbers.mean(numbers.values(rows, other.test))), ""),
        (words.percent(numbers.mean(numbers.values(rows, "g_mean"))), ""),
        (words.NONE if run.matched else words.decimal(numbers.mean(numbers.values(rows, "ece"))), ""),
        (words.seconds(elapsed), words.ratio(elapsed / base) if elapsed and base else ""),
        (_same(rows, "labels"), f"+ {unlabelled} unlabelled" if unlabelled not in ("0", words.NONE) else ""),
    ]


def _beside(rows: Sequence[Row], deviation: float | None) -> str:
    """What stands below an arm's accuracy: its deviation and, of clusters, what they share with the classes."""
    shared = numbers.mean(numbers.values(rows, "nmi"))
    parts = [
        f"± {100 * deviation:.1f}" if deviation is not None else "",
        f"NMI {shared:.2f}" if shared is not None else "",
    ]
    return ", ".join(part for part in parts if part)


def _judged(verdict: Row) -> tuple[str, str]:
    gain = answers.deciding(verdict)
    if gain is None:
        return words.NONE, ""
    over = gain.name + (", given the same time" if gain.what == answers.GIVEN_TIME else "")
    return words.points(gain.gain), f"{gain.interval}\nover {over}".replace("@", "\n@")


def _range(low: Any, high: Any) -> str:
    return f"{words.points(low)} to {words.points(high)}"


def _same(rows: Sequence[Row], key: str) -> str:
    """A count that the seeds share, or its range."""
    found = numbers.values(rows, key)
    if not found:
        return words.NONE
    low, high = min(found), max(found)
    return words.count(low) if low == high else f"{words.count(low)} to {words.count(high)}"


SPENT_HEAD = [
    ("Classifier steps", "of the classifier that is scored: equal for all, but those in time and those solved for"),
    ("Labelled {}", "drawn by those steps, repeats counted: equal for all, but those in time and those solved for"),
    ("Unlabelled {}", "drawn by those steps"),
    ("Steps besides", "of choosing runs, judges, teachers and pre-training"),
    ("Generator steps", "of a generator's own phase; in the one-model arms it learns in the classifier's steps"),
]
SPENT = ("steps", "labelled_seen", "unlabelled_seen", "steps_besides", "generator_steps")


def spent_head(run: Run) -> list[tuple[str, str]]:
    return [(name.format(run.examples), hint) for name, hint in SPENT_HEAD]


def spent_lines(run: Run) -> list[tuple[str, list[str]]]:
    """What each arm spent, in the order of `spent_head`; nothing where the run's records don't tell."""
    if not any("labelled_seen" in row for rows in run.rows.values() for row in rows):
        return []
    return [(name, [_same(rows, key) for key in SPENT]) for name, rows in run.rows.items()]


@dataclass(frozen=True)
class Cell:
    """Share of the true class's images, as text and as 0 to 1 for its colour; ``hint`` says it in words."""

    text: str
    share: float
    right: bool
    hint: str


def heat_map(table: NDArray[np.int64], names: Sequence[str], noun: str = IMAGE) -> list[tuple[str, list[Cell]]]:
    """A line a true class: its name, and a cell a predicted class."""
    totals = table.sum(1)
    lines = []
    for true, name in enumerate(names):
        cells = []
        for predicted, other in enumerate(names):
            share = float(table[true, predicted] / totals[true]) if totals[true] else 0.0
            said = f"{int(table[true, predicted])} of {int(totals[true])} {noun}s of {name} called {other}"
            text = "<1" if 0 < share < 0.005 else f"{100 * share:.0f}" if share else ""
            cells.append(Cell(text, round(share, 3), true == predicted, said))
        lines.append((name, cells))
    return lines


def confusions(
    before: NDArray[np.int64], after: NDArray[np.int64], names: Sequence[str], most: int = 8
) -> list[tuple[str, str, str, str, str]]:
    """True class, what it is called, share before, share after, change in points; greatest change first."""
    shares = [table / np.maximum(table.sum(1, keepdims=True), 1) for table in (before, after)]
    change = shares[1] - shares[0]
    np.fill_diagonal(change, 0.0)
    lines = []
    for place in np.argsort(-np.abs(change), axis=None, kind="stable")[:most]:
        true, called = (int(index) for index in np.unravel_index(place, change.shape))
        if change[true, called]:
            old, new = shares[0][true, called], shares[1][true, called]
            lines.append(
                (
                    names[true],
                    names[called],
                    words.percent(float(old)),
                    words.percent(float(new)),
                    words.points(float(new - old)),
                )
            )
    return lines


@dataclass(frozen=True)
class Candidate:
    """A share of generated images that was tried: how often chosen, and its score on validation over seeds."""

    weight: str
    ratio: str
    score: str
    chosen: list[int]


def candidates(facts: dict[int, Row], made: str = IMAGE) -> list[Candidate]:
    """Of the seeds' ``candidates``, by whether they began pre-trained, by weight and ratio; ``made``: what one is."""
    tried: dict[tuple[bool, float, float], list[float]] = {}
    chosen: dict[tuple[bool, float, float], list[int]] = {}
    for seed, fact in facts.items():
        for one in sequence(fact.get("candidates")):
            score = validation_score(one) if isinstance(one, dict) else None
            if score is not None:
                tried.setdefault(_setting(one), []).append(score)
        if isinstance(fact.get("chosen"), dict):
            chosen.setdefault(_setting(fact["chosen"]), []).append(seed)
    return [
        Candidate(
            _share_words(setting[0], setting[1], made),
            f"{setting[2]:g}",
            f"{words.percent(numbers.mean(found))} ({words.percent(min(found))} to {words.percent(max(found))})",
            chosen.get(setting, []),
        )
        for setting, found in sorted(tried.items())
    ]


def _setting(one: Row) -> tuple[bool, float, float]:
    return one.get("pretrained") is True, words.number(one.get("weight")) or 0.0, words.number(one.get("ratio")) or 0.0


def _share_words(pretrained: bool, weight: float, made: str) -> str:
    if pretrained:
        return f"{weight:g}, after pre-training on generated {made}s"
    return f"{weight:g}" if weight else f"0: no generated {made}s"


def validation_score(one: Row) -> float | None:
    """What a candidate or trial reached on validation; files from before there was a choice have the accuracy."""
    return words.number(one.get("validation_score", one.get("validation_accuracy")))
