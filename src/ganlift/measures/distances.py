"""Euclidean distances between many features, a chunk of rows at a time."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

CHUNK = 1024
"""Rows at once: memory is `CHUNK` × n doubles."""


def chunks(rows: Tensor, columns: Tensor) -> Iterator[Tensor]:
    """Distances (at most `CHUNK`, n) of ``rows`` (m, d) to ``columns`` (n, d), float64, in order.

    They come from a matrix product, so that what is nearly equal is told apart to about 1e-8 of the features' size
    around their mean; `neighbours` looks for exact copies and pays for the exact way.
    """
    centre = columns.double().mean(0)
    rows, columns = rows.double() - centre, columns.double() - centre
    for part in torch.split(rows, CHUNK):
        yield torch.cdist(part, columns, compute_mode="use_mm_for_euclid_dist")


def nearest(rows: Tensor, columns: Tensor) -> Tensor:
    """Distance (m,) float64 of each of ``rows`` (m, d) to the nearest of ``columns`` (n, d)."""
    return torch.cat([part.amin(1) for part in chunks(rows, columns)])


def radii(points: Tensor, k: int) -> Tensor:
    """Distances (n, k) float64 of each of ``points`` (n, d) to its k nearest other ones, nearest first.

    Raises:
        ValueError: there are no ``k`` others.
    """
    if not 1 <= k < len(points):
        raise ValueError(f"{k} neighbours of each of {len(points)} points: there are too few points")
    found, start = [], 0
    for part in chunks(points, points):
        rows = torch.arange(len(part), device=part.device)
        part[rows, rows + start] = torch.inf
        found.append(part.topk(k, dim=1, largest=False).values)
        start += len(part)
    return torch.cat(found)
