"""How far apart a class's samples are, relative to its real images: near 0 is a collapsed class."""

from __future__ import annotations

import torch
from torch import Tensor


def diversity(
    samples: Tensor, sample_labels: Tensor, real: Tensor, real_labels: Tensor, classes: int, most: int = 200
) -> list[float | None]:
    """Mean pairwise distance of samples over that of real images, for each class.

    Distances are Euclidean, on pixels or on features. At most the first ``most`` of a class are compared.

    Args:
        samples, real: (n, ...) and (m, ...) floats of one shape an item.
        sample_labels, real_labels: (n,) and (m,) int64.
        classes: number of classes; 1 with labels of 0 for an unconditional model.
        most: items of a class on either side, at least 2.

    Returns:
        one ratio a class; None where either side has fewer than two items, or all real ones are equal.
    """
    ratios: list[float | None] = []
    for k in range(classes):
        of_samples = mean_distance(samples[sample_labels == k][:most])
        of_real = mean_distance(real[real_labels == k][:most])
        ratios.append(of_samples / of_real if of_samples is not None and of_real else None)
    return ratios


def mean_distance(items: Tensor) -> float | None:
    """Mean Euclidean distance over all pairs of ``items`` (n, ...); None with fewer than two."""
    if len(items) < 2:
        return None
    return float(torch.pdist(items.flatten(1).float()).mean())
