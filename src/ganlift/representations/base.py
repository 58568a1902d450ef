"""The contract of a representation: all that a method asks about its inputs, so that it reads alike in every space.

An *item* is one image as it is held: uint8 pixels (c, h, w), of a clip (k, c, h, w), or the features of its views
(v, d). A *view* is what a network reads: pixels in [-1, 1], (c, h, w), or one vector (d,). What a generator makes are
views.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor, nn

from ganlift.classifiers.base import ClassifierSpec
from ganlift.data.mapped import Items
from ganlift.generators.base import Shape
from ganlift.generators.judge import Judge
from ganlift.layers.feature_generator import FeatureGenerator
from ganlift.layers.small_generator import SmallGenerator
from ganlift.training.pixels import Held

JointGenerator = SmallGenerator | FeatureGenerator
"""The generator that trains with a classifier in every step."""


class Representation(Protocol):
    """One space to learn in; every draw comes from the given generator, which lives on the batch's device."""

    @property
    def name(self) -> str: ...

    def hold(self, items: Items | Tensor, device: torch.device) -> Held:
        """Items (n, ...) as they are kept in memory."""
        ...

    def plain(self, items: Tensor) -> Tensor:
        """What is scored of items (n, ...) as they lie in memory: a view of each, or the same number of each in turn.

        No draw. `ganlift.strategies.setup.predict` averages the probabilities of an item's views.
        """
        ...

    def unchanged(self, x: Tensor) -> Tensor:
        """The first view of each item of a batch (n, ...): no draw."""
        ...

    def weak(self, x: Tensor, rng: torch.Generator) -> Tensor:
        """A view of each item of a batch (n, ...) that changes little."""
        ...

    def strong(self, x: Tensor, rng: torch.Generator) -> Tensor:
        """A view of each item that changes much."""
        ...

    def labelled(self, x: Tensor, policy: str, rng: torch.Generator) -> Tensor:
        """A view to learn a label from; ``policy`` is that of `ClassifierOptions`."""
        ...

    def genuine(self, x: Tensor, rng: torch.Generator) -> Tensor:
        """A view of each item as a generator is to make it: as it is, or mirrored where features are of both."""
        ...

    def alike(self, views: Tensor, rng: torch.Generator) -> Tensor:
        """Real and generated views as a discriminator sees them: changed in one way, gradients flowing through.

        From a few images it learns them by heart within the first steps otherwise.
        """
        ...

    def items(self, views: Tensor) -> Tensor:
        """Generated views as items of this space, to be held and viewed as the real ones are."""
        ...

    def mixes(self, x: Tensor, rng: torch.Generator) -> Tensor:
        """Views that belong to no one class: each a mix of two items."""
        ...

    def classifier(self, spec: ClassifierSpec, classes: int, dropout: float) -> nn.Module:
        """A classifier of views, its weights drawn from torch's global generator."""
        ...

    def generator(self, latent_size: int, classes: int) -> JointGenerator:
        """The joint arms' small generator: latent (n, latent_size), and labels where ``classes``, to views."""
        ...

    def discriminator(self, classes: int) -> Judge:
        """A judge of views, or of pairs of view and one of ``classes`` labels, with spectral norm."""
        ...

    def shape(self, classes: int) -> Shape:
        """What a generator of views with so many conditions is built for."""
        ...
