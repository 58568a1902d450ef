"""The two-stage arm: folds stay apart, the filter filters, no generator wins ties."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ganlift.data.types import Task
from ganlift.strategies.base import Setup, run_phases, strategies
from ganlift.strategies.gan_augment import draw_pool
from ganlift.strategies.generation import FOLDS, Stage, generator_stage
from ganlift.training.fit import Settings, fit
from ganlift.training.phase import Budget
from ganlift.training.precision import make_fabric
from ganlift.training.rng import Rng

CPU = torch.device("cpu")


@pytest.fixture
def setup(task: Task) -> Setup:
    return Setup(task, Budget(4, 10, 3), Rng(0, "gan-augment", CPU), CPU)


@pytest.fixture
def stage(setup: Setup) -> Stage:
    return generator_stage(setup)


class Says(nn.Module):
    """A judge that always names one class."""

    def __init__(self, label: int, classes: int = 10) -> None:
        super().__init__()
        self.logits = 10.0 * torch.eye(classes)[label]

    def forward(self, x: Tensor) -> Tensor:
        return self.logits.expand(len(x), -1)


def test_every_class_is_dealt_evenly_to_the_folds(setup: Setup, stage: Stage) -> None:
    for label in range(10):
        dealt = torch.bincount(stage.folds[setup.labels == label], minlength=FOLDS)
        assert dealt.max() - dealt.min() <= 1


def test_a_condition_never_sees_the_other_fold(setup: Setup, stage: Stage) -> None:
    stream = stage.phase.streams["labelled"]
    for _ in range(20):
        batch = next(stream)
        assert torch.equal(batch.y % FOLDS, stage.folds[batch.index])
        assert torch.equal(batch.y // FOLDS, setup.labels[batch.index])


def test_the_filter_keeps_what_the_other_folds_judge_agrees_with(setup: Setup, stage: Stage) -> None:
    pool = draw_pool(setup, stage, [Says(3), Says(3)], size=20)
    assert pool.acceptance == [float(label == 3) for label in range(10)]
    counts = torch.bincount(pool.labels, minlength=10).tolist()
    assert counts == [20 if label == 3 else 2 for label in range(10)]  # a tenth where none passes
    assert len(pool.images) == len(pool.labels)
    half = draw_pool(setup, stage, [Says(3), Says(4)], size=20)
    assert half.acceptance[3] == half.acceptance[4] == 0.5  # each judge sees one fold's images


def test_no_generator_wins_ties(setup: Setup, monkeypatch: Any) -> None:
    monkeypatch.setattr(Setup, "validation_score", lambda self, model: 0.5)
    entry = strategies.get("gan-augment")
    settings = Settings(make_fabric(CPU, "fp32"))
    outcome, records = run_phases(entry.phases(setup, entry.options(pool=4)), lambda phase: settings)
    assert outcome.facts["chosen"]["weight"] == 0.0
    assert records[-1].images_seen == 4 * 10  # real images alone in the final run


def test_choosing_runs_differ_in_nothing_but_weight_and_ratio(setup: Setup) -> None:
    entry = strategies.get("gan-augment")
    options = entry.options(pool=4, filtered=False, candidates=((0.5, 1.0), (0.5, 1.0)))
    settings = Settings(make_fabric(CPU, "fp32"))
    _, records = run_phases(entry.phases(setup, options), lambda phase: settings)
    first, second = (record for record in records if record.counts == "besides")
    assert [line["loss"] for line in first.trace] == [line["loss"] for line in second.trace]


def test_a_shared_generator_does_not_depend_on_the_arm(task: Task) -> None:
    settings = Settings(make_fabric(CPU, "fp32"))
    weights = []
    for arm in ("gan-augment", "synthetic-only"):
        stage = generator_stage(Setup(task, Budget(4, 10, 3), Rng(0, arm, CPU), CPU))
        fit(stage.phase, settings)
        weights.append((stage.phase.shared, stage.phase.averages["generator"].module.state_dict()))
    assert weights[0][0] == weights[1][0]
    assert all(torch.equal(weights[0][1][key], weights[1][1][key]) for key in weights[0][1])
    other = generator_stage(Setup(task, Budget(4, 10, 3), Rng(1, "gan-augment", CPU), CPU))
    assert other.phase.shared != weights[0][0]
