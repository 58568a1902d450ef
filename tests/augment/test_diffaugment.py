"""DiffAugment: ranges of its draws, and gradients that are those of finite differences."""

from __future__ import annotations

import pytest
import torch

from ganlift.augment.diffaugment import PHOTOGRAPHS, diffaugment

N = 500


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_colour_of_a_grey_image_is_a_shift_and_a_contrast() -> None:
    x = torch.tensor([-0.4, 0.4]).view(1, 1, 1, 2).repeat(N, 1, 4, 1)
    out = diffaugment(x, rng(), ("colour",))
    shift = out.mean((1, 2, 3))
    factor = (out[:, 0, 0, 1] - out[:, 0, 0, 0]) / 0.8
    assert -0.5 <= shift.min() < -0.48 < 0.48 < shift.max() <= 0.5
    assert 0.5 <= factor.min() < 0.52 < 1.48 < factor.max() <= 1.5001


def test_saturation_scales_distances_from_grey_up_to_twice() -> None:
    x = torch.tensor([0.3, 0.0, -0.3]).view(1, 3, 1, 1).repeat(N, 1, 4, 4)
    out = diffaugment(x, rng(), ("colour",))
    spread = (out[:, 0, 0, 0] - out[:, 2, 0, 0]) / 0.6  # saturation times contrast
    assert 0 <= spread.min() < 0.05
    assert 2.5 < spread.max() <= 3.0


def test_translation_reaches_an_eighth_and_fills_with_zero() -> None:
    x = torch.ones(N, 2, 16, 16)
    out = diffaugment(x, rng(), ("translation",))
    rows = (out[:, 0].amax(2) > 0).sum(1)
    assert set(rows.tolist()) == {14, 15, 16}
    assert torch.equal(out[:, 0], out[:, 1])
    assert set(out.unique().tolist()) == {0.0, 1.0}


def test_cutout_takes_half_the_side_at_most_and_is_off_by_default() -> None:
    x = torch.ones(N, 1, 16, 16)
    holes = (diffaugment(x, rng(), ("cutout",)) == 0).sum((1, 2, 3))
    assert holes.max() == 64
    assert holes.min() >= 16  # its centre is in the image
    inner = diffaugment(torch.ones(N, 1, 16, 16), rng())[:, :, 4:12, 4:12]
    assert (inner.flatten(1).std(1) < 1e-5).all()


@pytest.mark.parametrize("policy", [(part,) for part in PHOTOGRAPHS])
def test_gradients(policy: tuple[str, ...]) -> None:
    x = torch.rand(2, 3, 8, 8, dtype=torch.float64, generator=rng()).requires_grad_()
    assert torch.autograd.gradcheck(lambda v: diffaugment(v, rng(), policy), (x,))


def test_no_policy_is_the_identity_and_unknown_ones_are_refused() -> None:
    x = torch.rand(2, 1, 8, 8)
    assert torch.equal(diffaugment(x, rng(), ()), x)
    with pytest.raises(ValueError, match="colour, translation, cutout"):
        diffaugment(x, rng(), ("color",))
