"""All measures of generated images on the features of one network, with how far each could be off."""

from __future__ import annotations


import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganlift.measures.diversity import mean_distance
from ganlift.measures.frechet import frechet, frechet_at_infinity
from ganlift.measures.kernel import over_subsets
from ganlift.measures.manifold import DENSITY_K, manifold

HALVES = 10
"""Random halves that a spread is taken over."""

LEAST = 4 * DENSITY_K
"""Images on either side below which nothing is measured, a class's own included."""

Index = NDArray[np.int64]


def measured(generated: Tensor, real: Tensor) -> dict[str, float]:
    """``frechet``, the four of `manifold`, and ``diversity``: mean distance among generated over that among real ones.

    Args:
        generated, real: features (n, d) and (n, d): equally many, because all of these move with n.
    """
    among = mean_distance(real)
    varied = {"diversity": (mean_distance(generated) or 0.0) / among} if among else {}
    return {"frechet": frechet(generated, real), **manifold(generated, real), **varied}


def quality(generated: Tensor, real: Tensor, rng: np.random.Generator) -> dict[str, dict[str, float | None]]:
    """Each measure's ``value`` and ``spread``, its standard error.

    The spread is that over `HALVES` halves drawn without replacement, which is the standard error of the whole (the
    delete-half jackknife, Shao and Wu 1989); of ``kernel`` it is that over its subsets. ``frechet_at_infinity`` has none,
    and is None where the images are too few for it.
    """
    values = measured(generated, real)
    halves = [measured(_half(generated, rng), _half(real, rng)) for _ in range(HALVES)]
    found: dict[str, dict[str, float | None]] = {
        name: {"value": value, "spread": float(np.std([half[name] for half in halves], ddof=1))}
        for name, value in values.items()
    }
    kernel, spread = over_subsets(generated, real, rng)
    found["kernel"] = {"value": kernel, "spread": spread}
    found["frechet_at_infinity"] = {"value": frechet_at_infinity(generated, real, rng), "spread": None}
    return found


def per_class(
    generated: Tensor, labels: Index, real: Tensor, real_labels: Index, classes: int
) -> list[dict[str, float | int | None]]:
    """`measured` within each class, with ``images`` on either side: as many as the smaller side has.

    A class with fewer than `LEAST` has ``images`` alone.
    """
    lines: list[dict[str, float | int | None]] = []
    for k in range(classes):
        made, own = generated[torch.from_numpy(labels == k)], real[torch.from_numpy(real_labels == k)]
        n = min(len(made), len(own))
        found = measured(made[:n], own[:n]) if n >= LEAST else {}
        lines.append({"images": n, **found})
    return lines


def intra_class(lines: list[dict[str, float | int | None]]) -> dict[str, float]:
    """The mean of each measure over the classes that have it."""
    names = dict.fromkeys(name for line in lines for name in line if name != "images")
    return {name: float(np.mean([line[name] for line in lines if name in line])) for name in names}  # type: ignore[misc]


def _half(features: Tensor, rng: np.random.Generator) -> Tensor:
    return features[torch.from_numpy(rng.permutation(len(features))[: len(features) // 2])]
