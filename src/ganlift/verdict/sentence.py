"""A verdict in one plain sentence, with what it cannot say."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from ganlift.nouns import IMAGE
from ganlift.verdict.types import HELPS, HURTS, NO_GAIN, UNDECIDED, Gain, Verdict, decides
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
        images_forbid: whether these test images are too few to find a gain worth having, however many the seeds.
        failures: the reasons, where every seed of the arm failed.
        broken: those of the arm and its reference that failed on some seeds: nothing is claimed in their favour.
        unconfirmed: rivals that could not be given the arm's time, so that a claim is not made.
        equal_time: whether all arms were given the same time, and not the same steps.
        noun: what one example is called.
    """

    alpha: float
    family: int
    unfair: bool = False
    same_pool: bool = False
    matched: bool = False
    images_forbid: bool = False
    failures: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    unconfirmed: tuple[str, ...] = ()
    equal_time: bool = False
    noun: str = IMAGE


def with_sentence(verdict: Verdict, circumstances: Circumstances) -> Verdict:
    """``verdict`` with its `sentence`."""
    return replace(verdict, sentence=sentence(verdict, circumstances))


def sentence(verdict: Verdict, circumstances: Circumstances) -> str:
    """One sentence: the verdict, the gain over the named arm with its interval, and the caveats."""
    if verdict.gain is None:
        return f"{_not_judged(verdict, circumstances)}."
    heads = {HELPS: _helps, HURTS: _hurts, NO_GAIN: _no_gain, UNDECIDED: _undecided}
    head = _one_seed if verdict.seeds == 1 else heads[verdict.verdict]
    return "; ".join([*head(verdict, circumstances), *_caveats(verdict, circumstances)]) + "."


def _not_judged(verdict: Verdict, circumstances: Circumstances) -> str:
    if circumstances.failures:
        return f"{verdict.strategy}: not judged: none of its seeds finished ({circumstances.failures[0].rstrip('.')})"
    return f"{verdict.strategy}: not judged: it shares no finished seed with an arm without a GAN"


def _one_seed(verdict: Verdict, circumstances: Circumstances) -> list[str]:
    gain = f"{_of(verdict, verdict.gain)} against {verdict.reference}"
    return [f"{verdict.strategy}: {verdict.verdict}: {gain} in one seed, and one seed cannot tell"]


def _helps(verdict: Verdict, circumstances: Circumstances) -> list[str]:
    assert verdict.nearest is not None
    nearest = verdict.nearest
    among = f", the nearest of {verdict.rivals} arms without a GAN" if verdict.rivals > 1 else ""
    interval = _interval(nearest, circumstances.alpha, verdict)
    said = [
        f"{verdict.strategy} helps: {_of(verdict, nearest.gain)} over {nearest.name}{among} ({interval})"
        f"{_cost(verdict)}"
    ]
    if verdict.reference != nearest.name:
        said.append(f"{points(verdict.gain)} over {verdict.reference}, which validation picked")
    if verdict.in_time:
        span = _span(verdict.in_time)
        said.append(f"it holds in equal time too: {points(verdict.in_time.gain)} over {verdict.in_time.name} ({span})")
    if nearest.ci_high is not None and nearest.ci_high < verdict.margin:
        said.append(f"that is less than the {points(verdict.margin, signed=False)} that would be worth having")
    return said


def _hurts(verdict: Verdict, circumstances: Circumstances) -> list[str]:
    interval = _interval(_chosen(verdict), circumstances.alpha, verdict)
    found = f"{_of(verdict, verdict.gain)} against {verdict.reference} ({interval})"
    return [f"{verdict.strategy} hurts: {found}{_cost(verdict)}"]


def _no_gain(verdict: Verdict, circumstances: Circumstances) -> list[str]:
    limit = verdict.ruled_out or _chosen(verdict)
    interval = _interval(limit, circumstances.alpha, verdict)
    ruled_out = f"a gain of {points(verdict.margin, signed=False)} or more is ruled out"
    found = f"{_of(verdict, limit.gain)} against {limit.name} ({interval})"
    said = [f"{verdict.strategy}: {NO_GAIN}: {found}{_loss(limit, verdict, circumstances)}; {ruled_out}"]
    if verdict.reference != limit.name:
        said.append(f"{points(verdict.gain)} over {verdict.reference}, which validation picked")
    return said


def _loss(limit: Gain, verdict: Verdict, circumstances: Circumstances) -> str:
    """Why an interval that lies below zero is no *hurts*, which is asked against the arm that validation picked."""
    if limit.ci_high is None or limit.ci_high >= 0 or limit.name != verdict.reference:
        return ""
    if limit.name in circumstances.broken:
        return _better_seeds(limit.name)
    return f", a loss that {_corrected(verdict, circumstances)}"


def _undecided(verdict: Verdict, circumstances: Circumstances) -> list[str]:
    chosen = _chosen(verdict)
    interval = _interval(chosen, circumstances.alpha, verdict)
    head = f"{verdict.strategy}: undecided: {_of(verdict, verdict.gain)} against {verdict.reference} ({interval})"
    said = [head + _why_no_claim(verdict, circumstances), *_found(verdict)]
    if circumstances.images_forbid:
        gain, test = points(verdict.margin, signed=False), f"test {circumstances.noun}s"
        said.append(f"telling a gain of {gain} takes more {test}, not more seeds")
    elif verdict.seeds_to_find is None:
        said.append(f"not even 1,000 seeds would find a gain of {points(verdict.margin, signed=False)} 8 times in 10")
    else:
        gain = points(verdict.margin, signed=False)
        said.append(f"about {verdict.seeds_to_find} seeds find a gain of {gain} 8 times in 10")
    return said


def _why_no_claim(verdict: Verdict, circumstances: Circumstances) -> str:
    """Why an interval that leaves zero out is still no claim; nothing where it does not leave it out."""
    if circumstances.unconfirmed:
        return f", which is not confirmed: {', '.join(circumstances.unconfirmed)} could not be given the same time"
    if verdict.ci_low is None or verdict.ci_high is None or verdict.ci_low <= 0 <= verdict.ci_high:
        return ""
    if (who := verdict.strategy if verdict.ci_low > 0 else verdict.reference) in circumstances.broken:
        return _better_seeds(who)
    key, nearest, timed = decides(asdict(verdict)), verdict.nearest, verdict.in_time
    if key == "nearest" and nearest:
        return f", but {points(nearest.gain)} over {nearest.name}, the nearest ({_span(nearest)})"
    if key == "in_time" and timed:
        return f", but {points(timed.gain)} over {timed.name} where that is given the same time ({_span(timed)})"
    return f", which {_corrected(verdict, circumstances)}"


def _better_seeds(name: str | None) -> str:
    return f", on the seeds that {name} did not fail on, which may be its better ones"


def _corrected(verdict: Verdict, circumstances: Circumstances) -> str:
    p = verdict.p_corrected or 0.0
    return f"does not hold after the correction for {circumstances.family} GAN arms (p = {p:.2f})"


def _found(verdict: Verdict) -> list[str]:
    """What such a comparison would have found of a gain of two margins."""
    if len(verdict.power) < 2:
        return []
    asked = verdict.power[1]
    gain, share = points(asked["gain"], signed=False), round(100 * asked["found"])
    return [f"a true gain of {gain} would have been found in {share} of 100 such comparisons"]


def _chosen(verdict: Verdict) -> Gain:
    assert verdict.reference is not None
    assert verdict.gain is not None
    return Gain(verdict.reference, verdict.gain, verdict.ci_low, verdict.ci_high)


def _of(verdict: Verdict, gain: float | None) -> str:
    """``+1.2 points of accuracy``."""
    return f"{points(gain)} of {named(verdict.measure).words}"


def _interval(gain: Gain, alpha: float, verdict: Verdict) -> str:
    return f"{100 * (1 - alpha):g} % interval {_span(gain)}, {verdict.seeds} seeds"


def _span(gain: Gain) -> str:
    return f"{_number(gain.ci_low)} to {_number(gain.ci_high)}"


def _cost(verdict: Verdict) -> str:
    return f", at {verdict.cost_ratio:.1f} times the cost" if verdict.cost_ratio else ""


def _caveats(verdict: Verdict, circumstances: Circumstances) -> list[str]:
    """What the reader must know beside the figures."""
    found, examples = [], f"{circumstances.noun}s"
    if circumstances.unfair:
        found.append(f"{verdict.reference} saw unlabelled {examples} that {verdict.strategy} did not")
    if circumstances.same_pool:
        images, new = ("training", f"training {examples}") if circumstances.matched else ("labelled", "labels")
        what = f"new initial weights, orders and test {examples}, not of new {new}"
        found.append(f"the seeds have most of their {images} {examples} in common, so this speaks of {what}")
    if circumstances.matched:
        found.append("accuracy is that of clusters after matching them to classes")
    if circumstances.equal_time:
        found.append("every arm had the same time")
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
