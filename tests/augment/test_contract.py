"""What every augmentation keeps: shape, range, type, its input, the global generator; and what its seed decides."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from sklearn.datasets import load_digits
from torch import Tensor

from ganlift import augment
from ganlift.augment import ada
from ganlift.augment.diffaugment import PHOTOGRAPHS

AUGMENTATIONS: dict[str, Callable[[Tensor, torch.Generator], Tensor]] = {
    "crop": augment.crop,
    "flip": augment.flip,
    "cutout": augment.cutout,
    "affine": augment.affine,
    "contrast": augment.contrast,
    "brightness": augment.brightness,
    "resized_crop": augment.resized_crop,
    "jitter": augment.jitter,
    "pair_view": lambda x, rng: augment.pair_view(x, rng, flips=True),
    "weak": lambda x, rng: augment.weak(x, rng, flips=True),
    "strong": lambda x, rng: augment.strong(x, rng, flips=True),
    "trivial_augment": augment.trivial_augment,
    "rand_augment": augment.rand_augment,
    "image_mixes": augment.image_mixes,
    "diffaugment": augment.diffaugment,
    "diffaugment with cutout": lambda x, rng: augment.diffaugment(x, rng, tuple(PHOTOGRAPHS)),
    "mixup": lambda x, rng: augment.mixup(x, torch.eye(len(x)), rng)[0],
    "cutmix": lambda x, rng: augment.cutmix(x, torch.eye(len(x)), rng)[0],
}


def images(channels: int) -> Tensor:
    digits = torch.from_numpy(load_digits().images[:40]).float()[:, None] / 8 - 1
    return torch.nn.functional.interpolate(digits, size=16, mode="nearest").repeat(1, channels, 1, 1)


@pytest.mark.parametrize("name", AUGMENTATIONS)
@pytest.mark.parametrize("channels", [1, 3])
def test_contract(name: str, channels: int) -> None:
    x = images(channels)
    original, state = x.clone(), torch.random.get_rng_state()
    first = AUGMENTATIONS[name](x, torch.Generator().manual_seed(1))
    again = AUGMENTATIONS[name](x, torch.Generator().manual_seed(1))
    other = AUGMENTATIONS[name](x, torch.Generator().manual_seed(2))
    assert first.shape == x.shape
    assert first.dtype == x.dtype
    assert torch.isfinite(first).all()
    assert name.startswith("diffaugment") or first.abs().max() <= 1 + 1e-6
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(x, original)
    assert torch.equal(state, torch.random.get_rng_state())


@pytest.mark.parametrize("name", [*AUGMENTATIONS, "adaptive"])
def test_in_full_precision_within_autocast(name: str) -> None:
    """A step runs in bf16, which would put images of 28 px up to an eighth of a pixel off, or a quarter."""
    change = {**AUGMENTATIONS, "adaptive": lambda x, rng: ada.augment(x, torch.tensor(1.0), rng)}[name]
    x = images(3)
    expected = change(x, torch.Generator().manual_seed(1))
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(change(x, torch.Generator().manual_seed(1)), expected)


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_images_get_draws_of_their_own(name: str) -> None:
    same = images(1)[:1].repeat(64, 1, 1, 1)
    if name == "image_mixes" or name.startswith(("mixup", "cutmix")):
        same = torch.cat([same, -same])  # mixes of one image with itself would all be that image
    out = AUGMENTATIONS[name](same, torch.Generator().manual_seed(0))
    assert len(torch.unique(out.flatten(1), dim=0)) > (1 if name == "flip" else 4)


@pytest.mark.parametrize("name", sorted(AUGMENTATIONS.keys() - {"image_mixes"}))
def test_a_single_image_passes(name: str) -> None:
    assert AUGMENTATIONS[name](images(1)[:1], torch.Generator().manual_seed(0)).shape == (1, 1, 16, 16)
