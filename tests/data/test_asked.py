"""What may be asked for of images at every door: their shape, which classes and files, what their groups are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import ganlift
from ganlift.data import Guess, Reading, draw_split, load
from ganlift.data.reading import Fit
from ganlift.data.types import ImageSet
from ganlift.data.visible import load_run
from ganlift.errors import ConfigError, DataError

DOORS = ("folder", "table", "arrays")
BLACK_AND_WHITE = np.tile(np.repeat(np.array([255, 0], np.uint8), 16), (8, 1))
"""8 px high and 32 px wide: the left half white, the right half black."""


def guess_of(images: ImageSet, about: str) -> list[Guess]:
    return [guess for guess in images.guesses if guess.about == about]


def through(door: str, home: Path, pictures: dict[str, list[NDArray[np.uint8]]]) -> str:
    """``pictures`` by class, as a folder, as a table of its files, or as arrays; what to call them."""
    lines = ["path,label"]
    for name, own in pictures.items():
        (home / "set" / name).mkdir(parents=True)
        for index, picture in enumerate(own):
            Image.fromarray(picture).save(home / "set" / name / f"{index}.png")
            lines.append(f"set/{name}/{index}.png,{name}")
    (home / "set.csv").write_text("\n".join(lines))
    x = np.stack([picture for own in pictures.values() for picture in own])
    y = np.repeat(np.array(list(pictures)), [len(own) for own in pictures.values()])
    np.savez(home / "set.npz", x_train=x, y_train=y)
    return str(home / {"folder": "set", "table": "set.csv", "arrays": "set.npz"}[door])


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("fit", "column", "row", "words"),
    [
        # the middle 8 columns are half white, half black; padded there is a stripe of 2 rows
        ("crop", [255] * 3 + [0] * 3, [255] * 8, "the middle square of each is used; 4 lose more than half"),
        ("pad", [0] * 6, [0] * 3 + [255] * 2 + [0] * 3, "padded with black, as asked"),
        ("stretch", [255] * 3 + [0] * 3, [255] * 8, "stretched, as asked"),
    ],
)
def test_an_image_becomes_a_square_as_asked(
    tmp_path: Path, door: str, fit: Fit, column: list[int], row: list[int], words: str
) -> None:
    spec = through(door, tmp_path, {"ant": [BLACK_AND_WHITE] * 2, "bee": [BLACK_AND_WHITE] * 2})
    images = load(spec, Reading(fit=fit))
    assert (images.size, images.fit) == (8, fit)
    first = images.pixels[0, ..., 0]
    assert first[0, [0, 1, 2, 5, 6, 7]].tolist() == column
    assert first[:, 0].tolist() == row
    assert [guess.taken for guess in guess_of(images, "shape")] == [f"4 of 4 images are not square: {words}"]
    assert guess_of(images, "shape")[0].option == "--fit crop|pad|stretch"


def test_nothing_is_said_of_shape_where_all_are_square(tmp_path: Path) -> None:
    square = np.arange(256, dtype=np.uint8).reshape(16, 16)
    for door in DOORS:
        spec = through(door, tmp_path / door, {"ant": [square], "bee": [square]})
        assert guess_of(load(spec), "shape") == []


def test_check_names_the_option_and_is_content_with_it(tmp_path: Path) -> None:
    spec = through("folder", tmp_path, {"ant": [BLACK_AND_WHITE] * 3, "bee": [BLACK_AND_WHITE] * 2})
    found = {one.code: one for one in ganlift.check(spec).findings}
    assert found["wide-image"].count == 5
    assert "--fit pad or --fit stretch" in found["wide-image"].sentence
    for fit in ("pad", "stretch"):
        checked = ganlift.check(spec, fit=fit)  # type: ignore[arg-type]
        assert "wide-image" not in {one.code for one in checked.findings}
        assert [one["taken"] for one in checked.facts["guesses"] if one["about"] == "shape"] != []


def test_what_was_asked_also_holds_for_a_folder_of_unlabelled_images(tmp_path: Path) -> None:
    spec = through("folder", tmp_path, {"ant": [BLACK_AND_WHITE] * 2, "bee": [BLACK_AND_WHITE] * 2})
    (tmp_path / "more").mkdir()
    Image.fromarray(BLACK_AND_WHITE).save(tmp_path / "more" / "0.png")
    asked = Reading(fit="pad", orientation="stored", flips="off")
    images = load(spec, asked, unlabelled=str(tmp_path / "more"))
    assert np.array_equal(images.pixels[4], images.pixels[0])
    assert (images.fit, images.orientation, images.flips) == ("pad", "stored", False)


def noise(count: int, seed: int) -> list[NDArray[np.uint8]]:
    return list(np.random.default_rng(seed).integers(0, 256, (count, 8, 8), np.uint8))


def patients(home: Path, images: int = 4, form: str = "set/{name}/p{patient}-{index}.png") -> Path:
    """Six patients of each of two classes with ``images`` images each, and a table of them; the folder."""
    lines, rng = ["path,label"], np.random.default_rng(0)
    for patient in range(12):
        for index in range(images):
            path = form.format(name=("ant", "bee")[patient % 2], patient=patient, index=index)
            (home / path).parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(rng.integers(0, 256, (8, 8), np.uint8)).save(home / path)
            lines.append(f"{path},{('ant', 'bee')[patient % 2]}")
    (home / "set.csv").write_text("\n".join(lines))
    return home / "set"


@pytest.mark.parametrize("door", ["set", "set.csv"])
@pytest.mark.parametrize(
    ("pattern", "first"), [("p[0-9]+", "p0"), ("/p([0-9]+)-", "0"), ("(ant|bee)/p([0-9]+)", "ant")]
)
def test_groups_are_what_the_first_bracket_or_all_of_the_pattern_matches(
    tmp_path: Path, door: str, pattern: str, first: str
) -> None:
    patients(tmp_path)
    images = load(str(tmp_path / door), Reading(groups=pattern))
    assert images.groups is not None
    assert images.groups[0] == first
    count = 2 if first == "ant" else 12
    assert len(set(images.groups.tolist())) == count
    said = f"{count} in the paths of 48 images, as asked"
    assert [guess.taken for guess in guess_of(images, "groups")] == [said]


@pytest.mark.parametrize(("labels", "sizes"), [(None, (24, 8, 16)), (4, (8, 8, 16)), (6, (12, 12, 16))])
def test_no_group_of_a_pattern_is_on_two_sides_and_each_side_has_images(
    tmp_path: Path, labels: int | None, sizes: tuple[int, int, int]
) -> None:
    patients(tmp_path)
    images = load(str(tmp_path / "set"), Reading(groups="p([0-9]+)"))
    assert images.groups is not None
    for seed in range(3):
        split = draw_split(images, seed, labels_per_class=labels)
        sides = [set(images.groups[side]) for side in (split.labelled, split.validation, split.test)]
        assert (len(split.labelled), len(split.validation), len(split.test)) == sizes
        assert sum(map(len, sides)) == len(set.union(*sides))


def test_a_class_of_one_group_leaves_nothing_to_validate_on_and_that_is_said(tmp_path: Path) -> None:
    patients(tmp_path, form="set/{name}/{index}-{patient}.png")
    images = load(str(tmp_path / "set"), Reading(groups="ant|bee"))
    with pytest.raises(DataError, match="No validation image is left"):
        draw_split(images, 0)


def test_a_path_that_does_not_match_is_a_group_of_its_own_and_counted(tmp_path: Path) -> None:
    folder = patients(tmp_path)
    for name in ("x", "y", "z"):
        Image.fromarray(noise(1, ord(name))[0]).save(folder / "ant" / f"{name}.png")
    images = load(str(folder), Reading(groups="p([0-9]+)"))
    assert images.groups is not None
    assert (images.groups == "").sum() == 3
    said = "12 in the paths of 51 images, as asked; 3 match nowhere, and each counts as one of its own"
    assert [guess.taken for guess in guess_of(images, "groups")] == [said]


def test_an_unlabelled_image_has_the_group_of_its_path_too(tmp_path: Path) -> None:
    folder = patients(tmp_path)
    (tmp_path / "more" / "p3").mkdir(parents=True)
    for name in ("p3/0.png", "x.png"):
        Image.fromarray(noise(1, len(name))[0]).save(tmp_path / "more" / name)
    images = load(str(folder), Reading(groups="p([0-9]+)"), unlabelled=str(tmp_path / "more"))
    assert images.groups is not None
    assert images.groups[-2:].tolist() == ["", "3"]
    assert f"1 of 2 paths of {tmp_path / 'more'} match --groups nowhere" in images.notes[-1]
    assert len(load(str(folder), unlabelled=str(tmp_path / "more"))) == 50


def test_groups_that_cannot_be_are_refused(tmp_path: Path) -> None:
    folder = patients(tmp_path)
    with pytest.raises(DataError, match=r"--groups 'q\+' matches no path of .*such as ant/p0-0\.png"):
        load(str(folder), Reading(groups="q+"))
    table = tmp_path / "grouped.csv"
    table.write_text("path,label,group\nset/ant/p0-0.png,ant,\nset/bee/p1-0.png,bee,")
    with pytest.raises(DataError, match=r"grouped\.csv has a column group, and --groups asks for others"):
        load(str(table), Reading(groups="p([0-9]+)"))
    with pytest.raises(DataError, match="--groups is about paths, and digits has none; give a table"):
        load("digits", Reading(groups="p([0-9]+)"))
    with pytest.raises(ConfigError, match=r"'groups' = '\(p': expected a regular expression.*unterminated"):
        ganlift.compare(folder, groups="(p", out=tmp_path / "run")


@pytest.mark.parametrize("door", DOORS)
def test_the_classes_asked_for_are_used_in_their_sorted_order(tmp_path: Path, door: str) -> None:
    spec = through(door, tmp_path, {"ant": noise(4, 0), "bee": noise(3, 1), "crab": noise(5, 2), "dove": noise(2, 3)})
    images = load(spec, Reading(classes=("crab", "ant")))
    assert images.class_names == ("ant", "crab")
    assert np.bincount(images.labels).tolist() == [4, 5]
    assert np.array_equal(images.pixels[4:, ..., 0], noise(5, 2))
    assert [guess.taken for guess in guess_of(images, "classes")] == ["2 of 4 are used, as asked: ant, crab"]
    assert [note for note in images.notes if "left out" in note] == [
        "2 class(es) left out, not named by --classes: bee (3 image(s)), dove (2 image(s))."
    ]


@pytest.mark.parametrize("door", DOORS)
def test_a_class_that_is_not_there_is_refused_with_the_nearest(tmp_path: Path, door: str) -> None:
    spec = through(door, tmp_path, {"ant": noise(4, 0), "bee": noise(4, 1)})
    with pytest.raises(DataError, match=r"--classes names 'bees', and .* has no such class; did you mean 'bee'"):
        load(spec, Reading(classes=("ant", "bees")))
    with pytest.raises(DataError, match="at least 2 are needed"):
        load(spec, Reading(classes=("ant",)))


def test_an_empty_class_folder_that_is_not_asked_for_stops_nothing(tmp_path: Path) -> None:
    spec = through("folder", tmp_path, {"ant": noise(4, 0), "bee": noise(4, 1), "void": []})
    with pytest.raises(DataError, match="holds no image"):
        load(spec)
    assert load(spec, Reading(classes=("ant", "bee"))).class_names == ("ant", "bee")
    assert "unused-class" in {one.code for one in ganlift.check(spec, classes=["ant", "bee"]).findings}


def test_the_names_of_labels_that_are_numbers(tmp_path: Path) -> None:
    y = np.array([0, 2, 5, -1] * 3)
    np.savez(tmp_path / "x.npz", x_train=np.stack(noise(12, 0)), y_train=y)
    plain, asked = load(str(tmp_path / "x.npz")), load(str(tmp_path / "x.npz"), Reading(classes=("no", "some", "all")))
    assert plain.class_names == ("class 0", "class 2", "class 5")
    assert asked.class_names == ("no", "some", "all")
    assert np.array_equal(asked.labels, plain.labels)
    told = guess_of(asked, "classes")[0]
    assert told.taken == "label 0 is 'no', label 2 is 'some', label 5 is 'all', as asked"
    assert guess_of(plain, "classes")[0].option == "--classes NAME,NAME,..."
    with pytest.raises(DataError, match=r"--classes has 2 names and .* has 3 labels \(0, 2, 5\)"):
        load(str(tmp_path / "x.npz"), Reading(classes=("no", "some")))


def test_a_bundled_set_has_classes_to_choose_from() -> None:
    images = load("digits", Reading(classes=("8", "1")))
    assert images.class_names == ("1", "8")
    assert np.bincount(images.labels).tolist() == [182, 174]


@pytest.mark.parametrize("door", ["set", "set.csv"])
def test_files_are_used_by_their_names(tmp_path: Path, door: str) -> None:
    patients(tmp_path)
    images = load(str(tmp_path / door), Reading(files=("*-0.png", "p1-?.png")))
    assert len(images) == 12 + 3
    assert "33 file(s) left out, of a name that --files does not match: " in images.notes[0]
    with pytest.raises(DataError, match=r"--files \*\.jpg matches none of the 48 images of .* \(p0-0\.png"):
        load(str(tmp_path / door), Reading(files=("*.jpg",)))
    with pytest.raises(DataError, match=r"--files leaves no image of the class\(es\) bee of"):
        load(str(tmp_path / door), Reading(files=("p2-*",)))


def test_files_are_chosen_among_unlabelled_ones_too_and_never_in_arrays(tmp_path: Path) -> None:
    folder = patients(tmp_path)
    (tmp_path / "more").mkdir()
    for name in ("p0-0.png", "p0-0_mask.png"):
        Image.fromarray(noise(1, len(name))[0]).save(tmp_path / "more" / name)
    asked = Reading(files=("*[0-9].png",))
    images = load(str(folder), asked, unlabelled=str(tmp_path / "more"))
    assert images.names[48:].tolist() == [str(tmp_path / "more" / "p0-0.png")]
    assert len(load_run(str(tmp_path / "more"), "rest", asked, None)) == 1
    with pytest.raises(DataError, match="--files is about files, and digits has none"):
        load("digits", asked)


def test_classes_of_a_folder_without_class_folders_are_refused(tmp_path: Path) -> None:
    Image.fromarray(noise(1, 0)[0]).save(tmp_path / "0.png")
    with pytest.raises(DataError, match=r"--classes NAME,NAME,\.\.\. is about class folders"):
        load_run(str(tmp_path), "rest", Reading(classes=("ant", "bee")), None)
