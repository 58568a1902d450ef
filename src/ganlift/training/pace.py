"""How long a phase has taken, how fast it goes, and how long all of it would take."""

from __future__ import annotations

import time

WARM_UP = 2
"""Steps left out of a time estimate: the first ones choose kernels and fill caches."""


class Pace:
    """The clock of one phase, which begins when it is made.

    Args:
        start: steps that were done before, in ``carried`` seconds.

    Attributes:
        seconds: since the beginning, without ``carried``, at the last `tick`.
        rate: images a second since the beginning, at the last `tick`.
    """

    def __init__(self, start: int, carried: float, images_per_step: int) -> None:
        self._start, self._carried, self._images = start, carried, images_per_step
        self._begun = self._warm = time.perf_counter()
        self.seconds = self.rate = 0.0

    def tick(self, steps: int) -> float:
        """``steps`` are done now; the seconds they took, ``carried`` ones included."""
        now = time.perf_counter()
        self.seconds = now - self._begun
        self.rate = (steps - self._start) * self._images / self.seconds
        if steps == WARM_UP:
            self._warm = now
        return self._carried + self.seconds

    def projected(self, done: int, steps: int) -> float:
        """Seconds that ``steps`` would take, ``done`` being done: from those after the warm-up, where there are any."""
        if done <= WARM_UP:
            return self.seconds / max(done, 1) * steps
        return (time.perf_counter() - self._warm) / (done - WARM_UP) * steps
