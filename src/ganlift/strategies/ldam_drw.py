"""`ldam-drw`: rare classes get wider margins, and towards the end more weight.

Cao et al. 2019. The head's logits are cosines z_k = φ·w_k / (‖φ‖ ‖w_k‖) of features and class weights. Each image's
own class is held back by a margin Δ_k = C / n_k^(1/4), C such that the rarest class has 0.63, and the loss is
the cross-entropy of s (z - Δ_y 1_y), s = 6, weighted by `deferred_weights` (algorithm 1) for the last half of the
steps. The paper has 0.5, 30 and the last fifth, for 200 epochs; the shipped settings are those that led in
`benchmarks/tune.py`, whose trainings are short.

Different here: the arm ends with an ordinary linear head, so that its classifier is built, saved and exported like any
other. Its weights are s w_k / (‖w_k‖ m) with m the mean of ‖φ‖ over the labelled images: the decisions are the
cosines' own, and an image's logits are theirs times ‖φ‖ / m.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from ganlift.errors import ConfigError
from ganlift.imbalance_losses import ldam_margins, weighted_cross_entropy, with_margin
from ganlift.strategies.base import (
    BOTH,
    ClassifierOptions,
    Outcome,
    Phases,
    Setup,
    choices,
    classifier_phase,
    search,
    shipped,
    strategy,
)
from ganlift.strategies.deferred import deferred_weights
from ganlift.training.phase import Updater
from ganlift.training.pixels import Batch

MOST = 2000
"""Labelled images, at most, over which the features' mean norm is taken."""


@shipped(lr=2.2e-3, weight_decay=9e-3, policy="trivial", balance="off")  # margins and smoothed targets pull apart
class LdamDrwOptions(ClassifierOptions):
    margin: float = Field(0.63, ge=0, lt=2, description="Δ of the rarest class", json_schema_extra=search(0.1, 0.8))
    scale: float = Field(
        6.0, gt=0, description="s: what the cosines are multiplied by", json_schema_extra=search(5.0, 40.0, log=True)
    )
    defer: float = Field(
        0.5, ge=0, le=1, description="share of the steps before re-weighting", json_schema_extra=search(0.5, 0.9)
    )
    beta: float = Field(
        0.99,
        ge=0,
        lt=1,
        description="β of the class-balanced weights",
        json_schema_extra=choices(0.99, 0.999, 0.9999),
    )


def linear_layer(classifier: nn.Module) -> tuple[str, nn.Linear]:
    """The one linear layer of the classifier's head, and its name there with a dot behind ("" for the head itself).

    Raises:
        ConfigError: the head has none, or several.
    """
    head: nn.Module = classifier.head  # type: ignore[assignment]
    found = [(name, layer) for name, layer in head.named_modules() if isinstance(layer, nn.Linear)]
    if len(found) != 1:
        raise ConfigError(
            f"ldam-drw needs a classifier whose head has one linear layer, and this one has {len(found)}; "
            "take another --classifier, or leave ldam-drw out."
        )
    (name, layer) = found[0]
    return f"{name}." if name else "", layer


def cosines(classifier: nn.Module, x: Tensor) -> Tensor:
    """(n, K) cosines of the features of ``x`` and the weights of each class: the head on normalised ones."""
    head: nn.Module = classifier.head  # type: ignore[assignment]
    name, layer = linear_layer(classifier)
    normalised = {f"{name}weight": F.normalize(layer.weight)}
    if layer.bias is not None:
        normalised[f"{name}bias"] = torch.zeros_like(layer.bias)
    features = F.normalize(classifier.features(x))  # type: ignore[operator]
    found: Tensor = torch.func.functional_call(head, normalised, (features,))
    return found


@torch.no_grad()
def lay_down(classifier: nn.Module, setup: Setup, scale: float) -> None:
    """Make the head an ordinary one with the cosines' decisions: weights s w_k / (‖w_k‖ m), no bias."""
    _, layer = linear_layer(classifier)
    images = torch.arange(min(MOST, len(setup.labelled)), device=setup.device)
    views = (setup.space.unchanged(setup.labelled.take(part)) for part in torch.split(images, 500))
    parts = [classifier.features(view) for view in views]  # type: ignore[operator]
    mean = torch.cat(parts).norm(dim=1).mean().clamp(min=1e-12)
    layer.weight.copy_(scale * F.normalize(layer.weight) / mean)
    if layer.bias is not None:
        layer.bias.zero_()


@strategy(
    "ldam-drw",
    kind="rival",
    summary="Wider margins for rare classes; in the last steps they weigh more.",
    source="LDAM-DRW: Cao et al. 2019, algorithm 1",
    options=LdamDrwOptions,
    spaces=BOTH,
)
def phases(setup: Setup, options: LdamDrwOptions) -> Phases:
    """Weighted cross-entropy of cosines with margins on augmented labelled images."""
    classifier = setup.new_classifier(options.dropout)
    margins = ldam_margins(setup.class_counts, options.margin)

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        x, y = setup.labelled_view(batch["labelled"].x, options), batch["labelled"].y
        logits = options.scale * with_margin(cosines(classifier, x), y, margins)
        weights = deferred_weights(setup, t, options.defer, options.beta)
        targets = F.one_hot(y, setup.task.classes).to(logits.dtype)
        loss = weighted_cross_entropy(logits, targets, weights, options.label_smoothing)
        update("classifier", loss)
        return {"loss": loss.detach()}

    phase = classifier_phase(setup, options, classifier, step, {"labelled": setup.labelled_stream(options)})
    yield phase
    trained = phase.averages["classifier"].module
    lay_down(trained, setup, options.scale)
    return Outcome(trained, {"margins": margins.tolist()})
