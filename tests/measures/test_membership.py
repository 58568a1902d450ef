"""The figures of a membership inference attack, against hand-worked ones, scikit-learn and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from ganlift.measures.membership import class_weights, separation


def floats(*values: float) -> np.ndarray:
    return np.array(values, np.float64)


def test_area_and_interval_worked_out_by_hand() -> None:
    # 4 > 3, 4 > 1, 3 = 3, 3 > 1, 0 < 3, 0 < 1: 3½ of 6 pairs. a = (1, 0.75, 0), b = (0.5, 0.6667).
    # V = 0.27083 / 3 + 2/1 · (2 · 0.08333²) / 4 = 0.09028 + 0.00694; half the width on the logit scale is
    # 1.96 · 0.31180 / (0.58333 · 0.41667) = 2.5143, around 0.33647.
    found = separation(floats(4, 3, 0), floats(3, 1))
    assert found.auc == pytest.approx(3.5 / 6)
    assert (found.low, found.high) == pytest.approx((0.10176, 0.94534), abs=1e-4)


def test_weights_worked_out_by_hand() -> None:
    # the 2 counts three times as much as the 1: a = (1, ¾ · ½ + ¼)
    assert separation(floats(3, 2), floats(2, 1), floats(3, 1)).auc == 0.8125
    # members: two of class 0, one of class 1; others: one and three of them
    weights = class_weights(np.array([0, 0, 1]), np.array([0, 1, 1, 1]))
    assert weights == pytest.approx([8 / 3, 4 / 9, 4 / 9, 4 / 9])
    assert weights.mean() == pytest.approx(1)


def test_classes_in_other_shares_tell_nothing_once_they_are_weighted() -> None:
    """Class 1 has higher scores and is commoner among members; within each class the scores are the same."""
    members, others = np.repeat([0, 1], [20, 80]), np.repeat([0, 1], [80, 20])
    scores = np.concatenate([np.tile([0.0, 1.0], 10), np.tile([2.0, 3.0], 40)])
    of_others = np.concatenate([np.tile([0.0, 1.0], 40), np.tile([2.0, 3.0], 10)])
    assert separation(scores, of_others).low > 0.6
    found = separation(scores, of_others, class_weights(members, others))
    assert found.auc == pytest.approx(0.5)
    assert found.low < 0.5 < found.high


@given(st.lists(st.integers(0, 5), min_size=2, max_size=12), st.lists(st.integers(0, 5), min_size=2, max_size=12))
def test_agrees_with_scikit_learn(members: list[int], others: list[int]) -> None:
    weights = np.linspace(0.5, 2, len(others))
    found = separation(floats(*members), floats(*others), weights)
    truth = [1] * len(members) + [0] * len(others)
    expected = roc_auc_score(truth, [*members, *others], sample_weight=[1.0] * len(members) + weights.tolist())
    assert found.auc == pytest.approx(expected)
    assert 0 <= found.low <= found.auc <= found.high <= 1


def test_sides_wholly_apart_leave_room_for_doubt() -> None:
    found = separation(floats(5, 6, 7), floats(1, 2, 3, 4))
    assert (found.auc, found.high) == (1, 1)
    assert found.low == pytest.approx(0.025 ** (1 / 3))
    assert separation(floats(1, 2), floats(3, 4)).high == pytest.approx(1 - 0.025**0.5)
    # one pair of 10,000 in the wrong order leaves no less
    assert separation(np.arange(100.0) + 99, np.arange(99.5, -0.5, -1)).low <= 0.025 ** (1 / 100)


def test_members_found_at_a_rate_of_false_alarms() -> None:
    others = np.arange(100.0)
    # ten of the others lie above 89, so members above 89 are found at 10 %; 1 % of 100 is too few to say
    found = separation(floats(89, 89.5, 95, 120), others).found
    assert found == {"0.1": 0.75, "0.01": None}
    # five of 500 lie above 494
    assert separation(floats(494, 495), np.arange(500.0)).found["0.01"] == 0.5
    # a score that all share finds nobody
    assert separation(np.ones(50), np.ones(500)).found == {"0.1": 0.0, "0.01": 0.0}


@pytest.mark.parametrize("shift", [0.0, 0.5, 1.5])
def test_the_interval_covers_the_true_area_as_often_as_it_says(shift: float) -> None:
    from scipy.stats import norm

    truth, rng = norm.cdf(shift / np.sqrt(2)), np.random.default_rng(0)
    drawn = [separation(rng.normal(shift, 1, 40), rng.normal(0, 1, 120)) for _ in range(600)]
    covered = np.mean([one.low <= truth <= one.high for one in drawn])
    assert 0.925 <= covered <= 0.98


def test_too_few() -> None:
    with pytest.raises(ValueError, match="1 members and 2 others"):
        separation(floats(1), floats(1, 2))
