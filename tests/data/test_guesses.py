"""Mirroring, size, colours, orientation, labels: each said, each overridable, each with the value it must have."""

from __future__ import annotations

import inspect
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import ganlift
from ganlift.cli import check, compare, compare_generators, train
from ganlift.config import build_config
from ganlift.config_images import ImagesConfig
from ganlift.data import Guess, Reading, load
from ganlift.data.flips import flips_safe, why_no_flips
from ganlift.data.reading import asked
from ganlift.errors import DataError

RNG = np.random.default_rng(0)
Y = np.arange(12) % 3


def guess_of(images: object, about: str) -> Guess:
    return next(guess for guess in images.guesses if guess.about == about)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "names",
    [
        [str(k) for k in range(10)],
        [f"class {k}" for k in range(10)],
        [f"{k}.0" for k in range(10)],
        [*(str(k) for k in range(10)), "nan"],
        [f"digit_{k}" for k in range(3)],
        ["Class-01", "Class-02"],
        ["A", "b", "C"],
        ["letter A", "letter B"],
        ["zero", "one", "two"],
        ["left", "right"],
        ["leftHand", "other"],
        ["turn_LEFT", "straight"],
        ["clockwise", "still"],
    ],
)
def test_no_mirroring_where_names_are_signs_or_sides(names: list[str]) -> None:
    assert why_no_flips(names)


@pytest.mark.parametrize(
    "names",
    [
        ["ants", "bees"],
        ["bright", "dark"],
        ["t-shirt", "shirt"],
        ["cat", "dog"],
        ["class act", "class war"],
        ["1 euro coin", "rose"],
        ["grade I", "grade II", "benign"],
    ],
)
def test_mirroring_where_nothing_speaks_against_it(names: list[str]) -> None:
    assert not why_no_flips(names)


def test_mirroring_is_said_and_may_be_settled() -> None:
    assert not flips_safe(load("digits"))
    assert "off" in guess_of(load("digits"), "mirroring").taken
    assert flips_safe(load("digits", Reading(flips="on")))
    assert not flips_safe(load("fashion-mini", Reading(flips="off")))
    assert "as asked" in guess_of(load("digits", Reading(flips="on")), "mirroring").taken


@pytest.mark.parametrize(("side", "size"), [(28, 28), (30, 32), (7, 8), (33, 36), (64, 64), (96, 96)])
def test_sizes_are_settled_at_the_door(tmp_path: Path, side: int, size: int) -> None:
    np.savez(tmp_path / "x.npz", x_train=RNG.integers(0, 256, (12, side, side + 5), np.uint8), y_train=Y)
    images = load(str(tmp_path / "x.npz"))
    assert images.size == size
    assert f"{size} × {size}" in guess_of(images, "size").taken
    assert ("times the work" in guess_of(images, "size").taken) == (side == 96)
    assert load(str(tmp_path / "x.npz"), Reading(image_size=16)).size == 16


def test_a_size_that_fits_no_network_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x_train=RNG.integers(0, 256, (12, 8, 8), np.uint8), y_train=Y)
    with pytest.raises(DataError, match="30 fits no network"):
        load(str(tmp_path / "x.npz"), Reading(image_size=30))
    assert load("digits", Reading(image_size=16)).size == 16


def test_grey_in_three_channels_is_grey_at_every_door(tmp_path: Path) -> None:
    x = np.repeat(RNG.integers(0, 256, (12, 8, 8, 1), np.uint8), 3, axis=3)
    np.savez(tmp_path / "x.npz", x_train=x, y_train=Y)
    images = load(str(tmp_path / "x.npz"))
    assert (images.channels, "grey" in guess_of(images, "colours").taken) == (1, True)
    assert load(str(tmp_path / "x.npz"), Reading(colours="rgb")).channels == 3
    x[0, 0, 0] = (255, 0, 0)
    np.savez(tmp_path / "x.npz", x_train=x, y_train=Y)
    assert load(str(tmp_path / "x.npz")).channels == 3


def test_photographs_are_set_upright_unless_asked(tmp_path: Path) -> None:
    picture = Image.fromarray(np.pad(np.full((8, 4), 255, np.uint8), ((0, 0), (0, 4))))
    for name in ("ant", "bee"):
        (tmp_path / name).mkdir()
        exif = Image.Exif()
        exif[0x0112] = 6  # a quarter turn
        picture.save(tmp_path / name / "0.png", exif=exif)
    upright, stored = load(str(tmp_path)), load(str(tmp_path), Reading(orientation="stored"))
    assert (upright.pixels[0, 0, -1, 0], upright.pixels[0, -1, 0, 0]) == (255, 0)
    assert (stored.pixels[0, 0, -1, 0], stored.pixels[0, -1, 0, 0]) == (0, 255)
    assert "2 set upright" in guess_of(upright, "orientation").taken
    assert stored.orientation == "stored"
    assert "of a shorter side of 8 px" in guess_of(stored, "size").taken


def test_whether_they_are_photographs_is_said(tmp_path: Path) -> None:
    assert guess_of(load("fashion-mini"), "photographs").taken.startswith("no, for 28 px are small")
    for name in ("ant", "bee"):
        (tmp_path / name).mkdir()
        Image.fromarray(RNG.integers(0, 256, (96, 130, 3), np.uint8)).save(tmp_path / name / "0.png")
    assert guess_of(load(str(tmp_path)), "photographs").taken == "yes"


def test_minus_one_is_no_class_at_the_door_of_arrays(tmp_path: Path) -> None:
    x, y = RNG.integers(0, 256, (12, 8, 8), np.uint8), np.where(np.arange(12) < 4, -1, Y)
    np.savez(tmp_path / "x.npz", x_train=x, y_train=y)
    images = load(str(tmp_path / "x.npz"))
    assert images.class_names == ("class 0", "class 1", "class 2")
    assert np.array_equal(images.labels, y)
    assert "4 of the set" in guess_of(images, "labels").taken


def test_labels_may_be_names(tmp_path: Path) -> None:
    names = np.array(["ant", "bee", ""])[Y]
    np.savez(tmp_path / "x.npz", x_train=RNG.integers(0, 256, (12, 8, 8), np.uint8), y_train=names)
    images = load(str(tmp_path / "x.npz"))
    assert images.class_names == ("ant", "bee")
    assert np.array_equal(images.labels, np.where(Y == 2, -1, Y))


def test_labels_that_are_no_number_are_refused(tmp_path: Path) -> None:
    y = np.where(Y == 2, np.nan, Y)
    np.savez(tmp_path / "x.npz", x_train=RNG.integers(0, 256, (12, 8, 8), np.uint8), y_train=y)
    with pytest.raises(DataError, match="4 labels are nan"):
        load(str(tmp_path / "x.npz"))


def test_a_validation_part_alone_is_the_test_set_of_arrays_and_tables(tmp_path: Path) -> None:
    x = RNG.integers(0, 256, (12, 8, 8), np.uint8)
    np.savez(tmp_path / "x.npz", x_train=x[:6], y_train=Y[:6], x_val=x[6:], y_val=Y[6:])
    lines = ["path,label,split"]
    for index, image in enumerate(x):
        Image.fromarray(image).save(tmp_path / f"{index}.png")
        lines.append(f"{index}.png,class {Y[index]},{'train' if index < 6 else 'valid'}")
    (tmp_path / "x.csv").write_text("\n".join(lines))
    for name in ("x.npz", "x.csv"):
        images = load(str(tmp_path / name))
        assert images.parts.tolist() == ["train"] * 6 + ["test"] * 6
        assert "val is the test set" in guess_of(images, "parts").taken


@pytest.mark.parametrize(
    ("reading", "option"), [(Reading(value_range=(0, 2)), "--value-range"), (Reading(parts={}), "--parts")]
)
def test_an_option_that_the_images_have_no_use_for_is_refused(reading: Reading, option: str) -> None:
    with pytest.raises(DataError, match=f"{option} is about .*digits has none"):
        load("digits", reading)


SAID = {
    "image_size": ("32", 32),
    "value_range": ("0,4095", (0.0, 4095.0)),
    "colours": ("grey", "grey"),
    "orientation": ("stored", "stored"),
    "fit": ("pad", "pad"),
    "flips": ("off", "off"),
    "rate": ("8000", 8000),
    "seconds": ("0.5", 0.5),
    "frames": ("4", 4),
    "parts": ("Testing=test,old=skip", {"Testing": "test", "old": "skip"}),
    "classes": ("ants,bees", ("ants", "bees")),
    "groups": ("p([0-9]+)", "p([0-9]+)"),
    "files": ("*.png,*.jpg", ("*.png", "*.jpg")),
}
"""Every option about images and sound, as the command line has it, and what it asks for."""

OF_TABLES = {"column", "leave_out", "label_column", "labels"}
FOUND = {"learned", "learned_columns", "learned_label", "learned_blocks", "sound"}
"""What is settled, and not asked for."""


def test_these_are_all_options_about_images() -> None:
    named = ImagesConfig.model_fields.keys()
    assert SAID.keys() | OF_TABLES == named == {one.name for one in fields(Reading)} - FOUND
    for door in (check.check, compare.compare, train.train, ganlift.check, ganlift.evaluate):
        assert inspect.signature(door).parameters.keys() >= OF_TABLES


@pytest.mark.parametrize(("key", "text", "value"), [(key, *said) for key, said in SAID.items()])
def test_each_option_is_at_every_door_and_in_the_docs(key: str, text: str, value: object) -> None:
    verbs = (check.check, compare.compare, compare_generators.compare_generators, train.train, train.train_generator)
    for door in (*verbs, ganlift.check):
        assert key in inspect.signature(door).parameters
    config = build_config({"data": "x", key: text})
    assert getattr(asked(config.identity()), key) == value
    assert getattr(asked({}), key) == getattr(Reading(), key)
    page = (Path(__file__).parents[2] / "docs" / "own-data.md").read_text(encoding="utf-8")
    table = page.split("## What it takes for granted")[1].split("\n## ")[0]
    assert f"`--{key.replace('_', '-')} " in table


def test_every_guess_in_the_docs_can_be_said_otherwise() -> None:
    page = (Path(__file__).parents[2] / "docs" / "own-data.md").read_text(encoding="utf-8")
    rows = [line for line in page.split("## What it takes for granted")[1].splitlines() if line.startswith("| ")]
    last = {row.split(" | ")[0].strip("| "): row.rstrip("|").split(" | ")[-1].strip() for row in rows[1:]}
    assert {"values", "size", "shape", "classes", "groups", "files"} <= last.keys()
    assert [about for about, how in last.items() if not how] == []
