"""Losses against numbers worked by hand, at extreme logits, and in the direction they push."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from ganlift import imbalance_losses, losses, penalties

LN2 = math.log(2.0)
LOGITS = st.lists(st.floats(-1e4, 1e4, width=32), min_size=1, max_size=8)


def softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


# r = (2, -1), f = (-1, 3)
R, F = torch.tensor([2.0, -1.0]), torch.tensor([-1.0, 3.0])
WORKED = {
    "bce": (
        (softplus(-2) + softplus(1)) / 2 + (softplus(-1) + softplus(3)) / 2,
        (softplus(1) + softplus(-3)) / 2,
    ),
    "bce-saturating": (
        (softplus(-2) + softplus(1)) / 2 + (softplus(-1) + softplus(3)) / 2,
        -(softplus(-1) + softplus(3)) / 2,
    ),
    "hinge": ((0 + 2) / 2 + (0 + 4) / 2, -1.0),
    "least-squares": ((1 + 4) / 2 + (1 + 9) / 2, (4 + 4) / 2),
    "wasserstein": (1.0 - 0.5, -1.0),
    "relativistic": ((softplus(-3) + softplus(4)) / 2, (softplus(3) + softplus(-4)) / 2),
}


@pytest.mark.parametrize("name", losses.ADVERSARIAL)
def test_adversarial_losses_have_the_worked_values(name: str) -> None:
    players = losses.ADVERSARIAL[name]
    d_expected, g_expected = WORKED[name]
    assert players.discriminator(R, F).item() == pytest.approx(d_expected, rel=1e-6)
    assert players.generator(R, F).item() == pytest.approx(g_expected, rel=1e-6)


@pytest.mark.parametrize("name", losses.ADVERSARIAL)
@pytest.mark.parametrize("size", [1e4, -1e4])
def test_adversarial_losses_are_finite_at_extreme_logits(name: str, size: float) -> None:
    real, fake = torch.tensor([size], requires_grad=True), torch.tensor([-size], requires_grad=True)
    for loss in losses.ADVERSARIAL[name]:
        grads = torch.autograd.grad(loss(real, fake), (real, fake), allow_unused=True)
        assert all(torch.isfinite(g).all() for g in grads if g is not None)


@pytest.mark.parametrize("name", losses.ADVERSARIAL)
def test_players_pull_the_fakes_score_in_opposite_directions(name: str) -> None:
    real, fake = torch.tensor([0.3]), torch.tensor([0.2], requires_grad=True)
    players = losses.ADVERSARIAL[name]
    (down,) = torch.autograd.grad(players.discriminator(real, fake), fake)
    (up,) = torch.autograd.grad(players.generator(real, fake), fake)
    assert down.item() > 0 > up.item()


@given(real=LOGITS, fake=LOGITS)
def test_cross_entropy_hinge_and_squares_are_never_negative(real: list[float], fake: list[float]) -> None:
    r, f = torch.tensor(real), torch.tensor(fake)
    for name in ("bce", "hinge", "least-squares"):
        value = losses.ADVERSARIAL[name].discriminator(r, f)
        assert value >= 0
        assert torch.isfinite(value)


@given(logits=LOGITS, shift=st.floats(-100, 100, width=32))
def test_relativistic_and_wasserstein_see_differences_alone(logits: list[float], shift: float) -> None:
    r, f = torch.tensor(logits, dtype=torch.float64), torch.tensor(logits[::-1], dtype=torch.float64)
    for name in ("wasserstein", "relativistic"):
        loss = losses.ADVERSARIAL[name].discriminator
        assert loss(r + shift, f + shift).item() == pytest.approx(loss(r, f).item(), rel=1e-9, abs=1e-6)


def test_relativistic_refuses_unpaired_logits() -> None:
    with pytest.raises(ValueError, match="pairs"):
        losses.discriminator_relativistic(torch.zeros(3), torch.zeros(2))


# Penalties


def linear(weight: float) -> nn.Module:
    layer = nn.Sequential(nn.Flatten(), nn.Linear(4, 1))
    nn.init.constant_(layer[1].weight, weight)
    return layer


def test_gradient_penalty_of_a_linear_critic() -> None:
    # the gradient is (w, w, w, w) everywhere, of norm 2 w = 3
    rng = torch.Generator().manual_seed(0)
    real, fake = torch.ones(5, 1, 2, 2), torch.zeros(5, 1, 2, 2)
    assert penalties.gradient_penalty(linear(1.5), real, fake, rng).item() == pytest.approx(4.0, rel=1e-5)
    assert penalties.gradient_penalty(linear(1.5), real, fake, rng, target=0.0).item() == pytest.approx(9.0, rel=1e-5)


def test_gradient_penalty_looks_between_real_and_fake() -> None:
    # D = Σ x² / 2 has gradient x; real is 1 and fake 0 in one pixel, so the norm is the share u itself
    seen: list[Tensor] = []

    def critic(x: Tensor) -> Tensor:
        seen.append(x.detach().flatten())
        return x.square().flatten(1).sum(1) / 2

    rng = torch.Generator().manual_seed(1)
    value = penalties.gradient_penalty(critic, torch.ones(1000, 1, 1, 1), torch.zeros(1000, 1, 1, 1), rng)
    assert 0 <= seen[0].min() < 0.05 < 0.95 < seen[0].max() <= 1
    assert value.item() == pytest.approx(1 / 3, abs=0.03)  # E (u - 1)²


def test_gradient_penalty_of_a_flat_critic_has_a_finite_gradient() -> None:
    critic = linear(0.0)
    rng = torch.Generator().manual_seed(0)
    penalties.gradient_penalty(critic, torch.ones(2, 1, 2, 2), torch.zeros(2, 1, 2, 2), rng).backward()  # type: ignore[no-untyped-call]
    assert torch.isfinite(critic[1].weight.grad).all()  # type: ignore[index]


@pytest.mark.parametrize("penalty", [penalties.r1_penalty, penalties.r2_penalty])
def test_zero_centred_penalties(penalty) -> None:  # type: ignore[no-untyped-def]
    assert penalty(linear(1.5), torch.zeros(3, 1, 2, 2)).item() == pytest.approx(9.0)
    # D = Σ x²: gradient 2 x, so 4 Σ x² = 4 · (1 + 4) for one image and 0 for the other
    x = torch.tensor([[[[1.0, 2.0]]], [[[0.0, 0.0]]]])
    assert penalty(lambda v: v.square().flatten(1).sum(1), x).item() == pytest.approx(10.0)


def test_penalties_reach_the_critics_weights() -> None:
    critic = linear(1.0)
    penalties.r1_penalty(critic, torch.zeros(1, 1, 2, 2)).backward()  # type: ignore[no-untyped-call]
    assert torch.allclose(critic[1].weight.grad, torch.full((1, 4), 2.0))  # type: ignore[index]


# Semi-supervised


def test_the_gradient_of_the_gradient_penalty_by_hand() -> None:
    # D = w · x with w = (3, 4, 0, 0): (‖w‖ - 1)² = 16 has gradient 2 (‖w‖ - 1) w / ‖w‖ = 8 (0.6, 0.8, 0, 0)
    critic = linear(0.0)
    weight = critic[1].weight
    with torch.no_grad():
        weight[0, :2] = torch.tensor([3.0, 4.0])  # type: ignore[index]
    x = torch.zeros(2, 1, 2, 2)
    value = penalties.gradient_penalty(critic, x + 1, x, torch.Generator().manual_seed(0))
    (grad,) = torch.autograd.grad(value, weight)  # type: ignore[arg-type]
    assert value.item() == pytest.approx(16.0)
    assert grad[0].tolist() == pytest.approx([4.8, 6.4, 0.0, 0.0])


def test_penalties_are_taken_in_full_precision_under_autocast() -> None:
    torch.manual_seed(0)
    critic = nn.Sequential(nn.Conv2d(1, 8, 3), nn.Flatten(), nn.Linear(32, 1))
    x = torch.rand(4, 1, 4, 4)

    def gradient() -> Tensor:
        penalty = penalties.gradient_penalty(critic, x, x.flip(0), torch.Generator().manual_seed(0))
        return torch.autograd.grad(penalty, critic[0].weight)[0]  # type: ignore[arg-type]

    expected = gradient()
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(gradient(), expected)


def test_the_orthogonal_penalty_by_hand() -> None:
    # filters (1, 2) and (3, -1): their product is 1, twice off the diagonal; the kernel's filters are orthogonal
    matrix = torch.tensor([[1.0, 2.0], [3.0, -1.0]])
    kernel = torch.tensor([[[2.0, 0.0]], [[0.0, 5.0]]])
    assert penalties.orthogonal_penalty([kernel]).item() == 0.0
    assert penalties.orthogonal_penalty([matrix, kernel]).item() == pytest.approx(2.0)


def test_sgan_unlabelled_by_hand() -> None:
    # Z = e⁰ + e^ln3 = 4: D = 4/5 for real; Z = 1/2 + 1/2 = 1: D = 1/2 for fake
    real = torch.tensor([[0.0, math.log(3.0)]])
    fake = torch.tensor([[-LN2, -LN2]])
    expected = 0.5 * (-math.log(4 / 5) - math.log(1 / 2))
    assert losses.sgan_unlabelled(real, fake).item() == pytest.approx(expected, rel=1e-6)


def test_sgan_unlabelled_is_the_form_of_the_paper() -> None:
    real, fake = torch.randn(2, 6, 10, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    lse_u, lse_f = real.logsumexp(1), fake.logsumexp(1)
    paper = (torch.nn.functional.softplus(lse_u) - lse_u + torch.nn.functional.softplus(lse_f)).mean() / 2
    assert losses.sgan_unlabelled(real, fake).item() == pytest.approx(paper.item(), rel=1e-9)


@given(value=st.floats(-1e4, 1e4, width=32))
def test_sgan_unlabelled_is_finite_and_not_negative(value: float) -> None:
    logits = torch.full((2, 3), value, requires_grad=True)
    loss = losses.sgan_unlabelled(logits, logits)
    (gradient,) = torch.autograd.grad(loss, logits)
    assert loss >= 0
    assert torch.isfinite(gradient).all()


def test_feature_matching_by_hand_and_one_way() -> None:
    real = torch.tensor([[1.0, 0.0], [3.0, 0.0]], requires_grad=True)  # means 2, 0
    fake = torch.tensor([[0.0, 1.0], [0.0, 3.0]], requires_grad=True)  # means 0, 2
    loss = losses.feature_matching(real, fake)
    assert loss.item() == pytest.approx(4.0)
    to_real, to_fake = torch.autograd.grad(loss, (real, fake), allow_unused=True)
    assert to_real is None
    assert torch.allclose(to_fake, torch.tensor([[-1.0, 1.0], [-1.0, 1.0]]))


def test_consistency_by_hand() -> None:
    # softmax(0, ln 9) = (0.1, 0.9) is confident at 0.8, softmax(0, 0) is not; strong views are uniform: ln 2 each
    weak = torch.tensor([[0.0, math.log(9.0)], [0.0, 0.0]], requires_grad=True)
    strong = torch.zeros(2, 2, requires_grad=True)
    loss = losses.consistency(weak, strong, threshold=0.8)
    assert loss.item() == pytest.approx(LN2 / 2)
    to_weak, to_strong = torch.autograd.grad(loss, (weak, strong), allow_unused=True)
    assert to_weak is None
    assert torch.allclose(to_strong, torch.tensor([[0.25, -0.25], [0.0, 0.0]]))
    assert losses.confident_share(weak, 0.8).item() == 0.5
    assert losses.consistency(weak, strong, threshold=0.95).item() == 0.0


def test_consistency_is_finite_at_extreme_logits() -> None:
    logits = torch.tensor([[1e4, -1e4]])
    strong = torch.tensor([[-1e4, 1e4]], requires_grad=True)
    loss = losses.consistency(logits, strong, threshold=0.9)
    assert loss.item() == pytest.approx(2e4)


def test_soft_cross_entropy_by_hand() -> None:
    logits = torch.tensor([[0.0, math.log(3.0)]])  # p = (1/4, 3/4)
    nll = (math.log(4.0), math.log(4 / 3))
    assert losses.soft_cross_entropy(logits, torch.tensor([1])).item() == pytest.approx(nll[1], rel=1e-6)
    mixed = losses.soft_cross_entropy(logits, torch.tensor([[0.25, 0.75]]))
    assert mixed.item() == pytest.approx(0.25 * nll[0] + 0.75 * nll[1], rel=1e-6)
    # smoothing 0.2 over two classes: targets (0.1, 0.9)
    for targets in (torch.tensor([1]), torch.tensor([[0.0, 1.0]])):
        smoothed = losses.soft_cross_entropy(logits, targets, label_smoothing=0.2)
        assert smoothed.item() == pytest.approx(0.1 * nll[0] + 0.9 * nll[1], rel=1e-6)


def test_inverted_cross_entropy_by_hand() -> None:
    """-log(1 - p): p 3/4 of two classes, 1/2 of three."""
    assert losses.inverted_cross_entropy(torch.tensor([[math.log(3.0), 0.0]])).item() == pytest.approx(math.log(4.0))
    assert losses.inverted_cross_entropy(torch.tensor([[0.0, LN2, 0.0]])).item() == pytest.approx(LN2)
    assert losses.inverted_cross_entropy(torch.zeros(5, 2)).item() == pytest.approx(LN2)  # the least of two classes


def test_inverted_cross_entropy_is_finite_at_extreme_logits_and_flattens() -> None:
    logits = torch.tensor([[1e4, -1e4, 0.0]], requires_grad=True)
    loss = losses.inverted_cross_entropy(logits)
    (grad,) = torch.autograd.grad(loss, logits)
    assert loss.item() == pytest.approx(1e4)
    assert torch.isfinite(grad).all()
    assert grad[0, 0] > 0 > grad[0, 2]


def test_squared_consistency_by_hand_and_towards_the_teacher_alone() -> None:
    student = torch.tensor([[math.log(3.0), 0.0]], requires_grad=True)
    teacher = torch.zeros(1, 2, requires_grad=True)
    loss = losses.squared_consistency(student, teacher)
    assert loss.item() == pytest.approx((0.25**2 + 0.25**2) / 2)
    own, other = torch.autograd.grad(loss, (student, teacher), allow_unused=True)
    assert own[0, 0] > 0
    assert other is None


# Long tails


def test_effective_number_weights_by_hand() -> None:
    # β = 1/2: E = (1 - 1/2) / (1/2) = 1 and (1 - 1/4) / (1/2) = 3/2; weights 1 and 2/3, times 2 / (5/3)
    weights = imbalance_losses.effective_number_weights(torch.tensor([1, 2]), beta=0.5)
    assert weights.tolist() == pytest.approx([6 / 5, 4 / 5])
    assert imbalance_losses.effective_number_weights(torch.tensor([1, 9, 400]), beta=0.0).tolist() == pytest.approx(
        [1, 1, 1]
    )


def test_inverse_frequency_weights_are_the_limit() -> None:
    counts = torch.tensor([3, 1])
    assert imbalance_losses.inverse_frequency_weights(counts).tolist() == pytest.approx([0.5, 1.5])
    assert imbalance_losses.effective_number_weights(counts, beta=1 - 1e-9).tolist() == pytest.approx([0.5, 1.5])


def test_weighted_cross_entropy_by_hand() -> None:
    logits = torch.tensor([[0.0, math.log(3.0)], [0.0, 0.0]])  # p = (1/4, 3/4) and (1/2, 1/2)
    targets = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    weights = torch.tensor([0.5, 1.5])
    loss = imbalance_losses.weighted_cross_entropy(logits, targets, weights)
    assert loss.item() == pytest.approx((1.5 * math.log(4 / 3) + 0.5 * LN2) / 2)
    assert loss.item() == pytest.approx(torch.nn.functional.cross_entropy(logits, torch.tensor([1, 0]), weights).item())
    # half and half: (0.25 · ln 4 + 0.75 · ln(4/3)) / 1 of the first image
    mixed = imbalance_losses.weighted_cross_entropy(logits[:1], torch.tensor([[0.5, 0.5]]), weights)
    assert mixed.item() == pytest.approx(0.25 * math.log(4) + 0.75 * math.log(4 / 3))
    # smoothing 0.2 of an image alone: its weight drops out, and both classes have the same share of it
    smoothed = imbalance_losses.weighted_cross_entropy(logits[:1], targets[:1], weights, label_smoothing=0.2)
    assert smoothed.item() == pytest.approx(0.9 * math.log(4 / 3) + 0.1 * math.log(4))


def test_equal_weights_are_plain_cross_entropy() -> None:
    logits = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    targets = torch.rand(6, 4, generator=torch.Generator().manual_seed(1)).softmax(1)
    plain = losses.soft_cross_entropy(logits, targets, 0.1)
    assert imbalance_losses.weighted_cross_entropy(logits, targets, torch.full((4,), 2.0), 0.1).item() == pytest.approx(
        plain.item()
    )


def test_ldam_by_hand() -> None:
    # 16 and 1 images: 16^(-1/4) = 1/2 of the rarest class's margin
    margins = imbalance_losses.ldam_margins(torch.tensor([16, 1]), largest=0.5)
    assert margins.tolist() == pytest.approx([0.25, 0.5])
    cosines = torch.tensor([[0.5, 0.25], [0.0, 1.0]])
    held_back = imbalance_losses.with_margin(cosines, torch.tensor([0, 1]), margins)
    assert held_back.tolist() == [[0.25, 0.25], [0.0, 0.5]]


def test_logit_adjustment_by_hand() -> None:
    # π = (3/4, 1/4), τ = 2: the logits move by 2 ln(3/4) and 2 ln(1/4)
    moved = imbalance_losses.with_prior(torch.zeros(1, 2), torch.tensor([30, 10]), 2.0)
    assert moved.squeeze(0).tolist() == pytest.approx([2 * math.log(3 / 4), 2 * math.log(1 / 4)])


def test_known_cross_entropy_leaves_the_unknown_out() -> None:
    logits = torch.tensor([[0.0, 0.0], [5.0, -5.0], [math.log(3.0), 0.0]])
    assert losses.known_cross_entropy(logits, torch.tensor([0, -1, 1])).item() == pytest.approx((LN2 + math.log(4)) / 2)
    assert losses.known_cross_entropy(logits, torch.full((3,), -1)).item() == 0.0


def test_data_to_data_cross_entropy_by_hand() -> None:
    # unit vectors: image 0 is its proxy itself; image 1 stands at cosine 0.6 from its own and 0.8 from image 0's class
    features = torch.tensor([[2.0, 0.0], [0.8, 0.6], [0.0, 3.0]])
    proxies = torch.tensor([[1.0, 0.0], [0.0, 4.0]])
    labels = torch.tensor([0, 1, -1])
    # m 0.9, τ 0.5: image 0: a = 0 (1 is beyond 0.9), b = (0.8 - 0.1) / 0.5; image 1: a = (0.6 - 0.9) / 0.5, the same b
    first = math.log(1 + math.exp(1.4))
    second = 0.6 + math.log(math.exp(-0.6) + math.exp(1.4))
    value = losses.data_to_data_cross_entropy(features, proxies, labels, 0.5, 0.9)
    assert value.item() == pytest.approx((first + second) / 2)
    # of one class alone nothing stands apart, and no class is 0
    assert losses.data_to_data_cross_entropy(features[:1], proxies, labels[:1], 0.5, 0.9).item() == 0.0
    assert losses.data_to_data_cross_entropy(features, proxies, torch.full((3,), -1), 0.5, 0.9).item() == 0.0


def test_lecam_by_hand() -> None:
    # real (1, -2) above α_F = -1 by 2 and not at all; fake (0, 3) below α_R = 2 by 2 and not at all
    real, fake = torch.tensor([1.0, -2.0]), torch.tensor([0.0, 3.0])
    assert losses.lecam(real, fake, torch.tensor(2.0), torch.tensor(-1.0)).item() == pytest.approx(2.0 + 2.0)


def test_how_far_classes_are_from_their_sizes_by_hand() -> None:
    logits = torch.log(torch.tensor([[0.5, 0.5], [0.2, 0.8]]))  # p̄ = (0.35, 0.65)
    found = losses.divergence_of_mean(logits, torch.tensor([1.0, 3.0]))
    assert found.item() == pytest.approx(0.35 * math.log(0.35 / 0.25) + 0.65 * math.log(0.65 / 0.75))
    even = losses.divergence_of_mean(logits, torch.tensor([5.0, 5.0]))
    assert even.item() == pytest.approx(LN2 - losses.entropy_of_mean(logits).item())
    extreme = losses.divergence_of_mean(torch.tensor([[1e4, 0.0]]), torch.tensor([10.0, 11.0]))
    assert extreme.item() == pytest.approx(math.log(21 / 10))
