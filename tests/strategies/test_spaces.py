"""Strategies learn in every space they say they learn in, and read alike there."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch

from ganlift.data import load
from ganlift.data.types import Task
from ganlift.errors import ConfigError
from ganlift.measures.clusters import matched
from ganlift.strategies import solved
from ganlift.strategies.base import run_phases, strategies
from ganlift.strategies.generation import generator_stage
from ganlift.strategies.options import build_options, search_space
from ganlift.strategies.setup import Setup
from ganlift.training.fit import Settings
from ganlift.training.phase import Budget
from ganlift.training.precision import make_fabric
from ganlift.training.rng import Rng

CPU = torch.device("cpu")
ON_VECTORS = [name for name, entry in strategies if "vectors" in entry.spaces]


@cache
def garments() -> Task:
    """Four kinds of garments as vectors of 49 values in four views: 7 × 7 pixels, mirrored, and two moved a little."""
    images = load("fashion-mini")
    rng = np.random.default_rng(0)
    chosen = [rng.permutation(np.flatnonzero(images.labels == label))[:90] for label in (0, 1, 5, 8)]
    seen = images.pixels[..., 0].astype(np.float32)

    def vectors(index: np.ndarray) -> np.ndarray:
        x = seen[index]
        views = [x, x[:, :, ::-1], np.roll(x, 2, axis=1), np.roll(x, 2, axis=2)]
        pooled = [view.reshape(-1, 7, 4, 7, 4).mean((2, 4)).reshape(len(x), 49) for view in views]
        return np.stack(pooled, axis=1).astype(np.float16)

    parts = [np.concatenate([own[begin:end] for own in chosen]) for begin, end in ((0, 5), (5, 35), (35, 90))]
    labels = [np.repeat(np.arange(4), len(part) // 4) for part in parts]
    names = ("shirt", "trouser", "sandal", "bag")
    return Task(vectors(parts[0]), labels[0], vectors(parts[1]), labels[1], vectors(parts[2]), names, weak_views=2)


def trained(name: str, seed: int = 0, steps: int = 60) -> tuple[Setup, torch.nn.Module]:
    entry = strategies.get(name)
    setup = Setup(garments(), Budget(steps, 32, steps), Rng(seed, name, CPU), CPU, classifier="mlp")
    options = build_options(entry, {}, "vectors")
    outcome, _ = run_phases(entry.phases(setup, options), lambda phase: Settings(make_fabric(CPU, "fp32")))
    return setup, outcome.classifier


@pytest.mark.parametrize("name", ON_VECTORS)
def test_it_learns_on_vectors(name: str) -> None:
    setup, classifier = trained(name)
    labels = setup.task.validation_labels
    found = setup.predict(classifier, torch.from_numpy(setup.task.validation)).numpy()
    least = 0.65  # chance is 0.25
    if not strategies.get(name).labels:
        found, least = matched(found, labels), 0.4 if name == "infogan" else 0.6
    assert (found.argmax(1) == labels).mean() > least


def test_what_is_for_pictures_alone_is_refused_and_not_searched() -> None:
    entry = strategies.get("augment@efficientnet-lite0")
    with pytest.raises(ConfigError, match="'mix' of strategy 'augment@efficientnet-lite0' is 'cutmix'"):
        build_options(entry, {"mix": "cutmix"}, entry.space)
    assert search_space(entry)["mix"]["choices"] == ["none", "mixup"]
    assert search_space(strategies.get("augment"))["mix"]["choices"] == ["none", "mixup", "cutmix"]


def test_generated_items_stand_beside_real_ones() -> None:
    setup = Setup(garments(), Budget(1, 8), Rng(0, "spaces", CPU), CPU)
    views = setup.space.unchanged(setup.labelled.take(torch.arange(6)))
    items = setup.space.items(views)
    assert items.shape == (6, *garments().labelled.shape[1:])
    held = setup.space.hold(items, CPU).take(torch.arange(6))
    for view in (setup.weak(held), setup.strong(held), setup.space.unchanged(held)):
        torch.testing.assert_close(view, views)


def test_a_generator_is_to_make_weak_views_and_a_discriminator_sees_all_through_noise() -> None:
    setup = Setup(garments(), Budget(1, 8), Rng(0, "spaces", CPU), CPU)
    x = setup.labelled.take(torch.arange(20))
    made = setup.space.genuine(x, torch.Generator().manual_seed(0))
    of_weak = torch.stack([(made == x[:, view]).all(1) for view in range(2)])
    assert of_weak.any(0).all()
    assert of_weak.any(1).all()
    seen = setup.space.alike(made.requires_grad_(), torch.Generator().manual_seed(0))
    assert (seen - made).std().item() == pytest.approx(0.3, abs=0.02)
    assert torch.equal(torch.autograd.grad(seen.sum(), made)[0], torch.ones_like(made))


@pytest.mark.parametrize("generator", ["vae", "wgan", "autoencoder", "flow", "gaussian"])
def test_a_named_generator_teaches_classes_on_vectors(generator: str) -> None:
    entry = strategies.get(f"synthetic-only-{generator}@network")
    assert (entry.generator, entry.features) == (generator, "network")
    setup = Setup(garments(), Budget(60, 32, 150), Rng(0, "x", CPU), CPU, "mlp", generator, features="network")
    phases = entry.phases(setup, build_options(entry, {}, "vectors"))
    outcome, _ = run_phases(phases, lambda phase: Settings(make_fabric(CPU, "fp32")))
    assert outcome.generator is not None  # whose vectors the report draws
    assert setup.validation_accuracy(outcome.classifier) > 0.65


def test_a_generator_of_images_goes_with_no_features_and_one_of_features_with_no_pixels() -> None:
    with pytest.raises(ConfigError, match="'gan-augment-sngan' learns from pixels alone"):
        strategies.get("gan-augment-sngan@network")
    assert strategies.get("gan-augment-wgan").spaces == ("vectors",)
    assert strategies.get("gan-augment-vae").spaces == ("pixels", "vectors")


def test_two_networks_of_a_run_share_no_generator() -> None:
    keys = set()
    for network in ("one", "other", None):
        setup = Setup(garments(), Budget(2, 8, 2), Rng(0, "x", CPU), CPU, "mlp", features=network)
        keys.add(generator_stage(setup).phase.shared)
    assert len(keys) == 3


def test_small_classes_are_filled_up_with_vectors() -> None:
    task = garments()
    kept = np.flatnonzero((task.labels < 2) | (np.arange(len(task.labels)) % 5 < 2))  # 5, 5, 2, 2 labels
    task = replace(task, labelled=task.labelled[kept], labels=task.labels[kept])
    entry = strategies.get("gan-balance@network")
    setup = Setup(task, Budget(60, 32, 60), Rng(0, "x", CPU), CPU, "mlp", features="network")
    phases = entry.phases(setup, build_options(entry, {}, "vectors"))
    outcome, records = run_phases(phases, lambda phase: Settings(make_fabric(CPU, "fp32")))
    assert [record.name for record in records] == ["autoencoder", "generator", "fold-0", "fold-1", "classifier"]
    assert outcome.facts["balanced"] is False
    assert setup.validation_accuracy(outcome.classifier) > 0.65


@pytest.mark.parametrize("name", ["fixmatch", "sgan"])
def test_the_same_seed_gives_the_same_classifier(name: str) -> None:
    (_, first), (_, second) = trained(name, steps=5), trained(name, steps=5)
    for a, b in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(a, b)


def test_arms_that_solve_take_a_part_of_very_many_unlabelled_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solved, "MOST_UNLABELLED", 30)

    def drawn(seed: int) -> np.ndarray:
        return solved.unlabelled_vectors(Setup(garments(), Budget(1, 8), Rng(seed, "gda", CPU), CPU))

    setup = Setup(garments(), Budget(1, 8), Rng(0, "gda", CPU), CPU)
    everything = {row.tobytes() for row in solved.plain_vectors(setup, garments().unlabelled)}
    assert len({row.tobytes() for row in drawn(0)} & everything) == 30
    np.testing.assert_array_equal(drawn(0), drawn(0))
    assert not np.array_equal(drawn(0), drawn(1))
    for name in ("gda", "label-spreading", "distribution-calibration"):
        setup, classifier = trained(name)
        assert setup.validation_accuracy(classifier) > 0.5
