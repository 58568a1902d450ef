"""Long-tailed versions of balanced data, by the counts of Cao et al. (2019, LDAM's code).

With n images of the largest class, K classes in order k = 0 .. K-1 and μ = 1 / ratio,

    exp:RATIO    n_k = n · μ^(k / (K - 1))
    step:RATIO   n_k = n in the first half of the classes, n · μ in the last (of an odd K the smaller) half,

rounded down, and at least 1. A class that has fewer images than that keeps all it has.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ganlift.config_values import parse_imbalance


def tail_counts(imbalance: str, most: int, classes: int) -> list[int]:
    """Images of each class (``classes`` of them), the largest having ``most``.

    Raises:
        ConfigError: ``imbalance`` is neither ``exp:RATIO`` nor ``step:RATIO``.
    """
    kind, ratio = parse_imbalance(imbalance)
    if kind == "exp":
        shares = [ratio ** (k / max(classes - 1, 1)) for k in range(classes)]
    else:
        shares = [1.0 if k < (classes + 1) // 2 else ratio for k in range(classes)]
    return [max(1, int(most / share)) for share in shares]


def thinned(
    index: NDArray[np.int64], labels: NDArray[np.int64], classes: int, imbalance: str, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Those of ``index`` (n,) that stay: of class k any `tail_counts` of its images; ``labels`` (n,) are theirs."""
    order = rng.permutation(len(index))
    counts = tail_counts(imbalance, int(np.bincount(labels, minlength=classes).max()), classes)
    kept = [order[labels[order] == k][:count] for k, count in enumerate(counts)]
    return np.sort(index[np.concatenate(kept)])
