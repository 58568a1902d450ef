"""`dada`: a game within classes that leaves the classifier's head alone, then a generator that stands still."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganlift.data.types import Task
from ganlift.losses import discriminator_bce
from ganlift.strategies.base import strategies
from ganlift.strategies.setup import Setup
from ganlift.training.fit import Settings, fit
from ganlift.training.phase import Budget
from ganlift.training.precision import make_fabric
from ganlift.training.rng import Rng

CPU = torch.device("cpu")


def flat(module: nn.Module) -> Tensor:
    return torch.cat([p.detach().flatten() for p in module.parameters()])


def test_sums_and_differences_say_what_2k_logits_say() -> None:
    """The authors' two-way softmax over the logits of one class is the logistic loss of their difference."""
    real, generated = torch.tensor([[2.0, 0.5]]), torch.tensor([[1.0, -1.5]])  # (l_k, l'_k) of one image each
    pairs = F.cross_entropy(real, torch.tensor([0])) + F.cross_entropy(generated, torch.tensor([1]))
    ours = discriminator_bce(real[:, 0] - real[:, 1], generated[:, 0] - generated[:, 1])
    assert ours.item() == pytest.approx(pairs.item(), abs=1e-6)
    assert ours.item() == pytest.approx(math.log1p(math.exp(-1.5)) + math.log1p(math.exp(2.5)), abs=1e-6)


def test_features_are_learned_in_the_game_and_the_head_after_it(task: Task) -> None:
    entry, settings = strategies.get("dada"), Settings(make_fabric(CPU, "fp32"))
    run = entry.phases(Setup(task, Budget(3, 10, 2), Rng(0, "dada", CPU), CPU), entry.options())
    game = next(run)
    classifier, generator = game.modules["classifier"], game.modules["generator"]
    assert isinstance(classifier.head, nn.Module)
    head, whole, made = flat(classifier.head), flat(classifier), flat(generator)
    fit(game, settings)
    assert game.counts == "generator"
    assert torch.equal(flat(classifier.head), head)
    assert not torch.equal(flat(classifier), whole)
    assert not torch.equal(flat(generator), made)

    after, made = flat(classifier), flat(generator)
    final = next(run)
    assert final.modules["classifier"] is classifier  # it goes on from the discriminator's features
    assert torch.equal(flat(classifier), after)
    fit(final, settings)
    assert not torch.equal(flat(classifier.head), head)
    assert torch.equal(flat(generator), made)
