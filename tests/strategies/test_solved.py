"""What the arms share that solve for a classifier."""

from __future__ import annotations

import warnings

import numpy as np

from ganlift.strategies.solved import logistic


def test_a_solver_that_runs_out_of_rounds_says_nothing() -> None:
    rng = np.random.default_rng(0)
    x = (rng.standard_normal((400, 60)) * np.logspace(-2, 3, 60)).astype(np.float32)
    y = rng.integers(0, 5, 400)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        solved = logistic(x, y, 1e6)
    assert solved.n_iter_.max() == 500
