"""The forms of X: the same images give the same numbers in each, and what is ambiguous is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from sklearn.exceptions import DataConversionWarning

from ganlift import GanLiftClassifier
from ganlift.errors import InputError
from ganlift.estimators.images import Encoding, encode, learn, unfold

Digits = tuple[NDArray[np.uint8], NDArray[np.int64]]
N = 30


def quick(**settings: Any) -> GanLiftClassifier:
    return GanLiftClassifier(**{"budget": 3, "batch_size": 4, "random_state": 0, **settings})


def in_colour(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.stack([images, images // 2, 255 - images], axis=3)


def as_files(images: NDArray[np.uint8], folder: Path) -> list[Path]:
    paths = [folder / f"{index}.png" for index in range(len(images))]
    for path, image in zip(paths, images, strict=True):
        Image.fromarray(image).save(path)
    return paths


def test_every_form_of_the_same_images_gives_the_same_numbers(digits: Digits, tmp_path: Path) -> None:
    images, y = digits[0][:N], digits[1][:N]
    paths = as_files(images, tmp_path)
    forms: dict[str, tuple[Any, dict[str, Any]]] = {
        "(n, h, w)": (images, {}),
        "(n, h, w, 1)": (images[..., None], {}),
        "a list": (list(images), {}),
        "floats in [0, 1]": (images / 255, {}),
        "floats up to 255": (images.astype(np.float32), {}),
        "a declared range": (images.astype(float) - 128, {"value_range": (-128, 127)}),
        "a tensor (n, 1, h, w)": (torch.from_numpy(images)[:, None], {}),
        "a tensor of half floats": (torch.from_numpy(images).half() / 255, {}),
        "rows": (images.reshape(N, -1), {"image_shape": (8, 8)}),
        "paths": (paths, {"image_size": 8}),
        "paths, a range": (paths, {"image_size": 8, "value_range": (0, 16)}),
        "an array of names": (np.array([str(path) for path in paths]), {"image_size": 8}),
    }
    wanted = quick(flips=False).fit(images, y).predict_proba(images)
    for name, (x, settings) in forms.items():
        fitted = quick(flips=False, **settings).fit(x, y)
        assert fitted.n_features_in_ == 64, name
        assert np.array_equal(fitted.predict_proba(x), wanted), name
        assert np.array_equal(fitted.predict_proba(paths), wanted), name


def test_images_become_squares_as_asked(digits: Digits, tmp_path: Path) -> None:
    tall, y = np.concatenate([digits[0][:N], digits[0][:N]], axis=1), digits[1][:N]  # 16 × 8
    padded = np.pad(tall, ((0, 0), (0, 0), (4, 4)))
    wanted = quick(flips=False).fit(padded, y).predict_proba(padded)
    fitted = quick(flips=False, squares="pad", image_size=16).fit(tall, y)
    assert np.array_equal(fitted.predict_proba(tall), wanted)
    files = as_files(tall, tmp_path)
    fitted = quick(flips=False, squares="pad", image_size=16).fit(files, y)
    assert np.array_equal(fitted.predict_proba(files), wanted)
    cropped = quick(flips=False, image_size=16).fit(tall, y)
    assert not np.array_equal(cropped.predict_proba(tall), wanted)


def test_channels_come_last_in_arrays_and_first_in_tensors(digits: Digits, tmp_path: Path) -> None:
    images, y = in_colour(digits[0][:N]), digits[1][:N]
    fitted = quick().fit(images, y)
    wanted = fitted.predict_proba(images)
    assert fitted.encoding_.shape == (8, 8, 3)
    assert np.array_equal(fitted.predict_proba(torch.from_numpy(images).permute(0, 3, 1, 2)), wanted)
    assert np.array_equal(fitted.predict_proba(as_files(images, tmp_path)), wanted)
    assert np.array_equal(quick(image_shape=(8, 8, 3)).fit(images.reshape(N, -1), y).predict_proba(images), wanted)
    with pytest.raises(InputError, match=r"shape \(30, 3, 8, 8\).*torch tensor"):
        quick().fit(images.transpose(0, 3, 1, 2), y)


@pytest.mark.parametrize(
    ("shape", "size"), [((20, 11), 12), ((11, 20), 12), ((5, 9), 8), ((3, 3), 8), ((30, 30), 32), ((28, 28), 28)]
)
def test_odd_sizes_become_squares_that_every_network_takes(shape: tuple[int, int], size: int) -> None:
    images = np.random.default_rng(0).integers(0, 256, (12, *shape), np.uint8)
    y = np.arange(12) % 2
    fitted = quick(strategy="acgan", budget=1).fit(images, y)
    assert fitted.encoding_.size == size
    assert fitted.predict_proba(images).shape == (12, 2)
    assert np.array_equal(
        quick(image_shape=shape, strategy="acgan", budget=1).fit(images.reshape(12, -1), y).predict_proba(images),
        fitted.predict_proba(images),
    )


@pytest.mark.parametrize(
    ("low", "high", "dtype"),
    [(0, 16, float), (-1, 1, float), (0, 9, np.int64), (0, 100, np.uint16), (-3, 3, np.float32), (0, 4095, np.uint16)],
)
def test_a_range_that_tells_nothing_is_refused(digits: Digits, low: float, high: float, dtype: Any) -> None:
    images = (low + digits[0][:N] * ((high - low) / 255)).astype(dtype)
    with pytest.raises(InputError, match=r"does not tell what is black.*value_range=\(low, high\)"):
        quick().fit(images, digits[1][:N])
    quick(value_range=(low, high)).fit(images, digits[1][:N])


def test_another_scale_after_fit_is_refused_and_a_little_more_than_white_is_clipped(digits: Digits) -> None:
    images, y = digits[0][:N], digits[1][:N]
    on_floats, on_bytes = quick().fit(images / 255, y), quick().fit(images, y)
    with pytest.raises(InputError, match="values from 0 to 255, and black and white are 0 and 1 here"):
        on_floats.predict(images)
    with pytest.raises(InputError, match="values from 0 to 1, and black and white are 0 and 255 here"):
        on_bytes.predict(images / 255)
    more = images / 255
    more[0, 0, 0] = -40.0  # what a scaler makes of a value that was the same in all rows of its fit
    assert on_floats.predict_proba(more).shape == (N, 10)
    more = images / 255
    more[more == 1] = 1.3
    assert np.array_equal(on_floats.predict_proba(more), on_floats.predict_proba(images / 255))


def test_a_dark_batch_is_read_on_the_scale_of_fit(digits: Digits) -> None:
    fitted = quick().fit(digits[0][:N], digits[1][:N])
    dark = digits[0][:1] // 3
    among_others = fitted.predict_proba(np.concatenate([dark, digits[0][:N]]).astype(float))
    assert np.allclose(fitted.predict_proba(dark.astype(float)), among_others[:1], atol=1e-5)


def test_rows_of_unknown_shape() -> None:
    rows = np.random.default_rng(0).normal(size=(4, 10))
    with pytest.warns(DataConversionWarning, match=r"10 values a row.*4 × 4.*image_shape"):
        encoding = learn(rows, None, None, None, "auto")
    assert encoding == Encoding((4, 4, 1), 8, rows.min(), rows.max(), table=True, learned=True)
    assert encode(rows * 100, encoding).max() == 255  # clipped: an outlier of a table is no other scale
    with pytest.raises(InputError, match=r"as many as a 32 × 32 image in colour.*image_shape=\(32, 32, 3\)"):
        learn(np.zeros((4, 3072), np.uint8), None, None, None, "auto")
    assert learn(np.zeros((4, 64), np.uint8), None, None, None, "auto").shape == (8, 8, 1)
    assert encode(np.ones((2, 9)), learn(np.ones((2, 9)), None, None, None, "auto")).max() == 0  # all alike


def test_what_is_no_image_is_left_to_scikit_learn() -> None:
    table = [[1.0, 2.0], [3.0, 4.0]]
    assert unfold(table) == (table, None)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"image_shape": (8, 9)}, "64 values a row and image_shape"),
        ({"image_shape": (8, 8, 2)}, "it must be"),
        ({"image_shape": "8x8"}, "it must be"),
        ({"image_shape": (4, 16)}, "images of 8 × 8 × 1 and image_shape asks for 4 × 16 × 1"),
        ({"image_size": 10}, "8, 12, 16"),
        ({"image_size": 8.0}, "8, 12, 16"),
        ({"squares": "round"}, "'crop', 'pad' or 'stretch'"),
        ({"value_range": (1, 0)}, "low < high"),
        ({"value_range": "0..1"}, "'auto' or"),
        ({"value_range": (0, float("inf"))}, "low < high"),
    ],
)
def test_bad_settings(digits: Digits, settings: dict[str, Any], message: str) -> None:
    rows = settings.get("image_shape", (4, 16)) != (4, 16)
    images = digits[0][:N].reshape(N, -1) if rows else digits[0][:N]
    with pytest.raises(InputError, match=message):
        quick(**settings).fit(images, digits[1][:N])


def test_other_images_than_those_of_fit(digits: Digits, tmp_path: Path) -> None:
    fitted = quick().fit(digits[0][:N], digits[1][:N])
    with pytest.raises(InputError, match="images of 9 × 9 × 1, and the estimator was fitted on 8 × 8 × 1"):
        fitted.predict(np.zeros((2, 9, 9), np.uint8))
    with pytest.raises(InputError, match="unlabelled has images of 8 × 8 × 3"):
        quick().fit(digits[0][:N], digits[1][:N], unlabelled=in_colour(digits[0][:3]))
    with pytest.raises(InputError, match="different shapes"):
        fitted.predict([np.zeros((8, 8), np.uint8), np.zeros((8, 9), np.uint8)])
    tall = quick().fit(np.zeros((4, 12, 8), np.uint8), [0, 0, 1, 1])
    with pytest.raises(InputError, match="files are read as squares"):
        tall.predict(as_files(digits[0][:1], tmp_path))


def test_a_file_that_cannot_be_read_is_named(digits: Digits, tmp_path: Path) -> None:
    paths = as_files(digits[0][:4], tmp_path)
    (tmp_path / "broken.png").write_bytes(b"not a picture")
    message = r"2 of 6 files cannot be used: .*broken.png \(not a PNG.*\), .*gone.png \(unreadable\); leave them out"
    with pytest.raises(InputError, match=message):
        quick().fit([*paths, tmp_path / "broken.png", tmp_path / "gone.png"], [0, 1, 0, 1, 0, 1])
