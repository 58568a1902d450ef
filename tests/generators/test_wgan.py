"""`wgan` by hand: the slope of the critic, the classifier's word, and when it is listened to."""

from __future__ import annotations

import math
from collections import Counter

import pytest
import torch
from torch import Tensor

from ganlift.generators.base import VectorShape
from ganlift.generators.wgan import CLASSIFIER_BATCHES, CLASSIFIER_UPDATES, WGAN, WGANOptions

CPU = torch.device("cpu")
REAL = torch.tensor([[1.0, 1.0], [1.2, 0.75]])
LABELS = torch.tensor([0, 1])


def model(**options: float) -> WGAN:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return WGAN(VectorShape(2, 2, True), WGANOptions(hidden=8, **options), CPU)


def losses_of(one: WGAN, labels: Tensor = LABELS) -> dict[str, list[float]]:
    """What each player minimises in a step in which no weight moves."""
    seen: dict[str, list[Tensor]] = {}
    one.step(REAL, labels, torch.Generator().manual_seed(1), lambda name, loss: seen.setdefault(name, []).append(loss))
    return {name: [loss.item() for loss in own] for name, own in seen.items()}


def sloped(one: WGAN) -> WGAN:
    """The critic as (3, 4)·x + ⟨e(y), x⟩ with e(0) = (0, 0) and e(1) = (2, 8), linear where no value is below zero."""
    critic = one.modules()["discriminator"]
    first = critic.body[0]  # type: ignore[index, operator]
    with torch.no_grad():
        for value in critic.parameters():
            value.zero_()
        first.weight[:2] = torch.eye(2)  # type: ignore[union-attr]
        critic.head.weight[0, :2] = torch.tensor([3.0, 4.0])  # type: ignore[union-attr]
        critic.embedding.weight[1, :2] = torch.tensor([2.0, 8.0])  # type: ignore[union-attr]
    return one


def test_the_penalty_is_of_the_critics_slope_with_the_class() -> None:
    one = sloped(model())
    metrics = one.step(REAL, LABELS, torch.Generator().manual_seed(1), lambda name, loss: None)
    # slopes (3, 4) and (5, 12): ((5 − 1)² + (13 − 1)²) / 2
    assert metrics["penalty"].item() == pytest.approx(80.0, rel=1e-4)
    # (3, 4)·(1, 1) = 7 and (5, 12)·(1.2, 0.75) = 15
    assert metrics["d_real"].item() == pytest.approx(11.0, rel=1e-5)
    assert metrics["d_loss"].item() == pytest.approx(metrics["d_fake"].item() - 11.0 + 10 * 80.0, rel=1e-5)


def test_a_vector_of_unknown_class_is_judged_without_one() -> None:
    metrics = sloped(model()).step(REAL, torch.tensor([-1, -1]), torch.Generator().manual_seed(1), lambda *_: None)
    assert metrics["penalty"].item() == pytest.approx(16.0, rel=1e-4)
    assert metrics["d_real"].item() == pytest.approx((7.0 + 6.6) / 2, rel=1e-5)


def test_the_generator_hears_the_classifier_once_that_has_learned() -> None:
    one = sloped(model(class_weight=0.5))
    softmax = one.modules()["classifier"]
    with torch.no_grad():
        softmax.linear.weight.zero_()  # type: ignore[union-attr]
        softmax.linear.bias.copy_(torch.tensor([math.log(3.0), 0.0]))  # type: ignore[union-attr, operator]
    without = losses_of(one)["generator"][0]
    softmax.batches.fill_(CLASSIFIER_BATCHES)  # type: ignore[union-attr, operator]
    one.modules()["discriminator"].steps.zero_()  # type: ignore[union-attr, operator]
    # p = (3/4, 1/4) whatever is seen: −log p of the classes 0 and 1, in the mean
    word = (math.log(4 / 3) + math.log(4.0)) / 2
    assert losses_of(one)["generator"][0] - without == pytest.approx(0.5 * word, abs=1e-4)


def test_the_classifier_learns_first_and_is_then_left_alone() -> None:
    one, calls = model(), Counter[str]()
    rng = torch.Generator().manual_seed(0)
    for _ in range(CLASSIFIER_BATCHES + 3):
        one.step(REAL, LABELS, rng, lambda name, loss: calls.update([name]))
    assert calls["classifier"] == CLASSIFIER_UPDATES * CLASSIFIER_BATCHES
    assert calls["discriminator"] == CLASSIFIER_BATCHES + 3
    assert calls["generator"] == (CLASSIFIER_BATCHES + 4) // 2  # every second step


def test_latents_of_a_class_go_through_the_generator() -> None:
    generator = model(class_latents=True).modules()["generator"].eval()
    z = torch.zeros(2, 64)
    before = generator(z, LABELS)
    assert torch.equal(before, generator.decode(z, LABELS))  # type: ignore[operator]
    with torch.no_grad():
        generator.latents.mean[0] += 5.0  # type: ignore[union-attr, operator]
    after = generator(z, LABELS)
    assert not torch.allclose(after[0], before[0])
    assert torch.equal(after[1], before[1])
