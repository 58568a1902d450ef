"""`GanLiftGenerator` as scikit-learn's users use it."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from ganlift import GanLiftGenerator
from ganlift.errors import InputError
from ganlift.generators.base import generators

Digits = tuple[NDArray[np.uint8], NDArray[np.int64]]


def quick(**settings: Any) -> GanLiftGenerator:
    return GanLiftGenerator(**{"budget": 2, "batch_size": 4, "random_state": 0, **settings})


@pytest.mark.parametrize("name", [name for name, entry in generators if "pixels" in entry.spaces])
def test_every_generator_with_labels_and_without(digits: Digits, name: str) -> None:
    images, y = digits[0][:30], digits[1][:30]
    assert quick(generator=name).fit(images).sample(3).shape == (3, 8, 8)
    fitted = quick(generator=name).fit(images, np.where(np.arange(30) < 20, y, -1))
    assert fitted.sample(3, labels=7).dtype == np.uint8
    assert len(fitted.classes_) == 10


def test_samples_look_like_what_was_learnt(digits: Digits) -> None:
    images, y = digits
    kept = np.isin(y, [0, 1])
    fitted = GanLiftGenerator("dcgan", budget=200, batch_size=32, random_state=0).fit(images[kept], y[kept])
    names = np.repeat([0, 1], 50)
    drawn = fitted.sample(100, labels=names, random_state=0)
    means = np.stack([images[y == digit].mean(0) for digit in (0, 1)])
    distances = np.square(drawn[:, None] - means[None]).mean((2, 3))
    assert (distances.argmin(1) == names).mean() > 0.9
    assert fitted.history_[-1]["step"] == 200


def test_the_same_seed_draws_the_same(digits: Digits) -> None:
    fitted = quick().fit(digits[0][:30], digits[1][:30])
    first = fitted.sample(6, random_state=1)
    assert np.array_equal(first, fitted.sample(6, random_state=1))
    assert not np.array_equal(first, fitted.sample(6, random_state=2))
    assert not np.array_equal(fitted.sample(6), fitted.sample(6))
    kept = pickle.loads(pickle.dumps(fitted))
    assert np.array_equal(first, kept.sample(6, random_state=1))
    assert np.array_equal(first, clone(fitted).fit(digits[0][:30], digits[1][:30]).sample(6, random_state=1))


def test_samples_have_the_form_of_x(digits: Digits, tmp_path: Path) -> None:
    images = digits[0][:20]
    colour = np.stack([images] * 3, axis=3)
    for index, image in enumerate(colour[:4]):
        Image.fromarray(image + np.uint8([0, 1, 2])).save(tmp_path / f"{index}.png")
    forms: list[tuple[Any, dict[str, Any], tuple[int, ...]]] = [
        (images, {}, (8, 8)),
        (images[..., None], {}, (8, 8, 1)),
        (colour, {}, (8, 8, 3)),
        (colour, {"image_size": 12}, (8, 8, 3)),
        (torch.from_numpy(colour).permute(0, 3, 1, 2), {}, (8, 8, 3)),
        (images.reshape(20, -1), {"image_shape": (8, 8)}, (64,)),
        (images[:, :6, :6], {}, (6, 6)),
        (np.zeros((20, 12, 9), np.uint8), {}, (12, 12)),
        (sorted(tmp_path.glob("*.png")), {}, (8, 8, 3)),
    ]
    for x, settings, shape in forms:
        assert quick(**settings).fit(x).sample(2).shape == (2, *shape)


def test_labels_that_do_not_fit(digits: Digits) -> None:
    names = np.where(digits[1][:30] % 2, "odd", "even")
    fitted = quick().fit(digits[0][:30], names)
    assert len(fitted.sample(2, labels=["odd", "even"])) == 2
    with pytest.raises(InputError, match="'prime' is none of the classes even, odd"):
        fitted.sample(2, labels="prime")
    with pytest.raises(InputError, match=r"shape \(3,\); give one class, or 2"):
        fitted.sample(2, labels=["odd"] * 3)
    with pytest.raises(InputError, match="without y"):
        quick().fit(digits[0][:30]).sample(2, labels="odd")
    with pytest.raises(ValueError, match="n == 0"):
        fitted.sample(0)
    with pytest.raises(NotFittedError):
        quick().sample(2)
    with pytest.raises(InputError, match="Did you mean 'sngan'"):
        quick(generator="sngam").fit(digits[0][:30])
