"""`linear-probe`: logistic regression on the features of the labelled images, its strength chosen on validation.

Alain and Bengio 2016. min Σ CE(W φ(x) + b, y) + ‖W‖² / 2C over every weak view of every labelled image. Of a grid of
C the one with the best score on validation, then the lowest cross-entropy there, is taken. No steps: it is solved.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import nn
from torch.nn import functional as F

from ganlift.strategies.base import VECTORS, Outcome, Phases, Setup, strategy
from ganlift.strategies.solved import (
    Floats,
    SolvedOptions,
    linear_classifier,
    logistic,
    plain_vectors,
    rows_of_classes,
    weak_vectors,
)


class LinearProbeOptions(SolvedOptions):
    strengths: tuple[float, ...] = Field(
        (1e-4, 1e-3, 1e-2, 1e-1, 1.0), min_length=1, description="C: the candidates, inverse to the weight of ‖W‖²"
    )


@strategy(
    "linear-probe",
    kind="baseline",
    summary="Logistic regression on frozen features, its strength by validation.",
    source="Alain and Bengio 2016",
    options=LinearProbeOptions,
    validates=True,
    spaces=VECTORS,
)
def phases(setup: Setup, options: LinearProbeOptions) -> Phases:
    """Solve for each strength, keep what validation prefers."""
    solved, strength = best_of_strengths(setup, options, *weak_vectors(setup))
    yield from ()
    return Outcome(solved, {"strength": strength}, architecture="linear")


def best_of_strengths(
    setup: Setup, options: LinearProbeOptions, x: Floats, y: NDArray[np.int64]
) -> tuple[nn.Module, float]:
    """The logistic regression on vectors ``x`` (n, d) with labels ``y`` (n,) that validation prefers, and its C."""
    held_out = torch.from_numpy(plain_vectors(setup, setup.task.validation))
    wanted = torch.from_numpy(setup.task.validation_labels)
    found: list[tuple[float, float, nn.Module]] = []
    weights = "balanced" if options.balances(setup) else None
    for strength in options.strengths:
        solved = logistic(x, y, strength, class_weight=weights)
        classifier = linear_classifier(setup, *rows_of_classes(solved, setup.task.classes))
        logits = classifier(held_out.to(setup.device)).detach().cpu()
        right = setup.measure.of((logits.argmax(1) == wanted).numpy(), setup.task.validation_labels)
        found.append((-right, float(F.cross_entropy(logits, wanted)), classifier))
    best = min(range(len(found)), key=lambda place: found[place][:2])
    return found[best][2], options.strengths[best]
