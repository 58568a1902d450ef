"""Where images lie in a frozen network's features: two principal components, for the report's picture alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganlift.data.cache import load_features
from ganlift.data.columns import columns_of
from ganlift.data.types import Examples, ImageSet, Split, VectorSet
from ganlift.features import Network
from ganlift.runs import layout
from ganlift.runs.files import write_json

MOST = 1500
"""Points of a picture; each part has a third of them at least, where it has as many images."""
PARTS = ("labelled", "unlabelled", "test")
DIGITS = 4
ROWS = "rows"
"""The label of the picture of rows, which no network made."""


def write_points(run: Path, images: ImageSet | VectorSet, split: Split, networks: Mapping[str, Network]) -> None:
    """Write ``features-LABEL.json`` for each of ``networks``, from the features in the run's cache.

    Rows have one such file, of their standardised columns, and no network. The examples are those of ``split``, thinned
    out by a fixed draw; only what carries a label there has one. Nothing that trains reads these files, so test images
    may be among them.
    """
    if isinstance(images, VectorSet):
        vectors = columns_of(images, split).vectors(images.vectors)
        write_json(layout.points_file(run, ROWS), _points(vectors, images, split))
    for label, network in networks.items():
        features, _ = load_features(layout.cache_folder(run), label)
        facts = {"network": network.name, "about": network.about, "version": network.version}
        write_json(layout.points_file(run, label), {**facts, **_points(features, images, split)})


def _points(vectors: NDArray[Any], examples: Examples, split: Split) -> dict[str, Any]:
    """Where the first views of ``vectors`` (n, v, d) lie, by part; and which seed's parts, and how many there are."""
    shown = _shown({part: getattr(split, part) for part in PARTS})
    places, shares = two_components(np.concatenate([vectors[index, 0] for index in shown.values()]))
    ends = np.cumsum([len(index) for index in shown.values()])[:-1]
    parts = dict(zip(shown, np.split(places, ends), strict=True))
    points = {
        part: _listed(parts[part], None if part == "unlabelled" else examples.labels[index])
        for part, index in shown.items()
    }
    counts = {part: len(getattr(split, part)) for part in PARTS}
    return {"seed": split.seed, "shares": shares, "images": counts, "points": points}


def two_components(vectors: NDArray[Any]) -> tuple[NDArray[np.float32], list[float]]:
    """Places (n, 2) of ``vectors`` (n, d), each scaled to length 1 first, and both components' shares of the variance.

    A component's largest weight is positive, so that the picture does not depend on the solver.
    """
    x = vectors.astype(np.float32)
    x /= np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
    x -= x.mean(0)
    left, sizes, right = np.linalg.svd(x, full_matrices=False)
    places, shares = np.zeros((len(x), 2), np.float32), np.zeros(2)
    found = min(2, len(sizes))
    signs = np.sign(right[np.arange(found), np.abs(right[:found]).argmax(1)])
    places[:, :found] = left[:, :found] * sizes[:found] * signs
    shares[:found] = sizes[:found] ** 2 / max(float((sizes**2).sum()), 1e-12)
    return places, [round(float(share), DIGITS) for share in shares]


def _shown(parts: Mapping[str, NDArray[np.int64]]) -> dict[str, NDArray[np.int64]]:
    """At most `MOST` of all: the smallest part first, each taking its even share of what is left."""
    rng, left, found = np.random.default_rng(0), MOST, dict[str, NDArray[np.int64]]()
    ordered = sorted(parts, key=lambda part: len(parts[part]))
    for place, part in enumerate(ordered):
        index = parts[part]
        most = left // (len(ordered) - place)
        found[part] = index if len(index) <= most else np.sort(rng.choice(index, most, replace=False))
        left -= len(found[part])
    return {part: found[part] for part in parts}


def _listed(places: NDArray[np.float32], labels: NDArray[np.int64] | None) -> list[list[float]]:
    """[x, y] of each, and its label where it has one."""
    rounded = [[round(float(x), DIGITS), round(float(y), DIGITS)] for x, y in places]
    return rounded if labels is None else [[*at, int(label)] for at, label in zip(rounded, labels, strict=True)]
