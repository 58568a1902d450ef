"""Planted label errors are found and clean labels are not called wrong; what is judged, and by what."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import ganlift
from ganlift.data import Check, ImageSet, check_images, load
from ganlift.data.label_errors import FEWEST_A_CLASS, MOST, find_label_errors, floor, to_look_at
from ganlift.errors import ConfigError

CODES = {"label-errors", "test-label-errors", "unclear-labels"}


def some(a_class: int, spec: str = "fashion-mini") -> ImageSet:
    images = load(spec)
    chosen = [np.flatnonzero(images.labels == k)[:a_class] for k in range(len(images.class_names))]
    return images.at(np.sort(np.concatenate(chosen)))


def planted(images: ImageSet, share: float, seed: int = 0) -> tuple[ImageSet, set[str]]:
    """Images of which a share carry another class's label, and the names of those."""
    rng, classes = np.random.default_rng(seed), len(images.class_names)
    wrong = rng.choice(len(images), round(share * len(images)), replace=False)
    labels = images.labels.copy()
    labels[wrong] = (labels[wrong] + rng.integers(1, classes, len(wrong))) % classes
    return replace(images, labels=labels), set(images.names[wrong].tolist())


def told(check: Check) -> set[str]:
    return CODES & {one.code for one in check.findings}


@pytest.mark.parametrize("spec", ["fashion-mini", "digits"])
def test_clean_labels_are_not_called_wrong(spec: str) -> None:
    assert told(check_images(some(100, spec))) == set()


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_planted_errors_are_counted_and_listed(share: float) -> None:
    noisy, wrong = planted(some(170, "digits"), share)
    check = check_images(noisy)
    assert told(check) == {"label-errors"}
    labels = check.facts["labels"]
    assert labels["interval"][0] < share < labels["interval"][1]
    listed = {one["name"] for one in labels["suspects"]}
    assert len(listed & wrong) / len(listed) > 0.75
    assert len(listed & wrong) / len(wrong) > 0.6


def test_the_list_is_worst_first_and_says_the_true_class() -> None:
    images = some(170, "digits")
    noisy, wrong = planted(images, 0.1)
    of = dict(zip(images.names.tolist(), images.labels.tolist(), strict=True))
    first = check_images(noisy).facts["labels"]["suspects"][:30]
    assert len([one for one in first if one["name"] in wrong]) >= 29
    assert len([one for one in first if one["likely"] == images.class_names[of[one["name"]]]]) >= 28


def test_a_few_labels_a_class_are_not_judged() -> None:
    assert "labels" not in check_images(some(5)).facts


def test_test_labels_that_look_wrong_are_told_by_themselves() -> None:
    noisy, _ = planted(some(170, "digits"), 0.2)
    parts = np.where(np.arange(len(noisy)) % 4 == 0, "test", "train")
    check = check_images(replace(noisy, parts=parts))
    (found,) = [one for one in check.findings if one.code == "test-label-errors"]
    tested = int(np.sum(parts == "test"))
    assert found.message.startswith(f"{found.count} of {tested} labels of test images look wrong.")
    assert f"scores {100 * (1 - found.count / tested):.1f} %" in found.message
    listed = check.facts["labels"]["suspects"]
    assert found.count == sum(one["test"] for one in listed) < len(listed)


def test_where_looks_do_not_tell_the_classes_nothing_is_claimed() -> None:
    rng, images = np.random.default_rng(0), some(40, "digits")
    lots = replace(images, labels=rng.integers(0, 2, len(images)), class_names=("heads", "tails"))
    assert told(check_images(lots)) == {"unclear-labels"}
    assert check_images(lots).facts["labels"]["suspects"] == []


def test_rows_are_judged_by_their_columns(tmp_path: Path) -> None:
    from sklearn.datasets import load_breast_cancer

    x, y = load_breast_cancer(return_X_y=True)
    wrong = np.random.default_rng(0).choice(len(y), 55, replace=False)
    for name, labels in (("clean", y), ("noisy", np.where(np.isin(np.arange(len(y)), wrong), 1 - y, y))):
        np.savez(tmp_path / f"{name}.npz", x_train=x, y_train=labels)
    assert told(ganlift.check(tmp_path / "clean.npz")) == set()
    found = ganlift.check(tmp_path / "noisy.npz")
    assert told(found) == {"label-errors"}
    assert found.facts["labels"]["told_by"] == "columns"
    with pytest.raises(ConfigError, match="leave --features out"):
        ganlift.check(tmp_path / "noisy.npz", features="efficientnet-lite0")


def test_what_must_stay_together_is_in_one_fold() -> None:
    """A wrong label whose copies carry it too is found only where no copy of it was learned from."""
    rng = np.random.default_rng(0)
    once = rng.normal(size=(100, 30))
    vectors, labels = np.repeat(once, 4, axis=0), np.repeat((once[:, 0] > 0).astype(np.int64), 4)
    vectors[:, 0] *= 8
    labels[:40] = 1 - labels[:40]
    together = find_label_errors(vectors, labels, np.repeat(np.arange(100), 4).astype(str))
    apart = find_label_errors(vectors, labels, np.arange(400).astype(str))
    assert together.share > 0.05
    assert together.share > 2 * apart.share


def test_which_labels_are_judged() -> None:
    labels = np.repeat([0, 1, 2], [200, 100, FEWEST_A_CLASS])
    names, every = np.arange(len(labels)).astype(str), np.arange(len(labels))
    assert len(to_look_at(labels, names, every)) == len(labels)
    names[-2:] = "one and the same"
    assert set(labels[to_look_at(labels, names, every)]) == {0, 1}
    assert len(to_look_at(labels, names, every[:220])) == 220
    assert len(to_look_at(labels, names, every[:205])) == 0
    many = np.arange(3 * MOST)
    chosen = to_look_at(many % 2, many.astype(str), many)
    assert len(chosen) == MOST
    assert (np.diff(chosen) > 0).all()


@pytest.mark.parametrize("height", [0.0, 0.05, 0.3])
def test_the_floor_of_a_curve_that_is_known(height: float) -> None:
    rng = np.random.default_rng(0)
    odds = rng.exponential(3.0, 5000)
    differs = rng.random(5000) < height + (1 - height) / (1 + np.exp(1.5 * odds))
    share, low, high = floor(odds, differs)
    assert low <= height <= high
    assert high - low < 0.06
    assert share == pytest.approx(height, abs=0.02)


def test_where_the_answers_are_never_sure_there_is_no_telling_the_floor() -> None:
    rng = np.random.default_rng(0)
    odds = rng.exponential(0.3, 400)
    _, low, high = floor(odds, rng.random(400) < 1 / (1 + np.exp(odds)))
    assert low < 0.015
    assert high > 0.2


def test_a_classifier_that_errs_where_it_is_sure_counts_no_wrong_labels() -> None:
    """As coarse looks of photographs do: what is far on one side of the line is now and then of the other class."""
    rng, n = np.random.default_rng(0), 1000
    vectors = rng.normal(size=(n, 5))
    labels = (2 * vectors[:, 0] + rng.standard_t(1.5, n) > 0).astype(np.int64)
    found = find_label_errors(vectors, labels, np.arange(n).astype(str))
    assert found.share > 0.05  # by a curve that falls as the classifier says that it does
    assert found.low < 0.015
