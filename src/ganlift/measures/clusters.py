"""Clusters scored by labels that nothing was trained with: matched to classes, and by mutual information."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def matched(probabilities: NDArray[np.floating[Any]], labels: NDArray[np.int64]) -> NDArray[np.floating[Any]]:
    """The columns of ``probabilities`` (n, K), clusters, in the order of the classes that they are matched to.

    One cluster a class, so that as many images as possible lie in the cluster of their class: the Hungarian assignment
    (Kuhn 1955), by which clustering accuracy is defined (Xie et al. 2016, eq. 10). It is made on the images that are
    scored, as usual: the accuracy after it is a measure of clusters, and no promise for new images.

    Args:
        probabilities: (n, K); an image lies in its most probable cluster.
        labels: (n,) int64 in 0..K-1.
    """
    from scipy.optimize import linear_sum_assignment

    classes = probabilities.shape[1]
    together = np.zeros((classes, classes), np.int64)  # true class, cluster
    if len(labels):
        np.add.at(together, (labels, probabilities.argmax(1)), 1)
    _, cluster_of_class = linear_sum_assignment(together, maximize=True)
    ordered: NDArray[np.floating[Any]] = probabilities[:, cluster_of_class]
    return ordered


def mutual_information(probabilities: NDArray[np.floating[Any]], labels: NDArray[np.int64]) -> float:
    """Mutual information of most probable cluster and label over the mean of their entropies (NMI), in [0, 1]."""
    from sklearn.metrics import normalized_mutual_info_score

    return float(normalized_mutual_info_score(labels, probabilities.argmax(1)))
