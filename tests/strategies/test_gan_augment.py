"""The two-stage arm: folds stay apart, the filter filters, no generator wins ties."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ganlift.data.types import Task
from ganlift.errors import ConfigError, Interrupted
from ganlift.strategies.base import Outcome, run_phases, strategies
from ganlift.strategies.gan_augment import mixed_phase
from ganlift.strategies.generation import FOLDS, Stage, generator_stage
from ganlift.strategies.options import build_options
from ganlift.strategies.pool import Pool, draw_pool
from ganlift.strategies.setup import Setup, predict
from ganlift.training.fit import Settings, fit
from ganlift.training.phase import Budget, Phase
from ganlift.training.pixels import Pixels
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

    def features(self, x: Tensor) -> Tensor:
        return x.flatten(1)

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
    assert counts == [20 if label == 3 else 0 for label in range(10)]  # nothing of a class of which none passes
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


def test_arms_share_a_generator_where_the_registry_says_so(task: Task) -> None:
    keys = dict[tuple[str | None, str | None, int], set[str | None]]()
    for name, entry in strategies:
        if entry.needs_generator:
            setup = Setup(task, Budget(4, 10, 3), Rng(0, name, CPU), CPU)
            phase = next(iter(entry.phases(setup, entry.options())))
            keys.setdefault(entry.stage, set()).add(phase.shared)
    assert keys.keys() == {(None, None, 1), (None, None, 2)}  # all labelled images, or halves that judges divide
    assert all(len(found) == 1 for found in keys.values())
    assert None not in set.union(*keys.values())
    assert keys[None, None, 1] != keys[None, None, 2]


def options_of(**given: Any) -> Any:
    return strategies.get("gan-augment").options(pool=8, filtered=False, **given)


def run(setup: Setup, options: Any, **settings: Any) -> tuple[Outcome, list[Any]]:
    phases = strategies.get("gan-augment").phases(setup, options)
    return run_phases(phases, lambda phase: Settings(make_fabric(CPU, "fp32"), **settings))


def test_an_arm_can_name_its_own_generator(setup: Setup) -> None:
    outcome, _ = run(setup, options_of(generator="dcgan", generator_options={"width": 8}))
    assert outcome.generator is not None
    assert (outcome.generator.facts.generator, outcome.generator.facts.options["width"]) == ("dcgan", 8)
    assert outcome.shared != generator_stage(setup).phase.shared
    assert generator_stage(setup).trained.facts.generator == "sngan"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"generator": "dcgun"}, "Did you mean 'dcgan'"),
        ({"generator": "dcgan", "generator_options": {"wdith": 8}}, "Did you mean 'width'"),
        ({"generator_options": {"width": 8}}, "name it too"),
    ],
)
def test_a_generator_that_is_not_there_is_named_before_anything_is_trained(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        build_options(strategies.get("gan-augment"), given)


def test_pre_training_is_counted_apart_and_its_weights_are_the_start(setup: Setup, monkeypatch: Any) -> None:
    monkeypatch.setattr(Setup, "validation_right", lambda self, model: np.ones(len(self.task.validation), np.bool_))
    options = options_of(pretrain=0.5, candidates=((0.5, 1.0),))
    phases, seen, started = strategies.get("gan-augment").phases(setup, options), [], dict[str, Any]()
    for phase in phases:
        seen.append((phase.name, phase.counts, phase.steps))
        weights = [p.detach().clone() for p in phase.modules.get("classifier", nn.Identity()).parameters()]
        fit(phase, Settings(make_fabric(CPU, "fp32")))
        started[phase.name] = (weights, phase.averages)
    assert seen[1] == ("pre-training", "besides", 2)
    assert seen[-1] == ("classifier", "classifier", setup.budget.steps)
    learned = list(started["pre-training"][1]["classifier"].module.parameters())
    assert all(torch.equal(a, b) for a, b in zip(started["choice-0"][0], learned, strict=True))
    # the bare start is tried beside, with no generator in it at all, and wins the tie
    assert not any(torch.equal(a, b) for a, b in zip(started["choice-1"][0][:1], learned[:1], strict=True))
    assert torch.equal(started["classifier"][0][0], setup_weights(setup))


def setup_weights(setup: Setup) -> Tensor:
    return next(setup.new_classifier().parameters()).detach()


def mixed(setup: Setup, *, apart: bool) -> Phase:
    images = torch.full((20, 1, 8, 8), 255, dtype=torch.uint8)
    pool = Pool(Pixels(images, CPU), torch.arange(20) % 10, [1.0] * 10, [])
    return mixed_phase(setup, options_of(separate_norm=apart, policy="none"), pool, 1.0, 1.0)


def test_generated_images_leave_the_statistics_of_real_ones_alone(setup: Setup) -> None:
    """All generated images are white here: normalised together they pull the first running mean towards them."""
    means = {}
    for kind, phase in {
        "real": mixed_phase(setup, options_of(policy="none"), mixed_pool(), 0.0, 0.0),
        "apart": mixed(replace(setup, rng=Rng(0, "gan-augment", CPU)), apart=True),
        "together": mixed(replace(setup, rng=Rng(0, "gan-augment", CPU)), apart=False),
    }.items():
        phase.steps = 1
        fit(phase, Settings(make_fabric(CPU, "fp32")))
        norm = next(layer for layer in phase.modules["classifier"].modules() if isinstance(layer, nn.BatchNorm2d))
        assert norm.running_mean is not None
        means[kind] = norm.running_mean
    assert torch.allclose(means["apart"], means["real"], atol=1e-6)
    assert not torch.allclose(means["together"], means["real"], atol=1e-3)


def mixed_pool() -> Pool:
    return Pool(Pixels(torch.zeros((1, 1, 8, 8), dtype=torch.uint8), CPU), torch.zeros(1, dtype=torch.int64), [], [])


def test_a_resumed_run_with_every_option_is_the_unbroken_one(task: Task, tmp_path: Path, monkeypatch: Any) -> None:
    scores = itertools.cycle([0.9, 0.1])  # the candidate with generated images is chosen, not the bare start
    monkeypatch.setattr(Setup, "validation_accuracy", lambda self, model: next(scores))
    options = options_of(pretrain=1.0, separate_norm=True, dropout=0.2, candidates=((0.5, 1.0),))

    def new() -> Setup:
        return Setup(task, Budget(6, 10, 3), Rng(0, "gan-augment", CPU), CPU)

    images = torch.from_numpy(task.validation)
    unbroken = predict(run(new(), options)[0].classifier, images)
    stops = iter([False] * 15 + [True])  # in the final run: after 3 generator, 6 pre-training and 2 × 2 choosing steps
    phases = strategies.get("gan-augment").phases(new(), options)
    with pytest.raises(Interrupted):
        run_phases(
            phases,
            lambda phase: Settings(
                make_fabric(CPU, "fp32"), folder=tmp_path, should_stop=lambda: 130 if next(stops) else 0
            ),
        )
    assert (tmp_path / "classifier-00000002.json").exists()
    outcome, _ = run(new(), options, folder=tmp_path)
    assert torch.equal(unbroken, predict(outcome.classifier, images))
    assert all("norms of" not in key for key in outcome.classifier.state_dict())
