"""Every registered classifier: shapes, features and head, seeds, gradients, dropout's randomness."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from ganlift.classifiers.base import classifiers
from ganlift.layers.dropout import set_dropout_rng

NAMES = [name for name, entry in classifiers if entry.reads == "pixels"]


def build(name: str, channels: int = 1, size: int = 28, classes: int = 5, dropout: float = 0.0) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return classifiers.get(name).build(channels, size, classes, dropout)


def test_the_three_are_there() -> None:
    assert {"small-cnn", "resnet18", "wide-resnet"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("channels", "size"), [(1, 8), (1, 28), (3, 32), (3, 64)])
def test_shapes(name: str, channels: int, size: int) -> None:
    model = build(name, channels, size).eval()
    x = torch.rand(2, channels, size, size) * 2 - 1
    with torch.no_grad():
        features = model.features(x)
        logits = model(x)
    assert features.shape == (2, model.feature_size)
    assert logits.shape == (2, 5)
    torch.testing.assert_close(logits, model.head(features))


@pytest.mark.parametrize("name", NAMES)
def test_gradients_reach_every_weight_and_the_state_goes_round(name: str) -> None:
    model = build(name)
    x, y = torch.rand(8, 1, 28, 28) * 2 - 1, torch.arange(8) % 5
    state = torch.random.get_rng_state()
    F.cross_entropy(model(x), y).backward()
    assert torch.equal(state, torch.random.get_rng_state())
    for weight_name, weight in model.named_parameters():
        assert weight.grad is not None, weight_name
        assert weight.grad.abs().sum() > 0, weight_name
        assert torch.isfinite(weight.grad).all(), weight_name
    other = classifiers.get(name).build(1, 28, 5, 0.0)
    other.load_state_dict(model.state_dict())
    model.eval(), other.eval()
    assert torch.equal(model(x), other(x))


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_weights(name: str) -> None:
    first, second = build(name).state_dict(), build(name).state_dict()
    assert all(torch.equal(first[key], second[key]) for key in first)


@pytest.mark.parametrize("name", NAMES)
def test_dropout_draws_from_the_generator_it_is_given_and_rests_in_evaluation(name: str) -> None:
    model = build(name, dropout=0.5)
    features = torch.ones(4, model.feature_size)
    with pytest.raises(RuntimeError, match="set_dropout_rng"):
        model.head(features)
    state = torch.random.get_rng_state()
    set_dropout_rng(model, torch.Generator().manual_seed(3))
    first, second = model.head(features), model.head(features)
    set_dropout_rng(model, torch.Generator().manual_seed(3))
    assert torch.equal(model.head(features), first)
    assert not torch.equal(first, second)
    assert torch.equal(state, torch.random.get_rng_state())
    model.eval()
    assert torch.equal(model.head(features), model.head(features))


def test_small_cnn_learns_real_digits() -> None:
    from sklearn.datasets import load_digits

    digits = load_digits()
    x = torch.from_numpy(digits.images).float()[:, None] / 8 - 1
    y = torch.from_numpy(digits.target)
    model = build("small-cnn", size=8, classes=10)
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3)
    rng = torch.Generator().manual_seed(0)
    for _ in range(60):
        i = torch.randint(0, 1000, (64,), generator=rng)
        loss = F.cross_entropy(model(x[i]), y[i])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    assert (model(x[1000:]).argmax(1) == y[1000:]).float().mean() > 0.85
