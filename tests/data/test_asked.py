"""What may be asked for of images at every door: their shape."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import ganlift
from ganlift.data import Guess, Reading, load
from ganlift.data.reading import Fit
from ganlift.data.types import ImageSet

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
