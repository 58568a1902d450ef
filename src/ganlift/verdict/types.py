"""`Verdict`: what a comparison says about one GAN arm."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

HELPS, HURTS, NOTHING = "helps", "hurts", "no measurable effect"


@dataclass(frozen=True)
class Verdict:
    """What a comparison says about one GAN arm; the fields are those of ``verdict.json``.

    ``gain``, ``ci_low``, ``ci_high``, ``gain_over_augment`` and ``smallest_detectable`` are differences of
    ``measure`` on the test images, the worst class's gain is one of recall, all as fractions: 0.01 is one point.
    None where there is too little to tell: an interval takes two seeds, everything else a reference and a seed
    in common with it.

    Attributes:
        p, p_corrected: two-sided, before and after Holm's correction over the GAN arms.
        seeds: how many seeds were paired with the reference; ``seeds_missing`` names the others.
        smallest_detectable: the true gain that this many seeds and images find with 80 % power; None
            where no gain is found as often.
        seeds_to_settle: how many seeds would tell the estimated gain from zero, the number there was
            where it is told already; None beyond a thousand.
        worst_class: ``{"name", "gain"}`` of the class with the lowest mean gain.
        measure: name of the `ganlift.yardstick.Yardstick` that all but the worst class's gain is about.
        cost_ratio: training seconds of the arm over the reference's.
    """

    strategy: str
    verdict: str
    reference: str | None
    gain: float | None
    ci_low: float | None
    ci_high: float | None
    p: float | None
    p_corrected: float | None
    seeds: int
    seeds_missing: tuple[int, ...]
    gain_over_augment: float | None
    smallest_detectable: float | None
    seeds_to_settle: int | None
    worst_class: dict[str, Any] | None
    cost_ratio: float | None
    sentence: str
    measure: str = "accuracy"

    def to_json(self) -> dict[str, Any]:
        """The object that ``verdict.json`` lists."""
        return {**asdict(self), "seeds_missing": list(self.seeds_missing)}
