"""From rows and predictions to verdicts: which GAN arm helps, against what, by how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean
from typing import Any, Literal

import numpy as np

from ganlift.errors import ConfigError, RunFolderError
from ganlift.looks import Looks, one_look
from ganlift.nouns import IMAGE
from ganlift.verdict.arms import (
    Arm,
    Correct,
    Difference,
    Evidence,
    Labels,
    Row,
    all_seeds,
    by_arm,
    labels_of,
    less,
    times_as_long,
)
from ganlift.verdict.decide import Standing, Terms
from ganlift.verdict.difference import Parts
from ganlift.verdict.power import images_forbid, power, seeds_to_find, smallest_detectable
from ganlift.verdict.replay import Replay, replay
from ganlift.verdict.sentence import Circumstances, with_sentence
from ganlift.verdict.types import HELPS, NO_GAIN, Gain, Verdict
from ganlift.yardstick import ACCURACY, Yardstick

Equal = Literal["both", "steps", "time"]

ASKED = (1, 2, 3)
"""The gains, as multiples of the margin, that power is stated for."""


@dataclass(frozen=True)
class Question:
    """What is judged, and on which terms.

    Attributes:
        rows: the objects of ``results.jsonl``.
        correct: (n_test,) bool for each (strategy, seed) that is done; one order of images a seed.
        labels: (n_test,) test labels, by seed or common to all. Seeds whose labels agree are taken to
            have the same test images, which is the careful reading where they have not.
        class_names: one a class.
        overlap: share of labelled images that two seeds have in common, in [0, 1].
        alpha: the error rate of a claim over the whole family of GAN arms and all looks; intervals cover 1 - alpha.
        measure: what the gains are of, and what chooses the references, on validation.
        margin: the least gain worth having, a fraction above 0.
        looks: when the comparison is judged; once, at all its seeds, where None.
        seeds: all seeds' numbers in the order in which looks take them; those in ``rows``, sorted, where None.
        equal: what the arms of ``rows`` were given the same of. Where it is ``both``, *helps* takes that the nearest
            rivals were given the arm's time as well (rows of kind ``in-time``), and it holds against these too.
        noun: what one example is called in sentences.
    """

    rows: Sequence[Row]
    correct: Correct
    labels: Labels
    class_names: Sequence[str]
    overlap: float = 0.0
    alpha: float = 0.05
    measure: Yardstick = ACCURACY
    margin: float = 0.01
    looks: Looks | None = None
    seeds: Sequence[int] | None = None
    equal: Equal = "steps"
    noun: str = IMAGE

    def __post_init__(self) -> None:
        _check(self.overlap, self.alpha, self.margin)

    @cached_property
    def evidence(self) -> Evidence:
        return Evidence(by_arm(self.rows), self.correct, self.labels, self.measure, self.overlap)

    @cached_property
    def terms(self) -> Terms:
        return Terms(self.alpha, self.margin, self.equal == "both")

    @cached_property
    def planned(self) -> Looks:
        return self.looks or one_look(len(self.all_seeds))

    @cached_property
    def all_seeds(self) -> list[int]:
        return list(self.seeds) if self.seeds is not None else all_seeds(self.evidence.arms)


def verdicts(question: Question) -> list[Verdict]:
    """A verdict for each arm of kind ``gan``, the greatest gain first.

    Raises:
        RunFolderError: predictions are missing, cannot be paired, or a row lacks its score on validation.
    """
    found = after_look(question)
    made = [_verdict(one, found, question) for one in found.standings.values()]
    return sorted(made, key=lambda one: (one.gain is None, -(one.gain or 0.0), one.strategy))


def after_look(question: Question, number: int | None = None) -> Replay:
    """Where the comparison stands after look ``number``, from 1 (the last one where None); raises as `verdicts`."""
    return replay(question.evidence, question.planned, question.all_seeds, question.terms, number)


def compare_pair(
    rows: Sequence[Row],
    correct: Correct,
    a: str,
    b: str,
    overlap: float = 0.0,
    labels: Labels | None = None,
    alpha: float = 0.05,
    measure: Yardstick = ACCURACY,
) -> Difference:
    """Arm ``a`` less arm ``b`` with its interval, without a verdict and without correction.

    Without ``labels``, which a ``measure`` that goes by class needs, seeds with as many test images are taken to have
    the same ones.

    Raises:
        RunFolderError: an arm has no row, labels are needed, or its predictions are missing or cannot be paired.
    """
    _check(overlap, alpha)
    arms = by_arm(rows)
    for name in (a, b):
        if name not in arms:
            raise RunFolderError(f"There is no row of '{name}' to compare; there are {', '.join(sorted(arms))}.")
    evidence = Evidence(arms, correct, labels, measure, overlap)
    return evidence.difference(arms[a], arms[b], all_seeds(arms), alpha)


def _check(overlap: float, alpha: float, margin: float = 0.01) -> None:
    if not 0.0 <= overlap <= 1.0:
        raise ConfigError(f"The overlap of the seeds' labels is a share from 0 to 1, not {overlap}.")
    if not 0.0 < alpha < 1.0:
        raise ConfigError(f"alpha lies between 0 and 1, not at {alpha}.")
    if not 0.0 < margin < 1.0:
        raise ConfigError(f"The least gain worth having is a fraction between 0 and 1, not {margin}.")


def _verdict(standing: Standing, found: Replay, question: Question) -> Verdict:
    evidence, looks, terms = question.evidence, question.planned, question.terms
    arm, chosen, nearest = standing.arm, standing.chosen, standing.nearest
    reference = evidence.arms[chosen.b] if chosen else None
    closest = standing.rivals[nearest] if nearest else None
    limit = standing.ruled_out(terms.margin) if standing.answer == NO_GAIN else None
    decisive = closest if standing.answer == HELPS else limit or chosen
    paired = chosen.seeds if chosen else ()
    plain = arm.beside("augment")
    asked = question.all_seeds[: found.seeds.get(plain, 0)]
    common = [seed for seed in paired if seed in asked]
    estimate = chosen.estimate if chosen else None
    parts = estimate.parts if estimate else None
    strict = terms.alpha * looks.shares[-1] / max(1, found.family)
    deciding = decisive.estimate.p if decisive and decisive.estimate else None
    verdict = Verdict(
        strategy=arm.name,
        verdict=standing.answer,
        reference=reference.name if reference else None,
        gain=estimate.gain if estimate else None,
        ci_low=estimate.low if estimate else None,
        ci_high=estimate.high if estimate else None,
        nearest=_gain(closest),
        in_time=_nearest_in_time(standing),
        ruled_out=_gain(limit),
        rivals=len(standing.rivals) + len(standing.beaten),
        p=deciding,
        p_corrected=standing.p_corrected,
        margin=terms.margin,
        seeds=len(paired),
        seeds_missing=chosen.seeds_missing if chosen else standing.seeds,
        looks=(len(looks.seeds), found.looks_of[arm.name]),
        gain_over_augment=_plain_gain(arm, evidence.arms.get(plain), common, evidence),
        power=_power(parts, strict, terms.margin),
        smallest_detectable=smallest_detectable(parts, strict) if parts else None,
        seeds_to_find=seeds_to_find(terms.margin, parts, strict) if parts else None,
        worst_class=_worst_class(decisive, evidence, question.class_names),
        cost_ratio=times_as_long(arm.done, evidence.arms[decisive.b].done, paired) if decisive else None,
        sentence="",
        measure=evidence.measure.name,
    )
    circumstances = Circumstances(
        alpha=terms.alpha,
        family=found.family,
        unfair=bool(reference and reference.uses_unlabelled and not arm.uses_unlabelled),
        same_pool=bool(parts and parts.same_pool),
        matched=any(bool(row.get("matched")) for row in arm.done.values()),
        images_forbid=bool(parts and images_forbid(terms.margin, parts, strict)),
        failures=tuple(arm.failed.values()) if not arm.done else (),
        broken=tuple(sorted({arm.name, *filter(None, [standing.reference])} & standing.broken)),
        unconfirmed=(*standing.wanted, *(name for name, one in standing.timed.items() if not one.seeds)),
        equal_time=question.equal == "time",
        noun=question.noun,
    )
    return with_sentence(verdict, circumstances)


def _gain(difference: Difference | None) -> Gain | None:
    found = difference.estimate if difference else None
    return Gain(difference.b, found.gain, found.low, found.high) if difference and found else None


def _nearest_in_time(standing: Standing) -> Gain | None:
    gains = [
        Gain(name, one.gain, one.ci_low, one.ci_high) for name, pair in standing.timed.items() if (one := _gain(pair))
    ]
    return min(gains, key=lambda one: (one.ci_low if one.ci_low is not None else one.gain, one.name), default=None)


def _power(parts: Parts | None, strict: float, margin: float) -> tuple[dict[str, float], ...]:
    """The chance that gains of one, two and three margins would have been told from zero."""
    if not parts:
        return ()
    return tuple({"gain": times * margin, "found": power(times * margin, parts, strict)} for times in ASKED)


def _plain_gain(arm: Arm, augment: Arm | None, seeds: Sequence[int], evidence: Evidence) -> float | None:
    common = [seed for seed in seeds if seed in augment.done] if augment else []
    if not augment or not common or evidence.labels is None:
        return None
    won = {seed: less(evidence.correct, arm.name, augment.name, seed) for seed in common}
    return fmean(evidence.measure.of(one, labels_of(evidence.labels, seed, len(one))) for seed, one in won.items())


def _worst_class(pair: Difference | None, evidence: Evidence, class_names: Sequence[str]) -> dict[str, Any] | None:
    """The class with the lowest gain, its mean over the seeds in which it has test images."""
    if pair is None or not pair.seeds or evidence.labels is None:
        return None
    classes = len(class_names)
    gains, times = np.zeros(classes), np.zeros(classes)
    for seed in pair.seeds:
        won = less(evidence.correct, pair.a, pair.b, seed)
        of_seed = labels_of(evidence.labels, seed, len(won))
        known = (of_seed >= 0) & (of_seed < classes)
        counts = np.bincount(of_seed[known], minlength=classes)
        gains += np.bincount(of_seed[known], weights=won[known], minlength=classes) / np.maximum(1, counts)
        times += counts > 0
    if not times.any():
        return None
    mean = np.where(times > 0, gains / np.maximum(1, times), np.inf)
    return {"name": str(class_names[int(mean.argmin())]), "gain": float(mean.min())}
