"""The cross-fitted filter against planted generators, with judges that have learned digits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import BaseModel
from torch import Tensor, nn
from torch.optim import Optimizer

from ganlift.comparison.facts import pool_alarms
from ganlift.data import draw_split, load, make_task
from ganlift.data.types import Task
from ganlift.generators.base import GeneratorEntry, ImageShape, Update, generators
from ganlift.generators.common import GeneratorOptions, draw
from ganlift.strategies.base import Outcome, run_phases, strategies
from ganlift.strategies.gan_augment import GanAugmentOptions
from ganlift.strategies.generation import Stage, generator_stage
from ganlift.strategies.pool import Pool, draw_pool, judge_phase
from ganlift.strategies.setup import Setup
from ganlift.training.fit import Settings, fit
from ganlift.training.phase import Budget
from ganlift.training.pixels import to_float
from ganlift.training.precision import make_fabric
from ganlift.training.rng import Rng

CPU = torch.device("cpu")
SETTINGS = Settings(make_fabric(CPU, "fp32"))
NAMES = [str(k) for k in range(10)]
LATENT = 8


class Planted(nn.Module):
    """Real images that nobody has seen, (K, m, c, h, w) in [-1, 1], chosen and blurred by the latent.

    Args:
        shift: 1 shows the next class's image in place of the class asked for.
        distinct: images a class that are shown at all.
    """

    def __init__(self, images: Tensor, shift: int, distinct: int, noise: float) -> None:
        super().__init__()
        self.images = nn.Buffer(images[:, :distinct])
        self.bias = nn.Parameter(torch.zeros(1))
        self.shift, self.noise = shift, noise

    def forward(self, z: Tensor, conditions: Tensor) -> Tensor:
        classes, distinct = self.images.shape[:2]
        folds = 2
        which = (1e3 * z[:, 0].abs()).long() % distinct
        shown = self.images[(conditions // folds + self.shift) % classes, which]
        return (shown + self.noise * z[:, 1, None, None, None] + self.bias).clamp(-1, 1)


@dataclass
class Model:
    """See `ganlift.generators.base.GenerativeModel`; it has nothing to learn."""

    shape: ImageShape
    module: Planted
    latent_size: int = LATENT

    def modules(self) -> Mapping[str, nn.Module]:
        return {"generator": self.module}

    def optimizers(self) -> Mapping[str, Optimizer]:
        return {}

    def step(self, real: Tensor, labels: Tensor, rng: torch.Generator, update: Update) -> dict[str, Tensor]:
        return {"d_loss": torch.zeros(()), "g_loss": torch.zeros(())}

    def sample(self, n: int, labels: Tensor | None, rng: torch.Generator, module: nn.Module | None = None) -> Tensor:
        return draw(module or self.module, self.shape, LATENT, n, labels, rng)


def entry(name: str, module: Callable[[], Planted]) -> GeneratorEntry:
    def build(shape: ImageShape, options: BaseModel, device: torch.device) -> Model:
        return Model(shape, module().to(device))

    return GeneratorEntry(name, "Planted.", "test", GeneratorOptions, build)


@pytest.fixture(scope="module")
def data() -> tuple[Task, Tensor]:
    """A task of 20 labels a class, and 60 more images a class that no part of it holds, (10, 60, 1, 8, 8)."""
    images = load("digits")
    split = draw_split(images, 1, labels_per_class=20)
    rest = [split.unlabelled[images.labels[split.unlabelled] == k][:60] for k in range(10)]
    task = make_task(images, replace(split, unlabelled=split.unlabelled[:0]))
    return task, to_float(torch.from_numpy(np.stack([images.batch(own) for own in rest])))


@pytest.fixture(scope="module")
def setup(data: tuple[Task, Tensor]) -> Setup:
    return Setup(data[0], Budget(90, 32, 2), Rng(0, "gan-augment", CPU), CPU)


@pytest.fixture(scope="module")
def stage(setup: Setup) -> Stage:
    return generator_stage(setup)


@pytest.fixture(scope="module")
def judges(setup: Setup, stage: Stage) -> list[nn.Module]:
    phases = [judge_phase(setup, GanAugmentOptions(), stage, fold, share=1.0) for fold in range(2)]
    for phase in phases:
        fit(phase, SETTINGS)
    return [phase.averages["classifier"].module for phase in phases]


def pool_of(setup: Setup, stage: Stage, judges: list[nn.Module], module: Planted) -> Pool:
    return draw_pool(setup, replace(stage, trained=replace(stage.trained, module=module)), judges, size=60)


def names(pool: Pool) -> set[str]:
    return {alarm["name"] for alarm in pool_alarms(pool.facts(), NAMES, step=1)}


def test_the_wrong_class_is_rejected(
    setup: Setup, stage: Stage, judges: list[nn.Module], data: tuple[Task, Tensor]
) -> None:
    pool = pool_of(setup, stage, judges, Planted(data[1], shift=1, distinct=60, noise=0.0))
    assert sum(pool.acceptance) / 10 < 0.1
    assert len(pool.labels) == pytest.approx(60 * sum(pool.acceptance))
    assert "off-class" in names(pool)
    right = pool_of(setup, stage, judges, Planted(data[1], shift=0, distinct=60, noise=0.0))
    assert sum(right.acceptance) / 10 > 0.6  # the judges have seen ten images a class


def test_one_easy_image_over_and_over_is_flagged_and_not_praised(
    setup: Setup, stage: Stage, judges: list[nn.Module], data: tuple[Task, Tensor]
) -> None:
    alike = pool_of(setup, stage, judges, Planted(data[1], shift=0, distinct=1, noise=0.03))
    passed = [share for share in alike.diversity if share is not None]
    assert sum(alike.acceptance) / 10 > 0.6  # the filter alone is pleased with it
    assert max(passed) < 0.3
    assert "lacks-diversity" in names(alike)
    fresh = pool_of(setup, stage, judges, Planted(data[1], shift=0, distinct=60, noise=0.0))
    assert all(0.5 < share < 1.6 for share in fresh.diversity if share is not None)
    assert "lacks-diversity" not in names(fresh)
    exact = pool_of(setup, stage, judges, Planted(data[1], shift=0, distinct=1, noise=0.0))
    assert exact.duplicates == 1.0
    assert {"lacks-diversity", "copies"} <= names(exact)


def arm(setup: Setup, monkeypatch: Any, module: Planted, **options: Any) -> tuple[Outcome, list[Any]]:
    """The whole arm with a planted generator, by its name in the registry."""
    generators.names()
    monkeypatch.setitem(generators._members, "planted", entry("planted", lambda: module))
    made = strategies.get("gan-augment").options(generator="planted", pool=30, **options)
    fresh = replace(setup, rng=Rng(0, "gan-augment", CPU))
    return run_phases(strategies.get("gan-augment").phases(fresh, made), lambda phase: SETTINGS)


def test_an_arm_whose_generator_shows_the_wrong_class_does_not_use_it(
    setup: Setup, data: tuple[Task, Tensor], monkeypatch: Any
) -> None:
    wrong = Planted(data[1], shift=1, distinct=1, noise=0.03)
    outcome, records = arm(setup, monkeypatch, wrong, fold_share=1.0, choice_share=0.1)
    assert sum(outcome.facts["acceptance"]) / 10 < 0.1
    assert outcome.facts["chosen"]["weight"] == 0.0
    assert records[-1].seen == {"labelled": 90 * 32}


def test_a_rare_class_is_not_refused_for_being_rare(setup: Setup, stage: Stage) -> None:
    """A judge that has nothing to go by but the classes' shares agrees with every class at equal odds, not with one."""
    labels = torch.tensor([0] * 8 + [1] * 2)
    task = replace(setup.task, labels=labels.numpy(), labelled=setup.task.labelled[:10], class_names=("a", "b"))
    small = replace(setup, task=task, rng=Rng(0, "x", CPU))
    drawn = generator_stage(small)

    class Prior(nn.Module):
        def __init__(self, lean: float) -> None:
            super().__init__()
            self.logits = torch.log(torch.tensor([0.8, 0.2])) + torch.tensor([0.0, lean])

        def features(self, x: Tensor) -> Tensor:
            return x.flatten(1)

        def forward(self, x: Tensor) -> Tensor:
            return self.logits.expand(len(x), -1)

    assert draw_pool(small, drawn, [Prior(0.1), Prior(0.1)], 10).acceptance == [0.0, 1.0]
    assert draw_pool(small, drawn, [Prior(-0.1), Prior(-0.1)], 10).acceptance == [1.0, 0.0]


def test_diversity_is_the_ratio_of_mean_distances_by_hand(setup: Setup) -> None:
    task = replace(
        setup.task,
        labelled=np.array([0, 0, 40, 40], np.uint8).reshape(4, 1, 1, 1).repeat(8, 2).repeat(8, 3),
        labels=np.zeros(4, np.int64),
        class_names=("a", "b"),
    )
    small = replace(setup, task=task, rng=Rng(0, "x", CPU))
    stage = generator_stage(small)

    class Steps(nn.Module):
        """Half of the images darker by 10 levels than the other half."""

        def __init__(self) -> None:
            super().__init__()
            self.bias = nn.Parameter(torch.zeros(1))

        def forward(self, z: Tensor, conditions: Tensor) -> Tensor:
            level = 10 / 127.5 * (torch.arange(len(z)) // 2 % 2) - 0.5
            return level[:, None, None, None].expand(-1, 1, 8, 8) + 0 * self.bias

    stage = replace(stage, trained=replace(stage.trained, module=Steps()), folds=torch.tensor([0, 1, 0, 1]))

    class One(nn.Module):
        def features(self, x: Tensor) -> Tensor:
            return x.flatten(1)

        def forward(self, x: Tensor) -> Tensor:
            return torch.tensor([[5.0, 0.0]]).expand(len(x), -1)

    pool = draw_pool(small, stage, [One(), One()], size=8)
    # a fold: real 0 and 40 levels, one pair 40 apart; generated 4 images in two pairs, 4 of 6 distances 10, two 0
    assert pool.diversity[0] == pytest.approx(4 / 6 * 10 / 40, rel=0.02)
    assert pool.diversity[1] is None
    assert pool.duplicates == 1.0
