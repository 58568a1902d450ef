"""Weak and strong views, and the operations TrivialAugment draws from."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ganlift.augment import pair_view, rand_augment, strong, trivial_augment, weak
from ganlift.augment.operations import OPERATIONS, operate


def picture(n: int = 1, channels: int = 3, size: int = 12) -> Tensor:
    return torch.rand(n, channels, size, size, generator=torch.Generator().manual_seed(0)) * 1.8 - 0.9


def by(name: str, x: Tensor, signed: Tensor) -> Tensor:
    return operate(x, signed, [len(x) if one == name else 0 for one in OPERATIONS])


@pytest.mark.parametrize("name", [name for name in OPERATIONS if name != "autocontrast"])
def test_strength_zero_changes_nothing(name: str) -> None:
    x = picture(4)
    tolerance = 1 / 255 if name == "posterize" else 1e-5
    torch.testing.assert_close(by(name, x, torch.zeros(4)), x, rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("channels", [1, 3])
def test_full_strength_changes_the_image_within_its_range(name: str, channels: int) -> None:
    x = picture(2, channels)
    out = by(name, x, torch.tensor([1.0, -1.0]))
    assert out.abs().max() <= 1 + 1e-6
    unchanged = name == "identity" or (name == "saturation" and channels == 1)
    assert torch.equal(out, x) == unchanged


def test_tone_operations_by_hand() -> None:
    x = torch.tensor([[[[-0.5, 0.5]]]])
    half = torch.tensor([-0.5])  # factor 1 - 0.9 / 2 = 0.55
    assert by("brightness", x, half).flatten().tolist() == pytest.approx([-1 + 0.55 * 0.5, -1 + 0.55 * 1.5])
    assert by("contrast", x, half).flatten().tolist() == pytest.approx([-0.275, 0.275])
    assert by("autocontrast", x, half).flatten().tolist() == [-1.0, 1.0]
    assert by("solarize", x, torch.tensor([0.4])).flatten().tolist() == [-0.5, -0.5]  # threshold 0.2
    assert by("posterize", x, torch.tensor([1.0])).flatten().tolist() == pytest.approx([-1 / 3, 1 / 3])
    flat = torch.full((1, 1, 2, 2), 0.3)
    assert torch.equal(by("autocontrast", flat, half), flat)
    assert torch.equal(by("sharpness", flat, half), flat)


def test_saturation_moves_towards_grey() -> None:
    x = torch.tensor([0.6, 0.0, -0.6]).view(1, 3, 1, 1)
    assert by("saturation", x, torch.tensor([-1.0])).flatten().tolist() == pytest.approx([0.06, 0.0, -0.06])


def test_geometry_by_hand() -> None:
    x = torch.zeros(1, 1, 11, 11)
    x[0, 0, 5, 8] = 1.0  # three right of the centre
    quarter = torch.tensor([90 / 60])  # 60 degrees at strength 1
    assert by("rotate", x, quarter)[0, 0].argmax().item() in (2 * 11 + 5, 8 * 11 + 5)
    shift = torch.tensor([3 / (0.3 * 11)])
    assert by("translate x", x, shift)[0, 0].argmax().item() == 5 * 11 + 5
    assert by("translate y", x, shift)[0, 0].argmax().item() == 2 * 11 + 8


def test_operations_side_by_side_do_what_each_does_alone() -> None:
    """Images keep their places where some operations have none, and those that move pixels are one call."""
    counts = [(k * 5) % 4 for k in range(len(OPERATIONS))]
    x, signed = picture(sum(counts)), torch.linspace(-0.9, 0.9, sum(counts))
    pieces = zip(OPERATIONS, x.split(counts), signed.split(counts), strict=True)
    alone = torch.cat([by(name, images, strengths) for name, images, strengths in pieces])
    assert torch.equal(operate(x, signed, counts), alone)


def test_trivial_augment_gives_each_image_one_operation_back_in_its_place() -> None:
    base = torch.linspace(-0.9, 0.9, 130)[:, None, None, None].expand(-1, 1, 6, 6).contiguous()
    out = trivial_augment(base, torch.Generator().manual_seed(0))
    # flat images stay what they are under geometry and most tones: were images mixed up, most would differ
    assert (out - base).abs().flatten(1).amax(1).lt(1e-5).float().mean() > 0.55


def test_rand_augment_of_strength_zero_is_almost_the_image() -> None:
    x = picture(64)
    x[:, :, 0, 0], x[:, :, 0, 1] = -1.0, 1.0  # full range already: nothing for autocontrast to do
    out = rand_augment(x, torch.Generator().manual_seed(0), n=3, m=0.0)
    assert (out - x).abs().max() < 0.02


def test_strong_departs_further_than_weak_and_flips_only_where_allowed() -> None:
    step = torch.zeros(200, 1, 28, 28)
    step[..., 14:] = 1.0  # bright on the right
    for view, least in ((weak, 1.0), (strong, 0.85)):  # of the strong ones a few are inverted by solarize
        kept = view(step, torch.Generator().manual_seed(0), flips=False)
        assert (kept[..., 18:].mean((1, 2, 3)) > kept[..., :10].mean((1, 2, 3))).float().mean() >= least
        flipped = view(step, torch.Generator().manual_seed(0), flips=True)
        assert 0.35 < (flipped[..., 18:].mean((1, 2, 3)) < flipped[..., :10].mean((1, 2, 3))).float().mean() < 0.65
    far, near = (view(step, torch.Generator().manual_seed(0), flips=False) for view in (strong, weak))
    assert (far - step).abs().mean() > 3 * (near - step).abs().mean()


def test_the_strong_view_changes_colours_where_there_are_some() -> None:
    """Grey stays grey; in colour the share of red in an image's sum moves in some images."""
    x = picture(200, 3, 28).abs()
    x[:, 0] *= 0.3
    red = (x[:, 0] + 1).mean((1, 2)) / (x + 1).mean((1, 2, 3))
    seen = strong(x, torch.Generator().manual_seed(0), flips=False)
    moved = ((seen[:, 0] + 1).mean((1, 2)) / (seen + 1).mean((1, 2, 3)) - red).abs()
    assert (moved > 0.05).float().mean() > 0.1
    grey = x[:, :1].repeat(1, 3, 1, 1)
    assert torch.allclose(
        *(strong(grey, torch.Generator().manual_seed(0), flips=True)[:, c] for c in (0, 2)), atol=1e-5
    )


def test_two_views_of_an_image_differ_in_place_and_brightness() -> None:
    x, rng = picture(50, 3, 28), torch.Generator().manual_seed(0)
    one, other = pair_view(x, rng, flips=True), pair_view(x, rng, flips=True)
    assert (one - other).abs().mean() > 0.1
    assert (one.mean((1, 2, 3)) - other.mean((1, 2, 3))).std() > 0.05
