"""Two principal components of features, and which images are shown."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from ganlift.comparison.feature_points import MOST, two_components, write_points
from ganlift.data.cache import save_features
from ganlift.data.types import ImageSet, Split
from ganlift.features import Network
from ganlift.runs import layout

NETWORK = Network("net", "a network", 8, 6, "v1", lambda images: images, 4, torch.device("cpu"))


def test_components_are_those_of_the_covariance() -> None:
    rng = np.random.default_rng(0)
    vectors = (rng.standard_normal((200, 6)) * [3, 2, 0.3, 0.2, 0.1, 0.1]).astype(np.float16)
    places, shares = two_components(vectors)
    x = vectors.astype(np.float64)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    values, axes = np.linalg.eigh(np.cov(x.T))
    assert shares == pytest.approx((values[::-1] / values.sum())[:2], abs=1e-3)
    for place, axis in enumerate(axes.T[::-1][:2]):
        wanted = (x - x.mean(0)) @ (axis * np.sign(axis[np.abs(axis).argmax()]))
        assert places[:, place] == pytest.approx(wanted, abs=1e-3)


@pytest.mark.parametrize(("shape", "shown"), [((1, 6), [[0, 0]]), ((3, 6), [[0, 0]] * 3)])
def test_images_that_are_all_alike_lie_in_one_place(shape: tuple[int, int], shown: list[list[float]]) -> None:
    places, shares = two_components(np.ones(shape, np.float16))
    assert places == pytest.approx(np.array(shown), abs=1e-3)
    assert np.isfinite(shares).all()


def test_at_most_1500_are_shown_and_labelled_ones_first(tmp_path: Path) -> None:
    n = 4000
    rng = np.random.default_rng(1)
    keys = np.array([f"{index:016x}" for index in range(n)])
    images = ImageSet(
        pixels=np.zeros((n, 2, 2, 1), np.uint8),
        labels=np.arange(n) % 3,
        parts=np.full(n, "all"),
        class_names=("a", "b", "c"),
        hashes=keys,
        names=keys,
        source="made",
    )
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
    write_points(tmp_path, images, split, {"net": NETWORK})
    assert layout.points_file(tmp_path, "net").read_bytes() == first
