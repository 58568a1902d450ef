"""Single operations against what they say they do."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ganlift.augment import affine, brightness, contrast, crop, cutout, flip, rotate90
from ganlift.augment.basic import windows


@pytest.fixture
def rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def ramp(n: int = 400, size: int = 8) -> Tensor:
    """Every pixel of its own value, so that a shift can be read off."""
    return (torch.arange(size * size).view(1, 1, size, size) / size**2).repeat(n, 1, 1, 1)


def test_windows_by_hand() -> None:
    x = torch.arange(18.0).view(2, 1, 3, 3)
    out = windows(x, torch.tensor([0, 1]), torch.tensor([1, 0]), 2, 2)
    assert out[0, 0].tolist() == [[1, 2], [4, 5]]
    assert out[1, 0].tolist() == [[12, 13], [15, 16]]


def test_crop_shifts_by_whole_pixels_all_ways_and_reflects(rng: torch.Generator) -> None:
    x = ramp()
    out = crop(x, rng, share=0.25)  # of 8 pixels
    shifts = {}
    for down in range(-2, 3):
        for right in range(-2, 3):
            rows = [abs(r) if r < 8 else 14 - r for r in range(down, down + 8)]
            columns = [abs(c) if c < 8 else 14 - c for c in range(right, right + 8)]
            expected = x[0, 0][rows][:, columns]
            shifts[down, right] = sum(torch.equal(image[0], expected) for image in out)
    assert sum(shifts.values()) == len(x)  # each image is one of the 25
    assert all(shifts.values())


def test_flip_mirrors_about_half(rng: torch.Generator) -> None:
    x = ramp()
    out = flip(x, rng)
    mirrored = (out == x.flip(3)).flatten(1).all(1)
    assert ((out == x).flatten(1).all(1) ^ mirrored).all()
    assert 0.4 < mirrored.float().mean() < 0.6


def test_cutout_greys_squares_up_to_half_the_side(rng: torch.Generator) -> None:
    x = torch.ones(300, 1, 20, 20)
    holes = cutout(x, rng) == 0
    assert set(cutout(x, rng).unique().tolist()) == {0.0, 1.0}
    assert holes.any(dim=3).sum(dim=2).max() <= 10
    assert holes.any(dim=3).sum(dim=2).max() >= 9
    # each hole is a full rectangle: its area is rows times columns
    area = holes.any(dim=3).sum(dim=2) * holes.any(dim=2).sum(dim=2)
    assert torch.equal(area, holes.sum(dim=(2, 3)))


def test_affine_moves_content_and_zero_ranges_leave_it(rng: torch.Generator) -> None:
    x = ramp(16)
    torch.testing.assert_close(affine(x, rng, degrees=0, scale=0, translate=0), x, rtol=0, atol=1e-5)
    assert (affine(x, rng) - x).abs().flatten(1).mean(1).min() > 1e-3


def test_affine_shift_keeps_inside_its_range(rng: torch.Generator) -> None:
    x = torch.zeros(200, 1, 21, 21)
    x[:, :, 10, 10] = 1
    mass = affine(x, rng, degrees=0, scale=0, translate=0.2)
    at = torch.arange(21.0)
    centre = (mass.sum(dim=(1, 2)) * at).sum(1) / mass.sum(dim=(1, 2, 3))
    assert (centre - 10).abs().max() <= 0.2 * 21 + 0.01
    assert (centre - 10).abs().max() > 0.15 * 21


def test_contrast_keeps_the_mean_and_brightness_moves_it(rng: torch.Generator) -> None:
    x = torch.rand(200, 3, 6, 6, generator=rng) * 0.5 - 0.25
    changed = contrast(x, rng, 0.5)
    torch.testing.assert_close(changed.mean((1, 2, 3)), x.mean((1, 2, 3)), rtol=0, atol=1e-6)
    factor = changed.std((1, 2, 3)) / x.std((1, 2, 3))
    assert 0.5 <= factor.min() < 0.6
    assert 1.4 < factor.max() <= 1.5001
    shift = (brightness(x, rng, 0.3) - x).flatten(1)
    assert (shift.std(1) < 1e-6).all()
    assert 0.25 < shift.abs().max() <= 0.3


def test_rotate90_by_number_and_by_image() -> None:
    x = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    assert rotate90(x, 1)[0, 0].tolist() == [[2, 4], [1, 3]]
    k = torch.tensor([0, 1, 2, 3])
    turned = rotate90(x.repeat(4, 1, 1, 1), k)
    for quarter in range(4):
        assert torch.equal(turned[quarter], rotate90(x, quarter)[0])
    with pytest.raises(ValueError, match="square"):
        rotate90(torch.zeros(1, 1, 2, 3), 1)


@pytest.mark.parametrize(("size", "pixels"), [(8, 1), (28, 2), (32, 2), (64, 5), (224, 16)])
def test_a_shift_is_a_share_of_the_side(rng: torch.Generator, size: int, pixels: int) -> None:
    """The column of the one bright pixel tells how far each image went."""
    x = torch.zeros(400, 1, size, size)
    x[..., size // 2, size // 2] = 1.0
    columns = crop(x, rng).amax(2).argmax(2).squeeze(1) - size // 2
    assert (int(columns.min()), int(columns.max())) == (-pixels, pixels)
