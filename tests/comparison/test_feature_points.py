"""Two principal components of features, and which images are shown."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from ganlift.comparison.feature_points import GENERATED, MOST, keep_generated, two_components, write_points
from ganlift.data.cache import save_features
from ganlift.data.types import ImageSet, Split, Task
from ganlift.features import Network
from ganlift.generators.trained import GeneratorFacts, TrainedGenerator
from ganlift.layers.feature_generator import FeatureGenerator
from ganlift.runs import layout
from ganlift.strategies.setup import Setup
from ganlift.training.phase import Budget
from ganlift.training.rng import Rng

NETWORK = Network("net", "a network", 8, 6, "v1", lambda images: images, 4, torch.device("cpu"))


def made(n: int) -> ImageSet:
    keys = np.array([f"{index:016x}" for index in range(n)])
    return ImageSet(
        pixels=np.zeros((n, 2, 2, 1), np.uint8),
        labels=np.arange(n) % 3,
        parts=np.full(n, "all"),
        class_names=("a", "b", "c"),
        hashes=keys,
        names=keys,
        source="made",
    )


def test_components_are_those_of_the_covariance() -> None:
    rng = np.random.default_rng(0)
    vectors = (rng.standard_normal((200, 6)) * [3, 2, 0.3, 0.2, 0.1, 0.1]).astype(np.float16)
    plane = two_components(vectors)
    places, shares = plane.places(vectors), plane.shares
    x = vectors.astype(np.float64)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    values, axes = np.linalg.eigh(np.cov(x.T))
    assert shares == pytest.approx((values[::-1] / values.sum())[:2], abs=1e-3)
    for place, axis in enumerate(axes.T[::-1][:2]):
        wanted = (x - x.mean(0)) @ (axis * np.sign(axis[np.abs(axis).argmax()]))
        assert places[:, place] == pytest.approx(wanted, abs=1e-3)


@pytest.mark.parametrize(("shape", "shown"), [((1, 6), [[0, 0]]), ((3, 6), [[0, 0]] * 3)])
def test_images_that_are_all_alike_lie_in_one_place(shape: tuple[int, int], shown: list[list[float]]) -> None:
    plane = two_components(np.ones(shape, np.float16))
    assert plane.places(np.ones(shape, np.float16)) == pytest.approx(np.array(shown), abs=1e-3)
    assert np.isfinite(plane.shares).all()


def test_at_most_1500_are_shown_and_labelled_ones_first(tmp_path: Path) -> None:
    n = 4000
    rng, images = np.random.default_rng(1), made(n)
    order = rng.permutation(n)
    parts = [np.sort(order[start:stop]) for start, stop in ((0, 20), (20, 30), (30, 3000), (3000, 4000))]
    split = Split(0, *parts)
    cache = layout.cache_folder(tmp_path)
    cache.mkdir()
    save_features(cache, "net", rng.standard_normal((n, 2, 6)).astype(np.float16), 1)
    write_points(tmp_path, images, split, {"net": NETWORK})
    first = layout.points_file(tmp_path, "net").read_bytes()
    found = json.loads(first)
    assert {part: len(points) for part, points in found["points"].items()} == {
        "labelled": 20, "unlabelled": (MOST - 20) // 2, "test": (MOST - 20) // 2
    }  # fmt: skip
    assert found["images"] == {"labelled": 20, "unlabelled": 2970, "test": 1000}
    assert {len(point) for point in found["points"]["unlabelled"]} == {2}
    assert [point[2] for point in found["points"]["labelled"]] == images.labels[parts[0]].tolist()
    assert found["generated"] == {}
    write_points(tmp_path, images, split, {"net": NETWORK})
    assert layout.points_file(tmp_path, "net").read_bytes() == first


def test_generated_vectors_lie_in_the_plane_of_the_real_ones(tmp_path: Path) -> None:
    """Of the arms on the same network, of the seed that is shown."""
    task = Task(
        labelled=np.ones((4, 1, 6), np.float32),
        labels=np.array([0, 1, 0, 1]),
        validation=np.ones((0, 1, 6), np.float32),
        validation_labels=np.zeros(0, np.int64),
        unlabelled=np.ones((0, 1, 6), np.float32),
        class_names=("a", "b"),
    )
    facts = GeneratorFacts(generator="joint", channels=1, size=6, classes=2, latent_size=4)
    cpu = torch.device("cpu")
    layout.cache_folder(tmp_path).mkdir()
    for arm, seed in (("acgan@net", 3), ("acgan@other", 3), ("acgan@net", 4)):
        setup = Setup(task, Budget(1, 4, 1), Rng(seed, arm, cpu), cpu, classifier="mlp")
        torch.manual_seed(0)
        module = FeatureGenerator(6, 4, positive=False, classes=2)
        keep_generated(tmp_path, arm, setup, TrainedGenerator(facts, module))
    save_features(layout.cache_folder(tmp_path), "net", np.eye(6, dtype=np.float16)[:, None], 1)
    none = np.zeros(0, np.int64)
    write_points(tmp_path, made(6), Split(3, np.arange(6), none, none, none), {"net": NETWORK})
    found = json.loads(layout.points_file(tmp_path, "net").read_text())["generated"]
    assert list(found) == ["acgan@net"]
    assert [point[2] for point in found["acgan@net"][:4]] == [0, 1, 0, 1]
    assert len(found["acgan@net"]) == GENERATED
    assert len({tuple(point) for point in found["acgan@net"]}) > 10
