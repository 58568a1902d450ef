"""Labels as scikit-learn's users write them: any classes, -1 for an image without one."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils.multiclass import check_classification_targets

from ganlift.data.types import UNLABELLED
from ganlift.errors import InputError


def off_torch(y: Any) -> Any:
    """``y`` as an array where it is a tensor."""
    return y.detach().cpu().numpy() if isinstance(y, torch.Tensor) else y


def is_labelled(y: NDArray[Any]) -> NDArray[np.bool_]:
    """Where ``y`` (n,) holds a class: everywhere but at the number -1; a string is always a class."""
    if y.dtype.kind in "US":
        return np.ones(len(y), bool)
    return np.asarray(y != UNLABELLED, bool)


def classes_and_codes(y: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """The classes, sorted, and for each of ``y`` (n,) its place among them, -1 where unlabelled.

    Raises:
        InputError: there are fewer than two classes.
        ValueError: ``y`` is no classification target (from scikit-learn).
    """
    if y.dtype.kind in "US" and (y == "-1").any():
        raise InputError(
            "y holds the string '-1'; to mark images without a label among string classes, give an array of dtype "
            "object with the number -1, or give these images as unlabelled=."
        )
    labelled = is_labelled(y)
    if not labelled.any():
        raise InputError("Every label of y is -1, which means unlabelled; at least 2 classes are needed.")
    check_classification_targets(y[labelled])
    classes, places = np.unique(y[labelled], return_inverse=True)
    if len(classes) < 2:
        hint = "" if labelled.all() else " (-1 means unlabelled and is no class)"
        raise InputError(f"y holds 1 class, '{classes[0]}'{hint}, and at least 2 are needed.")
    codes = np.full(len(y), UNLABELLED, np.int64)
    codes[labelled] = places
    return classes, codes


def hold_out(
    labels: NDArray[np.int64], hashes: NDArray[np.str_], fraction: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Which of ``labels`` (n,) validate: about ``fraction`` of each class that has two different images or more.

    Images of equal bytes stay on one side, so that a bootstrap sample can be split too. Unlabelled ones never validate.
    """
    held = np.zeros(len(labels), bool)
    for label in np.unique(labels[labels != UNLABELLED]):
        own = labels == label
        units = rng.permutation(np.unique(hashes[own]))
        count = min(max(1, round(fraction * len(units))), len(units) - 1)
        held |= own & np.isin(hashes, units[:count])
    return held & ~np.isin(hashes, hashes[(labels != UNLABELLED) & ~held])
