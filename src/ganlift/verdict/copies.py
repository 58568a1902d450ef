"""What near copies on both sides of a user's own split are worth: every arm's score with them and without."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganlift.nouns import IMAGE
from ganlift.verdict.arms import IN_TIME, labels_of
from ganlift.verdict.judge import Question


@dataclass(frozen=True)
class Scored:
    """One arm's mean score over its seeds, fractions: on all test images, and without those that have copies."""

    strategy: str
    all: float
    without: float

    @property
    def change(self) -> float:
        return self.without - self.all


@dataclass(frozen=True)
class Worth:
    """What the copies are worth.

    Attributes:
        copies, images: test images that have a near copy among those to train or choose on, and all of them.
        measure: what the scores are, in words.
        arms: by their score without copies, best first; empty where no test image is left.
        noun: what one example is called.
    """

    copies: int
    images: int
    measure: str
    arms: tuple[Scored, ...]
    noun: str = IMAGE

    @property
    def sentence(self) -> str:
        """For the terminal and the report."""
        examples = f"{self.noun}s"
        said = (
            f"{self.copies:,} of {self.images:,} test {examples} have near copies among the {examples} to train or "
            "choose on"
        )
        if not self.arms:
            return f"{said}; none is left to score without them, so no score here says how new {examples} would fare."
        most = max(self.arms, key=lambda arm: abs(arm.change))
        best_before, best = max(self.arms, key=lambda arm: arm.all), self.arms[0]
        lead = f"the best stays {best.strategy}" if best == best_before else f"the best is {best.strategy} then"
        return (
            f"{said}. Without them no arm's {self.measure} changes by more than {abs(100 * most.change):.1f} points "
            f"({most.strategy}: {100 * most.all:.1f} to {100 * most.without:.1f} %), and {lead} "
            f"({100 * best.without:.1f} %)."
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values: the attributes and the ``sentence``."""
        return {**asdict(self), "sentence": self.sentence}


def worth_of_copies(question: Question, copied: NDArray[np.bool_]) -> Worth | None:
    """Scores of the arms in ``question`` on all test images, and without those that are ``copied``, (n_test,).

    None where none is. Macro recall is over the classes that are left.
    """
    if not copied.any():
        return None
    scores: dict[str, list[tuple[float, float]]] = defaultdict(list)
    names = [(row["strategy"], row["seed"]) for row in question.rows if row["kind"] != IN_TIME]
    for name, seed in names if not copied.all() else []:
        if (name, seed) in question.correct:
            right, labels = question.correct[name, seed], labels_of(question.labels, seed)
            whole = question.measure.of(right, labels)
            scores[name].append((whole, question.measure.of(right[~copied], labels[~copied])))
    found = (Scored(name, *map(fmean, zip(*pairs, strict=True))) for name, pairs in scores.items())
    ranked = sorted(found, key=lambda arm: (-arm.without, arm.strategy))
    return Worth(int(copied.sum()), len(copied), question.measure.words, tuple(ranked), question.noun)
