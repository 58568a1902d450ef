"""How many examples go through a network at once where nothing is learned: what a layer holds of them must fit."""

from __future__ import annotations

from collections.abc import Sequence

AT_ONCE = 500
SIDE = 64
"""Pixels a side up to which it is `AT_ONCE`; of larger pictures it is fewer, by their area."""


def at_once(shape: Sequence[int]) -> int:
    """How many items of the ``shape`` (..., h, w) of pictures, or (v, d) or (d,) of vectors."""
    area = shape[-1] * shape[-2] if len(shape) > 2 else 1
    return max(1, min(AT_ONCE, AT_ONCE * SIDE**2 // area))
