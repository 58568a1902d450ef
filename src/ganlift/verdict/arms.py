"""Rows and correctness by arm, the seeds two arms share, and the reference an arm is measured against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganlift.errors import RunFolderError
from ganlift.verdict.difference import Estimate, estimate
from ganlift.yardstick import Yardstick

Row = Mapping[str, Any]
Correct = Mapping[tuple[str, int], NDArray[np.bool_]]
Labels = Mapping[int, NDArray[np.int64]] | NDArray[np.int64]

WITHOUT_GAN = ("baseline", "rival")


@dataclass(frozen=True)
class Arm:
    """One strategy's rows: those done by seed, and the reasons of those that failed by seed."""

    name: str
    kind: str
    done: dict[int, Row]
    failed: dict[int, str]

    @property
    def uses_unlabelled(self) -> bool:
        return any(bool(row.get("uses_unlabelled")) for row in self.done.values())


@dataclass(frozen=True)
class Difference:
    """Arm ``a`` less arm ``b`` on the seeds that both have; ``seeds_missing`` are those that only one has, or none."""

    a: str
    b: str
    seeds: tuple[int, ...]
    seeds_missing: tuple[int, ...]
    estimate: Estimate | None


def by_arm(rows: Sequence[Row]) -> dict[str, Arm]:
    """The arms in ``rows`` by name. Where a seed has several rows, one that is done counts, the last of them."""
    arms: dict[str, Arm] = {}
    for row in rows:
        arm = arms.setdefault(row["strategy"], Arm(row["strategy"], row["kind"], {}, {}))
        if row.get("status", "done") == "done":
            arm.done[row["seed"]] = row
        else:
            arm.failed[row["seed"]] = str(row.get("reason") or "no reason given")
    return arms


def all_seeds(arms: Mapping[str, Arm]) -> list[int]:
    """Every seed that any arm has a row for, sorted."""
    return sorted({seed for arm in arms.values() for seed in (*arm.done, *arm.failed)})


def choose_reference(arm: Arm, arms: Mapping[str, Arm], measure: Yardstick) -> Arm | None:
    """The best arm without a GAN that saw the same images, by ``measure`` on validation; None where none is there.

    Candidates are compared through their mean lead over ``arm`` on the seeds they share with it, so that a
    candidate does not win by having missed a hard seed; one that shares fewer than half as many seeds as
    the fullest is left out. Where no candidate saw the same images, all are candidates.

    Raises:
        RunFolderError: a row has no score on validation. The one on test must not choose in its place.
    """
    others = [one for one in arms.values() if one.kind in WITHOUT_GAN and set(one.done) & set(arm.done)]
    fair = others if arm.uses_unlabelled else [one for one in others if not one.uses_unlabelled]
    candidates = fair or others
    if not candidates:
        return None
    most = max(len(set(one.done) & set(arm.done)) for one in candidates)
    candidates = [one for one in candidates if 2 * len(set(one.done) & set(arm.done)) >= most]
    return min(candidates, key=lambda one: (-_lead(one, arm, measure), one.name))


def _lead(candidate: Arm, arm: Arm, measure: Yardstick) -> float:
    common = set(candidate.done) & set(arm.done)
    return fmean(_validation(candidate.done[seed], measure) - _validation(arm.done[seed], measure) for seed in common)


def _validation(row: Row, measure: Yardstick) -> float:
    value = row.get(measure.validation)
    if value is None or not np.isfinite(value):
        raise RunFolderError(
            f"The row of {row['strategy']}, seed {row['seed']}, has no {measure.validation}, which chooses the "
            "reference; remove that arm's folder and its row, and run the same command again."
        )
    return float(value)


def difference(
    a: Arm,
    b: Arm,
    correct: Correct,
    labels: Labels | None,
    seeds: Sequence[int],
    *,
    measure: Yardstick,
    overlap: float,
    alpha: float,
) -> Difference:
    """Arm ``a`` less arm ``b`` by ``measure``, paired by seed; ``seeds`` are all that were asked for.

    ``labels`` may be None where the measure does not go by class.
    """
    common = sorted(set(a.done) & set(b.done))
    missing = tuple(seed for seed in seeds if seed not in common)
    if not common:
        return Difference(a.name, b.name, (), missing, None)
    differences = [less(correct, a.name, b.name, seed) for seed in common]
    found = estimate(
        differences,
        same_images=_same_images(differences, labels, common),
        weights=_weights(differences, labels, common, measure) if measure.by_class else None,
        overlap=overlap,
        alpha=alpha,
    )
    return Difference(a.name, b.name, tuple(common), missing, found)


def labels_of(labels: Labels | None, seed: int, images: int | None = None) -> NDArray[np.int64]:
    """The test labels of ``seed``, (n_test,).

    Raises:
        RunFolderError: there are none of that seed, or not of as many ``images`` as were predicted.
    """
    if labels is None or (isinstance(labels, Mapping) and seed not in labels):
        raise RunFolderError(f"The test labels of seed {seed} are missing; run the same command again.")
    found = labels[seed] if isinstance(labels, Mapping) else labels
    if images is not None and len(found) != images:
        raise RunFolderError(
            f"Seed {seed} has {len(found)} test labels and predictions of {images} images; "
            "the split and the predictions belong to different runs."
        )
    return found


def _weights(
    differences: Sequence[NDArray[np.float64]], labels: Labels | None, seeds: Sequence[int], measure: Yardstick
) -> list[NDArray[np.float64]]:
    pairs = zip(differences, seeds, strict=True)
    return [measure.weights(labels_of(labels, seed, len(one))) for one, seed in pairs]


def _same_images(differences: Sequence[NDArray[np.float64]], labels: Labels | None, seeds: Sequence[int]) -> bool:
    if len({len(one) for one in differences}) > 1:
        return False
    if labels is None:
        return True
    first = labels_of(labels, seeds[0])
    return all(np.array_equal(first, labels_of(labels, seed)) for seed in seeds[1:])


def less(correct: Correct, a: str, b: str, seed: int) -> NDArray[np.float64]:
    """Which test images of ``seed`` arm ``a`` wins over ``b`` (1), loses (-1) or shares (0), (n_test,).

    Raises:
        RunFolderError: predictions are missing, or the two arms' are not of as many images.
    """
    again = "remove that arm's folder and its row, and run the same command again."
    for name in (a, b):
        if (name, seed) not in correct or not len(correct[name, seed]):
            raise RunFolderError(f"The predictions of {name}, seed {seed}, are missing; {again}")
    own, other = (np.asarray(correct[name, seed], np.float64) for name in (a, b))
    if len(own) != len(other):
        raise RunFolderError(
            f"The predictions of {a} and {b}, seed {seed}, are of {len(own)} and {len(other)} test images and "
            f"cannot be paired; {again}"
        )
    return own - other
