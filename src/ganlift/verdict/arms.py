"""Rows and correctness by arm, the seeds two arms share, and the arms without a GAN that one is measured against."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganlift.errors import RunFolderError
from ganlift.verdict.difference import Estimate, estimate
from ganlift.verdict.moderation import NOTHING_KNOWN, Prior, prior
from ganlift.yardstick import Yardstick

Row = Mapping[str, Any]
Correct = Mapping[tuple[str, int], NDArray[np.bool_]]
Labels = Mapping[int, NDArray[np.int64]] | NDArray[np.int64]

WITHOUT_GAN = ("baseline", "rival")
IN_TIME = "in-time"
"""The kind of a rival that was given the time of a GAN arm in place of its steps."""

TIME_OF = "-in-time-of-"
JUDGED = ("gan", *WITHOUT_GAN)
AGAIN = "remove that arm's folder and its row, and run the same command again."


def in_time_name(rival: str, arm: str) -> str:
    """What the rows of a rival are called that was given the time of ``arm``."""
    return f"{rival}{TIME_OF}{arm}"


def times_as_long(arm: Mapping[int, Row], other: Mapping[int, Row], seeds: Iterable[int]) -> float | None:
    """How many times as long ``arm``'s rows by seed took as ``other``'s, of ``seeds`` that both have.

    By the median seed of each: a machine that sleeps, or is busy with something else for a while, makes one seed of
    one arm many times as long. None where no seed's times are known of both.
    """
    times = [(_seconds(arm, seed), _seconds(other, seed)) for seed in seeds]
    known = [(own, spent) for own, spent in times if own > 0 and spent > 0]
    return median(own for own, _ in known) / median(spent for _, spent in known) if known else None


def _seconds(rows: Mapping[int, Row], seed: int) -> float:
    """What the row of ``seed`` took; 0 where there is none, or it does not say."""
    return float(rows.get(seed, {}).get("elapsed_s") or 0.0)


@dataclass(frozen=True)
class Arm:
    """One strategy's rows: those done by seed, and the reasons of those that failed by seed.

    ``rival_in_time`` is the rival and the GAN arm whose time it was given, even where all its rows failed; None for an
    arm of equal steps.
    """

    name: str
    kind: str
    done: dict[int, Row]
    failed: dict[int, str]
    rival_in_time: tuple[str, str] | None = None

    @property
    def failed_for_good(self) -> set[int]:
        """The seeds that it failed on and did not do in another attempt."""
        return self.failed.keys() - self.done.keys()

    @property
    def features(self) -> str | None:
        """The network whose features it learned from; None for pixels."""
        return next((row.get("features") for row in self.done.values()), None)

    def beside(self, strategy: str) -> str:
        """What ``strategy`` is called among the arms that learn from the same as this one."""
        return f"{strategy}@{self.features}" if self.features else strategy

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
    """The arms in ``rows`` by name. Where a seed has several rows, one that is done counts, the last of them.

    Raises:
        RunFolderError: arms learned from different images, by the ``data_hash`` of those rows that have one.
    """
    _refuse_mixed(rows)
    arms: dict[str, Arm] = {}
    for row in rows:
        given = (str(row["rival"]), str(row["time_of"])) if row["kind"] == IN_TIME else None
        arm = arms.setdefault(row["strategy"], Arm(row["strategy"], row["kind"], {}, {}, given))
        if row.get("status", "done") == "done":
            arm.done[row["seed"]] = row
        else:
            arm.failed[row["seed"]] = str(row.get("reason") or "no reason given")
    return arms


def _refuse_mixed(rows: Sequence[Row]) -> None:
    first: dict[str, Row] = {}
    for row in rows:
        first.setdefault(str(row.get("data_hash") or ""), row)  # none in rows from before there was one
    told = [f"{row['strategy']}, seed {row['seed']}," for of, row in first.items() if of]
    if len(told) > 1:
        raise RunFolderError(
            f"{told[0]} and {told[1]} learned from different images (data_hash in their rows) and cannot be compared; "
            "run the comparison again with another --out."
        )


def all_seeds(arms: Mapping[str, Arm]) -> list[int]:
    """Every seed that any arm has a row for, sorted."""
    return sorted({seed for arm in arms.values() for seed in (*arm.done, *arm.failed)})


@dataclass(frozen=True)
class Evidence:
    """Rows and correctness of a comparison, and how its arms are measured; `ganlift.verdict.judge` says what each is.

    ``labels`` may be None where the measure does not go by class.
    """

    arms: Mapping[str, Arm]
    correct: Correct
    labels: Labels | None
    measure: Yardstick
    overlap: float = 0.0
    _scores: dict[tuple[str, int], float] = field(default_factory=dict, compare=False)
    _tables: dict[tuple[int, ...], tuple[list[str], NDArray[np.float64]]] = field(
        default_factory=dict, init=False, compare=False
    )

    def difference(self, a: Arm, b: Arm, seeds: Sequence[int], alpha: float) -> Difference:
        """Arm ``a`` less arm ``b`` by the measure, paired by seed; ``seeds`` are those that both should have."""
        common = [seed for seed in seeds if seed in a.done and seed in b.done]
        missing = tuple(seed for seed in seeds if seed not in common)
        if not common:
            return Difference(a.name, b.name, (), missing, None)
        differences = [less(self.correct, a.name, b.name, seed) for seed in common]
        found = estimate(
            differences,
            same_images=_same_images(differences, self.labels, common),
            weights=_weights(differences, self.labels, common, self.measure) if self.measure.by_class else None,
            overlap=self.overlap,
            alpha=alpha,
            known=self._known(a, b, common),
        )
        return Difference(a.name, b.name, tuple(common), missing, found)

    def _known(self, a: Arm, b: Arm, seeds: Sequence[int]) -> Prior:
        """What the arms that were judged on all of ``seeds`` tell about the spread of ``a`` less ``b``."""
        names, scores = self._table(tuple(seeds))
        if len(seeds) < 2 or a.name not in names:
            return NOTHING_KNOWN
        if b.name in names:
            return prior(scores, names.index(a.name), names.index(b.name))
        own = [self._score(b.name, seed) for seed in seeds]  # a rival in the arm's time is no arm of its own
        return prior(np.vstack([scores, own]), names.index(a.name), len(names))

    def _table(self, seeds: tuple[int, ...]) -> tuple[list[str], NDArray[np.float64]]:
        """The arms that are judged and have all of ``seeds``, and their scores (arms, seeds)."""
        if seeds not in self._tables:
            names = [
                one.name for one in self.arms.values() if one.kind in JUDGED and all(seed in one.done for seed in seeds)
            ]
            scores = np.array([[self._score(name, seed) for seed in seeds] for name in names])
            self._tables[seeds] = names, scores.reshape(len(names), len(seeds))
        return self._tables[seeds]

    def _score(self, name: str, seed: int) -> float:
        if (name, seed) not in self._scores:
            right = _predictions(self.correct, name, seed)
            labels = labels_of(self.labels, seed, len(right)) if self.measure.by_class else None
            self._scores[name, seed] = float(right.mean()) if labels is None else self.measure.of(right, labels)
        return self._scores[name, seed]


def eligible(arm: Arm, arms: Mapping[str, Arm], seeds: Sequence[int]) -> list[Arm]:
    """The arms without a GAN that ``arm`` has to beat: those that saw the same images in the same space, by name.

    What a frozen network knows is outside knowledge, as unlabelled images are. One that shares fewer than half as many
    of ``seeds`` with it as the fullest is left out. Where none saw the same images, all of the space are eligible.
    """
    own = set(arm.done) & set(seeds)
    others = [
        one for one in arms.values() if one.kind in WITHOUT_GAN and one.features == arm.features and set(one.done) & own
    ]
    fair = others if arm.uses_unlabelled else [one for one in others if not one.uses_unlabelled]
    candidates = fair or others
    most = max((len(set(one.done) & own) for one in candidates), default=0)
    return sorted((one for one in candidates if 2 * len(set(one.done) & own) >= most), key=lambda one: one.name)


def by_validation(arm: Arm, candidates: Sequence[Arm], seeds: Sequence[int], measure: Yardstick) -> list[Arm]:
    """``candidates`` by ``measure`` on validation, the best first: it is the reference.

    They are compared through their mean lead over ``arm`` on those of ``seeds`` that they share with it, so that a
    candidate does not win by having missed a hard seed.

    Raises:
        RunFolderError: a row has no score on validation. The one on test must not choose in its place.
    """
    return sorted(candidates, key=lambda one: (-_lead(one, arm, seeds, measure), one.name))


def _lead(candidate: Arm, arm: Arm, seeds: Sequence[int], measure: Yardstick) -> float:
    common = [seed for seed in seeds if seed in candidate.done and seed in arm.done]
    return fmean(_validation(candidate.done[seed], measure) - _validation(arm.done[seed], measure) for seed in common)


def _validation(row: Row, measure: Yardstick) -> float:
    value = row.get(measure.validation)
    if value is None or not np.isfinite(value):
        raise RunFolderError(
            f"The row of {row['strategy']}, seed {row['seed']}, has no {measure.validation}, which chooses the "
            "reference; remove that arm's folder and its row, and run the same command again."
        )
    return float(value)


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
    own, other = (_predictions(correct, name, seed) for name in (a, b))
    if len(own) != len(other):
        raise RunFolderError(
            f"The predictions of {a} and {b}, seed {seed}, are of {len(own)} and {len(other)} test images and "
            f"cannot be paired; {AGAIN}"
        )
    return own.astype(np.float64) - other


def _predictions(correct: Correct, name: str, seed: int) -> NDArray[np.bool_]:
    if (name, seed) not in correct or not len(correct[name, seed]):
        raise RunFolderError(f"The predictions of {name}, seed {seed}, are missing; {AGAIN}")
    return np.asarray(correct[name, seed], np.bool_)
