"""The rivals of a long tail: they are what their equations say, and plain training where nothing is rare."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ganlift.data.types import Task
from ganlift.errors import ConfigError, Interrupted
from ganlift.strategies.base import run_phases, strategies
from ganlift.strategies.deferred import deferred_weights
from ganlift.strategies.ldam_drw import cosines, linear_layer
from ganlift.strategies.setup import Setup, predict
from ganlift.training.fit import Settings
from ganlift.training.phase import Budget
from ganlift.training.precision import make_fabric
from ganlift.training.rng import Rng

CPU = torch.device("cpu")
NAMES = ("oversample", "class-weights", "mixup-drw", "ldam-drw", "logit-adjust")
EVERY = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(scope="module")
def tailed(task: Task) -> Task:
    """Five images of the digits 0 to 4, one of the others."""
    first = np.array([np.flatnonzero(task.labels == k)[0] for k in range(10)])
    keep = np.isin(np.arange(len(task.labels)), first) | (task.labels < 5)
    return replace(task, labelled=task.labelled[keep], labels=task.labels[keep])


def setup_of(task: Task, name: str, steps: int = 6) -> Setup:
    return Setup(task, Budget(steps, 12, steps), Rng(0, name, CPU), CPU)


def trained(task: Task, name: str, settings: Settings | None = None, **options: Any) -> tuple[nn.Module, list[float]]:
    entry, settings = strategies.get(name), settings or Settings(make_fabric(CPU, "fp32"), log_every=1)
    outcome, records = run_phases(entry.phases(setup_of(task, name), entry.options(**options)), lambda phase: settings)
    return outcome.classifier, [line["loss"] for record in records for line in record.trace]


@EVERY
def test_what_is_interrupted_goes_on_to_the_same_classifier(tailed: Task, tmp_path: Path, name: str) -> None:
    whole, _ = trained(tailed, name)
    asked = iter([0, 0, 0, 130])
    settings = Settings(make_fabric(CPU, "fp32"), folder=tmp_path, should_stop=lambda: next(asked, 0), log_every=1)
    with pytest.raises(Interrupted):
        trained(tailed, name, settings)
    again, _ = trained(tailed, name, settings)
    images = torch.from_numpy(tailed.validation)
    assert torch.equal(predict(whole, images), predict(again, images))


def test_oversampling_draws_every_class_alike(tailed: Task) -> None:
    entry = strategies.get("oversample")
    phase = next(entry.phases(setup_of(tailed, "oversample"), entry.options()))
    seen = np.concatenate([next(phase.streams["labelled"]).y.numpy() for _ in range(500)])
    counts = np.bincount(seen, minlength=10)  # 6,000 draws: 600 a class, standard deviation 23
    assert abs(counts - 600).max() < 100


@pytest.mark.parametrize("name", ["class-weights", "logit-adjust"])
def test_where_nothing_is_rare_it_is_augment(task: Task, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    derive = Rng.derive
    monkeypatch.setattr(Rng, "derive", lambda rng, purpose, common=False: derive(Rng(rng.seed, "same"), purpose))
    _, plain = trained(task, "augment")
    shared = ("lr", "weight_decay", "label_smoothing", "policy", "mix")
    own_options = strategies.get("augment").options()
    _, own = trained(task, name, **{key: getattr(own_options, key) for key in shared})
    assert own == pytest.approx(plain, rel=1e-4)


@pytest.mark.parametrize("name", ["class-weights", "logit-adjust"])
def test_where_classes_are_rare_it_is_not(tailed: Task, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    derive = Rng.derive
    monkeypatch.setattr(Rng, "derive", lambda rng, purpose, common=False: derive(Rng(rng.seed, "same"), purpose))
    _, plain = trained(tailed, "augment")
    _, own = trained(tailed, name)
    assert own[0] != pytest.approx(plain[0], rel=1e-3)


def test_weights_set_in_when_they_are_due(tailed: Task) -> None:
    """β near 1: weights as 1/5 and 1, five classes of each: 1/3 and 5/3 sum to ten."""
    setup = setup_of(tailed, "mixup-drw", steps=10)
    assert torch.equal(deferred_weights(setup, 7, 0.8, 0.9999), torch.ones(10))
    expected = torch.tensor([1 / 3] * 5 + [5 / 3] * 5)
    assert torch.allclose(deferred_weights(setup, 8, 0.8, 0.9999), expected, atol=1e-3)


@pytest.mark.parametrize("name", ["mixup-drw", "ldam-drw"])
def test_deferral_changes_the_last_steps_alone(tailed: Task, name: str) -> None:
    _, never = trained(tailed, name, defer=1.0)
    _, late = trained(tailed, name, defer=0.5)
    assert late[:3] == never[:3]
    assert late[3] != never[3]


def test_the_laid_down_head_decides_as_the_cosines(tailed: Task) -> None:
    classifier, _ = trained(tailed, "ldam-drw", scale=20.0)
    classifier.eval()
    _, layer = linear_layer(classifier)
    with torch.no_grad():
        x = setup_of(tailed, "x").labelled.take(torch.arange(len(tailed.labelled)))
        found, logits = cosines(classifier, x), classifier(x)
        norms = classifier.features(x).norm(dim=1)  # type: ignore[operator]
    assert found.abs().max() <= 1 + 1e-6
    assert torch.equal(found.argmax(1), logits.argmax(1))
    assert torch.allclose(logits, 20.0 * found * (norms / norms.mean())[:, None], atol=1e-3)
    assert not layer.bias.any()


def test_a_head_without_one_linear_layer_is_refused() -> None:
    class Odd(nn.Module):
        head = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 2))

    with pytest.raises(ConfigError, match="head has one linear layer, and this one has 2"):
        linear_layer(Odd())


@EVERY
def test_it_learns(task: Task, name: str) -> None:
    entry = strategies.get(name)
    setup = Setup(task, Budget(120, 32), Rng(0, name, CPU), CPU)
    outcome, _ = run_phases(
        entry.phases(setup, entry.options(policy="none")), lambda phase: Settings(make_fabric(CPU, "fp32"))
    )
    right: Tensor = predict(outcome.classifier, torch.from_numpy(task.validation)).argmax(1)
    assert (right.numpy() == task.validation_labels).mean() > 0.5
