"""What both estimators do at their door: take ``X`` and ``y`` in, find the device, speak scikit-learn's errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state, check_scalar, get_tags
from sklearn.utils.validation import validate_data

from ganlift.cores import cores
from ganlift.data.build import from_arrays, from_vectors
from ganlift.data.types import UNLABELLED, Examples, ImageSet, VectorSet
from ganlift.errors import GanliftError, InputError
from ganlift.estimators.asked import asked_blocks
from ganlift.estimators.images import Encoding, are_paths, checked_fit, checked_size, encode, learn, unfold, whole_shape
from ganlift.estimators.labels import classes_and_codes, off_torch
from ganlift.training.fit import Settings
from ganlift.training.precision import choose_precision, make_fabric, pick_device
from ganlift.training.threads import using_threads

ABOUT_IMAGES = {"features": None, "image_size": None, "squares": "crop", "value_range": "auto", "flips": "auto"}
"""Parameters that say something of images alone, and what they are where nothing is said."""


@dataclass(frozen=True)
class Given:
    """What ``fit`` was given, as everything behind it wants it.

    Attributes:
        examples: those of ``X`` with their labels, then those of ``unlabelled``: images, or rows.
        classes: (K,) as in ``y``; empty without ``y``.
    """

    examples: Examples
    classes: NDArray[Any]


@dataclass(frozen=True)
class GivenRows(Given):
    """Rows of numbers."""

    examples: VectorSet


@dataclass(frozen=True)
class GivenImages(Given):
    """Images.

    Attributes:
        encoding: how ``X`` became images.
        shape: of the images, as ``X`` had it: (h, w) or (h, w, c); None for rows.
    """

    examples: ImageSet
    encoding: Encoding
    shape: tuple[int, ...] | None


@contextmanager
def as_value_errors() -> Iterator[None]:
    """Raise the package's errors as `InputError`, which callers of scikit-learn catch as a ValueError."""
    try:
        yield
    except InputError:
        raise
    except GanliftError as fault:
        raise InputError(str(fault)) from fault


def take_in(
    estimator: BaseEstimator, x: Any, y: Any, unlabelled: Any = None, size_of_files: int | None = None
) -> GivenImages:
    """``X``, ``y`` and ``unlabelled`` of ``fit``, checked by scikit-learn and turned into images.

    Args:
        estimator: gives ``image_shape``, ``image_size``, ``value_range`` and, where it has it, ``squares``; receives
            ``n_features_in_``.
        y: (n,), -1 where unlabelled; None where the estimator wants no labels.
        size_of_files: pixels of each side that files are read in, rounded up to a multiple of 4, where the estimator's
            ``image_size`` is None; chosen from the files where None.

    Raises:
        InputError: they do not fit together, or are ambiguous.
    """
    settings = estimator.get_params(deep=False)
    if settings.get("blocks") is not None:
        raise InputError("X has images, and blocks is about rows of numbers; leave it out.")
    image_size = checked_size(settings["image_size"])
    if size_of_files and image_size is None and are_paths(x):
        image_size = -(-size_of_files // 4) * 4
    fit = checked_fit(settings.get("squares", "crop"))
    rows, shape = unfold(x, image_size=image_size, fit=fit)
    if y is None and not get_tags(estimator).target_tags.required:
        rows, classes = validate_data(estimator, rows), np.empty(0)
        codes = np.full(len(rows), UNLABELLED, np.int64)
    else:
        rows, y = validate_data(estimator, rows, off_torch(y))
        classes, codes = classes_and_codes(y)
    value_range = "auto" if are_paths(x) else settings["value_range"]
    encoding = replace(learn(rows, shape, settings["image_shape"], image_size, value_range), fit=fit)
    parts = {"train": (encode(rows, encoding), codes)}
    if unlabelled is not None:
        more = more_images(estimator, unlabelled, encoding, "unlabelled")
        parts["unlabelled"] = (more, np.full(len(more), UNLABELLED, np.int64))
    images = from_arrays(parts, [str(name) for name in classes], "X")
    return GivenImages(images, classes, encoding, shape)


def take_rows(estimator: BaseEstimator, x: Any, y: Any, unlabelled: Any = None) -> GivenRows:
    """As `take_in`, where ``X`` and ``unlabelled`` are rows (n, d) of numbers and no images.

    Raises:
        InputError: a parameter of the estimator is about images, or its ``blocks`` are not those of ``X``.
        ValueError: they are no such rows, hold what is not finite, or do not fit together (from scikit-learn).
    """
    for name, usual in ABOUT_IMAGES.items():
        if not _same(estimator.get_params(deep=False)[name], usual):
            raise InputError(
                f"X has rows of numbers, and {name} is about images: say image_shape=(h, w) if each row is one, "
                f"or leave {name} out."
            )
    rows, y = validate_data(estimator, unfold(x)[0], off_torch(y))
    blocks = asked_blocks(estimator.get_params(deep=False)["blocks"], rows.shape[1])
    classes, codes = classes_and_codes(y)
    parts = {"train": (rows, codes)}
    if unlabelled is not None:
        more = more_rows(estimator, unlabelled)
        parts["unlabelled"] = (more, np.full(len(more), UNLABELLED, np.int64))
    examples = from_vectors(parts, [str(name) for name in classes], "X")
    return GivenRows(replace(examples, blocks=blocks), classes)


def more_rows(estimator: BaseEstimator, x: Any) -> NDArray[np.float64]:
    """Rows (n, d) like those of ``fit``."""
    rows: NDArray[np.float64] = np.asarray(validate_data(estimator, unfold(x)[0], reset=False), np.float64)
    return rows


def _same(value: Any, usual: Any) -> bool:
    return value is usual or (isinstance(value, str) and value == usual)


def more_images(estimator: BaseEstimator, x: Any, encoding: Encoding, name: str = "X") -> NDArray[np.uint8]:
    """Images (n, size, size, c) like those of ``fit``; files are read in that size."""
    rows, shape = unfold(x, encoding)
    if shape is not None and whole_shape(shape) != encoding.shape:
        given, fitted = (" × ".join(map(str, sides)) for sides in (whole_shape(shape), encoding.shape))
        raise InputError(f"{name} has images of {given}, and the estimator was fitted on {fitted}; resize them.")
    if are_paths(x):
        encoding = replace(
            encoding, low=0.0, high=255.0
        )  # what black and white are in a file, whatever ``fit`` was given
    return encode(validate_data(estimator, rows, reset=False), encoding)


def whole(value: Any, name: str, least: int = 1) -> int:
    """``value`` where it is a whole number of at least ``least``; TypeError or ValueError otherwise."""
    return int(check_scalar(value, name, Integral, min_val=least))


def seed_of(random_state: Any) -> int:
    """A seed drawn as scikit-learn draws: the same for the same number, another each time for None."""
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))


def machine(device: str, precision: str) -> tuple[torch.device, Settings]:
    """The device, and how the loop runs on it: in memory, writing nothing."""
    found = pick_device(device)
    return found, Settings(make_fabric(found, choose_precision(precision, found)))


def with_threads(threads: Any) -> AbstractContextManager[None]:
    """Compute with ``threads`` inside; where None as torch is set, but with no more than there are cores for."""
    count = min(torch.get_num_threads(), cores()) if threads is None else whole(threads, "threads")
    return using_threads(count)
