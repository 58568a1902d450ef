"""Who was trained on and who was not: the two sides of a membership inference attack, made comparable.

Members are the labelled examples of a split, which its models see most often; where there are none, the unlabelled
ones. The others are its test part, or data that are named. What could tell the sides apart without any training is
taken away as far as it can be: copies across the sides are left out on both, and others are weighted to the members'
classes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganlift.data import load_examples, read_split
from ganlift.data.flips import flips_safe
from ganlift.data.kin import look_at_all, with_near
from ganlift.data.near import near_pairs
from ganlift.data.reading import asked
from ganlift.data.recorded import as_recorded
from ganlift.data.types import UNLABELLED, Examples, ImageSet, Split
from ganlift.data.visible import is_unsorted, load_run, visible_split
from ganlift.errors import DataError, RunFolderError
from ganlift.inference.side import Index, Side
from ganlift.measures.membership import Floats, class_weights
from ganlift.runs import layout
from ganlift.runs.folder import run_config

LEAST = 20
"""Of either side, below which no attack is made."""


@dataclass(frozen=True)
class Sides:
    """Members and others of a seed.

    Attributes:
        about: the others in words.
        notes: sentences for the user.
    """

    members: Side[Examples]
    others: Side[Examples]
    about: str
    notes: list[str] = field(default_factory=list)

    @property
    def weights(self) -> Floats:
        """Of the others, (n,): the members' classes in the same shares."""
        return class_weights(self.members.labels - UNLABELLED, self.others.labels - UNLABELLED)


@dataclass(frozen=True)
class Outside:
    """Examples that were named as not trained on, in words, with notes on how they were read."""

    side: Side[Examples]
    about: str
    notes: list[str]


def run_examples(run: Path, data_dir: Path | None) -> Examples:
    """The examples of ``run`` in the order that it recorded.

    Raises:
        DataError: they can't be read.
        RunFolderError: they are others than the run's.
    """
    config = run_config(run)
    try:
        if is_unsorted(config["data"], asked(config).parts):
            return as_recorded(run, load_run(config["data"], config["unlabelled"], asked(config), data_dir))
        extra = config["unlabelled"] if config["unlabelled"] not in ("rest", "none") else None
        found = load_examples(config["data"], asked(config), unlabelled=extra, data_dir=data_dir)
    except DataError as fault:
        raise DataError(f"Who was trained on is told from the run's data, which are needed: {fault}") from fault
    return as_recorded(run, found)


def split_of(run: Path, seed: int, examples: Examples) -> Split:
    """The split of ``seed``: the one that was written, or what a generator alone may see."""
    path = layout.split_file(run, seed)
    if path.exists():
        return read_split(path, examples)
    assert isinstance(examples, ImageSet)
    return visible_split(examples, seed, run_config(run)["unlabelled"])


def sides(run: Path, examples: Examples, split: Split, data: Outside | None, most: int, seed: int) -> Sides:
    """The members of ``split`` and as comparable others, ``most`` at most of each, drawn at random by ``seed``.

    Args:
        data: where others are taken from; None for the split's test part.

    Raises:
        RunFolderError: the run kept nothing back, and ``data`` is None.
        DataError: fewer than `LEAST` of a side are left.
    """
    notes = [] if data is None else list(data.notes)
    within = split.labelled if len(split.labelled) else split.unlabelled
    members = Side(examples, within, examples.labels[within])
    if data is not None:
        others, about = data.side, data.about
        notes.append(
            f"The {examples.noun}s of {about} may differ from the training ones in more than in not having been "
            "trained on (another time, place or device); any such difference moves these figures as well."
        )
    elif len(split.test):
        others = Side(examples, split.test, examples.labels[split.test])
        about = _own(examples, split, notes)
    else:
        raise RunFolderError(
            f"{run} kept no {examples.noun}s back that it did not train on; name some after it "
            f"(ganlift evaluate {run} DATA --what privacy), or train with --keep-test 0.3."
        )
    found = _same_classes(_without_copies(Sides(members, others, about, notes), split))
    if len(split.labelled) and len(split.unlabelled):
        notes.append(
            f"Members are the {len(split.labelled)} labelled {examples.noun}s; {len(split.unlabelled)} unlabelled "
            "ones, which the run may have used too, are on neither side."
        )
    sizes = [len(side.index) for side in (found.members, found.others)]
    if min(sizes) < LEAST or most < LEAST:
        limit = f", and --images asks for {most}" if most < LEAST else ""
        raise DataError(
            f"An attack needs {LEAST} {examples.noun}s that were trained on and {LEAST} of the same classes that were "
            f"not; here there are {sizes[0]} and {sizes[1]}{limit}."
        )
    rng = np.random.default_rng([seed, 2])
    drawn = [
        side.some(np.sort(rng.permutation(size)[:most]))
        for side, size in zip((found.members, found.others), sizes, strict=True)
    ]
    return _same_classes(replace(found, members=drawn[0], others=drawn[1]))


def _own(examples: Examples, split: Split, notes: list[str]) -> str:
    if (examples.parts[split.test] == "").all():
        return f"{examples.source}, the {examples.noun}s that the run drew to hold out"
    notes.append(
        f"The test {examples.noun}s came with the data: where they are of another kind than the training ones, that "
        "alone moves these figures away from 0.5."
    )
    return f"{examples.source}, its own test or validation {examples.noun}s"


def _without_copies(found: Sides, split: Split) -> Sides:
    """Without others that are copies, or near copies, of what was seen, and without members that these copy."""
    examples, others = found.members.examples, found.others
    seen = np.concatenate([split.labelled, split.validation, split.unlabelled])
    left, right = _copied(examples, seen, others)
    gone = seen[left]
    kept_members = ~np.isin(found.members.index, gone)
    if right.any():
        found.notes.append(
            f"{int(right.sum())} of {len(right)} {examples.noun}s that were not trained on are copies or near copies "
            f"of training {examples.noun}s and are left out. Members left out as copied by one: "
            f"{int((~kept_members).sum())}."
        )
    return replace(
        found, members=found.members.some(np.flatnonzero(kept_members)), others=others.some(np.flatnonzero(~right))
    )


def _copied(examples: Examples, seen: Index, others: Side[Examples]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which of ``seen`` (n,) and of ``others`` (m,) have a copy on the other side."""
    ours, theirs = examples.hashes[seen], others.examples.hashes[others.index]
    pairs = _alike(examples, seen, others)
    left = np.isin(ours, theirs) | np.isin(ours, ours[pairs[:, 0]])
    right = np.isin(theirs, ours) | np.isin(theirs, theirs[pairs[:, 1]])
    return left, right


def _alike(examples: Examples, seen: Index, others: Side[Examples]) -> Index:
    """(k, 2): near copies, as places in ``seen`` and in ``others``; rows of numbers have no looks."""
    if not (isinstance(examples, ImageSet) and isinstance(others.examples, ImageSet)):
        return np.empty((0, 2), np.int64)
    if others.examples is examples:
        near = with_near(examples).near
        assert near is not None
        either = np.concatenate([near, near[:, ::-1]])
        place = [np.full(len(examples), -1), np.full(len(examples), -1)]
        place[0][seen], place[1][others.index] = np.arange(len(seen)), np.arange(len(others.index))
        found = np.stack([place[0][either[:, 0]], place[1][either[:, 1]]], axis=1)
        return found[(found >= 0).all(axis=1)]
    looks = look_at_all(examples.at(seen)), look_at_all(others.examples.at(others.index))
    prints, plain = (np.concatenate(column) for column in zip(*looks, strict=True))
    usable = np.flatnonzero(~plain)
    near = near_pairs(prints, flips_safe(examples), chosen=usable)
    across = near[(near[:, 0] < len(seen)) & (near[:, 1] >= len(seen))]
    return np.asarray(across - [0, len(seen)], np.int64)


def _same_classes(found: Sides) -> Sides:
    """Without the classes that one side lacks."""
    common = np.intersect1d(found.members.labels, found.others.labels)
    kept = [side.some(np.flatnonzero(np.isin(side.labels, common))) for side in (found.members, found.others)]
    return replace(found, members=kept[0], others=kept[1])
