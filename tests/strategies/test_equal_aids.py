"""What one side is given the other has as well: balanced batches, unlabelled images, the same augmentation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from ganlift.data.types import Task
from ganlift.strategies.base import run_phases, strategies
from ganlift.strategies.classifier_options import ClassifierOptions
from ganlift.strategies.gan_augment import choose
from ganlift.strategies.setup import Setup
from ganlift.training.fit import Settings
from ganlift.training.phase import Budget
from ganlift.training.precision import make_fabric
from ganlift.training.rng import Rng
from ganlift.yardstick import ACCURACY, MACRO_RECALL, Yardstick

CPU = torch.device("cpu")
AS_THEY_COME = {"class-weights", "logit-adjust", "ldam-drw", "mixup-drw", "gan-balance"}
"""Arms that treat the classes' shares in another way."""

BALANCED = sorted(
    name
    for name, entry in strategies
    if issubclass(entry.options, ClassifierOptions) and entry.labels and name not in AS_THEY_COME
)


@pytest.fixture(scope="module")
def tailed(task: Task) -> Task:
    """Five images of the digits 0 to 4, one of the others."""
    first = np.array([np.flatnonzero(task.labels == k)[0] for k in range(10)])
    keep = np.isin(np.arange(len(task.labels)), first) | (task.labels < 5)
    return replace(task, labelled=task.labelled[keep], labels=task.labels[keep])


def setup_of(task: Task, name: str, measure: Yardstick) -> Setup:
    return Setup(task, Budget(10, 25, 4), Rng(0, name, CPU), CPU, measure=measure)


def drawn(setup: Setup, options: ClassifierOptions, batches: int = 8) -> np.ndarray:
    """How often each class comes in a few batches."""
    stream = setup.labelled_stream(options)
    return torch.bincount(torch.cat([next(stream).y for _ in range(batches)]), minlength=10).numpy()


@pytest.mark.parametrize("name", BALANCED)
def test_batches_are_balanced_where_macro_recall_judges(tailed: Task, name: str) -> None:
    options = strategies.get(name).options()
    assert isinstance(options, ClassifierOptions)
    counts = drawn(setup_of(tailed, name, MACRO_RECALL), options)
    assert counts.tolist() == [20] * 10
    plain = drawn(setup_of(tailed, name, ACCURACY), options)
    assert (plain.tolist() == [20] * 10) == (name == "oversample")


@pytest.mark.parametrize("name", sorted(AS_THEY_COME))
def test_arms_with_a_way_of_their_own_see_images_as_they_come(tailed: Task, name: str) -> None:
    options = strategies.get(name).options()
    assert isinstance(options, ClassifierOptions)
    assert options.balance == "off"
    assert drawn(setup_of(tailed, name, MACRO_RECALL), options)[:5].min() > 25


@pytest.mark.parametrize("name", ["fixmatch", "fixmatch-rotation", "sgan-fixmatch", "sgan-fixmatch-rotation", "dpt"])
def test_rivals_and_gan_arms_take_more_unlabelled_images_alike(task: Task, name: str) -> None:
    entry, settings = strategies.get(name), Settings(make_fabric(CPU, "fp32"))
    phases = entry.phases(setup_of(task, name, ACCURACY), entry.options(unlabelled_ratio=3))
    _, records = run_phases(phases, lambda phase: settings)
    (record,) = [one for one in records if one.counts == "classifier"]
    assert (record.seen["labelled"], record.seen["unlabelled"]) == (250, 750)


def test_where_nothing_judges_by_folds_the_generator_has_one(task: Task) -> None:
    entry, settings = strategies.get("fixmatch-generated"), Settings(make_fabric(CPU, "fp32"))
    phases = entry.phases(setup_of(task, entry.name, ACCURACY), entry.options())
    outcome, _ = run_phases(phases, lambda phase: settings)
    assert outcome.generator is not None
    assert (outcome.generator.facts.folds, outcome.generator.facts.classes) == (1, 10)


def test_a_candidate_must_lead_no_generator_by_one_standard_error() -> None:
    """Of 100 images one more is right: 6 won, 5 lost is noise (0.01 < 0.033); 20 won, 5 lost is not (0.15 > 0.048)."""
    pairs = [{"weight": weight, "ratio": weight, "pretrained": False} for weight in (0.0, 0.5)]
    none = np.arange(100) >= 20
    weights = np.ones(100)
    for won, lost, taken in ((6, 5, 0), (20, 5, 1), (5, 6, 0)):
        other = none.copy()
        other[:won], other[20 : 20 + lost] = True, False
        tried = [{**one, "validation_score": right.mean()} for one, right in zip(pairs, (none, other), strict=True)]
        assert choose(tried, [none, other], weights) == taken, (won, lost)
    tried = [{**pairs[1], "validation_score": 0.5}]
    assert choose(tried, [none], weights) == 0  # without a run that had no generator there is nothing to keep
