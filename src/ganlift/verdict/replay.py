"""A comparison's looks, one after the other, from its rows: what is settled, who goes on, what is still to be run.

It is a pure function of the rows. A running comparison asks after each look who goes on; a finished one, a continued
one and a simulated one replay the same looks and come to the same answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ganlift.looks import Looks
from ganlift.verdict.arms import IN_TIME, WITHOUT_GAN, Arm, Evidence
from ganlift.verdict.decide import Settled, Standing, Terms, decide, deciding, stand, surely_beaten
from ganlift.verdict.types import UNDECIDED


@dataclass(frozen=True)
class Replay:
    """Where a comparison stands after a look.

    Attributes:
        standings: of every GAN arm, at the look that settled it or the last one.
        looks_of: which look that was, from 1, by GAN arm.
        family: how many GAN arms there are to correct for.
        going_on: the arms that the next look needs; empty where everything is settled or no look is left.
        wanted: (rival, GAN arm): rivals to be given that arm's time before this look is over.
        seeds: how many seeds each arm was asked for, by name.
    """

    standings: dict[str, Standing]
    looks_of: dict[str, int]
    family: int
    going_on: tuple[str, ...]
    wanted: tuple[tuple[str, str], ...]
    seeds: dict[str, int]


def replay(evidence: Evidence, looks: Looks, seeds: Sequence[int], terms: Terms, upto: int | None = None) -> Replay:
    """Go through the first ``upto`` looks (all where None) at the arms of ``evidence``.

    Args:
        seeds: all seeds' numbers in their order; a look at n sees the first n.
    """
    arms = evidence.arms
    asked = {name: 0 for name, arm in arms.items() if arm.kind != IN_TIME}
    going_on, settled, looks_of = tuple(asked), Settled(), dict[str, int]()
    beaten: dict[str, dict[str, float]] = {name: {} for name in arms}
    family = sum(arm.kind == "gan" for arm in arms.values())
    wanted: tuple[tuple[str, str], ...] = ()
    planned = list(zip(looks.seeds, looks.shares, strict=True))[: upto or len(looks.seeds)]
    for number, (count, share) in enumerate(planned, 1):
        here = tuple(seeds[:count])
        asked |= dict.fromkeys(going_on, len(here))
        seen = replace(
            evidence, arms={name: _until(arm, seeds[: asked.get(name, count)]) for name, arm in arms.items()}
        )
        standings = [
            stand(seen.arms[name], seen, here, share, beaten[name], terms)
            for name, arm in arms.items()
            if arm.kind == "gan" and name not in settled.standings
        ]
        standings = decide(standings, settled, terms)
        looks_of |= {one.arm.name: number for one in standings}
        wanted = tuple((rival, one.arm.name) for one in standings for rival in one.wanted)
        settled.standings |= {one.arm.name: one for one in standings if one.answer != UNDECIDED}
        still_open = [one for one in standings if one.answer == UNDECIDED]
        going_on = _needed(arms, going_on, still_open, beaten, family, terms) if number < len(looks.seeds) else ()
        if wanted or not going_on:
            break
    at_the_end = {**settled.standings, **{one.arm.name: one for one in standings}}
    return Replay(at_the_end, looks_of, family, going_on, wanted, asked)


def _until(arm: Arm, seeds: Sequence[int]) -> Arm:
    """``arm`` as if no later seed had been run."""
    kept = set(seeds)
    done = {seed: row for seed, row in arm.done.items() if seed in kept}
    return replace(arm, done=done, failed={seed: reason for seed, reason in arm.failed.items() if seed in kept})


def _needed(
    arms: Mapping[str, Arm],
    running: Sequence[str],
    still_open: Sequence[Standing],
    beaten: dict[str, dict[str, float]],
    family: int,
    terms: Terms,
) -> tuple[str, ...]:
    """The arms that go on: open GAN arms, controls beside them, and rivals that an open arm has not surely beaten.

    A rival that all open arms have beaten stops, and is put down as ``beaten`` by each.
    """
    if not still_open:
        return ()
    sure = {one.arm.name: surely_beaten(one, family, terms.alpha) for one in still_open}
    if terms.in_time:  # a rival that may yet be given the arm's time has not been beaten for good
        sure = {
            one.arm.name: {name: p for name, p in sure[one.arm.name].items() if name not in deciding(one, arms)}
            for one in still_open
        }
    needed = []
    for name in running:
        kind = arms[name].kind
        if kind == "gan":
            if name in sure:
                needed.append(name)
        elif kind in WITHOUT_GAN and all(name in sure[one.arm.name] or name not in one.rivals for one in still_open):
            for one in still_open:
                if name in one.rivals:
                    beaten[one.arm.name][name] = sure[one.arm.name][name]
        else:
            needed.append(name)
    return tuple(needed)
