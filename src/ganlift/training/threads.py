"""Threads of a computation: a number of them for a while, and what steps take at their quickest."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from threadpoolctl import threadpool_limits


@contextmanager
def using_threads(count: int) -> Iterator[None]:
    """Compute with ``count`` threads inside, in torch and below NumPy; the caller's numbers come back after."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        with threadpool_limits(count, user_api="blas"):
            yield
    finally:
        torch.set_num_threads(before)


class Quickest:
    """Hears of every step (as `Settings.on_progress`), and projects each phase from its quickest one.

    Other work on the machine lengthens most steps at times, and seldom all.
    """

    def __init__(self) -> None:
        self._phases: list[tuple[float, int]] = []
        self._heard = 0.0

    def __call__(self, phase: str, step: int, steps: int, images_per_s: float) -> None:
        now = time.perf_counter()
        if step == 1:
            self._phases.append((float("inf"), steps))
        else:
            quickest, _ = self._phases.pop()
            self._phases.append((min(quickest, now - self._heard), steps))
        self._heard = now

    def seconds(self) -> float:
        """Of all phases, had each step been as quick as the quickest of its phase; a phase of one step is left out."""
        return sum(quickest * steps for quickest, steps in self._phases if steps > 1)
