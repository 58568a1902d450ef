"""Who is used for what in one seed: stratified, drawn from the seed, nothing on two sides."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ganlift.data.flips import flips_safe
from ganlift.data.imbalance import thinned
from ganlift.data.kin import with_near
from ganlift.data.mapped import Chosen, Items
from ganlift.data.types import UNLABELLED, Examples, ImageSet, SoundSet, Split, Task
from ganlift.data.units import Units, apart_from, by_class, find_units, parted, whole_units, without, without_near
from ganlift.errors import DataError

Index = NDArray[np.int64]
APART = (
    ("labelled", "test"),
    ("unlabelled", "test"),
    ("validation", "test"),
    ("labelled", "validation"),
    ("unlabelled", "validation"),
)
"""Parts of a split that share no image: the first is what a strategy, its generator included, sees."""

IN_MEMORY = 64 * 1024**2
"""Bytes of images that a `Task` reads at once and holds."""

VALIDATION_ALONE = 50
"""Validation images a class, at most, where no label trains anything."""


def draw_split(
    images: Examples,
    seed: int,
    *,
    labels_per_class: int | None = None,
    imbalance: str | None = None,
    use_rest: bool = True,
    test_fraction: float = 0.2,
    test_seed: int = 0,
) -> Split:
    """Draw the labelled, validation, unlabelled and test images of ``seed``.

    The test set is the source's own, or a stratified share that is the same for every seed. Groups, exact and near
    copies stay on one side: drawn are whole units (`units`). A training image whose bytes or group are in the source's
    own test set is dropped, and an unlabelled one likewise for test and validation; near copies that the source itself
    has on both sides stay, and `check` tells of them. Validation is never larger than the labelled set, unless whole
    groups make it so.

    Args:
        labels_per_class: labelled images a class; all (but for validation) where None; 0 for none, and a few for
            validation.
        imbalance: thins out the labelled images to a long tail, ``exp:RATIO`` or ``step:RATIO``
            (`ganlift.data.imbalance`); neither test nor validation. What it takes away is left out, but with
            ``labels_per_class`` belongs to the rest, like every image without a label there.
        use_rest: whether training images that are not labelled become unlabelled ones.
        test_fraction: share of test images where the source has none; 0 keeps none back.
        test_seed: draws that share.

    Raises:
        DataError: a class is too small to split, or has fewer labels than asked for.
    """
    notes: list[str] = []
    images = with_near(images)
    found = find_units(images)
    test, pool, own_validation = _test_and_pool(images, found, test_fraction, test_seed, notes)
    pool = without(images, pool, test, "training", "test", notes)
    own_validation = without(images, own_validation, test, "validation", "test", notes)
    drawn = not len(own_validation)
    rng = np.random.default_rng([seed, 1])
    labelled, validation = _labelled_and_validation(images, found, pool, own_validation, labels_per_class, rng, notes)
    validation = without(images, validation, labelled, "validation", "labelled", notes)
    _need_some(validation, images.noun)
    if drawn:
        validation = without_near(images, found, validation, labelled, "validation", "labelled", notes)
    if imbalance:
        every, labelled = labelled, _long_tail(images, labelled, imbalance, rng, notes)
        pool = pool if labels_per_class is not None else np.setdiff1d(pool, np.setdiff1d(every, labelled))
    rest = np.setdiff1d(pool, np.concatenate([labelled, validation])) if use_rest else None
    unlabelled = _unlabelled(images, rest, told_apart=labels_per_class is not None)
    held_out = np.concatenate([test, validation])
    unlabelled = without(images, unlabelled, held_out, "unlabelled", "test or validation", notes)
    if drawn:
        unlabelled = without_near(images, found, unlabelled, validation, "unlabelled", "validation", notes)
    return Split(seed, np.sort(labelled), np.sort(validation), np.sort(unlabelled), np.sort(test), tuple(notes))


def labelled_overlap(split: Split, images: Examples, *, by_class: bool = False) -> float:
    """Share of one seed's labelled images that another seed is expected to draw too.

    Where ``by_class`` it is the mean of the classes' shares, as macro recall weighs them. Of class k, with n_k images
    labelled of N_k in the pool, it draws each with chance n_k / N_k. Where nothing is labelled, the same of the
    unlabelled images whose class the source knows: they are all that trains.
    """
    classes = len(images.class_names)
    known = images.labels != UNLABELLED
    in_pool = known & np.isin(images.parts, ["", "train"])
    in_pool[split.test] = False
    trains = split.labelled if len(split.labelled) else split.unlabelled[known[split.unlabelled]]
    pool = np.bincount(images.labels[in_pool], minlength=classes)
    drawn = np.bincount(images.labels[trains], minlength=classes)
    chance = drawn / np.maximum(pool, 1)
    weights = (drawn > 0) if by_class else drawn
    return float(min(1.0, (weights * chance).sum() / max(weights.sum(), 1)))


def make_task(
    images: Examples, split: Split, features: NDArray[np.floating] | None = None, weak_views: int = 1
) -> Task:
    """What a strategy may see of ``split``: no test image, no label of an unlabelled one.

    Where it learns from ``features`` (n, v, d) of the images' views, these stand for the pixels; of the v views the
    first ``weak_views`` change little. What are no images have such ``features`` always.

    Raises:
        DataError: an image to train on, a generator included, or to choose on is held out as well.
    """
    refuse_leaks(images, split)
    parts = (split.labelled, split.validation, split.unlabelled)
    if features is None:
        if not isinstance(images, ImageSet):
            raise TypeError("what are no images have features that stand for them")
        labelled, validation, unlabelled = (_items(images, index) for index in parts)
    else:
        rows = features
        labelled, validation, unlabelled = (
            _few_read(Chosen(rows.__getitem__, index, (len(index), *rows.shape[1:]), rows.dtype)) for index in parts
        )
    return Task(
        labelled=labelled,
        labels=images.labels[split.labelled],
        validation=validation,
        validation_labels=images.labels[split.validation],
        unlabelled=unlabelled,
        class_names=images.class_names,
        flips=isinstance(images, ImageSet) and flips_safe(images),
        sound=isinstance(images, SoundSet),
        weak_views=weak_views,
    )


def _items(images: ImageSet, index: Index) -> Items:
    """The images at ``index`` as a `Task` has them: in memory where they are few, else read when they are asked for."""
    return _few_read(Chosen(images.batch, index, (len(index), *images.batch(index[:0]).shape[1:])))


def _few_read(items: Chosen) -> Items:
    return np.ascontiguousarray(items[:]) if items.nbytes <= IN_MEMORY else items


def refuse_leaks(images: Examples, split: Split) -> None:
    """Refuse a split of which an image to train or to choose on is held out as well, by its bytes.

    `draw_split` makes none such; this is the lock behind it, for a split that was changed or made by other hands.

    Raises:
        DataError: an image is on two sides.
    """
    for name, held_out in APART:
        index: Index = getattr(split, name)
        leaked = index[np.isin(images.hashes[index], images.hashes[getattr(split, held_out)])]
        if len(leaked):
            raise DataError(
                f"{len(leaked)} {name} {images.noun}(s) of seed {split.seed} (the first is "
                f"'{images.names[leaked[0]]}') "
                f"are {held_out} {images.noun}s too, and no score would mean anything; take the split as it was drawn "
                "(the same command draws it again)."
            )


def _test_and_pool(
    images: Examples, found: Units, fraction: float, seed: int, notes: list[str]
) -> tuple[Index, Index, Index]:
    """Test images, the labelled training pool, and the source's own validation images."""
    labelled = images.labels != UNLABELLED
    pool = np.flatnonzero(labelled & np.isin(images.parts, ["", "train"]))
    own_validation = np.flatnonzero(labelled & (images.parts == "val"))
    test = np.flatnonzero(labelled & (images.parts == "test"))
    if not len(test) and fraction:
        counts = np.bincount(images.labels[pool], minlength=len(images.class_names))
        for name, count in zip(images.class_names, counts, strict=True):
            if count < 3:
                raise DataError(
                    f"Class '{name}' has {count} {images.noun}(s), too few to split into training, validation and "
                    f"test; add {images.noun}s (at least 3) or remove the class."
                )
        test = whole_units(images, found, pool, fraction, seed, notes)
        pool = np.setdiff1d(pool, test)
        notes.append(
            f"{len(test)} of {len(test) + len(pool)} {images.noun}s are drawn as the test set, alike for every seed."
        )
    return test, pool, own_validation


def _labelled_and_validation(
    images: Examples,
    found: Units,
    pool: Index,
    own: Index,
    wanted: int | None,
    rng: np.random.Generator,
    notes: list[str],
) -> tuple[Index, Index]:
    """Labelled and validation images, ``wanted`` labels a class; all of them where None."""
    if wanted is None:
        return _all_labels(images, found, pool, own, rng)
    if wanted:
        return _few_labels(images, found, pool, own, wanted, rng)
    validation = _scored_alone(images, found, pool, own, rng)
    notes.append(
        f"No training label is used. Those of {len(validation)} validation {images.noun}s choose which arm without "
        f"a GAN is the reference, and nothing else; clusters are matched to classes on the {images.noun}s that are "
        "scored (Hungarian assignment), so that every accuracy is one after matching."
    )
    return pool[:0], validation


def _long_tail(images: Examples, labelled: Index, imbalance: str, rng: np.random.Generator, notes: list[str]) -> Index:
    """What of ``labelled`` the long tail leaves."""
    kept = thinned(labelled, images.labels[labelled], len(images.class_names), imbalance, rng)
    counts = np.bincount(images.labels[kept], minlength=len(images.class_names))
    notes.append(f"Labelled {images.noun}s a class after {imbalance}: {', '.join(map(str, counts))}.")
    return kept


def _unlabelled(images: Examples, rest: Index | None, *, told_apart: bool) -> Index:
    """The source's unlabelled images, and with them ``rest``, the training images whose labels nobody uses.

    Without a rest, and ``told_apart`` from what trains by a number of labels, only those of its part of that name.
    """
    unlabelled = np.flatnonzero(images.labels == UNLABELLED)
    unlabelled = unlabelled[np.isin(images.parts[unlabelled], ["", "train", "unlabelled"])]
    if rest is not None:
        return np.union1d(unlabelled, rest)
    return unlabelled[images.parts[unlabelled] == "unlabelled"] if told_apart else unlabelled


def _all_labels(
    images: Examples, found: Units, pool: Index, own: Index, rng: np.random.Generator
) -> tuple[Index, Index]:
    """Every label is used: the source's validation part, or a fifth of the pool, validates."""
    if len(own):
        share = min(1.0, len(pool) / len(own))
        kept = [members[: max(1, int(share * len(members)))] for members in by_class(images, found, own, rng)]
        return pool, np.concatenate(kept)[: len(pool)]
    classes = by_class(images, found, pool, rng)
    _need(images, classes, 2, "training and validation")
    sides = [parted(members, found, max(1, round(0.2 * len(members)))) for members in classes]
    validation, labelled = zip(*sides, strict=True)
    return np.concatenate(labelled), np.concatenate(validation)


def _few_labels(
    images: Examples, found: Units, pool: Index, own: Index, wanted: int, rng: np.random.Generator
) -> tuple[Index, Index]:
    """``wanted`` labels a class, and at most as many for validation."""
    classes = by_class(images, found, pool, rng)
    for name, members in zip(images.class_names, classes, strict=True):
        if len(members) < wanted + (0 if len(own) else 1):
            spare = "" if len(own) else ", of which one at least is needed for validation"
            raise DataError(
                f"--labels-per-class {wanted} is more than class '{name}' has: {len(members)} training {images.noun}s"
                f"{spare}; ask for at most {max(0, len(members) - (0 if len(own) else 1))}."
            )
    labelled = np.concatenate([members[:wanted] for members in classes])
    if len(own):
        validation = np.concatenate([members[:wanted] for members in by_class(images, found, own, rng)])
    else:
        validation = np.concatenate([apart_from(members[wanted:], found, labelled)[:wanted] for members in classes])
    return labelled, validation


def _scored_alone(images: Examples, found: Units, pool: Index, own: Index, rng: np.random.Generator) -> Index:
    """A few validation images a class, where no label trains anything: at most a fifth of what there is."""
    classes = by_class(images, found, own if len(own) else pool, rng)
    _need(images, classes, 2, "training and validation")
    return np.concatenate([members[: min(VALIDATION_ALONE, max(1, len(members) // 5))] for members in classes])


def _need_some(validation: Index, noun: str) -> None:
    if not len(validation):
        raise DataError(
            f"No validation {noun} is left that is none of the labelled ones and in no group of theirs; add {noun}s, "
            "or give smaller groups."
        )


def _need(images: Examples, classes: list[Index], least: int, what: str) -> None:
    for name, members in zip(images.class_names, classes, strict=True):
        if len(members) < least:
            raise DataError(
                f"Class '{name}' has {len(members)} training {images.noun}(s), too few for {what}; add "
                f"{images.noun}s or remove it."
            )
