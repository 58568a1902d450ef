"""Accuracy, recall per class, calibration and likelihood of predicted probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

CALIBRATION_BINS = 15


def score(probabilities: NDArray[np.floating[Any]], labels: NDArray[np.int64]) -> dict[str, Any]:
    """The accuracy columns of a row of ``results.jsonl``.

    Args:
        probabilities: (n, K), rows that sum to one, n at least 1, K at least 2.
        labels: (n,) int64 in 0..K-1.

    Returns:
        ``test_accuracy``, ``balanced_accuracy`` and ``macro_recall`` (both the mean recall of the classes
        that occur), ``g_mean`` (their geometric mean: 0 where a class is never
        recognised), ``per_class_recall`` (K entries, None for a class that doesn't occur), ``ece`` (expected
        calibration error, 15 equal bins of confidence, Guo et al. 2017) and ``nll`` (nats an image).

    Raises:
        ValueError: shapes that don't fit, no image, a label out of range, or a value that isn't finite.
    """
    from sklearn.metrics import accuracy_score, balanced_accuracy_score, log_loss

    probabilities = _checked(probabilities, labels)
    classes = probabilities.shape[1]
    predicted = probabilities.argmax(1)
    recalls = per_class_recall(predicted, labels, classes)
    occurring = np.array([recall for recall in recalls if recall is not None])
    return {
        "test_accuracy": float(accuracy_score(labels, predicted)),
        "balanced_accuracy": _mean_recall(balanced_accuracy_score, labels, predicted),
        "macro_recall": float(occurring.mean()),
        "g_mean": float(occurring.prod() ** (1 / len(occurring))),
        "per_class_recall": recalls,
        "ece": expected_calibration_error(probabilities, labels),
        "nll": float(log_loss(labels, probabilities, labels=np.arange(classes))),
    }


def per_class_recall(predicted: NDArray[np.int64], labels: NDArray[np.int64], classes: int) -> list[float | None]:
    """Share of each class's images that were recognised; None for a class without an image."""
    right = np.bincount(labels[predicted == labels], minlength=classes)
    total = np.bincount(labels, minlength=classes)
    return [float(hits / count) if count else None for hits, count in zip(right, total, strict=True)]


def expected_calibration_error(
    probabilities: NDArray[np.floating[Any]], labels: NDArray[np.int64], bins: int = CALIBRATION_BINS
) -> float:
    """Mean distance between confidence and accuracy over ``bins`` equal bins, weighted by their images."""
    import torch
    from torchmetrics.functional.classification import multiclass_calibration_error

    error = multiclass_calibration_error(
        torch.from_numpy(np.ascontiguousarray(probabilities)),
        torch.from_numpy(np.ascontiguousarray(labels)),
        num_classes=probabilities.shape[1],
        n_bins=bins,
        norm="l1",
    )
    return float(error)


def _mean_recall(metric: Any, labels: NDArray[np.int64], predicted: NDArray[np.int64]) -> float:
    import warnings

    with warnings.catch_warnings():  # a class that is predicted and doesn't occur has no recall: as documented
        warnings.simplefilter("ignore", UserWarning)
        return float(metric(labels, predicted))


def _checked(probabilities: NDArray[np.floating[Any]], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Probabilities as float64 rows that sum to one exactly enough for a logarithm."""
    if (
        probabilities.ndim != 2
        or probabilities.shape[1] < 2
        or labels.shape != (len(probabilities),)
        or not len(labels)
    ):
        raise ValueError(f"need (n, K >= 2) and (n,) with n >= 1, not {probabilities.shape} and {labels.shape}")
    if labels.min() < 0 or labels.max() >= probabilities.shape[1]:
        raise ValueError(f"labels must lie in 0..{probabilities.shape[1] - 1}, not {labels.min()}..{labels.max()}")
    wide = probabilities.astype(np.float64)
    if not np.isfinite(wide).all() or np.abs(wide.sum(1) - 1.0).max() > 1e-2:
        raise ValueError("probabilities must be finite, in rows that sum to one")
    normalised: NDArray[np.float64] = wide / wide.sum(1, keepdims=True)
    return normalised
