"""Adaptive augmentation: the identity at 0, what it does at 1, and how its probability moves."""

from __future__ import annotations

import pytest
import torch
from sklearn.datasets import load_digits
from torch import Tensor

from ganlift.augment.ada import AdaptiveAugment, _colour, _places, augment


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def images(n: int = 40, channels: int = 1) -> Tensor:
    digits = torch.from_numpy(load_digits().images[:n]).float()[:, None] / 8 - 1
    return digits.repeat(1, channels, 1, 1) * torch.linspace(0.5, 1, channels)[:, None, None]


@pytest.mark.parametrize("channels", [1, 3])
def test_the_identity_at_0_and_something_else_at_1(channels: int) -> None:
    x, state = images(channels=channels), torch.random.get_rng_state()
    torch.testing.assert_close(augment(x, torch.tensor(0.0), rng()), x, rtol=0, atol=2e-6)
    out = augment(x, torch.tensor(1.0), rng())
    assert out.shape == x.shape
    assert torch.isfinite(out).all()
    assert ((out - x).abs().amax((1, 2, 3)) > 0.05).all()
    assert torch.equal(out, augment(x, torch.tensor(1.0), rng()))
    assert torch.equal(state, torch.random.get_rng_state())


def test_a_small_probability_leaves_the_rest_alone() -> None:
    x, p = images(1).expand(2000, -1, -1, -1), 0.02
    same = ((augment(x, torch.tensor(p), rng()) - x).abs().amax((1, 2, 3)) < 1e-5).float().mean().item()
    # nine transformations of a grey image: mirror, quarter turn and luma do nothing in 1/2, 1/4 and 1/2 of their draws
    # (nor does a shift by whole pixels that rounds to 0), the two turns together have p
    expected = (1 - p / 2) ** 2 * (1 - 3 * p / 4) * (1 - p) ** 7
    assert same == pytest.approx(expected, abs=0.03)


def test_places_at_1_keep_the_area_up_to_the_scale() -> None:
    places = _places(torch.zeros(4000, 1, 16, 16), torch.tensor(1.0), rng())
    area = torch.linalg.det(places[:, :, :2])
    assert (area < 0).float().mean().item() == pytest.approx(0.5, abs=0.03)  # mirrored
    assert area.abs().log2().std().item() == pytest.approx(0.4, abs=0.02)  # twice the deviation of one side


def test_colour_moves_the_mean_and_turns_the_rest_by_hand() -> None:
    x = torch.tensor([0.5, 0.0, -0.5]).view(1, 3, 1, 1).repeat(3000, 1, 2, 2)
    out = _colour(x, torch.tensor(1.0), rng())
    luma = out.mean(1)
    assert luma.mean().item() == pytest.approx(0.0, abs=0.02)
    assert (luma[:, 0, 0].abs() > 0).all()
    # all hues, of strength √2 / 2 times 2^N(0, 0.5), times 2^N(0, 1)
    strength = (out - luma[:, None]).square().sum(1).sqrt()[:, 0, 0].log2()
    assert strength.mean().item() == pytest.approx(-0.5, abs=0.07)
    assert strength.std().item() == pytest.approx((0.5**2 + 1) ** 0.5, abs=0.05)
    assert out[:, 0, 0, 0].sub(luma[:, 0, 0]).mean().item() == pytest.approx(0.0, abs=0.1)


def test_gradients_are_those_of_finite_differences() -> None:
    x = images(2, 3).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda v: augment(v, torch.tensor(0.9), rng()), (x,), eps=1e-6, atol=1e-4)


def test_p_moves_by_the_images_of_four_steps_and_by_the_sign_alone() -> None:
    ada = AdaptiveAugment(target=0.6, speed=1000)
    sure, unsure = torch.ones(10), torch.tensor([1.0] * 7 + [-1.0] * 3)
    for _ in range(3):
        ada.observe(sure)
        assert ada.p.item() == 0.0
    ada.observe(unsure)  # r = (30 + 4) / 40
    assert ada.r.item() == pytest.approx(0.85)
    assert ada.p.item() == pytest.approx(0.04)
    for _ in range(4):
        ada.observe(1e6 * sure)
    assert ada.p.item() == pytest.approx(0.08)
    for _ in range(4):
        ada.observe(unsure)  # 0.4, below the target
    assert ada.metrics()["augment_r"].item() == pytest.approx(0.4)
    assert ada.p.item() == pytest.approx(0.04)
    for _ in range(12):
        ada.observe(-sure)
    assert ada.p.item() == 0.0


def test_p_ends_at_1_and_its_state_is_in_the_state_dict() -> None:
    ada, other = AdaptiveAugment(0.6, 20), AdaptiveAugment(0.6, 20)
    for _ in range(6):
        ada.observe(torch.ones(8))
    assert ada.p.item() == 1.0
    other.load_state_dict(ada.state_dict())
    for both in (ada, other):
        both.observe(-torch.ones(8))
        both.observe(-torch.ones(8))
    assert ada.r.item() == 0.0  # two of the four steps were before
    assert ada.state_dict() == other.state_dict()
    assert ada.p.item() == 0.0
