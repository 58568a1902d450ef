"""`--features auto`: what the images and the question decide, never the machine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ganlift.comparison.plan import resolve_arms
from ganlift.comparison.spaces import spaces_for
from ganlift.config import build_config
from ganlift.data.build import from_arrays
from ganlift.data.photographs import unlike_photographs
from ganlift.data.types import FileFacts, ImageSet, Split
from ganlift.errors import ConfigError

NETWORK = "efficientnet-lite0"
NONE = np.empty(0, np.int64)


def images_of(side: int = 28, channels: int = 1, classes: tuple[str, ...] = ("ant", "bee")) -> ImageSet:
    pixels = np.random.default_rng(0).integers(0, 256, (8, side, side, channels), dtype=np.uint8)
    return from_arrays({"train": (pixels, np.arange(8) % 2)}, list(classes), "made")


def photographs(side: int = 640, *, grey: bool = False) -> ImageSet:
    facts = [FileFacts(Path(f"{index}.jpg"), width=side + index, height=side, grey=grey) for index in range(8)]
    return replace(images_of(64, 3), files=tuple(facts))


def chosen(images: ImageSet, unlabelled: int = 0, **asked: object) -> tuple[list[str], str]:
    split = Split(0, np.arange(4), np.arange(4, 6), np.arange(unlabelled), np.arange(6, 8))
    return spaces_for(build_config({"data": "made", **asked}), images, split)


def test_photographs_are_learned_from_through_the_network_alone() -> None:
    spaces, why = chosen(photographs())
    assert spaces == [NETWORK]
    assert why.startswith(f"These are photographs, so arms learn from the features of {NETWORK}")
    assert chosen(photographs(), strategies=["augment", "sgan"])[0] == [NETWORK]


def test_small_pictures_are_learned_from_both_ways() -> None:
    spaces, why = chosen(images_of(28))
    assert spaces == ["pixels", NETWORK]
    assert "--features pixels leaves the features out" in why
    assert chosen(photographs(95))[0] == ["pixels", NETWORK]
    assert chosen(photographs(grey=True))[0] == ["pixels", NETWORK]  # X-rays and scans are no photographs


def test_what_the_network_cannot_see_or_not_in_minutes_stays_with_pixels() -> None:
    assert chosen(images_of(8)) == (["pixels"], "")
    assert chosen(images_of(28), strategies=["augment", "sgan"]) == (["pixels"], "")  # plain names are arms of pixels
    assert chosen(images_of(28), unlabelled=9_992)[0] == ["pixels", NETWORK]  # 9,998 images twice, and 2 once
    spaces, why = chosen(images_of(28), unlabelled=9_996)
    assert spaces == ["pixels"]
    assert why.startswith("Arms learn from pixels: features of 10,004 images take a while")


@pytest.mark.parametrize(
    ("asked", "because"),
    [
        ({"strategies": ["sgan", "rotation"]}, "because 'rotation' does"),
        ({"classifier": "resnet18"}, "because 'resnet18' does"),
        ({"labels_per_class": 0, "strategies": ["infogan", "kmeans-rotation"]}, "because 'kmeans-rotation' does"),
    ],
)
def test_a_question_about_pixels_is_answered_with_pixels(asked: dict[str, object], because: str) -> None:
    spaces, why = chosen(photographs(), **asked)
    assert spaces == ["pixels"]
    assert because in why
    assert f"--features {NETWORK}" in why
    assert chosen(images_of(28), **asked) == (["pixels"], "")


def test_clusters_are_looked_for_where_classes_would_be() -> None:
    assert chosen(photographs(), labels_per_class=0)[0] == [NETWORK]
    assert chosen(images_of(28), labels_per_class=0)[0] == ["pixels", NETWORK]


def test_what_is_asked_for_is_taken() -> None:
    assert chosen(photographs(), features="pixels") == (["pixels"], "")
    assert chosen(photographs(), features="none") == (["pixels"], "")
    assert chosen(images_of(8), features=NETWORK) == ([NETWORK], "")
    for wrong in ("auto,pixels", f"none,{NETWORK}"):
        with pytest.raises(ConfigError, match="auto and none stand alone"):
            chosen(photographs(), features=wrong)


def test_photographs_are_told_by_most_of_them() -> None:
    some = photographs()
    broken = replace(some.files[0], width=0, height=0, fault="unreadable")
    thumbnails = [replace(file, width=64, height=64) for file in some.files]
    assert unlike_photographs(replace(some, files=(broken, *some.files[1:], *thumbnails[:6]))) == ""
    assert unlike_photographs(replace(some, files=(broken, *some.files[1:], *thumbnails))) == "64 px are small"
    assert unlike_photographs(images_of(96, 3)) == ""
    assert unlike_photographs(images_of(96, 1)) == "they are grey"


def test_each_space_has_the_arms_that_suit_it() -> None:
    config = build_config({"data": "made"})
    entries, notes = resolve_arms(config, ["pixels", NETWORK], [10, 10], unlabelled=500)
    names = [entry.name for entry in entries]
    assert {"augment", "fixmatch-rotation", f"linear-probe@{NETWORK}", f"sgan-mix@{NETWORK}"} <= set(names)
    assert "linear-probe" not in names
    assert f"mean-teacher@{NETWORK}" not in names
    assert [note.split(":")[0].startswith("Picked ") for note in notes[:2]] == [True, True]
