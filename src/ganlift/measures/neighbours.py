"""Nearest real images of generated ones, with the distances among real images as the yardstick.

A generator that copies has generated-to-real distances below those of real images to one another.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

CHUNK = 1024


@dataclass(frozen=True)
class Neighbours:
    """The nearest real images of each generated one, nearest first.

    Attributes:
        index: (m, k) int64 into the real images.
        distance: (m, k) Euclidean distances.
        real_to_real: (n,) distance of each real image to its nearest *other* one.
    """

    index: Tensor
    distance: Tensor
    real_to_real: Tensor

    def facts(self) -> dict[str, list[float]]:
        """The ``neighbours`` entry of ``facts.json``: nearest distances on both sides."""
        return {"generated_to_real": self.distance[:, 0].tolist(), "real_to_real": self.real_to_real.tolist()}


def neighbours(generated: Tensor, real: Tensor, k: int = 5) -> Neighbours:
    """Search by brute force in chunks of rows, in memory of `CHUNK` × n floats.

    Args:
        generated: (m, d) float features, or pixels flattened.
        real: (n, d), n at least 2.
        k: neighbours for each generated image; fewer where there are fewer real images.

    Raises:
        ValueError: fewer than two real images, or widths that differ.
    """
    if len(real) < 2:
        raise ValueError(f"distances among real images need at least 2 of them, not {len(real)}")
    if generated.shape[1:] != real.shape[1:]:
        raise ValueError(f"features differ in width: {tuple(generated.shape)} and {tuple(real.shape)}")
    generated, real = generated.float(), real.float()
    found = [_exact(part, real).topk(min(k, len(real)), largest=False) for part in torch.split(generated, CHUNK)]
    return Neighbours(
        index=torch.cat([nearest.indices for nearest in found]),
        distance=torch.cat([nearest.values for nearest in found]),
        real_to_real=torch.cat([_to_others(start, real) for start in range(0, len(real), CHUNK)]),
    )


def _to_others(start: int, real: Tensor) -> Tensor:
    """Distance of each row of one chunk to the nearest row that isn't itself."""
    distances = _exact(real[start : start + CHUNK], real)
    rows = torch.arange(len(distances), device=real.device)
    distances[rows, rows + start] = torch.inf
    return distances.amin(1)


def _exact(rows: Tensor, columns: Tensor) -> Tensor:
    # the matrix-product form loses small distances to rounding, and an exact copy is what we look for
    return torch.cdist(rows, columns, compute_mode="donot_use_mm_for_euclid_dist")
