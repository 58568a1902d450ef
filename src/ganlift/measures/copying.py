"""Does a generator copy its training images? The three-sample test, and how near it comes to them.

Meehan, Chaudhuri and Dasgupta 2020, sections 3 and 4. With L(x) the distance to the nearest training image, generated
images (m of them) that are no copies lie as far from the training images as held-out ones (n of them) do. In a cell:

    U = pairs in which the generated image has the larger L, a tie being half a pair
    Z = (U − mn/2) / √(mn (m + n + 1) / 12)

C_T is the mean of Z over the cells, weighted by their share of held-out images; below about −3 it tells of copying, far
above 0 of images that are unlike the training images. The cells are those of k-means on the training features. A cell
with few generated or held-out images is left out, whereas the authors leave out those with few generated ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata
from torch import Tensor

from ganlift.measures.distances import nearest

A_CELL = 50
"""Held-out images a cell, on average; `CELLS` at most."""

CELLS = 10
LEAST = 20
"""Generated and held-out images that a cell needs to count."""

NEAR = 0.05

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Copying:
    """What the test says.

    Attributes:
        statistic: C_T; 0 where held-out and generated images lie equally far from the training images.
        p: chance of one so small or smaller where nothing is copied; from Z's normal limit, cells being independent.
        cells: how many counted.
        near: share of generated images that lie nearer to a training image than 95 % of held-out images do; 0.05 is
            what chance gives.
    """

    statistic: float
    p: float
    cells: int
    near: float


def copying(training: Tensor, held_out: Tensor, generated: Tensor, rng: np.random.Generator) -> Copying | None:
    """The test on features (l, d), (n, d) and (m, d); None where no cell has `LEAST` of the latter two."""
    to_held_out, to_generated = (nearest(side, training).cpu().numpy() for side in (held_out, generated))
    cells = _cells(training, [held_out, generated], min(CELLS, max(1, len(held_out) // A_CELL)), rng)
    scores, weights = [], []
    for cell in np.unique(cells[0]):
        own, made = to_held_out[cells[0] == cell], to_generated[cells[1] == cell]
        if min(len(own), len(made)) >= LEAST:
            scores.append(z_score(made, own))
            weights.append(len(own))
    if not scores:
        return None
    shares = np.array(weights) / np.sum(weights)
    statistic = float(shares @ scores)
    near = float((to_generated < np.quantile(to_held_out, NEAR)).mean())
    return Copying(statistic, float(norm.cdf(statistic / np.sqrt(shares @ shares))), len(scores), near)


def z_score(generated: Floats, held_out: Floats) -> float:
    """Z above, of distances (m,) and (n,): below 0 where the generated ones are smaller."""
    m, n = len(generated), len(held_out)
    u = rankdata(np.concatenate([generated, held_out]))[:m].sum() - m * (m + 1) / 2
    return float((u - m * n / 2) / np.sqrt(m * n * (m + n + 1) / 12))


def _cells(training: Tensor, others: list[Tensor], count: int, rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """The cell of each feature of ``others``, by k-means on ``training``."""
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    if count == 1 or len(training) < count:
        return [np.zeros(len(one), np.int64) for one in others]
    with threadpool_limits(limits=1):  # sums then have one order
        seed = int(rng.integers(2**31))
        means = KMeans(count, n_init=1, random_state=seed).fit(training.double().cpu().numpy())
        return [means.predict(one.double().cpu().numpy()).astype(np.int64) for one in others]
