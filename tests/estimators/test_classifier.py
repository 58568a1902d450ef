"""`GanLiftClassifier` as scikit-learn's users use it."""

from __future__ import annotations

import copy
import doctest
import pickle
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

import ganlift.estimators.classifier
import ganlift.estimators.generator
from ganlift import GanLiftClassifier
from ganlift.errors import GanliftError, InputError
from ganlift.estimators.labels import hold_out
from ganlift.layers.dropout import Dropout
from ganlift.strategies.base import strategies

Digits = tuple[NDArray[np.uint8], NDArray[np.int64]]
SMALL = {"budget": 3, "batch_size": 4, "random_state": 0}


def quick(**settings: Any) -> GanLiftClassifier:
    return GanLiftClassifier(**{**SMALL, **settings})


@pytest.mark.parametrize("module", [ganlift.estimators.classifier, ganlift.estimators.generator])
def test_the_docstring_examples(module: Any) -> None:
    found = doctest.testmod(module)
    assert found.attempted > 4
    assert not found.failed


def test_it_learns(digits: Digits) -> None:
    images, y = digits
    fitted = GanLiftClassifier(budget=100, random_state=0).fit(images[:300], y[:300])
    assert fitted.score(images[300:], y[300:]) > 0.7
    probabilities = fitted.predict_proba(images[300:])
    assert probabilities.shape == (1497, 10)
    assert np.allclose(probabilities.sum(1), 1, rtol=0, atol=1e-12)
    assert log_loss(y[300:], probabilities) < 1
    assert fitted.history_[-1]["step"] == 100


@pytest.mark.parametrize("name", [name for name, entry in strategies if entry.labels and "pixels" in entry.spaces])
def test_every_strategy_with_unlabelled_images(digits: Digits, name: str) -> None:
    images, y = digits
    options = {"pool": 4} if name in ("gan-augment", "synthetic-only") else {}
    fitted = quick(strategy=name, options=options).fit(images[:60], y[:60], unlabelled=images[60:90])
    assert fitted.predict(images[:5]).shape == (5,)


def test_minus_one_is_unlabelled_as_if_given_apart(digits: Digits) -> None:
    images, y = digits[0][:60], digits[1][:60]
    marked = np.where(np.arange(60) < 40, y, -1)
    together = quick(strategy="fixmatch").fit(images, marked)
    apart = quick(strategy="fixmatch").fit(images[:40], y[:40], unlabelled=images[40:])
    without = quick(strategy="sgan").fit(images[:40], y[:40])
    assert np.array_equal(together.classes_, np.arange(10))
    assert np.array_equal(together.predict_proba(images), apart.predict_proba(images))
    assert not np.array_equal(
        quick(strategy="sgan").fit(images, marked).predict_proba(images), without.predict_proba(images)
    )


def test_minus_one_among_strings_is_the_number(digits: Digits) -> None:
    images, y = digits[0][:40], digits[1][:40] % 2
    names = np.where(y == 1, "odd", "even").astype(object)
    marked = np.array([*names[:30], *[-1] * 10], dtype=object)
    fitted = quick(strategy="fixmatch").fit(images, marked)
    assert list(fitted.classes_) == ["even", "odd"]
    assert set(fitted.predict(images)) <= {"even", "odd"}
    assert fitted.score(images, marked) == np.mean(fitted.predict(images[:30]) == names[:30])
    with pytest.raises(InputError, match=r"string '-1'.*dtype object"):
        quick().fit(images, [*names[:30], *[-1] * 10])


def test_the_score_leaves_unlabelled_images_out(digits: Digits) -> None:
    images, y = digits[0][:60], digits[1][:60]
    fitted = quick().fit(images, y)
    marked = np.where(np.arange(60) < 40, y, -1)
    assert fitted.score(images, marked) == fitted.score(images[:40], y[:40])
    weights = np.arange(60.0)
    assert fitted.score(images, marked, weights) == fitted.score(images[:40], y[:40], weights[:40])


def test_two_classes_called_minus_one_and_one(digits: Digits) -> None:
    y = np.where(digits[1][:20] % 2, 1, -1)
    with pytest.raises(InputError, match=r"1 class, '1' \(-1 means unlabelled"):
        quick().fit(digits[0][:20], y)
    with pytest.raises(InputError, match="Every label"):
        quick().fit(digits[0][:20], np.full(20, -1))


def test_the_same_seed_gives_the_same_numbers(digits: Digits) -> None:
    images, y = digits[0][:40], digits[1][:40]

    def run(seed: Any) -> NDArray[np.float64]:
        found: NDArray[np.float64] = quick(random_state=seed).fit(images, y).predict_proba(images)
        return found

    assert np.array_equal(run(1), run(1))
    assert np.array_equal(run(np.random.RandomState(1)), run(1))
    assert not np.array_equal(run(1), run(2))
    assert not np.array_equal(run(None), run(None))
    free = quick(random_state=None).fit(images, y)
    assert free.seed_ != quick(random_state=None).fit(images, y).seed_


def test_no_global_generator_is_touched(digits: Digits) -> None:
    np.random.seed(3)  # noqa: NPY002 - the global one is what must stay as it is
    torch.manual_seed(3)
    before = np.random.get_state()[1].copy(), torch.get_rng_state()  # type: ignore[index,union-attr] # noqa: NPY002
    quick(strategy="gan-augment", options={"pool": 4}).fit(digits[0][:40], digits[1][:40])
    assert np.array_equal(before[0], np.random.get_state()[1])  # type: ignore[index] # noqa: NPY002
    assert torch.equal(before[1], torch.get_rng_state())


def test_a_second_fit_starts_afresh(digits: Digits) -> None:
    images, y = digits[0][:40], digits[1][:40]
    again = quick().fit(images[:20] / 255, y[:20] % 2).fit(images, y)
    assert np.array_equal(again.predict_proba(images), quick().fit(images, y).predict_proba(images))
    assert not hasattr(again, "partial_fit")
    assert "warm_start" not in again.get_params()


def test_a_fitted_classifier_pickles(digits: Digits) -> None:
    images, y = digits[0][:40], digits[1][:40]
    fitted = quick(options={"dropout": 0.4}).fit(images, y)
    kept = pickle.loads(pickle.dumps(fitted))
    assert np.array_equal(kept.predict_proba(images), fitted.predict_proba(images))
    assert {value.device.type for value in kept.model_.state_dict().values()} == {"cpu"}
    masks = [layer.rng for layer in kept.model_.modules() if isinstance(layer, Dropout)]
    assert [rng.device.type for rng in masks if rng] == ["cpu"]
    assert len(pickle.dumps(fitted)) < 1_000_000
    assert kept.get_params() == fitted.get_params()


def test_a_clone_is_unfitted_and_alike(digits: Digits) -> None:
    fitted = quick(options={"lr": 1e-3}).fit(digits[0][:20], digits[1][:20] % 2)
    other = clone(fitted)
    assert not hasattr(other, "model_")
    assert other.get_params() == fitted.get_params()
    assert other.set_params(budget=7, options=None).budget == 7


def test_classifiers_need_not_be_names(digits: Digits, monkeypatch: pytest.MonkeyPatch) -> None:
    class SeenError(Exception):
        pass

    def setup(**fields: Any) -> None:
        raise SeenError(fields["classifier"])

    def build(channels: int, size: int, classes: int, dropout: float) -> torch.nn.Module:
        raise NotImplementedError

    monkeypatch.setattr(ganlift.estimators.classifier, "Setup", setup)
    with pytest.raises(SeenError) as caught:
        quick(classifier=build).fit(digits[0][:20], digits[1][:20] % 2)
    assert caught.value.args == (build,)


def test_in_a_pipeline_and_a_search(digits: Digits) -> None:
    kept = digits[1] < 2
    rows, y = digits[0][kept][:120].reshape(120, -1).astype(float), digits[1][kept][:120]
    classifier = GanLiftClassifier(image_shape=(8, 8), budget=20, batch_size=16, random_state=0)
    pipe = make_pipeline(MinMaxScaler(), classifier)
    grid = {"ganliftclassifier__options": [{"lr": 1e-5}, {"lr": 8e-3}], "ganliftclassifier__flips": [False]}
    search = GridSearchCV(pipe, grid, cv=2, error_score="raise").fit(rows, y)
    assert search.best_params_["ganliftclassifier__options"] == {"lr": 8e-3}
    assert search.best_score_ > 0.7
    assert pipe.get_params()["ganliftclassifier__options"] is None


def test_in_cross_validation_with_images_apart(digits: Digits) -> None:
    images, y = digits[0][:100], digits[1][:100]
    semi = quick(strategy="fixmatch")
    scores = cross_val_score(semi, images, y, cv=2, params={"unlabelled": images[:7]}, error_score="raise")
    assert scores.shape == (2,)
    tensors = cross_val_score(quick(), torch.from_numpy(images)[:, None], y, cv=2, error_score="raise")
    assert np.array_equal(tensors, cross_val_score(quick(), images, y, cv=2, error_score="raise"))


def test_calibrated(digits: Digits) -> None:
    images, y = digits[0][:120].reshape(120, -1), digits[1][:120] % 3
    found = CalibratedClassifierCV(quick(budget=20, image_shape=(8, 8)), cv=2, ensemble=False).fit(images, y)
    assert np.allclose(found.predict_proba(images).sum(1), 1)


def test_one_image_a_class_is_enough_where_nothing_is_chosen(digits: Digits) -> None:
    images, y = digits[0][:10], digits[1][:10]
    assert len(quick().fit(images, y).classes_) == 10
    with pytest.raises(InputError, match=r"'gan-augment' chooses on validation images, and no class has two"):
        quick(strategy="gan-augment").fit(images, y)
    twice = np.concatenate([images, images]), np.concatenate([y, y])
    with pytest.raises(InputError, match="no class has two different"):
        quick(strategy="gan-augment").fit(*twice)
    some = np.concatenate([images, digits[0][10:13]]), np.concatenate([y, digits[1][10:13]])
    assert quick(strategy="gan-augment", options={"pool": 4}).fit(*some).facts_["chosen"]


def test_what_is_held_out() -> None:
    labels = np.array([0] * 10 + [1] * 5 + [2] + [-1] * 4)
    hashes = np.array([f"{index}" for index in range(20)])
    held = hold_out(labels, hashes, 0.2, np.random.default_rng(0))
    assert np.bincount(labels[held], minlength=3).tolist() == [2, 1, 0]
    assert not held[labels == -1].any()
    twins = np.array(["a"] * 5 + ["b"] * 5 + ["c"] * 4 + ["d"] + ["a"] + ["e"] * 4)
    held = hold_out(labels, twins, 0.2, np.random.default_rng(0))
    assert not set(twins[held]) & set(twins[(labels >= 0) & ~held])


def test_validation_images_are_kept_back_only_where_something_is_chosen(
    digits: Digits, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    real = ganlift.estimators.classifier.Setup

    def setup(**fields: Any) -> Any:
        seen.append(fields["task"])
        return real(**fields)

    monkeypatch.setattr(ganlift.estimators.classifier, "Setup", setup)
    images, y = digits[0][:100], digits[1][:100]
    quick().fit(images, y)
    choosing = quick(strategy="gan-augment", options={"pool": 4}, validation_fraction=0.4)
    choosing.fit(images, y, unlabelled=images[:50])
    assert [len(task.labelled) for task in seen] == [100, 60]
    held = {image.tobytes() for image in seen[1].validation}
    assert len(held) == 40
    assert not held & {image.tobytes() for image in [*seen[1].labelled, *seen[1].unlabelled]}


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"strategy": "fixmach"}, InputError, "Did you mean 'fixmatch'"),
        ({"strategy": None}, TypeError, "strategy must be an instance of str"),
        ({"generator": "sngam"}, InputError, "Did you mean 'sngan'"),
        ({"options": {"lrr": 1}}, InputError, "Did you mean 'lr'"),
        ({"options": {"lr": -1}}, InputError, "'lr' of strategy 'augment' is -1"),
        ({"budget": 0}, ValueError, "budget == 0, must be >= 1"),
        ({"budget": "5m"}, TypeError, "budget must be an instance of int"),
        ({"batch_size": 1}, ValueError, "batch_size == 1, must be >= 2"),
        ({"generator_budget": -1}, ValueError, "generator_budget"),
        ({"validation_fraction": 1.0}, ValueError, "validation_fraction"),
        ({"device": "cuda:99"}, InputError, "not available"),
        ({"precision": "fp8"}, InputError, "auto, fp32 or bf16"),
        ({"strategy": "fixmatch"}, InputError, "needs unlabelled images.*unlabelled="),
        ({"flips": "no"}, InputError, "flips"),
    ],
)
def test_bad_settings_are_refused_by_fit_alone(
    digits: Digits, settings: dict[str, Any], error: type[Exception], message: str
) -> None:
    classifier = quick(**settings)
    with pytest.raises(error, match=message) as caught:
        classifier.fit(digits[0][:20], digits[1][:20] % 2)
    assert isinstance(caught.value, ValueError | TypeError)
    assert not hasattr(classifier, "model_")


def test_the_packages_errors_are_value_errors_too(digits: Digits) -> None:
    with pytest.raises(GanliftError):
        quick(strategy="nothing").fit(*digits)
    with pytest.raises(ValueError, match="no strategy called"):
        quick(strategy="nothing").fit(*digits)


def test_parameters_are_not_written_to(digits: Digits) -> None:
    options, generator_options = {"pool": 4}, {"width": 8}
    classifier = quick(strategy="gan-augment", options=options, generator_options=generator_options)
    before = copy.deepcopy(classifier.get_params())
    classifier.fit(digits[0][:40], digits[1][:40])
    assert classifier.get_params() == before


class Listening(torch.nn.Module):
    """A classifier of 8 px that notes with how many threads it computes."""

    def __init__(self) -> None:
        super().__init__()
        self.head = torch.nn.Linear(64, 10)
        self.heard = set[int]()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.heard.add(torch.get_num_threads())
        logits: torch.Tensor = self.head(x.flatten(1))
        return logits


@pytest.mark.parametrize(("threads", "allowed", "used"), [(3, 1, 3), (None, 8, 2), (None, 1, 1)])
def test_threads_hold_while_it_works(
    digits: Digits, monkeypatch: pytest.MonkeyPatch, threads: int | None, allowed: int, used: int
) -> None:
    monkeypatch.setattr("ganlift.estimators.door.cores", lambda: allowed)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        heard = set[int]()

        def build(channels: int, size: int, classes: int) -> torch.nn.Module:
            module = Listening()
            module.heard = heard
            return module

        quick(classifier=build, threads=threads).fit(digits[0][:60], digits[1][:60]).predict(digits[0][:5])
        assert heard == {used}
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_no_number_of_threads_is_a_value_error(digits: Digits) -> None:
    with pytest.raises(ValueError, match="threads == 0, must be >= 1"):
        quick(threads=0).fit(digits[0][:60], digits[1][:60])
