"""Every registered strategy, in each of its spaces: equal budgets, no test image, nothing outside its options."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import BaseModel

from ganlift.classifiers.base import DEFAULTS
from ganlift.data.mapped import Chosen
from ganlift.data.types import Task
from ganlift.errors import ConfigError, Interrupted
from ganlift.strategies.base import run_phases, strategies
from ganlift.strategies.options import build_options, search_space
from ganlift.strategies.setup import Setup
from ganlift.training.fit import Settings
from ganlift.training.phase import Budget
from ganlift.training.precision import make_fabric
from ganlift.training.rng import Rng

CPU = torch.device("cpu")
ON_FEATURES = [f"{name}@network" for name, entry in strategies if "vectors" in entry.spaces]
ALL = [*(name for name, entry in strategies if "pixels" in entry.spaces), *ON_FEATURES]
EVERY = pytest.mark.parametrize("name", ALL)
SOLVED = tuple(
    f"{name}@network" for name in ("linear-probe", "nearest-mean", "gda", "label-spreading", "distribution-calibration")
)
"""Those that take no step and draw nothing: the labels alone make them."""
BUDGET = Budget(steps=4, batch_size=10, generator_steps=4)


def test_arms_of_a_seed_start_from_the_same_weights_and_see_the_same_images_in_the_same_order(task: Task) -> None:
    plain, gan = setup_of(task, "augment"), setup_of(task, "sgan")
    first, second = plain.new_classifier(), gan.new_classifier(dropout=0.2)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    own = [strategies.get(name).options() for name in ("augment", "sgan")]
    labelled = [setup.labelled_stream(options) for setup, options in zip((plain, gan), own, strict=True)]
    for one, other in (labelled, [plain.unlabelled_stream(), gan.unlabelled_stream()]):
        for _ in range(4):
            assert torch.equal(next(one).index, next(other).index)
    other_seed = setup_of(task, "augment", seed=1).new_classifier()
    assert not torch.equal(next(iter(first.parameters())), next(iter(other_seed.parameters())))


UNLABELLED_ALONE = [name for name in ALL if not strategies.get(name).labels]
KMEANS = ("kmeans-pixels", "kmeans@network")


def setup_of(task: Task, name: str, seed: int = 0) -> Setup:
    """What the arm is given; one that uses no labels is never given labelled images, one on features rows of pixels."""
    entry = strategies.get(name)
    if not entry.labels:
        task = replace(task, labelled=task.labelled[:0], labels=task.labels[:0])
    if entry.features:
        parts = {part: as_vectors(getattr(task, part)) for part in ("labelled", "validation", "unlabelled")}
        task = replace(task, **parts, weak_views=2)
    return Setup(task, BUDGET, Rng(seed, name, CPU), CPU, DEFAULTS[entry.space], features=entry.features)


def as_vectors(pixels: np.ndarray) -> np.ndarray:
    """Images (n, 1, 8, 8) as vectors (n, 3, 64): as they are, mirrored, moved."""
    views = [pixels, pixels[..., ::-1], np.roll(pixels, 1, axis=-1)]
    return np.stack([view.reshape(len(pixels), 64) for view in views], axis=1).astype(np.float16)


def options_of(name: str) -> BaseModel:
    entry = strategies.get(name)
    return build_options(entry, {}, entry.space)


def predicted(task: Task, name: str, classifier: torch.nn.Module) -> torch.Tensor:
    """Class probabilities of the validation images."""
    setup = setup_of(task, name)
    return setup.predict(classifier, torch.from_numpy(setup.task.validation))


@EVERY
def test_every_arm_spends_the_budget_and_ends_with_a_classifier(task: Task, name: str) -> None:
    entry = strategies.get(name)
    settings = Settings(make_fabric(CPU, "fp32"))
    outcome, records = run_phases(entry.phases(setup_of(task, name), options_of(name)), lambda phase: settings)
    if name not in (*KMEANS, *SOLVED):  # k-means takes no step either
        assert sum(record.steps for record in records if record.counts == "classifier") == BUDGET.steps
    assert sum(record.steps for record in records if record.counts == "generator") in (0, BUDGET.generator_steps)
    # the one is there to see no real image, the others to see no label
    if records and not name.startswith("synthetic-only") and entry.labels:
        real = sum(record.seen.get("labelled", 0) for record in records if record.counts == "classifier")
        assert real == BUDGET.steps * BUDGET.batch_size
    assert len({record.name for record in records}) == len(records)
    probabilities = predicted(task, name, outcome.classifier)
    assert probabilities.shape == (len(task.validation), task.classes)
    assert torch.allclose(probabilities.sum(1), torch.ones(len(probabilities)), atol=1e-5)


@pytest.mark.parametrize("name", UNLABELLED_ALONE)
def test_an_arm_without_labels_spends_the_budget_on_unlabelled_images_alone(task: Task, name: str) -> None:
    entry, settings = strategies.get(name), Settings(make_fabric(CPU, "fp32"))
    _, records = run_phases(entry.phases(setup_of(task, name), options_of(name)), lambda phase: settings)
    spent = [(record.counts, record.steps, record.seen) for record in records]
    everything = ("classifier", BUDGET.steps, {"unlabelled": BUDGET.steps * BUDGET.batch_size})
    assert spent == ([] if name in KMEANS else [everything])
    assert entry.unlabelled == "required"


@EVERY
def test_two_runs_are_equal_and_two_seeds_are_not(task: Task, name: str) -> None:
    entry, settings = strategies.get(name), Settings(make_fabric(CPU, "fp32"))

    def run(seed: int) -> torch.Tensor:
        outcome, _ = run_phases(entry.phases(setup_of(task, name, seed), options_of(name)), lambda phase: settings)
        return predicted(task, name, outcome.classifier)

    assert torch.equal(run(0), run(0))
    assert name in SOLVED or not torch.equal(run(0), run(1))


@EVERY
def test_an_arm_makes_the_same_of_what_stays_on_the_disk(task: Task, name: str) -> None:
    entry, settings = strategies.get(name), Settings(make_fabric(CPU, "fp32"))

    def run(setup: Setup) -> torch.Tensor:
        outcome, _ = run_phases(entry.phases(setup, options_of(name)), lambda phase: settings)
        return predicted(task, name, outcome.classifier)

    given, other = setup_of(task, name), setup_of(task, name)
    far = {part: unread(getattr(other.task, part)) for part in ("labelled", "validation", "unlabelled")}
    assert torch.equal(run(given), run(replace(other, task=replace(other.task, **far))))


def unread(items: np.ndarray) -> Chosen:
    """``items`` as those that are read when they are asked for."""
    return Chosen(items.__getitem__, np.arange(len(items)), items.shape, items.dtype)


@EVERY
def test_an_arm_goes_on_where_it_was_stopped(task: Task, name: str, tmp_path: Path) -> None:
    entry, fabric = strategies.get(name), make_fabric(CPU, "fp32")

    def run(folder: Path, stop_at: int = -1) -> torch.Tensor:
        asked = itertools.count()
        settings = Settings(fabric, folder=folder, should_stop=lambda: int(next(asked) == stop_at))
        outcome, records = run_phases(entry.phases(setup_of(task, name), options_of(name)), lambda phase: settings)
        steps.append(sum(record.steps for record in records))
        return predicted(task, name, outcome.classifier)

    steps: list[int] = []
    unbroken = run(tmp_path / "unbroken")
    for stop_at in {steps[0] - 2, steps[0] // 2} if steps[0] else ():
        with pytest.raises(Interrupted):
            run(tmp_path / f"{stop_at}", stop_at)
        assert torch.equal(run(tmp_path / f"{stop_at}"), unbroken)


@EVERY
def test_validation_labels_change_nothing_that_is_trained_before_a_choice(task: Task, name: str) -> None:
    settings = Settings(make_fabric(CPU, "fp32"))
    blank = replace(task, validation_labels=np.zeros_like(task.validation_labels))
    assert _losses(name, task, settings)[:1] == _losses(name, blank, settings)[:1]


@pytest.mark.parametrize("name", [name for name in ALL if name not in SOLVED])
def test_who_looks_at_validation_images_says_so(task: Task, name: str) -> None:
    entry, settings = strategies.get(name), Settings(make_fabric(CPU, "fp32"))
    none = replace(task, validation=task.validation[:0], validation_labels=task.validation_labels[:0])
    phases = entry.phases(setup_of(none, name), options_of(name))
    if entry.validates:
        with pytest.raises(ConfigError, match="no validation images to choose on"):
            run_phases(phases, lambda phase: settings)
    else:
        run_phases(phases, lambda phase: settings)


def _losses(name: str, task: Task, settings: Settings) -> list[list[float]]:
    entry = strategies.get(name)
    _, records = run_phases(entry.phases(setup_of(task, name), options_of(name)), lambda phase: settings)
    names = ("loss", "d_loss", "reconstruction_loss")
    found = [[next((line[key] for key in names if key in line), None) for line in record.trace] for record in records]
    assert all(value is not None for losses in found for value in losses)
    return found


@EVERY
def test_an_arm_works_without_unlabelled_images_or_says_that_it_cannot(task: Task, name: str) -> None:
    entry, settings = strategies.get(name), Settings(make_fabric(CPU, "fp32"))
    if entry.unlabelled == "required":
        return
    without = replace(task, unlabelled=task.unlabelled[:0])
    outcome, _ = run_phases(entry.phases(setup_of(without, name), options_of(name)), lambda phase: settings)
    assert torch.isfinite(predicted(task, name, outcome.classifier)).all()


@EVERY
def test_what_a_strategy_says_of_itself(name: str) -> None:
    entry = strategies.get(name)
    assert entry.summary.endswith(".")
    assert entry.source
    assert entry.options().model_dump()
    for how in search_space(entry).values():
        assert how.get("choices") or how["low"] < how["high"]
    for option, how in search_space(entry).items():
        default = getattr(entry.options(), option)
        assert default in how["choices"] if "choices" in how else how["low"] <= default <= how["high"]


def test_every_arm_is_tuned_over_the_same_classifier_options() -> None:
    common = set(search_space(strategies.get("real-only")))
    for _, entry in strategies:
        steps = entry.labels and "pixels" in entry.spaces  # those on features alone are solved for
        assert not steps or common <= set(search_space(entry))


def test_bad_options_are_named() -> None:
    entry = strategies.get("sgan")
    with pytest.raises(ConfigError, match="Did you mean 'weight'"):
        build_options(entry, {"wieght": 1})
    with pytest.raises(ConfigError, match="'lr' of strategy 'sgan' is -1"):
        build_options(entry, {"lr": -1})
    with pytest.raises(ConfigError, match="Did you mean 'sgan'"):
        strategies.get("sgn")
