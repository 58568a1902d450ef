"""How good a generator's vectors are: the measures of generated images, of vectors along a few random directions.

The directions are drawn without a look at any vector: principal components of training vectors would put more of their
variance into these than into fresh ones, so that a generator that copies them would look better than one that does not.
Distances keep their ratios to about √(2/64) (Johnson and Lindenstrauss 1984).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganlift.comparison.row import Items
from ganlift.data.types import Examples, Split
from ganlift.generators.trained import TrainedGenerator
from ganlift.layers.lengths import to_length
from ganlift.measures.generation import LEAST, Side, measure
from ganlift.runs import layout
from ganlift.runs.files import write_json
from ganlift.training.rng import Rng

DIRECTIONS = 64
"""At most: a covariance of as many is told by a few hundred vectors, and a distance takes milliseconds."""
MOST, TRAINING = 1000, 2000
"""Vectors on either side, and training vectors among which copies are sought, at most: as for images."""
NAME = "directions"


@torch.no_grad()
def measure_vectors(
    run: Path,
    key: str,
    generator: TrainedGenerator,
    examples: Examples,
    split: Split,
    items: Items,
    device: torch.device,
) -> None:
    """Write ``measures.json`` of the generator ``key`` of vectors, against test ones; of too few there is none.

    Every vector is scaled to length √d first. Nothing that trains or chooses reads the file.

    Args:
        items: gives the views (n, v, d) of any of ``examples``; the first of each counts.
    """
    rng = Rng(split.seed, "evaluate", device)
    order = np.random.default_rng(rng.derive("held-out"))
    known = order.permutation(np.concatenate([split.labelled, split.unlabelled]))
    n = min(len(split.test), len(known), MOST)
    if n < LEAST or layout.measures_file(run, key).exists():
        return
    held = np.sort(order.permutation(split.test)[:n])
    known = known[: max(n, TRAINING)]
    classes, labels = generator.facts.classes, examples.labels[held]
    wanted = torch.from_numpy(labels).to(device) if classes else None
    made = generator.sample(wanted, n, rng.generator(f"vectors of {key}"))
    along = directions(made.shape[1])

    def side(vectors: Tensor, own: NDArray[np.int64]) -> Side:
        return Side(to_length(vectors.float().cpu()) @ along, own)

    held_out, training = (side(_first_views(items, index), examples.labels[index]) for index in (held, known))
    named = classes if len(split.labelled) else 0  # without labels what it tells apart are no classes
    found = measure(side(made, labels), held_out, training, named, order, spreads=False)
    about = f"{along.shape[1]} random directions" if along.shape[1] < len(along) else "all their columns"
    write_json(layout.measures_file(run, key), {"network": NAME, "about": about, "distance": "Fréchet", **found})


def directions(width: int) -> Tensor:
    """Orthonormal directions (width, m), m at most `DIRECTIONS`: the same for every generator, seed and run."""
    if width <= DIRECTIONS:
        return torch.eye(width)
    drawn = torch.randn(width, DIRECTIONS, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    orthonormal: Tensor = torch.linalg.qr(drawn).Q
    return orthonormal.float()


def _first_views(items: Items, index: NDArray[np.int64]) -> Tensor:
    return torch.from_numpy(items(index)[:, 0])
