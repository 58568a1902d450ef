"""`GanLiftClassifier` on rows of numbers, and on what a frozen network makes of images."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_iris, load_wine
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline

from ganlift import GanLiftClassifier
from ganlift.api import train
from ganlift.data import load
from ganlift.data.build import from_vectors
from ganlift.data.columns import Columns, learn_columns
from ganlift.data.hashes import content_hashes
from ganlift.errors import DataError, InputError
from ganlift.estimators.labels import hold_out
from ganlift.features import Network, feature_network
from ganlift.layers.lengths import to_length
from ganlift.strategies.base import strategies

Digits = tuple[NDArray[np.uint8], NDArray[np.int64]]


def quick(strategy: str = "augment", **settings: Any) -> GanLiftClassifier:
    return GanLiftClassifier(strategy, **{"budget": 3, "batch_size": 8, "random_state": 0, **settings})


def test_columns_by_hand() -> None:
    rows = np.array([[1.0, 5.0, 0.1], [3.0, 5.0, 0.1]])
    columns = learn_columns(rows, "X")
    assert (columns.mean.tolist(), columns.spread.tolist()) == ([2.0, 5.0, 0.1], [1.0, 1.0, 1.0])
    found = columns.vectors(np.array([[0.0, 7.0, 0.1]]))
    assert found.tolist() == [[[-2.0, 2.0, 0.0, 1.0]]]
    assert columns.vectors(np.array([[1e300, 5.0, 0.1]]))[0, 0].tolist() == [1e4, 0.0, 0.0, 1.0]
    with pytest.raises(DataError, match=r"X: column 1 has values up to 1e\+300, too large"):
        learn_columns(np.array([[0.0, 1e300], [0.0, -1e300]]), "X")


@pytest.mark.parametrize("strategy", ["augment", "fixmatch", "sgan", "linear-probe", "label-spreading"])
@pytest.mark.parametrize(("source", "least"), [(load_wine, 0.92), (load_breast_cancer, 0.9)])
def test_tables_are_learned(strategy: str, source: Any, least: float) -> None:
    x, y = source(return_X_y=True)
    train, rest, of_train, of_rest = train_test_split(x, y, train_size=60, stratify=y, random_state=0)
    fitted = GanLiftClassifier(strategy, budget=150, random_state=0).fit(train, of_train, unlabelled=rest[::2])
    assert fitted.score(rest[1::2], of_rest[1::2]) > least


@pytest.mark.parametrize("name", [name for name, entry in strategies if entry.labels and "vectors" in entry.spaces])
def test_every_strategy_on_vectors(name: str) -> None:
    x, y = load_iris(return_X_y=True)
    fitted = quick(name).fit(x[::2], y[::2], unlabelled=x[1::4])
    assert isinstance(fitted.encoding_, Columns)
    assert fitted.predict_proba(x[:5]).shape == (5, 3)


def test_what_is_measured_in_other_units_gives_the_same() -> None:
    x, y = load_wine(return_X_y=True)
    scales, shifts = np.logspace(-3, 3, 13), np.linspace(-50, 50, 13)
    found = quick(budget=20).fit(x, y).predict_proba(x)
    assert np.allclose(
        quick(budget=20).fit(x * scales + shifts, y).predict_proba(x * scales + shifts), found, atol=1e-4
    )


def test_rows_that_differ_in_length_alone_are_told_apart() -> None:
    """Each vector is scaled to one length; the 1 beside it keeps how long it was."""
    rng = np.random.default_rng(0)
    angle, y = rng.uniform(0, 2 * np.pi, 400), np.arange(400) % 2
    x = (1 + 2 * y)[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    assert GanLiftClassifier(budget=200, random_state=0).fit(x[:200], y[:200]).score(x[200:], y[200:]) > 0.95


@pytest.mark.parametrize("strategy", ["fixmatch", "linear-probe"])
def test_only_rows_that_train_say_what_is_standard(strategy: str) -> None:
    x, y = load_wine(return_X_y=True)
    fitted = quick(strategy).fit(x[::2], y[::2], unlabelled=x[1::2])
    held = np.zeros(len(x[::2]), bool)
    if strategy == "linear-probe":  # which chooses its penalty on a fifth of the labelled rows
        held = hold_out(y[::2], content_hashes(x[::2]), 0.2, np.random.default_rng([fitted.seed_, 1]))
        assert held.sum() == 18
    trained = np.concatenate([x[::2][~held], x[1::2]])
    assert np.allclose(fitted.encoding_.mean, trained.mean(0), rtol=1e-12)
    assert np.allclose(fitted.encoding_.spread, trained.std(0), rtol=1e-12)


def test_marked_rows_are_as_good_as_rows_apart() -> None:
    x, y = load_wine(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))
    x, y = x[order], y[order]
    marked = quick("sgan").fit(x, np.where(np.arange(len(x)) < 40, y, -1))
    apart = quick("sgan").fit(x[:40], y[:40], unlabelled=x[40:])
    assert np.array_equal(marked.predict_proba(x), apart.predict_proba(x))
    assert np.array_equal(marked.encoding_.mean, apart.encoding_.mean)


def test_forms_of_rows_and_a_pickle() -> None:
    x, y = load_wine(return_X_y=True)
    fitted = quick().fit(x, y)
    wanted = fitted.predict_proba(x)
    assert np.array_equal(quick().fit(x.tolist(), y).predict_proba(x.tolist()), wanted)
    short, tensor = x.astype(np.float32), torch.from_numpy(x).float()
    assert np.array_equal(quick().fit(tensor, y).predict_proba(tensor), quick().fit(short, y).predict_proba(short))
    assert np.array_equal(pickle.loads(pickle.dumps(fitted)).predict_proba(x), wanted)
    assert (fitted.n_features_in_, fitted.network_) == (13, None)


def test_equal_rows_stay_on_one_side() -> None:
    found = from_vectors({"": (np.array([[0.0, 1.0], [-0.0, 1.0], [0.0, 2.0]]), np.arange(3))}, "abc", "X")
    assert found.hashes[0] == found.hashes[1] != found.hashes[2]
    x, y = load_wine(return_X_y=True)
    twice = quick("linear-probe").fit(np.concatenate([x, x]), np.concatenate([y, y]))
    assert twice.score(x, y) > 0.95  # and no row that validates is among those that train, which `make_task` refuses
    one_each = np.array([0, 60, 130])
    with pytest.raises(InputError, match="'linear-probe' chooses on validation rows, and no class has two different"):
        quick("linear-probe").fit(x[[*one_each, *one_each]], y[[*one_each, *one_each]])
    with pytest.raises(InputError, match="'fixmatch' needs unlabelled rows"):
        quick("fixmatch").fit(x, y)


def test_in_a_pipeline_and_a_search() -> None:
    x, y = load_breast_cancer(return_X_y=True)
    pipe = make_pipeline(PCA(5), quick(budget=30))
    grid = {"ganliftclassifier__options": [{"lr": 1e-6}, {"lr": 8e-3}]}
    search = GridSearchCV(pipe, grid, cv=2, error_score="raise").fit(x[:200], y[:200])
    assert search.best_params_["ganliftclassifier__options"] == {"lr": 8e-3}
    assert search.score(x[200:], y[200:]) > 0.85


WIDE = np.arange(40.0).reshape(20, 2) % 7


@pytest.mark.parametrize(
    ("settings", "x", "message"),
    [
        ({"strategy": "rotation"}, WIDE, r"'rotation' learns from pixels alone; say image_shape=\(h, w\)"),
        ({"strategy": "simsiam"}, WIDE, "'simsiam' learns from pixels alone"),
        ({"strategy": "sgan@efficientnet-lite0"}, WIDE, "names a network or a block, and X has rows .* leave out what"),
        (
            {"strategy": "sgan@words", "blocks": {"a": 1, "b": 1}},
            WIDE,
            "'sgan@words' learns from one block alone, and X has none called 'words'; name one of a, b after '@'",
        ),
        ({"strategy": "sgan@a", "blocks": [1, 1]}, WIDE, r"blocks=\[1, 1\]; give the width of each by its name"),
        ({"strategy": "sgan@a", "blocks": {"a": 1}}, WIDE, "X has 2 columns, and blocks names 1"),
        ({"strategy": "rotation@a", "blocks": {"a": 1, "b": 1}}, WIDE, "'rotation' learns from pixels alone"),
        (
            {"strategy": "sgan@efficientnet-lite0"},
            WIDE.reshape(20, 2, 1),
            "'sgan@efficientnet-lite0' learns from what that network .* give features='efficientnet-lite0'",
        ),
        (
            {"strategy": "sgan@timm-one", "features": "efficientnet-lite0"},
            WIDE.reshape(20, 2, 1),
            "'sgan@timm-one' learns from what that network makes of images; give features='timm-one'",
        ),
        ({"features": "efficientnet-lite0"}, WIDE, "X has rows of numbers, and features is about images"),
        ({"value_range": (0, 1)}, WIDE, r"value_range is about images: say image_shape=\(h, w\)"),
        ({"image_size": 8}, WIDE, "image_size is about images"),
        ({"flips": True}, WIDE, "flips is about images"),
        ({"classifier": "small-cnn"}, WIDE, "'small-cnn' reads pixels, and vectors are learned from here; .*'mlp'"),
        ({"classifier": torch.nn.Linear(2, 2)}, WIDE, "'Linear' reads pixels"),
        ({}, np.where(WIDE == 3, np.nan, WIDE), "contains NaN"),
        ({}, np.where(WIDE == 3, np.inf, WIDE), "contains infinity"),
        ({}, WIDE * 1e300, "X: column 0 has values up to 6e.300, too large"),
        (
            {"blocks": {"a": 1, "b": 2}},
            WIDE,
            r"X has 2 columns, and blocks names 3 \(a 1 and b 2\); give widths that sum",
        ),
        ({"blocks": [1, 1]}, WIDE, r"blocks=\[1, 1\]; give the width of each by its name"),
        ({"blocks": {"a": 2, "b": 0}}, WIDE, r"blocks\['b'\] == 0, must be >= 1"),
        (
            {"blocks": {"a": 64}},
            np.zeros((20, 8, 8)),
            "X has images, and blocks is about rows of numbers; leave it out",
        ),
        ({"strategy": "linear-probe"}, WIDE.reshape(20, 2, 1), "'linear-probe' learns from vectors and X has images"),
        ({"classifier": "mlp"}, WIDE.reshape(20, 2, 1), "'mlp' reads vectors, and pixels are learned from here"),
        ({"strategy": "rotation", "features": "efficientnet-lite0"}, WIDE.reshape(20, 2, 1), "leave features out"),
        ({"features": "efficientnet-lite9"}, WIDE.reshape(20, 2, 1), "Did you mean 'efficientnet-lite0'"),
    ],
)
def test_mistakes_get_one_sentence(settings: dict[str, Any], x: Any, message: str) -> None:
    classifier = quick(**settings)
    with pytest.raises(ValueError, match=message):
        classifier.fit(x, np.arange(20) % 2)
    assert not hasattr(classifier, "model_")


def test_blocks_are_standardised_as_files_side_by_side_are(tmp_path: Path) -> None:
    """The columns are those of a classifier that ``ganlift train words.npz,topics.npz`` makes of the same rows."""
    x, y = load_wine(return_X_y=True)
    sides = {"words": x[:, :10], "topics": x[:, 10:]}
    for name, own in sides.items():
        parts = {"train": slice(0, None, 2), "val": slice(1, None, 4), "test": slice(3, None, 4)}
        arrays = {f"x_{part}": own[where] for part, where in parts.items()}
        np.savez(tmp_path / f"{name}.npz", **arrays, **{f"y_{part}": y[where] for part, where in parts.items()})
    spec = ",".join(str(tmp_path / f"{name}.npz") for name in sides)
    run = train(spec, strategy="augment", budget=2, batch_size=8, threads=1, out=tmp_path / "run").run
    columns = json.loads((run / "classifier" / "model.json").read_text())["columns"]
    fitted = quick(blocks={"words": 10, "topics": 3}).fit(x[::2], y[::2])
    assert fitted.encoding_.to_json() == columns
    assert columns["blocks"] == [["words", 10], ["topics", 3]]
    plain = quick().fit(x[::2], y[::2])
    # Hand-worked: 13 columns that vary, in blocks of 10 and of 3 of them.
    weights = np.repeat([(13 / (2 * 10)) ** 0.5, (13 / (2 * 3)) ** 0.5], [10, 3])
    assert np.allclose(fitted.encoding_.spread * weights, plain.encoding_.spread, rtol=1e-12)
    assert not np.allclose(fitted.predict_proba(x), plain.predict_proba(x), atol=1e-3)
    scaled = fitted.encoding_.vectors(x[::2])[:, 0, :-1]
    assert (scaled[:, :10] ** 2).sum() == pytest.approx((scaled[:, 10:] ** 2).sum(), rel=1e-5)


def test_blocks_are_a_parameter_as_others_are() -> None:
    x, y = load_wine(return_X_y=True)
    asked = quick(blocks={"a": 6, "b": 7})
    copied = clone(asked)
    assert copied.get_params()["blocks"] == {"a": 6, "b": 7}
    wanted = asked.fit(x, y).predict_proba(x)
    assert np.array_equal(copied.fit(x, y).predict_proba(x), wanted)
    assert np.array_equal(pickle.loads(pickle.dumps(asked)).predict_proba(x), wanted)
    search = GridSearchCV(quick(), {"blocks": [None, {"a": 6, "b": 7}]}, cv=2, error_score="raise").fit(x, y)
    assert len(search.cv_results_["mean_test_score"]) == 2
    marked = np.where(np.arange(len(x)) % 3 == 0, y, -1)
    assert quick("sgan", blocks={"a": 6, "b": 7}).fit(x, marked).encoding_.blocks == (("a", 6), ("b", 7))


HALVES = {"top": 32, "bottom": 32}
"""Digits (8, 8) as rows of 64: the upper four lines of each and the lower four."""


@pytest.mark.parametrize("strategy", ["sgan", "fixmatch"])
def test_a_block_alone_is_what_learns_from_its_columns_alone(digits: Digits, strategy: str) -> None:
    """What stands in the other columns changes nothing, in training or later."""
    images, y = digits
    x, marked = images[:300].reshape(300, 64).astype(float), np.where(np.arange(300) < 100, y[:300], -1)
    other = x.copy()
    other[:, :32] = np.random.default_rng(0).permutation(other[:, :32])
    fitted = quick(f"{strategy}@bottom", budget=20, blocks=HALVES).fit(x, marked)
    again = quick(f"{strategy}@bottom", budget=20, blocks=HALVES).fit(other, marked)
    found = fitted.predict_proba(x)
    assert np.array_equal(again.predict_proba(x), found)
    assert np.array_equal(fitted.predict_proba(other), found)
    assert not np.array_equal(fitted.predict_proba(np.roll(x, 1, axis=1)), found)
    assert (fitted.n_features_in_, fitted.block_, fitted.encoding_.block) == (64, slice(32, 64), "bottom")
    with pytest.raises(ValueError, match="X has 32 features, but GanLiftClassifier is expecting 64"):
        fitted.predict(x[:, 32:])


def test_a_block_has_the_columns_that_a_comparison_gives_it(digits: Digits, tmp_path: Path) -> None:
    """The columns are those of the classifier that ``ganlift train top.npz,bottom.npz`` makes by the same name."""
    images, y = digits
    x = images[:300].reshape(300, 64).astype(float)
    parts = {"train": slice(0, 150), "val": slice(150, 200), "test": slice(200, 300)}
    for name, own in {"top": x[:, :32], "bottom": x[:, 32:]}.items():
        arrays = {f"x_{part}": own[where] for part, where in parts.items()}
        np.savez(tmp_path / f"{name}.npz", **arrays, **{f"y_{part}": y[where] for part, where in parts.items()})
    spec = f"{tmp_path / 'top.npz'},{tmp_path / 'bottom.npz'}"
    run = train(spec, strategy="augment@top", budget=2, batch_size=8, threads=1, out=tmp_path / "run").run
    fitted = quick("augment@top", blocks=HALVES).fit(x[:150], y[:150])
    assert fitted.encoding_.to_json() == json.loads((run / "classifier" / "model.json").read_text())["columns"]


def test_blocks_are_searched_over_by_the_names_of_strategies(digits: Digits) -> None:
    images, y = digits
    x = images[:400].reshape(400, 64)
    asked = quick("sgan@top", blocks=HALVES, budget=60, batch_size=32)
    names = ["sgan", "sgan@top"]
    search = GridSearchCV(clone(asked), {"strategy": names}, cv=2, error_score="raise").fit(x, y[:400])
    scores = dict(zip(names, search.cv_results_["mean_test_score"], strict=True))
    assert search.best_params_ == {"strategy": "sgan"}
    assert scores["sgan"] > scores["sgan@top"] > 0.3
    fitted = asked.fit(x, y[:400])
    kept = pickle.loads(pickle.dumps(fitted.set_params(blocks={"a": 64})))
    assert kept.get_params()["strategy"] == "sgan@top"
    assert np.array_equal(kept.predict_proba(x), fitted.predict_proba(x))
    shares = clone(asked).set_params(strategy="sgan@bottom", blocks=HALVES).fit(x, y[:400]).predict_proba(x)
    assert not np.allclose(shares, fitted.predict_proba(x), atol=0.05)


def test_a_strategy_with_a_generator_behind_its_name_trains_that_generator(digits: Digits) -> None:
    images, y = digits
    x = images[:100].reshape(100, 64)
    named = quick("gan-augment-vae").fit(x, y[:100]).history_
    asked = quick("gan-augment", generator="vae").fit(x, y[:100]).history_
    usual = quick("gan-augment").fit(x, y[:100]).history_
    told = [{key for line in lines for key in line} for lines in (named, asked, usual)]
    assert told[0] == told[1] != told[2]


def test_another_width_or_what_is_not_finite_later() -> None:
    fitted = quick().fit(WIDE, np.arange(20) % 2)
    with pytest.raises(ValueError, match="X has 3 features, but GanLiftClassifier is expecting 2"):
        fitted.predict(np.zeros((4, 3)))
    with pytest.raises(ValueError, match="contains NaN"):
        fitted.predict(np.full((1, 2), np.nan))
    with pytest.raises(ValueError, match="X has 3 features"):
        quick("fixmatch").fit(WIDE, np.arange(20) % 2, unlabelled=np.zeros((4, 3)))


@pytest.fixture
def garments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Digits:
    """20 sandals and 20 bags (40, 28, 28) uint8; features are kept in a place of the test's own."""
    monkeypatch.setenv("GANLIFT_DATA", str(tmp_path / "cache"))
    found = load("fashion-mini")
    chosen = np.concatenate([np.flatnonzero(found.labels == label)[:20] for label in (5, 8)])
    return found.pixels[chosen][..., 0], np.repeat([0, 1], 20)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many images networks were shown, call by call."""
    counts: list[int] = []
    real = Network.__call__

    def counted(self: Network, pixels: Any) -> Any:
        counts.append(len(pixels))
        return real(self, pixels)

    monkeypatch.setattr(Network, "__call__", counted)
    return counts


def test_features_of_images(garments: Digits, seen: list[int]) -> None:
    images, y = garments
    fitted = quick("sgan", features="efficientnet-lite0", budget=30, flips=True)
    fitted.fit(images[::4], y[::4], unlabelled=images[1::2])
    assert sum(seen) == 30 * 4  # views
    assert fitted.score(images[2::4], y[2::4]) == 1.0
    assert sum(seen) == 30 * 4 + 10
    wanted = fitted.fit(images[::4], y[::4], unlabelled=images[1::2]).predict_proba(images[2::4])
    assert sum(seen) == 30 * 4 + 10  # kept
    named = clone(fitted).set_params(strategy="sgan@efficientnet-lite0").fit(images[::4], y[::4], images[1::2])
    assert np.array_equal(named.predict_proba(images[2::4]), wanted)  # the same by either name
    network = feature_network("efficientnet-lite0")
    assert fitted.network_ == ("efficientnet-lite0", network.version)
    with torch.no_grad():
        pixels = np.repeat(images[2::4][:, None], 3, axis=1)
        found = fitted.model_(to_length(torch.from_numpy(network(pixels)))).softmax(1).numpy()
    assert np.allclose(fitted.predict_proba(images[2::4]), found, atol=0.01)  # 16 bits are kept


def test_features_of_files_are_of_the_size_that_the_network_wants(garments: Digits, tmp_path: Path) -> None:
    images, y = garments
    paths = [tmp_path / f"{number}.png" for number in range(40)]
    for path, image in zip(paths, images, strict=True):
        Image.fromarray(image).resize((300, 260)).save(path)
    fitted = quick("linear-probe", features="efficientnet-lite0").fit(paths[::4], y[::4])
    assert fitted.encoding_.shape == (224, 224, 1)
    kept = pickle.loads(pickle.dumps(fitted))
    assert kept.score(paths[2::4], y[2::4]) == 1.0
    kept.network_ = ("efficientnet-lite0", "of another day")
    with pytest.raises(InputError, match=r"fitted on version of another day of efficientnet-lite0.*fit it again"):
        kept.predict(paths[:1])
