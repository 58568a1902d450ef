"""Handwritten digits as the estimators' tests want them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import load_digits

Digits = tuple[NDArray[np.uint8], NDArray[np.int64]]


@pytest.fixture(scope="session")
def digits() -> Digits:
    """1,797 images (n, 8, 8) uint8 with labels 0 to 9."""
    found = load_digits()
    return np.round(found.images * (255 / 16)).astype(np.uint8), found.target.astype(np.int64)
