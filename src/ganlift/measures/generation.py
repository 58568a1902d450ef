"""All measures of generated images on the features of one network, with how far each could be off."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganlift.measures.copying import copying
from ganlift.measures.diversity import mean_distance
from ganlift.measures.frechet import frechet, frechet_at_infinity
from ganlift.measures.kernel import kernel_distance
from ganlift.measures.manifold import DENSITY_K, manifold

HALVES = 10
"""Random halves that a spread is taken over."""

WIDE = 512
"""Features above which a Fréchet distance takes a second or more, and is given without a spread."""

LEAST = 4 * DENSITY_K
"""Images on either side below which nothing is measured, a class's own included."""

Index = NDArray[np.int64]
Found = dict[str, float | None]


@dataclass(frozen=True)
class Side:
    """``features`` (n, d) on the CPU with ``labels`` (n,) int64, -1 where there is none."""

    features: Tensor
    labels: Index

    def __len__(self) -> int:
        return len(self.labels)

    def of(self, label: int) -> Tensor:
        """The features of one class."""
        return self.features[torch.from_numpy(self.labels == label)]


def measure(
    generated: Side,
    held_out: Side,
    training: Side,
    classes: int,
    rng: np.random.Generator,
    *,
    spreads: bool = True,
    at_infinity: bool = False,
) -> dict[str, Any]:
    """Generated images against held-out ones, and real training images against the same as the floor.

    Args:
        generated, held_out: n each, n at least `LEAST`.
        training: those that the generator learned from, n at least, in random order: the first n are the floor.
        classes: 0 for a generator without classes; then nothing is measured within a class.
        spreads: whether to say how far each number of the generated images could be off.
        at_infinity: whether to extrapolate the Fréchet distance to infinitely many samples.

    Returns:
        ``images`` (n), ``training_images``, ``features`` (d); ``generated`` and ``real`` (the floor), each as `quality`
        has it; ``per_class`` and ``real_per_class`` as `per_class` has it, ``intra_class`` and ``real_intra_class``
        their means; ``copying`` (`copying.Copying`), None where there are too few images for it.
    """
    n = len(held_out)
    found: dict[str, Any] = {"images": n, "training_images": len(training), "features": held_out.features.shape[1]}
    for name, side in (("generated", generated), ("real", training)):
        wanted = spreads and name == "generated"
        found[name] = quality(side.features[:n], held_out.features, rng, spreads=wanted, at_infinity=at_infinity)
    for name, side in (("", generated), ("real_", training)):
        found[f"{name}per_class"] = per_class(side, held_out, classes)
        found[f"{name}intra_class"] = intra_class(found[f"{name}per_class"])
    copied = copying(training.features, held_out.features, generated.features, rng)
    found["copying"] = None if copied is None else asdict(copied)
    return found


def measured(generated: Tensor, real: Tensor, *, with_frechet: bool = True) -> dict[str, float]:
    """``frechet``, ``kernel``, the four of `manifold`, and ``diversity``: mean distance among generated over real ones.

    Args:
        generated, real: features (n, d) and (n, d): equally many, because most of these move with n.
    """
    among = mean_distance(real)
    varied = {"diversity": (mean_distance(generated) or 0.0) / among} if among else {}
    apart = {"frechet": frechet(generated, real)} if with_frechet else {}
    return {**apart, "kernel": kernel_distance(generated, real), **manifold(generated, real), **varied}


def quality(
    generated: Tensor, real: Tensor, rng: np.random.Generator, *, spreads: bool = True, at_infinity: bool = False
) -> dict[str, Found]:
    """Each measure's ``value`` and ``spread``, its standard error; None where that is not taken.

    The spread is that over `HALVES` halves drawn without replacement, which is the standard error of the whole (the
    delete-half jackknife, Shao and Wu 1989). The Fréchet distance has none where there are more than `WIDE` features,
    ``frechet_at_infinity`` never; the latter's value is None where the images are too few for it.
    """
    halves: list[dict[str, float]] = []
    if spreads:
        narrow = generated.shape[1] <= WIDE
        halves = [measured(_half(generated, rng), _half(real, rng), with_frechet=narrow) for _ in range(HALVES)]
    found: dict[str, Found] = {}
    for name, value in measured(generated, real).items():
        over = [half[name] for half in halves if name in half]
        found[name] = {"value": value, "spread": float(np.std(over, ddof=1)) if over else None}
    if at_infinity:
        found["frechet_at_infinity"] = {"value": frechet_at_infinity(generated, real, rng), "spread": None}
    return found


def per_class(made: Side, real: Side, classes: int) -> list[dict[str, float | int]]:
    """`measured` within each class, with ``images`` on either side: as many as the smaller side has.

    A class with fewer than `LEAST` has ``images`` alone.
    """
    lines: list[dict[str, float | int]] = []
    for k in range(classes):
        ours, theirs = made.of(k), real.of(k)
        n = min(len(ours), len(theirs))
        lines.append({"images": n, **(measured(ours[:n], theirs[:n]) if n >= LEAST else {})})
    return lines


def intra_class(lines: list[dict[str, float | int]]) -> dict[str, float]:
    """The mean of each measure over the classes that have it."""
    names = dict.fromkeys(name for line in lines for name in line if name != "images")
    return {name: float(np.mean([line[name] for line in lines if name in line])) for name in names}


def _half(features: Tensor, rng: np.random.Generator) -> Tensor:
    return features[torch.from_numpy(rng.permutation(len(features))[: len(features) // 2])]
