"""Fixtures that several rooms' tests share."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import settings
from sklearn.datasets import load_digits

from ganlift.data.types import Task

# How long an example takes says how busy the machine is, and nothing about the code.
settings.register_profile("ganlift", deadline=None)
settings.load_profile("ganlift")


@pytest.fixture(scope="session")
def task() -> Task:
    """Digits, 8 px: 5 labelled a class, 5 for validation, 200 unlabelled."""
    digits = load_digits()
    images = np.round(digits.images * 255 / 16).astype(np.uint8)[:, None]
    order = np.argsort(digits.target, kind="stable").reshape(-1)
    by_class = [order[digits.target[order] == k] for k in range(10)]
    labelled = np.concatenate([own[:5] for own in by_class])
    validation = np.concatenate([own[5:10] for own in by_class])
    rest = np.concatenate([own[10:30] for own in by_class])
    names = tuple(str(k) for k in range(10))
    y = digits.target.astype(np.int64)
    return Task(images[labelled], y[labelled], images[validation], y[validation], images[rest], names, flips=False)
