"""Precision and recall, density and coverage: how generated features lie among real ones.

With r_k(x) the distance from x to its k-th nearest other point of its own set, and "x holds y" for |x − y| ≤ r_k(x):

    precision   share of generated images that some real image holds       Kynkäänniemi et al. 2019, equation 2, k = 3
    recall      share of real images that some generated image holds
    density     real images that hold a generated one, on average, over k  Naeem et al. 2020, section 3, k = 5
    coverage    share of real images that hold some generated image

Density can exceed 1; the others are shares. All grow or shrink with the number of images: compare at equal numbers.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ganlift.measures.distances import chunks, radii

PRECISION_K = 3
DENSITY_K = 5


def manifold(
    generated: Tensor, real: Tensor, *, precision_k: int = PRECISION_K, density_k: int = DENSITY_K
) -> dict[str, float]:
    """``precision``, ``recall``, ``density`` and ``coverage`` of ``generated`` (n, d) against ``real`` (m, d).

    Raises:
        ValueError: a side has no more points than neighbours are asked for.
    """
    of_real = radii(real, max(precision_k, density_k))
    narrow, broad = of_real[:, precision_k - 1], of_real[:, density_k - 1]
    of_generated = radii(generated, precision_k)[:, -1]
    held = torch.zeros(len(generated), dtype=torch.bool, device=generated.device)
    recalled, covered, holding = [], [], 0
    start = 0
    for part in chunks(real, generated):
        rows = slice(start, start + len(part))
        held |= (part <= narrow[rows, None]).any(0)
        recalled.append((part <= of_generated).any(1))
        holds = part <= broad[rows, None]
        covered.append(holds.any(1))
        holding += int(holds.sum())
        start += len(part)
    return {
        "precision": float(held.double().mean()),
        "recall": float(torch.cat(recalled).double().mean()),
        "density": holding / (density_k * len(generated)),
        "coverage": float(torch.cat(covered).double().mean()),
    }
