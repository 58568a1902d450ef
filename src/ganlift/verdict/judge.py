"""From rows and predictions to verdicts: which GAN arm helps, against what, by how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

import numpy as np

from ganlift.errors import ConfigError, RunFolderError
from ganlift.verdict.arms import (
    Arm,
    Correct,
    Difference,
    Labels,
    Row,
    all_seeds,
    by_arm,
    choose_reference,
    difference,
    labels_of,
    less,
)
from ganlift.verdict.difference import holm
from ganlift.verdict.power import images_forbid, seeds_to_settle, smallest_detectable
from ganlift.verdict.sentence import Circumstances, sentence
from ganlift.verdict.types import HELPS, HURTS, NOTHING, Verdict
from ganlift.yardstick import ACCURACY, Yardstick


@dataclass(frozen=True)
class _Evidence:
    """What all verdicts of a comparison are made from; `judge` says what each is."""

    arms: Mapping[str, Arm]
    correct: Correct
    labels: Labels
    class_names: Sequence[str]
    measure: Yardstick
    alpha: float


@dataclass(frozen=True)
class _Pairing:
    """A GAN arm, its reference, and their difference."""

    arm: Arm
    reference: Arm | None
    difference: Difference | None

    @property
    def p(self) -> float | None:
        found = self.difference.estimate if self.difference else None
        return found.p if found else None


def judge(
    rows: Sequence[Row],
    correct: Correct,
    labels: Labels,
    class_names: Sequence[str],
    *,
    overlap: float = 0.0,
    alpha: float = 0.05,
    measure: Yardstick = ACCURACY,
) -> list[Verdict]:
    """A verdict for each arm of kind ``gan``, the greatest gain first.

    Args:
        rows: the objects of ``results.jsonl``.
        correct: (n_test,) bool for each (strategy, seed) that is done; one order of images a seed.
        labels: (n_test,) test labels, by seed or common to all. Seeds whose labels agree are taken to
            have the same test images, which is the careful reading where they have not.
        class_names: one a class.
        overlap: share of labelled images that two seeds have in common, in [0, 1].
        alpha: the error rate of a claim over the whole family of GAN arms; the interval covers 1 - alpha.
        measure: what the gains are of, and what chooses the references, on validation.

    Raises:
        RunFolderError: predictions are missing, cannot be paired, or a row lacks its score on validation.
    """
    _check(overlap, alpha)
    arms = by_arm(rows)
    seeds = all_seeds(arms)
    pairings = []
    for arm in (one for one in arms.values() if one.kind == "gan"):
        reference = choose_reference(arm, arms, measure)
        found = None
        if reference:
            found = difference(arm, reference, correct, labels, seeds, measure=measure, overlap=overlap, alpha=alpha)
        pairings.append(_Pairing(arm, reference, found))
    tested = [pairing.p for pairing in pairings if pairing.p is not None]
    corrected = iter(holm(tested))
    evidence, verdicts = _Evidence(arms, correct, labels, class_names, measure, alpha), []
    for pairing in pairings:
        p_corrected = next(corrected) if pairing.p is not None else None
        verdicts.append(_verdict(pairing, p_corrected, len(tested), evidence))
    return sorted(verdicts, key=lambda one: (one.gain is None, -(one.gain or 0.0), one.strategy))


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
    return difference(arms[a], arms[b], correct, labels, all_seeds(arms), measure=measure, overlap=overlap, alpha=alpha)


def _check(overlap: float, alpha: float) -> None:
    if not 0.0 <= overlap <= 1.0:
        raise ConfigError(f"The overlap of the seeds' labels is a share from 0 to 1, not {overlap}.")
    if not 0.0 < alpha < 1.0:
        raise ConfigError(f"alpha lies between 0 and 1, not at {alpha}.")


def _verdict(pairing: _Pairing, p_corrected: float | None, family: int, evidence: _Evidence) -> Verdict:
    arms, alpha = evidence.arms, evidence.alpha
    arm, reference, found = pairing.arm, pairing.reference, pairing.difference
    paired = found.seeds if found else ()
    estimate = found.estimate if found else None
    gain, parts = (estimate.gain, estimate.parts) if estimate else (None, None)
    said = _decide(gain, p_corrected, alpha)
    strict = alpha / max(1, family)
    settle = len(paired) if said != NOTHING else None
    if gain is not None and parts and said == NOTHING:
        settle = seeds_to_settle(gain, parts, strict)
    verdict = Verdict(
        strategy=arm.name,
        verdict=said,
        reference=reference.name if reference else None,
        gain=gain,
        ci_low=estimate.low if estimate else None,
        ci_high=estimate.high if estimate else None,
        p=pairing.p,
        p_corrected=p_corrected,
        seeds=len(paired),
        seeds_missing=found.seeds_missing if found else tuple(all_seeds(arms)),
        gain_over_augment=_plain_gain(arm, arms.get("augment"), evidence),
        smallest_detectable=smallest_detectable(parts, strict) if parts else None,
        seeds_to_settle=settle,
        worst_class=_worst_class(arm, reference, paired, evidence),
        cost_ratio=_cost_ratio(arm, reference, paired),
        sentence="",
        measure=evidence.measure.name,
    )
    circumstances = Circumstances(
        alpha=alpha,
        family=family,
        unfair=bool(reference and reference.uses_unlabelled and not arm.uses_unlabelled),
        same_pool=bool(parts and parts.same_pool),
        matched=any(bool(row.get("matched")) for row in arm.done.values()),
        images_forbid=bool(parts and gain is not None and images_forbid(gain, parts, strict)),
        failures=tuple(arm.failed.values()) if not arm.done else (),
    )
    return replace(verdict, sentence=sentence(verdict, circumstances))


def _decide(gain: float | None, p_corrected: float | None, alpha: float) -> str:
    """A corrected p below ``alpha`` implies that the interval leaves zero out on the gain's side."""
    if gain is None or p_corrected is None or p_corrected >= alpha:
        return NOTHING
    return HELPS if gain > 0 else HURTS


def _plain_gain(arm: Arm, augment: Arm | None, evidence: _Evidence) -> float | None:
    common = sorted(set(arm.done) & set(augment.done)) if augment else []
    if not augment or not common:
        return None
    won = {seed: less(evidence.correct, arm.name, augment.name, seed) for seed in common}
    return fmean(evidence.measure.of(one, labels_of(evidence.labels, seed, len(one))) for seed, one in won.items())


def _cost_ratio(arm: Arm, reference: Arm | None, seeds: Sequence[int]) -> float | None:
    if reference is None or not seeds:
        return None
    own, other = ([float(one.done[seed].get("elapsed_s") or 0.0) for seed in seeds] for one in (arm, reference))
    return sum(own) / sum(other) if min(own) > 0 and min(other) > 0 else None


def _worst_class(arm: Arm, reference: Arm | None, seeds: Sequence[int], evidence: _Evidence) -> dict[str, Any] | None:
    """The class with the lowest gain, its mean over the seeds in which it has test images."""
    if reference is None or not seeds:
        return None
    classes = len(evidence.class_names)
    gains, times = np.zeros(classes), np.zeros(classes)
    for seed in seeds:
        won = less(evidence.correct, arm.name, reference.name, seed)
        of_seed = labels_of(evidence.labels, seed, len(won))
        known = (of_seed >= 0) & (of_seed < classes)
        counts = np.bincount(of_seed[known], minlength=classes)
        gains += np.bincount(of_seed[known], weights=won[known], minlength=classes) / np.maximum(1, counts)
        times += counts > 0
    if not times.any():
        return None
    mean = np.where(times > 0, gains / np.maximum(1, times), np.inf)
    return {"name": str(evidence.class_names[int(mean.argmin())]), "gain": float(mean.min())}
