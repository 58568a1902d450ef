"""What a strategy works with: `Setup`, and the probabilities of what it trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ganlift.classifiers.base import ClassifierSpec
from ganlift.data.types import Task
from ganlift.errors import ConfigError
from ganlift.generators.base import AUTO
from ganlift.generators.base import BOTH as BOTH
from ganlift.generators.base import PIXELS as PIXELS
from ganlift.generators.base import VECTORS as VECTORS
from ganlift.layers.at_once import at_once
from ganlift.layers.dropout import set_dropout_rng
from ganlift.layers.memory_format import lay_out
from ganlift.representations import ClipSpace, PixelSpace, Representation, SpectrogramSpace, VectorSpace
from ganlift.strategies.classifier_options import ClassifierOptions
from ganlift.training.phase import Budget
from ganlift.training.pixels import Held, Stream, even_rows, laid, to_float
from ganlift.training.rng import Rng, seeded
from ganlift.yardstick import ACCURACY, Yardstick


def space_of(task: Task) -> Representation:
    """The representation of the task's items: images (n, c, h, w), clips (n, k, c, h, w), or features (n, v, d)."""
    if task.labelled.ndim == 5:
        return ClipSpace(task.channels, task.size, task.flips, frames=task.labelled.shape[1])
    if task.labelled.ndim == 4:
        pictures = SpectrogramSpace if task.sound else PixelSpace
        return pictures(task.channels, task.size, task.flips)
    seen = task.labelled if len(task.labelled) else task.unlabelled
    return VectorSpace(seen.shape[2], task.weak_views, bool((np.asarray(seen) >= 0).all()), seen.shape[1])


@dataclass(frozen=True)
class Setup:
    """What a strategy works with: the task on the device, the budget, its randomness, what was asked for."""

    task: Task
    budget: Budget
    rng: Rng
    device: torch.device
    classifier: ClassifierSpec = "small-cnn"
    generator: str = AUTO
    generator_options: dict[str, Any] = field(default_factory=dict)
    measure: Yardstick = ACCURACY
    features: str | None = None
    """The network whose features the items are, as arms are named by it."""

    @cached_property
    def space(self) -> Representation:
        """What batches are made of."""
        return space_of(self.task)

    @property
    def pictures(self) -> bool:
        """Whether what is generated are images, to be looked at and kept; features are none."""
        return self.space.name == "pixels"

    @cached_property
    def labelled(self) -> Held:
        return self.space.hold(self.task.labelled, self.device)

    @cached_property
    def labels(self) -> Tensor:
        return torch.from_numpy(self.task.labels).to(self.device)

    @cached_property
    def unlabelled(self) -> Held:
        """The unlabelled images; the labelled ones, without their labels, where there are no others."""
        return self.space.hold(self.task.unlabelled, self.device) if len(self.task.unlabelled) else self.labelled

    @cached_property
    def class_counts(self) -> Tensor:
        """Labelled images of each class, (K,) float64, at least 1 so that it can divide."""
        return torch.from_numpy(self.task.class_counts).clamp(min=1).double().to(self.device)

    def labelled_stream(self, options: ClassifierOptions | None = None) -> Stream:
        """The labelled images, each once an epoch; or, as ``options`` say, every class as often as the largest.

        Random oversampling: He and Garcia 2009.
        """
        asked = "auto" if options is None else options.balance
        balanced = self.measure.by_class if asked == "auto" else asked == "on"
        order, rows = self.rng.generator("order", common=True), even_rows(self.labels) if balanced else None
        return Stream(self.labelled, self.labels, self.budget.batch_size, order, rows)

    def unlabelled_stream(self, ratio: int = 1) -> Stream:
        """The unlabelled images, ``ratio`` for each labelled one of a step."""
        order = self.rng.generator("unlabelled order", common=True)
        return Stream(self.unlabelled, None, ratio * self.budget.batch_size, order)

    def new_classifier(self, dropout: float = 0.0, name: str = "classifier") -> nn.Module:
        """A classifier of the kind asked for; arms of a seed that give it one ``name`` start from the same weights."""
        with seeded(self.rng.derive(f"weights of {name}", common=True)):
            model = self.space.classifier(self.classifier, self.task.classes, dropout)
        lay_out(model.to(self.device), self.device)
        set_dropout_rng(model, self.rng.generator(f"dropout of {name}"))
        return model

    def labelled_view(self, x: Tensor, options: ClassifierOptions) -> Tensor:
        """A view of each labelled item of a batch (n, ...), changed as the options' policy says."""
        return self.space.labelled(x, options.policy, self.rng.generator("augmentation"))

    def weak(self, x: Tensor) -> Tensor:
        """A view of each item of a batch (n, ...) that changes little."""
        return self.space.weak(x, self.rng.generator("augmentation"))

    def strong(self, x: Tensor) -> Tensor:
        """A view of each item of a batch (n, ...) that changes much."""
        return self.space.strong(x, self.rng.generator("augmentation"))

    def mixes(self, x: Tensor) -> Tensor:
        """Views that belong to no one class: mixes of the items of a batch (n, ...)."""
        return self.space.mixes(x, self.rng.generator("augmentation"))

    def validation_accuracy(self, model: nn.Module) -> float:
        """Share of the validation images that ``model`` gets right; raises as `validation_score`."""
        return self.validation_score(model, ACCURACY)

    def validation_score(self, model: nn.Module, measure: Yardstick | None = None) -> float:
        """``measure`` of ``model`` on the validation images: what to choose by; where None, what arms are judged by.

        Raises:
            ConfigError: there are none.
        """
        return (measure or self.measure).of(self.validation_right(model), self.task.validation_labels)

    def validation_right(self, model: nn.Module) -> NDArray[np.bool_]:
        """Whether ``model`` is right on each validation image, (n,); raises as `validation_score`."""
        if not len(self.task.validation):
            raise ConfigError(
                "There are no validation images to choose on; a strategy that looks at some is registered with "
                "validates=True."
            )
        held_out = self.task.validation
        found = self.predict_some(model, held_out.__getitem__, np.arange(len(held_out)))
        right: NDArray[np.bool_] = found.argmax(1).cpu().numpy() == self.task.validation_labels
        return right

    def predict(self, model: nn.Module, items: Tensor) -> Tensor:
        """Class probabilities (n, K) float32 of items (n, ...) as they lie in memory; see `predict`."""
        return predict(model, items, self.space.plain)

    def predict_some(
        self, model: nn.Module, items: Callable[[NDArray[np.int64]], NDArray[Any]], index: NDArray[np.int64]
    ) -> Tensor:
        """As `predict`, of what ``items`` gives for ``index`` (n,), n at least 1, of which a part is held at once."""
        found, most = [], at_once(items(index[:1]).shape[1:])
        for start in range(0, len(index), most):  # where `predict` parts them too, and so the same to the bit
            part = laid(items(index[start : start + most]))
            found.append(self.predict(model, part.to(self.device)))
        return torch.cat(found)


@torch.no_grad()
def predict(
    model: nn.Module, items: Tensor, plain: Callable[[Tensor], Tensor] = to_float, batch_size: int | None = None
) -> Tensor:
    """Class probabilities (n, K) float32 of items (n, ...), in evaluation mode and fp32.

    ``plain`` turns items into what ``model`` reads: uint8 images (n, c, h, w) into [-1, 1]. Of an item with several
    such views, one after another, it is the mean of theirs.
    """
    model.eval()
    found, batch_size = [], batch_size or at_once(items.shape[1:])
    for part in torch.split(items, batch_size):
        views = torch.split(plain(part), batch_size)
        of_views = torch.cat([torch.softmax(model(some).float(), dim=1) for some in views])
        found.append(of_views.view(len(part), -1, of_views.shape[1]).mean(1))
    return torch.cat(found)
