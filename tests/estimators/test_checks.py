"""scikit-learn's own checks over both estimators; what fails is listed, with the reason, beside the class."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.datasets import make_blobs
from sklearn.utils.estimator_checks import check_classifiers_predictions, parametrize_with_checks

from ganlift import GanLiftClassifier, GanLiftGenerator
from ganlift.estimators.classifier import EXPECTED_FAILED_CHECKS

QUICK = {"lr": 8e-3, "ema": 0.9}  # 30 steps are enough for the accuracy that the checks ask for
ESTIMATORS = [
    GanLiftClassifier("real-only", budget=30, batch_size=32, options=QUICK),
    GanLiftGenerator(budget=2, batch_size=4),
]


def expected(estimator: Any) -> dict[str, str]:
    return EXPECTED_FAILED_CHECKS if is_classifier(estimator) else {}


@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected, xfail_strict=True)
def test_scikit_learns_checks(estimator: Any, check: Callable[[Any], None]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check(estimator)


def test_every_expected_failure_has_its_reason() -> None:
    assert EXPECTED_FAILED_CHECKS
    assert all(len(reason.split()) > 5 for reason in EXPECTED_FAILED_CHECKS.values())


def test_string_classes_pass_what_the_left_out_check_asks() -> None:
    """`check_classifiers_classes` but for its last lines, which name a class -1."""
    rows, y = make_blobs(n_samples=30, random_state=0, cluster_std=0.1)
    names = np.take(["one", "two", "three"], y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for classes in (names, names.astype(object)):
            check_classifiers_predictions(rows, classes, "GanLiftClassifier", ESTIMATORS[0])
