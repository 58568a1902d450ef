"""Near duplicates: how many planted copies are found, and how many that are none."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageFilter

from ganlift.data import load
from ganlift.data.near import fingerprints, near_pairs

Pixels = NDArray[np.uint8]
COPIES = 200


def encoded(image: Image.Image) -> Image.Image:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=50)
    return Image.open(stream)


def cropped(image: Image.Image) -> Image.Image:
    """Up to 3 % off each side."""
    rng = np.random.default_rng(list(image.tobytes()[::7]))
    left, top, right, bottom = rng.uniform(0, 0.03 * image.width, 4)
    box = (left, top, image.width - right, image.height - bottom)
    return image.resize(image.size, Image.Resampling.BICUBIC, box)


CHANGES: dict[str, tuple[Callable[[Image.Image], Image.Image], float]] = {
    "encoded": (encoded, 0.98),
    "enlarged": (lambda image: image.resize((56, 56), Image.Resampling.BICUBIC), 0.98),
    "halved": (lambda image: image.resize((14, 14), Image.Resampling.BICUBIC), 0.45),
    "brighter": (lambda image: ImageEnhance.Brightness(image).enhance(1.3), 0.95),
    "darker": (lambda image: ImageEnhance.Brightness(image).enhance(0.7), 0.98),
    "more contrast": (lambda image: ImageEnhance.Contrast(image).enhance(1.3), 0.95),
    "blurred": (lambda image: image.filter(ImageFilter.GaussianBlur(0.5)), 0.98),
    "cropped": (cropped, 0.8),
    "mirrored": (lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT), 0.98),
    "turned": (lambda image: image.transpose(Image.Transpose.ROTATE_90), 0.98),
}
"""Each change with the share of copies that must be found; images of 28 pixels are the hard case."""


@pytest.fixture(scope="module")
def garments() -> Pixels:
    images = load("fashion-mini")
    return images.pixels[images.parts == "test"]


def changed(pixels: Pixels, change: Callable[[Image.Image], Image.Image]) -> Pixels:
    done = [change(Image.fromarray(image[..., 0])).convert("L").resize((28, 28)) for image in pixels]
    return np.stack([np.asarray(image) for image in done])[..., None]


@pytest.mark.parametrize("name", CHANGES)
def test_most_planted_copies_are_found(garments: Pixels, name: str) -> None:
    change, least = CHANGES[name]
    whole = np.concatenate([garments, changed(garments[:COPIES], change)])
    pairs = near_pairs(fingerprints(whole))
    found = np.sum((pairs[:, 1] >= len(garments)) & (pairs[:, 0] == pairs[:, 1] - len(garments)))
    assert found >= least * COPIES


def test_few_others_are_told_even_of_clothes(garments: Pixels) -> None:
    pairs = near_pairs(fingerprints(garments))
    assert len(np.unique(pairs)) <= 0.02 * len(garments)  # some are truly one garment in two colours


def test_scanned_digits_are_seldom_taken_for_one_another() -> None:
    images = load("digits")
    pairs = near_pairs(fingerprints(images.pixels), turned=False)
    assert len(np.unique(pairs)) <= 0.01 * len(images)
    assert (images.labels[pairs[:, 0]] == images.labels[pairs[:, 1]]).all()


@pytest.mark.parametrize("count", [2, 3, 10, 50])
def test_small_sets_work_too(garments: Pixels, count: int) -> None:
    apart = garments[np.random.default_rng(count).permutation(len(garments))[:count]]
    assert len(near_pairs(fingerprints(apart))) <= count // 25
    if count > 2:
        pairs = near_pairs(fingerprints(np.concatenate([apart, changed(apart[:1], encoded)])))
        assert [0, count] in pairs.tolist()


def test_mirrored_copies_are_left_alone_where_flips_are_not_safe(garments: Pixels) -> None:
    both = np.concatenate([garments[:300], garments[:50, :, ::-1]])
    with_turns, without = (near_pairs(fingerprints(both), turned) for turned in (True, False))
    assert len(with_turns) > len(without)


def test_many_copies_of_one_image_hang_together(garments: Pixels) -> None:
    rng = np.random.default_rng(0)
    crowd = np.clip(garments[:1].astype(int) + rng.integers(-2, 3, (600, 28, 28, 1)), 0, 255).astype(np.uint8)
    pairs = near_pairs(fingerprints(np.concatenate([garments[:200], crowd])))
    assert len(np.unique(pairs[pairs[:, 1] >= 200])) >= 600


def test_plain_images_pair_with_nothing() -> None:
    plain = np.repeat(np.arange(0, 200, 10, dtype=np.uint8), 16 * 16).reshape(-1, 16, 16, 1)
    assert near_pairs(fingerprints(plain)).shape == (0, 2)


def test_fingerprints_do_not_depend_on_the_size() -> None:
    gradient = np.linspace(0, 255, 64)[:, None] * np.linspace(0, 1, 64)[None]
    large = Image.fromarray(gradient.astype(np.uint8))
    small = large.resize((32, 32), Image.Resampling.BOX)
    prints = [fingerprints(np.asarray(image)[None, ..., None])[0].astype(float) for image in (large, small)]
    assert np.allclose(prints[0], prints[1], atol=1.0)
    assert prints[0][0, 0] == pytest.approx(np.asarray(large).mean(), rel=1e-3)
