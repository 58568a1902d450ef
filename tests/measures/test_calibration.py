"""Temperature scaling, by hand and on logits whose right temperature is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import softmax

from ganlift.measures.calibration import fit_temperature, temper


def drawn(seed: int, n: int = 4000, classes: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Honest probabilities: labels drawn from them."""
    rng = np.random.default_rng(seed)
    probabilities = softmax(2 * rng.standard_normal((n, classes)), axis=1)
    labels = (rng.random(n)[:, None] > probabilities.cumsum(1)).sum(1)
    return probabilities, labels.astype(np.int64)


def test_temper_by_hand() -> None:
    # the roots of 0.8 and 0.2 are in the ratio 2 : 1
    np.testing.assert_allclose(temper(np.array([[0.8, 0.2]]), 2.0), [[2 / 3, 1 / 3]])
    np.testing.assert_allclose(temper(np.array([[0.8, 0.2]]), 0.5), [[16 / 17, 1 / 17]])
    assert temper(np.array([[1.0, 0.0]], np.float32), 3.0)[0, 1] > 0


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_the_temperature_that_was_put_in_is_found(factor: float) -> None:
    probabilities, labels = drawn(0)
    told = softmax(factor * np.log(probabilities), axis=1)
    found = fit_temperature(told, labels)
    assert found.value == pytest.approx(factor, rel=0.1)
    assert found.nll_after <= found.nll_before
    assert (temper(told, found.value).argmax(1) == told.argmax(1)).all()


def test_no_other_temperature_is_better() -> None:
    probabilities, labels = drawn(1, n=60)
    found = fit_temperature(probabilities, labels)
    for other in np.geomspace(0.06, 19, 200):
        tempered = temper(probabilities, float(other))
        assert -np.log(tempered[np.arange(60), labels]).mean() >= found.nll_after - 1e-6


def test_without_a_mistake_or_an_image_nothing_is_changed() -> None:
    assert fit_temperature(np.array([[0.7, 0.3], [0.4, 0.6]]), np.array([0, 1])).value == 1.0
    empty = fit_temperature(np.empty((0, 2)), np.empty(0, np.int64))
    assert empty.value == 1.0
    assert math.isnan(empty.nll_before)
