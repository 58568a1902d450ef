"""The step with labels: what `gan-features`, `rotation-features` and `simsiam` do with the features they learned.

- ``linear``: the body stands still, the head learns by cross-entropy (the protocol of Radford et al. 2016, section 5,
  with AdamW in place of a linear SVM).
- ``knn``: an image has the classes of its nearest labelled images, weighed by exp(cosine / τ) (Wu et al. 2018,
  section 3.4). It takes no step.
- ``finetune``: body and head learn, from the weights that the first step ended with.

A body that stands still is in evaluation mode, so that BatchNorm takes the statistics it gathered in the first step and
an image's features do not depend on its batch. The phase names the head alone: only what it names is trained, put into
training mode, averaged and checkpointed, and the body is whatever the phase before left.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from ganlift.layers.at_once import at_once
from ganlift.strategies.base import ClassifierOptions, Outcome, Phases, Setup, choices, classifier_phase, search
from ganlift.training.phase import Phase, Updater
from ganlift.training.pixels import Batch, Held


class ProbeOptions(ClassifierOptions):
    probe: Literal["linear", "knn", "finetune"] = Field(
        "linear",
        description="what learns from the labels: a linear head, no weight at all, or everything",
        json_schema_extra=choices("linear", "finetune"),
    )
    head_lr: float = Field(
        0.05,
        gt=0,
        description="AdamW's learning rate of a linear probe; `lr` is that of finetune",
        json_schema_extra=search(5e-3, 0.2, log=True),
    )
    neighbours: int = Field(20, ge=1, description="k of the k-NN probe; the labelled images where they are fewer")
    neighbour_temperature: float = Field(0.07, gt=0, description="τ of the k-NN probe")


class NearestNeighbours(nn.Module):
    """Features (n, d) to the logarithm of the classes' shares (n, K) among the k nearest labelled features.

    The share of class c is Σ exp(cos(f, f_i) / τ) over the neighbours i of that class, over the same of all.
    """

    features: Tensor
    targets: Tensor

    def __init__(self, features: Tensor, labels: Tensor, classes: int, k: int, temperature: float) -> None:
        super().__init__()
        self.register_buffer("features", F.normalize(features, dim=1))
        self.register_buffer("targets", F.one_hot(labels, classes).float())
        self.k = min(k, len(features))
        self.temperature = temperature

    def forward(self, features: Tensor) -> Tensor:
        similarity = F.normalize(features.float(), dim=1) @ self.features.T
        nearest, index = similarity.topk(self.k, dim=1)
        weights = torch.softmax(nearest / self.temperature, dim=1)
        shares = (weights[:, :, None] * self.targets[index]).sum(1)
        return shares.clamp_min(1e-6).log()


def probe_phases(setup: Setup, options: ProbeOptions, classifier: nn.Module) -> Phases:
    """From a body that has been trained without labels to an outcome; at most one phase, of the classifier's budget."""
    if options.probe == "knn":
        classifier.eval()
        features = features_of(setup, classifier, setup.labelled)
        classifier.head = NearestNeighbours(
            features, setup.labels, setup.task.classes, options.neighbours, options.neighbour_temperature
        )
        return Outcome(classifier, {"probe": "knn"}, rebuildable=False)
    phase = _linear(setup, options, classifier) if options.probe == "linear" else _whole(setup, options, classifier)
    yield phase
    learned = phase.averages["classifier"].module
    if options.probe == "linear":
        classifier.head = learned
        learned = classifier
    return Outcome(learned, {"probe": options.probe})


@torch.no_grad()
def features_of(setup: Setup, classifier: nn.Module, pixels: Held) -> Tensor:
    """Features (n, d) float32 of every image, in the mode that ``classifier`` is in."""
    order = torch.arange(len(pixels), device=pixels.device)
    parts = torch.split(order, at_once(pixels.shape[1:]))
    views = (setup.space.unchanged(pixels.take(part)) for part in parts)
    return torch.cat([classifier.features(view).float() for view in views])  # type: ignore[operator]


def _linear(setup: Setup, options: ProbeOptions, classifier: nn.Module) -> Phase:
    """CE(head(φ(x)), y), φ standing still."""
    classifier.requires_grad_(False).eval()
    head: nn.Module = classifier.head.requires_grad_(True)  # type: ignore[assignment]

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        x, y = setup.labelled_view(batch["labelled"].x, options), batch["labelled"].y
        with torch.no_grad():
            features = classifier.features(x)  # type: ignore[operator]
        loss = F.cross_entropy(head(features), y, label_smoothing=options.label_smoothing)
        update("classifier", loss)
        return {"loss": loss.detach()}

    alone = options.model_copy(update={"lr": options.head_lr})
    return classifier_phase(setup, alone, head, step, {"labelled": setup.labelled_stream(options)})


def _whole(setup: Setup, options: ProbeOptions, classifier: nn.Module) -> Phase:
    """CE(head(φ(x)), y), both learning."""

    def step(batch: Mapping[str, Batch], t: int, update: Updater) -> dict[str, Tensor]:
        logits = classifier(setup.labelled_view(batch["labelled"].x, options))
        loss = F.cross_entropy(logits, batch["labelled"].y, label_smoothing=options.label_smoothing)
        update("classifier", loss)
        return {"loss": loss.detach()}

    return classifier_phase(setup, options, classifier, step, {"labelled": setup.labelled_stream(options)})
