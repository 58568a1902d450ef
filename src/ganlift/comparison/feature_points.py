"""Where images lie in a frozen network's features: two principal components, for the report's picture alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ganlift.data.cache import load_features
from ganlift.data.columns import columns_of
from ganlift.data.types import Examples, ImageSet, Split, VectorSet
from ganlift.features import Network
from ganlift.generators.trained import TrainedGenerator
from ganlift.runs import layout
from ganlift.runs.files import read_npz, write_json, write_npz
from ganlift.strategies.setup import Setup
from ganlift.training.rng import Rng

MOST = 1500
"""Points of a picture; each part has a third of them at least, where it has as many images."""
GENERATED = 150
"""Vectors of a generator that are shown."""
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
        write_json(layout.points_file(run, ROWS), _points(vectors, images, split, _generated(run, split, ROWS)))
    for label, network in networks.items():
        features, _ = load_features(layout.cache_folder(run), label)
        facts = {"network": network.name, "about": network.about, "version": network.version}
        points = _points(features, images, split, _generated(run, split, label))
        write_json(layout.points_file(run, label), {**facts, **points})


@torch.no_grad()
def keep_generated(run: Path, arm: str, setup: Setup, generator: TrainedGenerator) -> None:
    """Keep a few vectors of ``arm``'s generator in the run's cache, for `write_points`: of all classes alike."""
    rng = Rng(setup.rng.seed, f"{setup.rng.owner}/points", setup.device).generator("samples")
    labels = torch.arange(GENERATED, device=setup.device) % setup.task.classes if generator.facts.classes else None
    vectors = generator.sample(labels, GENERATED, rng).cpu().numpy()
    arrays = {"vectors": vectors} | ({} if labels is None else {"labels": labels.cpu().numpy()})
    write_npz(_kept(run, arm, setup.rng.seed), arrays)


def _kept(run: Path, arm: str, seed: int) -> Path:
    return layout.cache_folder(run) / f"generated-{arm}-{seed}.npz"


def _generated(run: Path, split: Split, label: str) -> dict[str, dict[str, NDArray[Any]]]:
    """What arms on the network ``label`` generated, by their names: ``vectors`` (m, d) and, where asked, ``labels``."""
    end, network = f"-{split.seed}.npz", "" if label == ROWS else label
    files = sorted(layout.cache_folder(run).glob(f"generated-*{end}"))
    names = [file.name.removeprefix("generated-").removesuffix(end) for file in files]
    return {name: read_npz(_kept(run, name, split.seed)) for name in names if name.partition("@")[2] == network}


def _points(
    vectors: NDArray[Any], examples: Examples, split: Split, made: Mapping[str, Mapping[str, NDArray[Any]]]
) -> dict[str, Any]:
    """Where the first views of ``vectors`` (n, v, d) lie, by part, and what arms generated, by arm, ``made``.

    Beside these which seed's parts they are, and how many there are.
    """
    shown = _shown({part: getattr(split, part) for part in PARTS})
    plane = two_components(np.concatenate([vectors[index, 0] for index in shown.values()]))
    points = {
        part: _listed(plane.places(vectors[index, 0]), None if part == "unlabelled" else examples.labels[index])
        for part, index in shown.items()
    }
    counts = {part: len(getattr(split, part)) for part in PARTS}
    generated = {arm: _listed(plane.places(one["vectors"]), one.get("labels")) for arm, one in made.items()}
    return {"seed": split.seed, "shares": plane.shares, "images": counts, "points": points, "generated": generated}


@dataclass(frozen=True)
class Plane:
    """The two directions in which vectors vary most, ``axes`` (2, d) from ``mean`` (d,), and their shares of it."""

    mean: NDArray[np.float32]
    axes: NDArray[np.float32]
    shares: list[float]

    def places(self, vectors: NDArray[Any]) -> NDArray[np.float32]:
        """Where ``vectors`` (n, d) lie on it, (n, 2)."""
        return np.asarray((_to_unit(vectors) - self.mean) @ self.axes.T, np.float32)


def two_components(vectors: NDArray[Any]) -> Plane:
    """The principal components of ``vectors`` (n, d), each scaled to length 1 first.

    A component's largest weight is positive, so that the picture does not depend on the solver; one that there is not
    is zero.
    """
    x = _to_unit(vectors)
    mean = x.mean(0)
    _, sizes, right = np.linalg.svd(x - mean, full_matrices=False)
    axes: NDArray[np.float32] = np.zeros((2, x.shape[1]), np.float32)
    shares: NDArray[np.float64] = np.zeros(2)
    found = min(2, len(sizes))
    signs = np.sign(right[np.arange(found), np.abs(right[:found]).argmax(1)]) * (sizes[:found] > 0)
    axes[:found] = right[:found] * signs[:, None]
    shares[:found] = sizes[:found] ** 2 / max(float((sizes**2).sum()), 1e-12)
    return Plane(mean, axes, [round(float(share), DIGITS) for share in shares])


def _to_unit(vectors: NDArray[Any]) -> NDArray[np.float32]:
    x: NDArray[np.float32] = vectors.astype(np.float32)
    x /= np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
    return x


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
