"""Splits: nothing on two sides, stratified, drawn from the seed."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from ganlift.data import (
    check_images,
    draw_split,
    flips_safe,
    labelled_overlap,
    load,
    make_task,
    read_split,
    write_split,
)
from ganlift.data.build import from_arrays
from ganlift.data.kin import with_near
from ganlift.data.types import ImageSet, Split
from ganlift.errors import DataError


@cache
def garments() -> ImageSet:
    """The excerpt with its near copies looked up once."""
    return with_near(load("fashion-mini"))


def images_of(counts: list[int], distinct: int | None = None, part: str = "") -> ImageSet:
    """One-pixel images, ``counts`` a class; with ``distinct`` only so many different ones a class."""
    labels = np.repeat(np.arange(len(counts)), counts)
    order = np.concatenate([np.arange(n) % (distinct or n) for n in counts])
    pixels = np.stack([labels, order % 256, order // 256], axis=1).astype(np.uint8).reshape(-1, 1, 1, 3)
    return from_arrays({part: (pixels, labels)}, [f"class {k}" for k in range(len(counts))], "made")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(12, 40), min_size=2, max_size=4),
    st.integers(0, 5),
    st.one_of(st.none(), st.integers(1, 4)),
    st.one_of(st.none(), st.integers(8, 30)),
)
def test_nothing_is_on_two_sides(counts: list[int], seed: int, wanted: int | None, distinct: int | None) -> None:
    images = images_of(counts, distinct)
    try:
        split = draw_split(images, seed, labels_per_class=wanted)
    except DataError:
        assert distinct is not None  # whole groups of duplicates can leave too little; it is said, not guessed
        return
    parts = [split.labelled, split.validation, split.unlabelled, split.test]
    index = np.concatenate(parts)
    assert len(set(index.tolist())) == len(index)
    test, validation = set(images.hashes[split.test]), set(images.hashes[split.validation])
    assert test.isdisjoint(np.concatenate([images.hashes[part] for part in parts[:3]]))
    assert validation.isdisjoint(np.concatenate([images.hashes[split.labelled], images.hashes[split.unlabelled]]))
    assert len(split.validation) <= len(split.labelled)
    if wanted is not None:
        assert np.bincount(images.labels[split.labelled]).tolist() == [wanted] * len(counts)
    again = draw_split(images, seed, labels_per_class=wanted)
    assert all(
        np.array_equal(a, b)
        for a, b in zip(
            parts, [getattr(again, n) for n in ("labelled", "validation", "unlabelled", "test")], strict=True
        )
    )


def test_seeds_draw_other_labels_and_the_same_test() -> None:
    images = load("digits")
    first, second = (draw_split(images, seed, labels_per_class=10) for seed in (0, 1))
    assert not np.array_equal(first.labelled, second.labelled)
    assert np.array_equal(first.test, second.test)


def test_a_test_image_in_train_is_dropped_and_said() -> None:
    pixels = np.arange(60, dtype=np.uint8).reshape(-1, 1, 1, 1)
    labels = np.arange(60) % 2
    parts = {"train": (pixels[:50], labels[:50]), "test": (pixels[40:], labels[40:])}
    split = draw_split(from_arrays(parts, ["a", "b"], "made"), 0, labels_per_class=5)
    assert "10 training image(s) are dropped" in " ".join(split.notes)


def test_overlap_is_the_share_of_the_pool() -> None:
    images = garments()
    assert labelled_overlap(draw_split(images, 0, labels_per_class=60), images) == pytest.approx(0.1)
    assert labelled_overlap(draw_split(images, 0), images) == pytest.approx(0.8)


def test_a_task_holds_no_test_image_and_no_label_too_many() -> None:
    images = load("digits")
    split = draw_split(images, 0, labels_per_class=10)
    task = make_task(images, split)
    assert len(task.labels) == 100
    assert len(task.validation) == 100
    seen = {image.tobytes() for part in (task.labelled, task.validation, task.unlabelled) for image in part}
    assert seen.isdisjoint(image.tobytes() for image in images.batch(split.test))


@pytest.mark.parametrize("held_out", ["test", "validation"])
@pytest.mark.parametrize("seen", ["labelled", "unlabelled"])
def test_an_image_that_is_trained_on_and_held_out_is_refused(seen: str, held_out: str) -> None:
    images = load("digits")
    split = draw_split(images, 0, labels_per_class=10)
    copied = np.append(getattr(split, seen), getattr(split, held_out)[3])
    with pytest.raises(DataError, match=rf"1 {seen} image\(s\) of seed 0 \(the first is '.+'\) are {held_out} images"):
        make_task(images, replace(split, **{seen: copied}))


def test_a_copy_under_another_name_is_refused_too() -> None:
    """By bytes, not by index: the planted image is another entry of the set with the same content."""
    images = images_of([20, 20])
    split = draw_split(images, 0, labels_per_class=4)
    pixels, hashes = images.pixels.copy(), images.hashes.copy()
    place, test = split.unlabelled[0], split.test[0]
    pixels[place], hashes[place] = pixels[test], hashes[test]
    with pytest.raises(DataError, match="unlabelled image"):
        make_task(replace(images, pixels=pixels, hashes=hashes), split)


def test_a_split_is_read_back_and_refuses_other_images(tmp_path: Path) -> None:
    images = images_of([20, 20])
    split = draw_split(images, 3, labels_per_class=4)
    write_split(split, images, tmp_path / "split.json")
    again = read_split(tmp_path / "split.json", images)
    assert np.array_equal(again.unlabelled, split.unlabelled)
    assert again.notes == split.notes
    with pytest.raises(DataError, match="other images"):
        read_split(tmp_path / "split.json", images_of([21, 20]))


@pytest.mark.parametrize(
    ("counts", "wanted", "words"),
    [
        ([10, 2], None, "'class 1' has 2 image"),
        ([10, 1], None, "'class 1' has 1 image"),
        ([10, 40], 20, "--labels-per-class 20 is more than class 'class 0' has: 8"),
    ],
)
def test_classes_too_small_are_named(counts: list[int], wanted: int | None, words: str) -> None:
    with pytest.raises(DataError, match=words):
        draw_split(images_of(counts), 0, labels_per_class=wanted)


def test_flips() -> None:
    assert flips_safe(garments())
    assert not flips_safe(load("digits"))
    sided = from_arrays({"": (np.zeros((2, 1, 1, 1), np.uint8), np.arange(2))}, ["left hand", "other"], "made")
    assert not flips_safe(sided)


def test_check_counts_duplicates() -> None:
    pixels = np.array([0, 0, 1, 2, 2], np.uint8).reshape(-1, 1, 1, 1)
    parts = {"train": (pixels[:4], np.array([0, 1, 0, 1])), "test": (pixels[4:], np.array([1]))}
    check = check_images(from_arrays(parts, ["a", "b"], "made"))
    assert check.facts["duplicates"] == 2
    assert check.facts["duplicate_groups_across_parts"] == 1
    assert check.facts["duplicate_groups_with_conflicting_labels"] == 1


def test_a_long_tail_thins_out_the_labelled_images_alone() -> None:
    images = garments()
    whole, split = draw_split(images, 3), draw_split(images, 3, imbalance="exp:100")
    counts = np.bincount(images.labels[split.labelled]).tolist()
    assert counts == [480, 287, 172, 103, 61, 37, 22, 13, 8, 4]  # 480 · 100^(-k / 9), rounded down
    assert set(split.labelled) <= set(whole.labelled)
    assert np.array_equal(split.test, whole.test)
    assert np.array_equal(split.validation, whole.validation)
    assert not len(split.unlabelled)  # what is taken away must not come back without its label
    assert f"after exp:100: {', '.join(map(str, counts))}." in split.notes[-1]
    again, other = (draw_split(images, seed, imbalance="exp:100") for seed in (3, 4))
    assert np.array_equal(split.labelled, again.labelled)
    assert not np.array_equal(split.labelled, other.labelled)


def test_with_labels_per_class_the_rest_is_unlabelled_and_can_be_left_out() -> None:
    images = garments()
    split = draw_split(images, 0, labels_per_class=20, imbalance="step:10")
    assert np.bincount(images.labels[split.labelled]).tolist() == [20] * 5 + [2] * 5
    plain = draw_split(images, 0, labels_per_class=20)
    assert np.array_equal(split.validation, plain.validation)
    assert set(plain.labelled) <= {*split.labelled, *split.unlabelled}
    assert not len(draw_split(images, 0, labels_per_class=20, imbalance="step:10", use_rest=False).unlabelled)


def test_overlap_counts_each_class_by_what_it_draws() -> None:
    """Of 600 a class, half of them labelled in five and a tenth of that in five: (5·300·½ + 5·30·0.05) / (5·330)."""
    images = garments()
    split = draw_split(images, 0, labels_per_class=300, imbalance="step:10")
    assert labelled_overlap(split, images) == pytest.approx((750 + 7.5) / 1650)
    assert labelled_overlap(split, images, by_class=True) == pytest.approx((5 * 0.5 + 5 * 0.05) / 10)


def doubled(a_class: int, part: str = "") -> ImageSet:
    """Garments of two kinds, each twice: as it is, and somewhat darker and turned to JPEG."""
    source = garments()
    first = [np.flatnonzero(source.labels == label)[:a_class] for label in (5, 8)]
    pixels = source.pixels[np.concatenate(first)]
    encoded = np.stack([darker(image[..., 0]) for image in pixels])[..., None]
    labels = np.repeat([0, 1], a_class)
    both = np.stack([pixels, encoded], axis=1).reshape(-1, 28, 28, 1)
    return from_arrays({part: (both, np.repeat(labels, 2))}, ["sandal", "bag"], "made")


def darker(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    stream = io.BytesIO()
    Image.fromarray((image * 0.8).astype(np.uint8)).save(stream, "JPEG", quality=70)
    return np.asarray(Image.open(stream))


def sides_that_pairs_share(split: Split, images: ImageSet) -> Counter[tuple[str, str]]:
    """Pairs (2 i, 2 i + 1) with their two parts, of those that have one."""
    parts = np.full(len(images), "none", "<U10")
    for name in ("labelled", "validation", "unlabelled", "test"):
        parts[getattr(split, name)] = name
    found = (tuple(sorted(pair)) for pair in parts.reshape(-1, 2).tolist())
    return Counter((a, b) for a, b in found if a != b and "none" not in (a, b))


@pytest.mark.parametrize("wanted", [None, 5])
def test_near_copies_are_drawn_to_one_side(wanted: int | None) -> None:
    images = doubled(40)
    for seed in range(4):
        split = draw_split(images, seed, labels_per_class=wanted, test_seed=seed)
        crossed = sides_that_pairs_share(split, images)
        assert set(crossed) <= {("labelled", "unlabelled")}, crossed  # both are trained on
        assert len(split.test) == pytest.approx(32, abs=4)
        assert len(split.validation) == (10 if wanted else pytest.approx(26, abs=3))


def test_without_the_look_at_near_copies_they_are_on_both_sides() -> None:
    """What the drawing is worth: as if nobody had found a pair."""
    images = replace(doubled(40), near=np.empty((0, 2), np.int64))
    crossed = sides_that_pairs_share(draw_split(images, 0), images)
    assert crossed["labelled", "test"] + crossed["test", "validation"] >= 15


def test_a_class_of_copies_of_one_image_is_drawn_all_the_same() -> None:
    images = doubled(20)
    one = images.pixels[40:].copy()
    one[:] = one[0]
    one[:, 0, 0, 0] = np.arange(40)  # alike, not equal
    pixels = np.concatenate([images.pixels[:40], one])
    images = from_arrays({"": (pixels, images.labels)}, ["sandal", "bag"], "made")
    split = draw_split(images, 0)
    assert all(np.bincount(images.labels[index], minlength=2).min() > 0 for index in (split.test, split.validation))
    assert any("Near copies may be on both sides of the test set" in note for note in split.notes)


def test_the_near_copies_of_a_split_that_was_given_stay() -> None:
    images = doubled(20)
    parts = np.where(np.arange(len(images)) % 2, "test", "train")
    split = draw_split(replace(images, parts=parts.astype("<U10")), 0)
    assert len(split.test) == 40
    assert len(split.labelled) + len(split.validation) == 40
