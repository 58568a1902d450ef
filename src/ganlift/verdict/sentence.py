"""A verdict in one plain sentence, with what it cannot say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ganlift.verdict.difference import Estimate

MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Facts:
    """What a sentence is made from; see `ganlift.verdict.Verdict` for the fields of the same name.

    Attributes:
        unfair: whether the reference saw unlabelled images that the arm did not see.
        family: how many GAN arms the p was corrected for.
        failures: reasons by seed, of the arm's own failed seeds.
        smallest, settle: smallest detectable gain, and seeds to settle the estimate.
        images_forbid: whether these test images are too few, however many the seeds.
    """

    arm: str
    verdict: str
    reference: str | None
    unfair: bool
    estimate: Estimate | None
    p_corrected: float | None
    family: int
    seeds: int
    missing: Sequence[int]
    failures: Mapping[int, str]
    cost_ratio: float | None
    smallest: float | None
    settle: int | None
    images_forbid: bool
    alpha: float


def sentence(facts: Facts) -> str:
    """One sentence: the verdict, the gain over the named reference with its interval, and the caveats."""
    head = _not_judged(facts) or _one_seed(facts) or _judged(facts)
    return f"{head}{_caveats(facts)}."


def _not_judged(facts: Facts) -> str | None:
    if facts.estimate is not None:
        return None
    if len(facts.failures) and len(facts.failures) >= len(facts.missing):
        reason = next(iter(facts.failures.values())).strip().rstrip(".")
        return f"{facts.arm}: not judged: none of its seeds finished ({reason})"
    return f"{facts.arm}: not judged: it shares no finished seed with an arm without a GAN"


def _one_seed(facts: Facts) -> str | None:
    if facts.seeds != 1 or facts.estimate is None:
        return None
    gain = points(facts.estimate.gain)
    return f"{facts.arm}: {facts.verdict}: {gain} against {facts.reference} in one seed, and one seed cannot tell"


def _judged(facts: Facts) -> str:
    assert facts.estimate is not None
    gain, ends = points(facts.estimate.gain), interval(facts)
    cost = f", at {facts.cost_ratio:.1f} times the cost" if facts.cost_ratio else ""
    if facts.verdict != "no measurable effect":
        word = "over" if facts.estimate.gain > 0 else "against"
        return f"{facts.arm} {facts.verdict}: {gain} {word} {facts.reference} ({ends}, {facts.seeds} seeds){cost}"
    head = f"{facts.arm}: {facts.verdict}: {gain} against {facts.reference} ({ends})"
    return f"{head}{_only_before(facts)}; {_outlook(facts)}"


def _only_before(facts: Facts) -> str:
    """Why an interval that leaves zero out is still no claim."""
    found = facts.estimate
    if found is None or found.low is None or found.high is None or found.low <= 0.0 <= found.high:
        return ""
    return f", which does not hold after the correction for {facts.family} GAN arms (p = {facts.p_corrected:.2f})"


def _outlook(facts: Facts) -> str:
    found = f"{facts.seeds} seeds are too few to find anything"
    if facts.smallest is not None:
        found = f"{facts.seeds} seeds could have found {points(facts.smallest, signed=False)}"
    if facts.settle is not None:
        return f"{found}; about {facts.settle} seeds would settle it"
    if facts.images_forbid:
        return f"{found}; settling it takes more test images, not more seeds"
    return f"{found}; even 1,000 would not settle it"


def _caveats(facts: Facts) -> str:
    """What the reader must know beside the figures, each after a semicolon."""
    found = []
    if facts.reference and facts.unfair:
        found.append(f"{facts.reference} saw unlabelled images that {facts.arm} did not")
    parts = facts.estimate.parts if facts.estimate else None
    if parts and parts.same_pool:
        found.append(
            "the seeds share their labelled images, so this speaks of new initial weights, orders and test images, "
            "not of new labels"
        )
    if facts.missing and facts.estimate is not None:
        plural = "seeds" if len(facts.missing) > 1 else "seed"
        found.append(f"{plural} {', '.join(map(str, facts.missing))} missing")
    return "".join(f"; {one}" for one in found)


def points(value: float | None, *, signed: bool = True) -> str:
    """A difference of fractions in points: 0.0123 is ``+1.2 points``."""
    text = _number(value, signed=signed)
    return f"{text} {'point' if text.lstrip('+' + MINUS) == '1.0' else 'points'}"


def interval(facts: Facts) -> str:
    """``95 % interval −1.1 to +1.5``."""
    assert facts.estimate is not None
    cover = f"{100 * (1 - facts.alpha):g}"
    return f"{cover} % interval {_number(facts.estimate.low)} to {_number(facts.estimate.high)}"


def _number(value: float | None, *, signed: bool = True) -> str:
    if value is None:
        return "?"
    text = f"{100 * value:+.1f}" if signed else f"{100 * value:.1f}"
    return text.replace("-", MINUS) if float(text) else "0.0"
