"""`gan-balance`: every class has its share in expectation, the tail is filled, balanced data are left alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ganlift.data.types import Task
from ganlift.errors import Interrupted
from ganlift.generators.trained import GeneratorFacts, rebuild
from ganlift.strategies.base import Outcome, run_phases, strategies
from ganlift.strategies.gan_balance import balance
from ganlift.strategies.setup import Setup, predict
from ganlift.training.fit import Record, Settings, fit
from ganlift.training.phase import Budget
from ganlift.training.precision import make_fabric
from ganlift.training.rng import Rng

CPU = torch.device("cpu")


@pytest.fixture
def tailed(task: Task) -> Task:
    """Five images of the classes 0 to 4, two of the others."""
    kept = np.concatenate([np.flatnonzero(task.labels == k)[: 5 if k < 5 else 2] for k in range(10)])
    return replace(task, labelled=task.labelled[kept], labels=task.labels[kept], unlabelled=task.unlabelled[:0])


def run(task: Task, more: dict[str, Any] | None = None, **settings: Any) -> tuple[Outcome, list[Record]]:
    entry = strategies.get("gan-balance")
    setup = Setup(task, Budget(6, 10, 6), Rng(0, entry.name, CPU), CPU)
    options = entry.options(pool=20, **(more or {}))
    return run_phases(entry.phases(setup, options), lambda phase: Settings(make_fabric(CPU, "fp32"), **settings))


def test_every_class_has_the_same_share_of_the_loss_in_expectation() -> None:
    """8, 2 and 2 images; nothing passed of class 2, four images of class 1: by hand, with 12 in a batch."""
    mix = balance(torch.tensor([8, 2, 2]), torch.tensor([1, 1, 1, 1]), batch_size=12, most=1.0)
    assert mix.weights.tolist() == [1.0, 1.0, 4.0]
    assert (mix.count, mix.scale, mix.mass) == (6, 1.0, 24.0)  # 8, 2 + 6 and 4 · 2
    few = balance(torch.tensor([8, 2, 2]), torch.tensor([1, 1, 1, 1]), batch_size=12, most=0.25)
    assert (few.count, few.scale) == (3, 2.0)


@pytest.mark.parametrize("batch_size", [8, 64])
def test_classes_that_lack_more_are_drawn_more(batch_size: int) -> None:
    counts, passed = torch.tensor([100, 40, 10, 1]), torch.tensor([0] * 5 + [1] * 90 + [2] * 30 + [3] * 3)
    mix = balance(counts, passed, batch_size, most=4.0)
    drawn = torch.bincount(passed[mix.rows], minlength=4) / len(mix.rows)
    shares = batch_size * counts / counts.sum() * mix.weights + mix.count * mix.scale * drawn
    assert shares.tolist() == pytest.approx([mix.mass / 4] * 4, rel=0.03)
    assert mix.weights.tolist() == [1.0] * 4


def test_the_tail_is_filled_and_the_budget_is_that_of_all_arms(tailed: Task, monkeypatch: Any) -> None:
    monkeypatch.setattr("ganlift.strategies.pool._shares", lambda stage, fold, classes: torch.ones(classes))
    outcome, records = run(tailed, {"fold_share": 1.0})
    assert [(one.name, one.counts, one.steps) for one in records] == [
        ("autoencoder", "generator", 2),
        ("generator", "generator", 4),
        ("fold-0", "besides", 6),
        ("fold-1", "besides", 6),
        ("classifier", "classifier", 6),
    ]
    assert records[-1].seen["labelled"] == 60
    for label in range(10):
        used, weight, passed = (outcome.facts[key][label] for key in ("used", "real_weights", "acceptance"))
        assert (used > 0) == (label >= 5 and passed > 0)
        assert weight == pytest.approx(2.5 if label >= 5 and not passed else 1.0)


def test_the_autoencoder_leaves_its_weights_and_its_codes_to_the_gan(tailed: Task) -> None:
    entry = strategies.get("gan-balance")
    setup = Setup(tailed, Budget(6, 35, 80), Rng(0, entry.name, CPU), CPU)
    phases = entry.phases(setup, entry.options(warm_up=0.75))
    warm = next(phases)
    generator = warm.modules["generator"]
    losses = [line["reconstruction_loss"] for line in fit(warm, Settings(make_fabric(CPU, "fp32"), log_every=5)).trace]
    assert losses[-1] < 0.6 * losses[0]
    gan = next(phases)
    assert gan.modules["generator"] is generator
    assert gan.steps == 20
    latents: Any = generator.latents
    assert latents.mean.abs().sum() > 0
    assert torch.equal(latents.mean, gan.averages["generator"].module.latents.mean)  # type: ignore[union-attr]
    labels = torch.bincount(gan.streams["labelled"].labels[next(gan.streams["labelled"]).index] // 2, minlength=10)
    assert labels.max() - labels.min() <= 5  # an even batch, where 5 and 2 images a class would give 5 and 2


def test_its_generator_can_be_built_again_from_its_facts(tailed: Task) -> None:
    made = run(tailed)[0].generator
    assert made is not None
    again = rebuild(GeneratorFacts.model_validate(made.facts.model_dump(mode="json")))
    again.load_state_dict(made.module.state_dict())
    latents, labels = (
        torch.randn(4, made.facts.latent_size, generator=torch.Generator().manual_seed(0)),
        torch.arange(4),
    )
    assert torch.equal(again.eval()(latents, labels), made.module(latents, labels))


def test_without_a_warm_up_it_is_one_phase(tailed: Task) -> None:
    _, records = run(tailed, {"warm_up": 0.0})
    assert [one.steps for one in records if one.counts == "generator"] == [6]


def test_balanced_data_need_no_generator_and_give_what_augment_gives(task: Task) -> None:
    outcome, records = run(task)
    assert [one.name for one in records] == ["classifier"]
    assert outcome.facts == {"balanced": True}
    entry = strategies.get("augment")
    setup = Setup(task, Budget(6, 10, 6), Rng(0, "gan-balance", CPU), CPU)
    settings = Settings(make_fabric(CPU, "fp32"))
    plain, _ = run_phases(entry.phases(setup, entry.options()), lambda phase: settings)
    images = torch.from_numpy(task.validation)
    assert torch.allclose(predict(outcome.classifier, images), predict(plain.classifier, images), atol=1e-5)


@pytest.mark.parametrize("stop", [1, 4, 20])
def test_a_resumed_run_is_the_unbroken_one(tailed: Task, tmp_path: Path, stop: int) -> None:
    images = torch.from_numpy(tailed.validation)
    unbroken = predict(run(tailed, {"fold_share": 1.0})[0].classifier, images)
    stops = iter([False] * stop + [True])
    with pytest.raises(Interrupted):
        run(tailed, {"fold_share": 1.0}, folder=tmp_path, should_stop=lambda: 130 if next(stops) else 0)
    again, _ = run(tailed, {"fold_share": 1.0}, folder=tmp_path)
    assert torch.equal(unbroken, predict(again.classifier, images))
