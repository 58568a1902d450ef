"""Black and white: found from the whole set by one rule, or asked for, or refused with what settles it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ganlift.data import Reading, load
from ganlift.errors import DataError, InputError
from ganlift.estimators import GanLiftClassifier
from ganlift.estimators.images import encode, learn

Array = NDArray[Any]
RAMP = np.linspace(0.0, 1.0, 16 * 64).reshape(16, 8, 8)
Y = np.arange(16) % 2


def npz(path: Path, train: Array, test: Array | None = None) -> str:
    arrays = {"x_train": train, "y_train": Y}
    np.savez(path, **arrays, **({} if test is None else {"x_test": test, "y_test": Y}))
    return str(path)


def taken(images: Any, about: str) -> str:
    return next(guess.taken for guess in images.guesses if guess.about == about)


@pytest.mark.parametrize(
    ("given", "white"),
    [
        (RAMP, 1.0),
        (RAMP.astype(np.float16), 1.0),
        (RAMP * 1.02 - 0.01, 1.0),  # what bicubic resizing leaves of values in [0, 1]
        (RAMP * 255, 255.0),
        (RAMP * 260 - 2, 255.0),
        ((RAMP * 255).round().astype(np.int64), 255.0),
        ((RAMP * 255).round().astype(np.uint8), 255.0),
        ((RAMP * 100).round().astype(np.uint8), 255.0),  # bytes that are dark
        ((RAMP > 0.5).astype(np.int32), 1.0),
        ((RAMP > 0.5).astype(np.uint8), 1.0),
        (RAMP > 0.5, 1.0),
        ((RAMP * 65535).round().astype(np.uint16), 65535.0),
    ],
)
def test_one_rule_at_the_door_of_arrays_and_of_estimators(tmp_path: Path, given: Array, white: float) -> None:
    images = load(npz(tmp_path / "x.npz", given))
    assert f"0 is black and {white:g} is white" in taken(images, "values")
    assert images.scale is not None
    assert images.scale.high == white
    wanted = np.clip(given.astype(np.float64) / white * 255, 0, 255)
    assert np.abs(images.pixels[..., 0] - wanted).max() <= 0.51
    rows = given.reshape(len(given), -1)
    found = learn(rows, given.shape[1:], None, None, "auto")
    assert (found.low, found.high) == (0.0, white)
    assert np.array_equal(encode(rows, found), images.pixels)


def test_a_test_part_that_overshoots_has_the_scale_of_the_set(tmp_path: Path) -> None:
    test = RAMP.copy()
    test[0, 0, 0] = 1.02
    images = load(npz(tmp_path / "x.npz", RAMP, test))
    train, tested = images.pixels[images.parts == "train"], images.pixels[images.parts == "test"]
    assert tested[-1].max() == 255
    assert np.array_equal(train[1:], tested[1:])
    assert "cut off" in taken(images, "values")


def test_a_dark_part_takes_the_scale_of_the_others(tmp_path: Path) -> None:
    images = load(npz(tmp_path / "x.npz", RAMP * 255, RAMP * 40))
    assert images.pixels[images.parts == "test"].max() == 40


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ((RAMP * 16), "0,255"),
        ((RAMP * 16).astype(np.int16), "0,255"),
        ((RAMP * 4095).astype(np.uint16), "0,4095"),
        (RAMP * 2 - 1, "-1,1"),
        (RAMP * 500, "0,1023"),
    ],
)
def test_what_does_not_tell_is_refused_with_what_settles_it(tmp_path: Path, given: Array, hint: str) -> None:
    with pytest.raises(DataError, match=f"--value-range LOW,HIGH.*{hint}"):
        load(npz(tmp_path / "x.npz", given))
    with pytest.raises(InputError, match=r"value_range=\(low, high\)"):
        GanLiftClassifier("augment", budget=1).fit(given, Y)
    low, high = (float(value) for value in hint.split(","))
    images = load(npz(tmp_path / "x.npz", given), Reading(value_range=(low, high)))
    assert np.abs(images.pixels[..., 0] - np.clip((given - low) / (high - low) * 255, 0, 255)).max() <= 0.51
    assert "as asked" in taken(images, "values")


def test_parts_on_two_scales_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"different scales.*1 is white.*255 is white"):
        load(npz(tmp_path / "x.npz", RAMP, RAMP * 255))
    holed = RAMP.copy()
    holed[3, 1, 2] = np.nan
    with pytest.raises(DataError, match=r"finite numbers, and that at \[3, 1, 2, 0\] is nan"):
        load(npz(tmp_path / "x.npz", RAMP, holed))


def deep(folder: Path, whites: list[int]) -> str:
    """16-bit PNGs, one of each brightness a class."""
    for name in ("ant", "bee"):
        (folder / name).mkdir(parents=True)
        for place, white in enumerate(whites):
            Image.fromarray((RAMP[-1] * white).astype(np.uint16)).save(folder / name / f"{place}.png")
    return str(folder)


def test_sixteen_bit_files_share_one_scale(tmp_path: Path) -> None:
    images = load(deep(tmp_path / "set", [65535, 20000, 200]))
    assert images.scale is not None
    assert (images.scale.high, images.scale.types) == (65535.0, "uint16")
    brightest = [int(images.pixels[images.names == f"ant/{place}.png"].max()) for place in range(3)]
    assert brightest == [255, 78, 1]
    assert "0 is black and 65535 is white (uint16" in taken(images, "values")


def test_sixteen_bit_files_that_do_not_tell_are_refused(tmp_path: Path) -> None:
    folder = deep(tmp_path / "set", [4095, 2000])
    with pytest.raises(DataError, match="0,4095"):
        load(folder)
    assert np.asarray(load(folder, Reading(value_range=(0, 4095))).pixels).max() == 255


def test_the_scale_holds_for_the_unlabelled_files_too(tmp_path: Path) -> None:
    """Dark labelled images and bright unlabelled ones: one scale, told by all of them."""
    folder, more = deep(tmp_path / "set", [3000, 2000]), deep(tmp_path / "more", [65535])
    images = load(folder, unlabelled=more)
    assert images.pixels[images.parts == "unlabelled"].max() == 255
    assert images.pixels[images.parts == ""].max() == round(3000 / 65535 * 255)
