"""What near copies on both sides of a split are worth: hand-worked numbers."""

from __future__ import annotations

import numpy as np
import pytest

from ganlift.verdict import Question, Worth, worth_of_copies
from ganlift.yardstick import ACCURACY, MACRO_RECALL, Yardstick

LABELS = np.array([0, 0, 0, 0, 1, 1])
COPIED = np.array([True, True, False, False, True, False])
RIGHT = {
    "augment": ([1, 1, 0, 1, 1, 1], [1, 1, 1, 0, 1, 0]),
    "sgan": ([0, 1, 1, 1, 0, 1], [1, 0, 1, 1, 1, 1]),
}


def worth(measure: Yardstick, copied: np.ndarray = COPIED) -> Worth | None:
    rows = [{"strategy": name, "seed": seed, "kind": "baseline"} for name in RIGHT for seed in (0, 1)]
    rows.append({"strategy": "augment in the time of sgan", "seed": 0, "kind": "in-time"})
    correct = {(name, seed): np.array(RIGHT[name][seed], np.bool_) for name in RIGHT for seed in (0, 1)}
    return worth_of_copies(Question(rows, correct, LABELS, ["ant", "bee"], measure=measure), copied)


def test_every_arm_is_scored_with_the_copies_and_without() -> None:
    """augment: 5/6 and 4/6, without copies 2/3 and 1/3; sgan: 4/6 and 5/6, without 3/3 and 3/3."""
    found = worth(ACCURACY)
    assert found is not None
    assert (found.copies, found.images) == (3, 6)
    assert [(arm.strategy, arm.all, arm.without) for arm in found.arms] == [
        ("sgan", pytest.approx(0.75), pytest.approx(1.0)),
        ("augment", pytest.approx(0.75), pytest.approx(0.5)),
    ]
    assert "changes by more than 25.0 points (sgan: 75.0 to 100.0 %), and the best stays sgan" in found.sentence


def test_every_class_that_is_left_weighs_the_same() -> None:
    """augment, seed 0, without copies: of class 0 one of two, of class 1 one of one: 3/4; seed 1: 1/4."""
    found = worth(MACRO_RECALL)
    assert found is not None
    assert {arm.strategy: arm.without for arm in found.arms} == {"sgan": 1.0, "augment": pytest.approx(0.5)}
    assert "macro recall" in found.sentence


def test_nothing_is_said_where_there_are_no_copies() -> None:
    assert worth(ACCURACY, np.zeros(6, np.bool_)) is None


def test_where_every_test_image_is_a_copy_there_is_no_score() -> None:
    found = worth(ACCURACY, np.ones(6, np.bool_))
    assert found is not None
    assert found.arms == ()
    assert "none is left" in found.sentence
