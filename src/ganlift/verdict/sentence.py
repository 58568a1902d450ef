"""A verdict in one plain sentence, with what it cannot say."""

from __future__ import annotations

from dataclasses import dataclass

from ganlift.verdict.types import NOTHING, Verdict
from ganlift.yardstick import named

MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Circumstances:
    """What a sentence mentions and `Verdict` does not hold.

    Attributes:
        alpha: one less the interval's coverage.
        family: how many GAN arms the p was corrected for.
        unfair: whether the reference saw unlabelled images that the arm did not see.
        same_pool: whether the seeds share their labelled images, or where none is, their training images.
        matched: whether the arm finds clusters, whose accuracy is one after matching.
        images_forbid: whether these test images are too few, however many the seeds.
        failures: the reasons, where every seed of the arm failed.
    """

    alpha: float
    family: int
    unfair: bool
    same_pool: bool
    matched: bool
    images_forbid: bool
    failures: tuple[str, ...]


def sentence(verdict: Verdict, circumstances: Circumstances) -> str:
    """One sentence: the verdict, the gain over the named reference with its interval, and the caveats."""
    if verdict.gain is None:
        return f"{_not_judged(verdict, circumstances)}."
    head = _one_seed(verdict) if verdict.seeds == 1 else _judged(verdict, circumstances)
    return "; ".join([head, *_caveats(verdict, circumstances)]) + "."


def _not_judged(verdict: Verdict, circumstances: Circumstances) -> str:
    if circumstances.failures:
        return f"{verdict.strategy}: not judged: none of its seeds finished ({circumstances.failures[0].rstrip('.')})"
    return f"{verdict.strategy}: not judged: it shares no finished seed with an arm without a GAN"


def _one_seed(verdict: Verdict) -> str:
    gain = f"{_gain(verdict)} against {verdict.reference}"
    return f"{verdict.strategy}: {verdict.verdict}: {gain} in one seed, and one seed cannot tell"


def _judged(verdict: Verdict, circumstances: Circumstances) -> str:
    gain, interval = _gain(verdict), _interval(verdict, circumstances)
    if verdict.verdict == NOTHING:
        head = f"{verdict.strategy}: {verdict.verdict}: {gain} against {verdict.reference} ({interval})"
        return f"{head}{_only_before(verdict, circumstances)}; {_outlook(verdict, circumstances)}"
    word = "over" if (verdict.gain or 0.0) > 0 else "against"
    cost = f", at {verdict.cost_ratio:.1f} times the cost" if verdict.cost_ratio else ""
    found = f"{gain} {word} {verdict.reference} ({interval}, {verdict.seeds} seeds)"
    return f"{verdict.strategy} {verdict.verdict}: {found}{cost}"


def _gain(verdict: Verdict) -> str:
    """``+1.2 points of accuracy``."""
    return f"{points(verdict.gain)} of {named(verdict.measure).words}"


def _interval(verdict: Verdict, circumstances: Circumstances) -> str:
    cover = f"{100 * (1 - circumstances.alpha):g}"
    return f"{cover} % interval {_number(verdict.ci_low)} to {_number(verdict.ci_high)}"


def _only_before(verdict: Verdict, circumstances: Circumstances) -> str:
    """Why an interval that leaves zero out is still no claim."""
    if verdict.p is None or verdict.p_corrected is None or verdict.p >= circumstances.alpha:
        return ""
    family = f"the correction for {circumstances.family} GAN arms"
    return f", which does not hold after {family} (p = {verdict.p_corrected:.2f})"


def _outlook(verdict: Verdict, circumstances: Circumstances) -> str:
    found = f"{verdict.seeds} seeds are too few to find anything"
    if verdict.smallest_detectable is not None:
        found = f"{verdict.seeds} seeds could have found {points(verdict.smallest_detectable, signed=False)}"
    if verdict.seeds_to_settle is not None:
        return f"{found}; about {verdict.seeds_to_settle} seeds would settle it"
    if circumstances.images_forbid:
        return f"{found}; settling it takes more test images, not more seeds"
    return f"{found}; even 1,000 would not settle it"


def _caveats(verdict: Verdict, circumstances: Circumstances) -> list[str]:
    """What the reader must know beside the figures."""
    found = []
    if circumstances.unfair:
        found.append(f"{verdict.reference} saw unlabelled images that {verdict.strategy} did not")
    if circumstances.same_pool:
        images, new = ("training", "training images") if circumstances.matched else ("labelled", "labels")
        what = f"new initial weights, orders and test images, not of new {new}"
        found.append(f"the seeds have most of their {images} images in common, so this speaks of {what}")
    if circumstances.matched:
        found.append("accuracy is that of clusters after matching them to classes")
    if verdict.seeds_missing:
        plural = "seeds" if len(verdict.seeds_missing) > 1 else "seed"
        found.append(f"{plural} {', '.join(map(str, verdict.seeds_missing))} missing")
    return found


def points(value: float | None, *, signed: bool = True) -> str:
    """A difference of fractions in points: 0.0123 is ``+1.2 points``."""
    text = _number(value, signed=signed)
    return f"{text} {'point' if text.lstrip('+' + MINUS) == '1.0' else 'points'}"


def _number(value: float | None, *, signed: bool = True) -> str:
    if value is None:
        return "?"
    text = f"{100 * value:+.1f}" if signed else f"{100 * value:.1f}"
    return text.replace("-", MINUS) if float(text) else "0.0"
