"""What a verdict's record says: the answer, the gain that decides it, how sure it is. Older runs' records say less."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ganlift.report import words
from ganlift.report.read import Row, Run, mapping, sequence
from ganlift.verdict.arms import in_time_name
from ganlift.verdict.types import HELPS, decides
from ganlift.yardstick import named

STYLES = {"helps": "helps", "hurts": "hurts", "no gain worth having": "no-gain"}
"""Of the answers that settle something; all else could not tell, as "no measurable effect" of older runs."""

PICKED, GIVEN_TIME = "picked on validation", "given the same time"
"""What the arm of a gain is among those without a GAN."""

MOST_NAMES = 3
"""Arms that a sentence names; more are counted."""


@dataclass(frozen=True)
class Gain:
    """Over the arm ``name``, which is ``what`` among the arms without a GAN: fractions, and the interval's ends.

    ``arm`` is what its rows are called, another name where it was given a GAN arm's time.
    """

    name: str
    what: str
    gain: float
    low: float | None
    high: float | None
    arm: str

    @property
    def ends(self) -> tuple[float, float, float] | None:
        """Gain, low and high; None where there is no interval."""
        return None if self.low is None or self.high is None else (self.gain, self.low, self.high)

    @property
    def interval(self) -> str:
        return f"{words.points(self.low)} to {words.points(self.high)}" if self.ends else words.NONE

    @property
    def said(self) -> str:
        """``+1.6 (+0.5 to +2.7)``."""
        return f"{words.points(self.gain)} ({self.interval})" if self.ends else words.points(self.gain)

    @property
    def points(self) -> str:
        """``+1.6 points (+0.5 to +2.7)``."""
        return f"{words.points(self.gain)} points" + (f" ({self.interval})" if self.ends else "")


@dataclass(frozen=True)
class Answer:
    """The page's headline, a line or two more, and the style of both."""

    headline: str
    more: str
    style: str


def style_of(verdict: Any) -> str:
    return STYLES.get(str(verdict), "none")


def picked(verdict: Row) -> Gain | None:
    """The gain over the arm that validation picked."""
    return _gain({**verdict, "name": verdict.get("reference")}, PICKED)


def nearest(verdict: Row) -> Gain | None:
    """The gain over the arm that decides whether this one helps."""
    rivals = words.number(verdict.get("rivals")) or 0
    return _gain(
        mapping(verdict.get("nearest")), f"the nearest of {rivals:.0f}" if rivals > 1 else "the only arm without one"
    )


def in_time(verdict: Row) -> Gain | None:
    """The gain over the nearest of the rivals that were given this arm's time."""
    gain = _gain(mapping(verdict.get("in_time")), GIVEN_TIME)
    return gain and replace(gain, arm=in_time_name(gain.name, str(verdict.get("strategy"))))


def ruled_out(verdict: Row) -> Gain | None:
    """The gain over the arm that rules one worth having out, where that is not the one that was picked."""
    found = mapping(verdict.get("ruled_out"))
    return None if found.get("name") == verdict.get("reference") else _gain(found, "which rules a gain out")


def deciding(verdict: Row) -> Gain | None:
    """The gain that the verdict goes by (`ganlift.verdict.types.decides`)."""
    told = {"nearest": nearest, "in_time": in_time, "ruled_out": ruled_out}.get(decides(verdict), picked)
    return told(verdict) or picked(verdict)


def _gain(of: Row, what: str) -> Gain | None:
    gain, low, high = (words.number(of.get(key)) for key in ("gain", "ci_low", "ci_high"))
    name = of.get("name")
    known = name if isinstance(name, str) else "?"
    return None if gain is None else Gain(known, what, gain, low, high, known)


def answer(run: Run) -> Answer:
    """The run's verdicts in one sentence, *helps* first, and what else a reader must know at once."""
    judged = [one for one in run.verdicts if deciding(one)]
    if not judged:
        return Answer("No verdict: no arm with a GAN could be judged yet.", "", "none")
    groups = {style: [one for one in judged if style_of(one.get("verdict")) == style] for style in _COUNTED}
    left = len(run.verdicts) - len(judged)
    unjudged = f"{left} GAN arm{'s' * (left > 1)} could not be judged." if left else ""
    if groups["helps"]:
        return _helps(groups, unjudged)
    if groups["none"]:
        return _undecided(groups, unjudged)
    if not groups["no-gain"]:
        return Answer("No: every arm with a GAN made the classifier worse.", unjudged, "hurts")
    worth = words.size(judged[0].get("margin"))
    headline = f"No GAN arm brings a gain worth having{f' ({worth} or more)' if worth != words.NONE else ''}."
    return Answer(headline, _joined(_worse(groups["hurts"]), unjudged), "no-gain")


Groups = dict[str, list[Row]]


def _helps(groups: Groups, unjudged: str) -> Answer:
    best = max(groups["helps"], key=_decisive_gain)
    gain, margin = deciding(best), words.number(best.get("margin"))
    assert gain is not None
    among = f", {gain.what} arms without a GAN" if gain.what.startswith("the nearest") else ""
    short = margin is not None and gain.high is not None and gain.high < margin
    yes = f"Yes, but by less than the {words.size(margin)} that would be worth having" if short else "Yes"
    points = f"{words.points(gain.gain).lstrip('+')} points of {named(best.get('measure')).words}"
    timed = in_time(best)
    held = f"In equal time: {timed.points} over {timed.name}." if timed else ""
    others = _counted({**groups, "helps": [one for one in groups["helps"] if one is not best]})
    told = f"Of the other GAN arms, {others}." if others else ""
    return Answer(f"{yes}: {best['strategy']} gains {points} over {gain.name}{among}.", _joined(held, told, unjudged),
                  "helps")  # fmt: skip


def _undecided(groups: Groups, unjudged: str) -> Answer:
    of, others = groups["none"], {**groups, "none": []}
    best = max(of, key=_decisive_gain)
    total = sum(map(len, groups.values()))
    whom = "" if len(of) == total else f" for {_names(of) if len(of) == 1 else f'{len(of)} of {total} GAN arms'}"
    worth = words.size(best.get("margin"))
    one_seed = all(one.get("seeds") == 1 for one in of)
    who = "one seed cannot" if one_seed else "these seeds could not"
    headline = f"Undecided{whom}: {who} tell a gain{f' of {worth}' if worth != words.NONE else ''} from none."
    if all(decides(one) == "in_time" for one in of):
        headline = f"Undecided{whom}: ahead at as many steps, not shown to be in as much time."
    rest = _counted(others)
    return Answer(
        headline, _joined(_chance(best, len(of)), f"Of the others, {rest}." if rest else "", unjudged), "none"
    )


def _chance(verdict: Row, among: int) -> str:
    """The best undecided arm's gain, and what such a comparison would have found."""
    gain = deciding(verdict)
    assert gain is not None
    who = f"Best of them is {verdict['strategy']}" if among > 1 else verdict["strategy"]
    head = f"{who}, {_over(verdict, gain)}"
    powers = power(verdict)
    least = words.size(verdict.get("smallest_detectable"))
    asked, found = powers[min(1, len(powers) - 1)] if powers else (None, 80)
    size = least if asked is None else words.size(asked)
    if size == words.NONE:
        return f"{head}."
    return f"{head}: a true gain of {size} would have been found in {found} of 100 such comparisons."


def _over(verdict: Row, gain: Gain) -> str:
    """``+2.2 points (+0.8 to +3.6) over a``, and what keeps that from a claim."""
    over = picked(verdict)
    if over is None or not _stands_in_the_way(verdict):
        return f"{gain.points} over {gain.name}"
    return f"{over.points} over {over.name}, but {gain.points} over {gain.name}, {gain.what}"


def _stands_in_the_way(verdict: Row) -> bool:
    """Whether the gain that decides is what keeps an arm that is ahead of the picked one from a claim."""
    return verdict.get("verdict") != HELPS and decides(verdict) in ("nearest", "in_time")


_COUNTED = {
    "helps": ("helps", "help"),
    "no-gain": ("brings no gain worth having", "bring no gain worth having"),
    "hurts": ("hurts", "hurt"),
    "none": ("is undecided", "are undecided"),
}


def _counted(groups: Groups) -> str:
    """``1 helps and 2 hurt``."""
    found = [(len(groups[style]), said) for style, said in _COUNTED.items() if groups[style]]
    return words.listed([f"{count} {said[count > 1]}" for count, said in found])


def _worse(hurting: list[Row]) -> str:
    verb = "makes" if len(hurting) == 1 else "make"
    return f"{_names(hurting)} {verb} the classifier worse." if hurting else ""


def _names(of: list[Row]) -> str:
    return words.listed([one["strategy"] for one in of]) if len(of) <= MOST_NAMES else f"{len(of)} of them"


def _decisive_gain(verdict: Row) -> float:
    gain = deciding(verdict)
    return gain.gain if gain else 0.0


def _joined(*sentences: str) -> str:
    return " ".join(filter(None, sentences))


def power(verdict: Row) -> list[tuple[float, int]]:
    """True gains, and in how many of 100 such comparisons each would have been found."""
    pairs = [
        (words.number(one.get("gain")), words.number(one.get("found")))
        for one in sequence(verdict.get("power"))
        if isinstance(one, dict)
    ]
    return [(gain, round(100 * found)) for gain, found in pairs if gain is not None and found is not None]


def facts(verdict: Row) -> list[tuple[str, str]]:
    """A card's facts as name and value, the deciding gain first; what the record lacks is left out."""
    gain, worst = deciding(verdict), verdict.get("worst_class")
    beside = picked(verdict) if _stands_in_the_way(verdict) else gain  # whom time and classes were compared with
    worst_said = (
        f"{worst.get('name')} {words.points(worst.get('gain'))} of recall" if isinstance(worst, dict) else words.NONE
    )
    lines = [
        *_gains(verdict, gain),
        ("p, corrected", words.probability(verdict.get("p_corrected"))),
        _seeds(verdict),
        ("gain over augment", words.points(verdict.get("gain_over_augment"))),
        ("worst class" if beside == gain or not beside else f"worst class against {beside.name}", worst_said),
        (f"cost against {beside.name}" if beside else "cost", words.ratio(verdict.get("cost_ratio"))),
        *(_could_find(verdict) if style_of(verdict.get("verdict")) == "none" else []),
    ]
    return [(name, value) for name, value in lines if value != words.NONE]


def _gains(verdict: Row, gain: Gain | None) -> list[tuple[str, str]]:
    if gain is None:
        return []
    other = picked(verdict) if gain.what != PICKED else nearest(verdict)
    same = other is not None and other.arm == gain.arm
    both = f"{gain.what}, and {other.what}" if other and same and verdict.get("rivals") != 1 else gain.what
    lines = [
        (f"gain, points of {named(verdict.get('measure')).words}", words.points(gain.gain)),
        ("95 % interval", gain.interval),
        ("over", f"{gain.name}, {both}" if mapping(verdict.get("nearest")) else gain.name),
    ]
    if other and not same:
        lines.append((f"over {other.name}, {other.what}", other.said))
    timed = in_time(verdict) if gain.what != GIVEN_TIME else None
    return [*lines, (f"over {timed.name}, {timed.what}", timed.said)] if timed else lines


def _seeds(verdict: Row) -> tuple[str, str]:
    """``settled``: ``at look 1 of 3, after 3 seeds``; only the seeds where there was but one look."""
    seeds, looks = words.number(verdict.get("seeds")), [words.number(one) for one in sequence(verdict.get("looks"))]
    if seeds is None or len(looks) != 2 or None in looks or looks[0] == 1:
        return "seeds", words.count(seeds)
    settled = style_of(verdict.get("verdict")) != "none"
    said = (
        f"look {words.count(looks[1])} of {words.count(looks[0])}, after {words.count(seeds)} seed{'s' * (seeds > 1)}"
    )
    return ("settled", f"at {said}") if settled else ("not settled", f"by {said}")


def _could_find(verdict: Row) -> list[tuple[str, str]]:
    """Of an arm that is undecided: how likely a gain would have been found, and what it takes to find one."""
    lines = [(f"a true gain of {words.size(asked)} is found in", f"{found} of 100") for asked, found in power(verdict)]
    least = words.size(verdict.get("smallest_detectable"))
    lines.append(("gain found in 80 of 100" if lines else "smallest gain to be found", least))
    worth, known = words.size(verdict.get("margin")), words.number(verdict.get("ci_low")) is not None
    if "seeds_to_find" in verdict and known:
        seeds = words.number(verdict["seeds_to_find"])
        lines.append(
            (f"seeds to find {worth} as often", "over 1,000" if seeds is None else f"about {words.count(seeds)}")
        )
    return [*lines, ("seeds to settle it", words.count(verdict.get("seeds_to_settle")))]
