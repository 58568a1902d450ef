"""`Verdict`: what a comparison says about one GAN arm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

HELPS, HURTS, NO_GAIN, UNDECIDED = "helps", "hurts", "no gain worth having", "undecided"
ANSWERS = (HELPS, HURTS, NO_GAIN, UNDECIDED)


def decides(verdict: Mapping[str, Any]) -> str:
    """Which of its gains an object of ``verdict.json`` goes by, by key; "" for that over the arm picked on validation.

    The one over the nearest arm without a GAN where it helps, over the one that rules a gain out where one does. Where
    it is ahead of the picked arm for sure, and that is no claim yet: over the nearest arm ("nearest") or a rival given
    as much time ("in_time"), whichever it is not ahead of.
    """
    if verdict.get("verdict") == HELPS:
        return "nearest" if verdict.get("nearest") else ""
    if verdict.get("ruled_out"):
        return "ruled_out"
    if (_low(verdict) or 0.0) <= 0:
        return ""
    for key in ("nearest", "in_time"):
        gain = verdict.get(key)
        if not isinstance(gain, Mapping) or (_low(gain) or 0.0) > 0:
            continue
        if key == "in_time" or gain.get("name") != verdict.get("reference"):
            return key
    return ""


def _low(gain: Mapping[str, Any]) -> float | None:
    """The lower end of its interval, of a file that may hold anything."""
    found = gain.get("ci_low")
    return float(found) if isinstance(found, int | float) else None


def decisive(verdict: Mapping[str, Any]) -> Mapping[str, Any]:
    """``name``, ``gain``, ``ci_low`` and ``ci_high`` of the gain that `decides`."""
    key = decides(verdict)
    return verdict[key] if key else {**verdict, "name": verdict.get("reference")}


@dataclass(frozen=True)
class Gain:
    """The arm less another one: a difference of the measure with its interval, fractions; no interval from one seed."""

    name: str
    gain: float
    ci_low: float | None
    ci_high: float | None


@dataclass(frozen=True)
class Verdict:
    """What a comparison says about one GAN arm; the fields are those of ``verdict.json``.

    Gains, intervals, ``margin`` and ``smallest_detectable`` are differences of ``measure`` on the test images, the
    worst class's gain is one of recall, all as fractions: 0.01 is one point. None where there is too little to tell:
    an interval takes two seeds, everything else a reference and a seed in common with it.

    Attributes:
        reference: the arm without a GAN that was best on validation; ``gain``, ``ci_low`` and ``ci_high`` are over it.
        nearest: the arm without a GAN that decides whether this one helps, and the gain over it.
        in_time: the nearest of the rivals that were given this arm's time instead of its steps, and the gain over it.
        ruled_out: where it brings no gain worth having, the arm without a GAN over which that is surest, and the gain.
        rivals: how many arms without a GAN it had to beat.
        p: two-sided, before any correction: of the gain over ``nearest`` where it helps, over the arm of ``ruled_out``
            where there is one, over ``reference`` else.
        p_corrected: of the claim that it helps or hurts, whichever is nearer, after Holm's correction over the GAN arms
            and that for the looks; so it need not follow from ``p`` where neither is claimed.
        margin: the least gain worth having.
        seeds: how many seeds were paired with the reference; ``seeds_missing`` names the others.
        looks: how many times there was to be a look, and at which one it was settled or given up: ``[3, 2]``.
        power: the chance that true gains, as multiples of the margin, would have been found:
            ``[{"gain": 0.01, "found": 0.14}, ...]``.
        smallest_detectable: the true gain that this many seeds and images find with 80 % power; None
            where no gain is found as often.
        seeds_to_find: how many seeds would find a gain of ``margin`` with 80 % power; None beyond a thousand.
        worst_class: ``{"name", "gain"}`` of the class with the lowest mean gain.
        measure: name of the `ganlift.yardstick.Yardstick` that all but the worst class's gain is about.
        cost_ratio: training seconds of the arm over those of the arm that it is measured against.
    """

    strategy: str
    verdict: str
    reference: str | None
    gain: float | None
    ci_low: float | None
    ci_high: float | None
    nearest: Gain | None
    in_time: Gain | None
    ruled_out: Gain | None
    rivals: int
    p: float | None
    p_corrected: float | None
    margin: float
    seeds: int
    seeds_missing: tuple[int, ...]
    looks: tuple[int, int]
    gain_over_augment: float | None
    power: tuple[dict[str, float], ...]
    smallest_detectable: float | None
    seeds_to_find: int | None
    worst_class: dict[str, Any] | None
    cost_ratio: float | None
    sentence: str
    measure: str = "accuracy"

    def to_json(self) -> dict[str, Any]:
        """The object that ``verdict.json`` lists."""
        lists = {"seeds_missing": list(self.seeds_missing), "looks": list(self.looks), "power": list(self.power)}
        return {**asdict(self), **lists}
