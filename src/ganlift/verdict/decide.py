"""What one look at a comparison settles: which GAN arms help, hurt, or cannot bring a gain worth having.

A GAN arm *helps* where it beats every eligible arm without a GAN: its p is the largest of those against each of them,
an intersection-union test, which needs no correction for how many they are (Berger 1982). It *hurts* against the one
that validation picked, since one picked on test would be flattered. It has *no gain worth having* where such a gain
over any one of them is ruled out, for that over the best is no greater: the error is split among them, half of it for
the one that validation picked, half of the rest for the next, and so on. Both families, claims of a difference and
claims of no gain, are corrected over the GAN arms by Holm; each p over the looks by its share.

R. L. Berger, "Multiparameter hypothesis testing and acceptance sampling", Technometrics 24 (1982).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from ganlift.verdict.arms import Arm, Difference, Evidence, by_validation, eligible, times_as_long
from ganlift.verdict.difference import holm
from ganlift.verdict.types import HELPS, HURTS, NO_GAIN, UNDECIDED

NEAR = 0.03
"""Rivals that are further behind for certain (their interval's lower end) are not given the GAN arm's time: a choice,
meant to be more than time alone brings."""

SLOWER = 1.1
"""How many times a rival's seconds a GAN arm takes before it is worth asking what the rival does with them."""

NOT_TESTED = 1.0


@dataclass(frozen=True)
class Terms:
    """What all looks at a comparison agree on.

    Attributes:
        alpha: the error rate over all GAN arms and all looks.
        margin: the least gain worth having, a fraction.
        in_time: whether a claim must hold against the nearest rivals given the arm's time as well.
    """

    alpha: float = 0.05
    margin: float = 0.01
    in_time: bool = False


@dataclass(frozen=True)
class Standing:
    """A GAN arm at one look.

    Attributes:
        rivals: its difference to each arm without a GAN that still runs, by name, the best on validation first.
        timed: its difference to rivals that were given its time, by the rival's name.
        wanted: rivals that are yet to be given its time before it may be said to help.
        beaten: p, corrected for looks, against rivals that were beaten at an earlier look and stopped.
        share: of the error that this look may spend.
        broken: those of the arm and its rivals that failed on some of the seeds.
        answer: what is settled.
        p_corrected: of the claim that it differs, over arms and looks.
    """

    arm: Arm
    seeds: tuple[int, ...]
    rivals: Mapping[str, Difference]
    timed: Mapping[str, Difference]
    wanted: tuple[str, ...]
    beaten: Mapping[str, float]
    share: float
    broken: frozenset[str] = frozenset()
    answer: str = UNDECIDED
    p_corrected: float | None = None

    @cached_property
    def against(self) -> dict[str, float]:
        """p that the arm is no better, corrected for looks, by rival that still runs; 1 where it is not ahead."""
        return {name: _ahead(one) / self.share for name, one in self.rivals.items()}

    @cached_property
    def nearest(self) -> str | None:
        """The rival that decides whether the arm helps: the one with the largest p, the closest of those."""
        if not self.rivals:
            return None
        return max(self.rivals, key=lambda name: (min(1.0, self.against[name]), -_gain(self.rivals[name]), name))

    @property
    def reference(self) -> str | None:
        """The rival that validation picked."""
        return next(iter(self.rivals), None)

    @property
    def chosen(self) -> Difference | None:
        """The difference to the arm that validation picked."""
        return self.rivals[self.reference] if self.reference else None

    @property
    def tested(self) -> bool:
        return self.chosen is not None and self.chosen.estimate is not None and self.chosen.estimate.parts is not None

    @property
    def p_helps(self) -> float:
        """The largest p over all rivals, those given the arm's time among them."""
        timed = [_ahead(one) / self.share for one in self.timed.values()]
        return min(1.0, max([*self.against.values(), *self.beaten.values(), *timed], default=NOT_TESTED))

    @property
    def p_hurts(self) -> float:
        found = self.chosen.estimate if self.chosen else None
        return min(1.0, found.p / self.share) if found and found.gain < 0 and found.p is not None else NOT_TESTED

    def p_no_gain(self, margin: float) -> float:
        """One-sided p that the gain over the best of the rivals, and so over each of them, reaches ``margin``."""
        return min(self._reaching(margin).values(), default=NOT_TESTED)

    def ruled_out(self, margin: float) -> Difference | None:
        """The difference that tells most against such a gain."""
        found = self._reaching(margin)
        return self.rivals[min(found, key=lambda name: (found[name], name))] if found else None

    def _reaching(self, margin: float) -> dict[str, float]:
        """p that the gain over a rival reaches ``margin``, over its part of the error, by name; of no broken one."""
        parts = [0.5 ** min(place, len(self.rivals) - 1) for place in range(1, len(self.rivals) + 1)]
        return {
            name: min(1.0, found.parts.p(found.gain - margin) / 2.0 / self.share / part)
            for (name, one), part in zip(self.rivals.items(), parts, strict=True)
            if name not in self.broken and (found := one.estimate) and found.parts and found.gain < margin
        }


def _ahead(difference: Difference) -> float:
    found = difference.estimate
    return found.p if found and found.gain > 0 and found.p is not None else NOT_TESTED


def _gain(difference: Difference) -> float:
    return difference.estimate.gain if difference.estimate else 0.0


def _least(difference: Difference) -> float:
    """The lower end of the gain's interval; without one, no gain."""
    low = difference.estimate.low if difference.estimate else None
    return 0.0 if low is None else low


def stand(
    arm: Arm, evidence: Evidence, seeds: tuple[int, ...], share: float, beaten: Mapping[str, float], terms: Terms
) -> Standing:
    """How ``arm`` stands on ``seeds``; rivals in ``beaten`` have stopped and are not asked again."""
    level = terms.alpha * share
    running = [one for one in eligible(arm, evidence.arms, seeds) if one.name not in beaten]
    running = by_validation(arm, running, seeds, evidence.measure)
    rivals = {one.name: evidence.difference(arm, one, seeds, level) for one in running}
    broken = frozenset(one.name for one in (arm, *running) if any(seed in one.failed_for_good for seed in seeds))
    found = Standing(arm, seeds, rivals, {}, (), beaten, share, broken)
    if not terms.in_time or found.p_helps >= terms.alpha:
        return found
    timed, wanted = {}, []
    given = {one.rival_in_time: one for one in evidence.arms.values() if one.rival_in_time}
    for name in sorted(deciding(found, evidence.arms)):
        one = given.get((name, arm.name))
        if one is None or any(seed not in one.done and seed not in one.failed for seed in rivals[name].seeds):
            wanted.append(name)
        else:
            timed[name] = evidence.difference(arm, one, rivals[name].seeds, level)
    return replace(found, timed=timed, wanted=tuple(wanted))


def deciding(standing: Standing, arms: Mapping[str, Arm]) -> list[str]:
    """The rivals that might take the lead given the arm's time: near ones, faster ones, and the one that was picked."""
    near = {standing.nearest, standing.reference}
    near |= {name for name, one in standing.rivals.items() if _least(one) < NEAR}
    return [name for name in standing.rivals if name in near and _slower(standing, arms[name])]


def _slower(standing: Standing, rival: Arm) -> bool:
    return (times_as_long(standing.arm.done, rival.done, standing.rivals[rival.name].seeds) or 0.0) > SLOWER


@dataclass
class Settled:
    """What earlier looks have settled: the standing of each arm that stopped, by name."""

    standings: dict[str, Standing] = field(default_factory=dict)

    def count(self, *answers: str) -> int:
        return sum(one.answer in answers for one in self.standings.values())


def decide(standings: Iterable[Standing], settled: Settled, terms: Terms) -> list[Standing]:
    """The open arms' ``standings`` with their answers; arms settled earlier keep their place in Holm's order."""
    standings = list(standings)
    tested = [one for one in standings if one.tested]
    differ, same = settled.count(HELPS, HURTS), settled.count(NO_GAIN)
    claims = holm([*[0.0] * differ, *[1.0] * same, *(min(one.p_helps, one.p_hurts) for one in tested)])
    idle = holm([*[0.0] * same, *[1.0] * differ, *(one.p_no_gain(terms.margin) for one in tested)])
    before, found = differ + same, []
    corrected = {one.arm.name: (claims[before + i], idle[before + i]) for i, one in enumerate(tested)}
    for one in standings:
        p, p_idle = corrected.get(one.arm.name, (None, NOT_TESTED))
        claims_gain = p is not None and p < terms.alpha and one.p_helps <= one.p_hurts
        wanted = one.wanted if claims_gain and one.arm.name not in one.broken else ()
        one = replace(one, wanted=wanted, p_corrected=p)
        found.append(replace(one, answer=_answer(one, p, p_idle, terms)))
    return found


def _answer(standing: Standing, p: float | None, p_no_gain: float, terms: Terms) -> str:
    """What is settled; the seeds that an arm survives may be its better ones, and nothing is claimed in its favour."""
    if p is not None and p < terms.alpha:
        if standing.p_helps <= standing.p_hurts:
            return UNDECIDED if standing.wanted or standing.arm.name in standing.broken else HELPS
        if standing.reference not in standing.broken:
            return HURTS
    limit = standing.ruled_out(terms.margin)
    high = limit.estimate.high if limit and limit.estimate else None
    below = high is not None and high < terms.margin
    return NO_GAIN if below and p_no_gain < terms.alpha else UNDECIDED


def surely_beaten(standing: Standing, family: int, alpha: float) -> dict[str, float]:
    """Rivals that ``standing``'s arm has beaten at the strictest step of Holm over ``family`` arms, with their p."""
    return {name: p for name, p in standing.against.items() if name != standing.reference and family * p < alpha}
