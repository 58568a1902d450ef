"""Comparisons made up by hand: arms by name, their shares of right images by seed, and what is judged of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ganlift.verdict import Question, Replay, Verdict, after_look, verdicts

IMAGES = 1000
LABELS = np.arange(IMAGES) % 4
CLASSES = ["ant", "bee", "cat", "dog"]
KINDS = {
    "augment": ("baseline", False),
    "mixup": ("rival", False),
    "fixmatch": ("rival", True),
    "rotation": ("rival", True),
    "synthetic-only": ("control", True),
    "sgan": ("gan", True),
    "triple-gan": ("gan", True),
    "gan-augment": ("gan", False),
}
BASE = (0.700, 0.704, 0.696, 0.702, 0.698)


class Run:
    """Rows and correctness of arms that are right on their first images, a few more or less a seed."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.correct: dict[tuple[str, int], np.ndarray] = {}

    def arm(
        self, name: str, accuracy: Sequence[float], validation: float = 0.7, elapsed_s: float = 10.0, first: int = 0
    ) -> Run:
        kind, uses = KINDS[name]
        for seed, share in enumerate(accuracy, first):
            self.correct[name, seed] = right(share)
            self.rows.append(
                {
                    "strategy": name,
                    "kind": kind,
                    "seed": seed,
                    "status": "done",
                    "uses_unlabelled": uses,
                    "test_accuracy": share,
                    "validation_accuracy": validation,
                    "elapsed_s": elapsed_s,
                }
            )
        return self

    def failed(self, name: str, seed: int, reason: str = "out of memory") -> Run:
        kind, _ = KINDS[name]
        self.rows.append({"strategy": name, "kind": kind, "seed": seed, "status": "failed", "reason": reason})
        return self

    def in_time(self, rival: str, time_of: str, accuracy: Sequence[float | None], first: int = 0) -> Run:
        """``rival`` given the time of the arm ``time_of``; a seed without an accuracy failed."""
        name = f"{rival} in the time of {time_of}"
        for seed, share in enumerate(accuracy, first):
            row = {"strategy": name, "kind": "in-time", "rival": rival, "time_of": time_of, "seed": seed}
            if share is None:
                self.rows.append({**row, "status": "failed", "reason": "out of memory"})
                continue
            self.correct[name, seed] = right(share)
            self.rows.append({**row, "status": "done", "uses_unlabelled": KINDS[rival][1], "elapsed_s": 31.0})
        return self

    def ask(self, *, in_time: bool = False, **terms: Any) -> Question:
        terms = {"labels": LABELS, "class_names": CLASSES, "equal": "both" if in_time else "steps", **terms}
        return Question(rows=self.rows, correct=self.correct, **terms)

    def judge(self, **terms: Any) -> list[Verdict]:
        return verdicts(self.ask(**terms))

    def by_name(self, **terms: Any) -> dict[str, Verdict]:
        return {one.strategy: one for one in self.judge(**terms)}

    def only(self, **terms: Any) -> Verdict:
        (found,) = self.judge(**terms)
        return found

    def replay(self, upto: int | None = None, **terms: Any) -> Replay:
        return after_look(self.ask(**terms), upto)


def right(share: float) -> np.ndarray:
    """Which images are right, (`IMAGES`,): the first ``share`` of them in one and the same mixed order."""
    order = np.random.default_rng(3).permutation(IMAGES)
    found = np.zeros(IMAGES, bool)
    found[order[: round(share * IMAGES)]] = True
    return found


def plus(points: float, wobble: Sequence[float] = (0.002, -0.002, 0.001, -0.001, 0.0)) -> list[float]:
    return [base + points / 100 + own for base, own in zip(BASE, wobble, strict=True)]
