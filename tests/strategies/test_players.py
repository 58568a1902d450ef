"""Joint arms with a discriminator of its own: pairs scored at once, three players, each moved by its own optimiser."""

from __future__ import annotations

import pytest
import torch

from ganlift.augment import diffaugment
from ganlift.data.types import Task
from ganlift.strategies.base import run_phases, strategies
from ganlift.strategies.players import new_discriminator, pair_scores
from ganlift.strategies.setup import Setup
from ganlift.training.fit import Settings, fit
from ganlift.training.phase import Budget
from ganlift.training.precision import make_fabric
from ganlift.training.rng import Rng

CPU = torch.device("cpu")
THREE = pytest.mark.parametrize("name", ["ec-gan", "triple-gan", "margin-gan"])


def seeded_rng() -> torch.Generator:
    made = torch.Generator()
    made.manual_seed(1)
    return made


def test_all_pairs_at_once_are_the_pairs_one_by_one(task: Task) -> None:
    setup = Setup(task, Budget(1, 10), Rng(0, "players", CPU), CPU)
    discriminator = new_discriminator(setup, 10).eval()
    images = setup.labelled.take(torch.arange(20))
    scores = pair_scores(setup, discriminator, images, seeded_rng())
    seen = diffaugment(images, seeded_rng())
    for label in range(10):
        expected = discriminator(seen, torch.full((20,), label))
        torch.testing.assert_close(scores[:, label], expected)
    assert scores.std(dim=1).min() > 0  # the class is told apart


def test_images_alone_have_one_score(task: Task) -> None:
    setup = Setup(task, Budget(1, 10), Rng(0, "players", CPU), CPU)
    images = setup.labelled.take(torch.arange(6))
    assert pair_scores(setup, new_discriminator(setup), images, seeded_rng()).shape == (6, 1)


@THREE
def test_every_player_moves_by_its_own_optimiser(task: Task, name: str) -> None:
    entry = strategies.get(name)
    setup = Setup(task, Budget(2, 10), Rng(0, name, CPU), CPU)
    phase = next(entry.phases(setup, entry.options()))
    assert set(phase.optimizers) == {"classifier", "generator", "discriminator"}
    before = {key: [p.clone() for p in phase.modules[key].parameters()] for key in phase.optimizers}
    trace = fit(phase, Settings(make_fabric(CPU, "fp32"), log_every=1)).trace
    for key, weights in before.items():
        moved = [not torch.equal(a, b) for a, b in zip(weights, phase.modules[key].parameters(), strict=True)]
        assert sum(moved) >= len(moved) - 1, key
    assert {"loss", "d_loss", "g_loss", "d_real", "d_fake", "g_grad_norm"} <= set(trace[0])


@THREE
def test_the_generator_is_handed_over(task: Task, name: str) -> None:
    entry = strategies.get(name)
    setup = Setup(task, Budget(2, 10), Rng(0, name, CPU), CPU)
    settings = Settings(make_fabric(CPU, "fp32"))
    outcome, _ = run_phases(entry.phases(setup, entry.options()), lambda phase: settings)
    assert outcome.generator is not None
    labels = torch.arange(10) if outcome.generator.facts.classes else None
    images = outcome.generator.sample(labels, 10, seeded_rng())
    assert images.shape == (10, 1, 8, 8)
    assert images.abs().max() <= 1
