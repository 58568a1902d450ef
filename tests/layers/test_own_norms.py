"""The twin with BatchNorms of its own: one set of weights, two sets of statistics."""

from __future__ import annotations

import pytest
import torch

from ganlift.classifiers.base import classifiers
from ganlift.layers.dropout import set_dropout_rng
from ganlift.layers.own_norms import with_own_norms
from ganlift.training.rng import seeded


@pytest.mark.parametrize("name", ["small-cnn", "resnet18"])
def test_the_twin_shares_every_weight_but_the_norms(name: str) -> None:
    with seeded(0):
        module = classifiers.get(name).build(1, 8, 3, 0.2)
    set_dropout_rng(module, torch.Generator())
    before = {key: value.clone() for key, value in module.state_dict().items()}
    twin, norms = with_own_norms(module)
    own = {id(p) for p in norms.parameters()}
    theirs = {id(p) for p in module.parameters()}
    assert own
    assert own.isdisjoint(theirs)
    assert {id(p) for p in twin.parameters()} - own <= theirs
    twin.train()(torch.rand(6, 1, 8, 8) * 9 - 3)
    assert all(torch.equal(value, before[key]) for key, value in module.state_dict().items())
    assert any(float(norm.running_mean.abs().sum()) > 0 for norm in norms)


def test_dropout_of_both_draws_from_the_one_generator() -> None:
    module = classifiers.get("small-cnn").build(1, 8, 3, 0.5)
    rng = torch.Generator().manual_seed(1)
    set_dropout_rng(module, rng)
    twin, _ = with_own_norms(module)
    state = rng.get_state()
    twin.train()(torch.rand(4, 1, 8, 8))
    assert not torch.equal(state, rng.get_state())


def test_without_batchnorm_there_is_nothing_to_part() -> None:
    module = torch.nn.Linear(3, 2)
    twin, norms = with_own_norms(module)
    assert len(norms) == 0
    assert torch.equal(twin(torch.ones(1, 3)), module(torch.ones(1, 3)))
