"""A discriminator and how it is told classes: a choice that goes with any adversarial loss.

With features φ(x) and a score ψ(φ):

    projection   D(x, y) = ψ(φ(x)) + ⟨e(y), φ(x)⟩              no class loss (Miyato and Koyama 2018)
    auxiliary    D(x) = ψ(φ(x)), a linear classifier of φ      cross-entropy (AC-GAN, Odena et al. 2017)
    reacgan      D(x) = ψ(φ(x)), a linear embedding of φ       data-to-data cross-entropy (ReACGAN, Kang et al. 2021)

The class loss, times ``class_weight``, is added to D's loss on real images and to G's on its own, as in ReACGAN; AC-GAN
gives the generated ones to D's as well, which then learns from a beginner's images what classes are.
"""

from __future__ import annotations

from typing import Literal, Protocol

from pydantic import Field
from torch import Tensor, nn

from ganlift.generators.common import LATER, class_term
from ganlift.generators.limited import LimitedData, LimitedDataOptions
from ganlift.layers.residual import Wrap
from ganlift.losses import data_to_data_cross_entropy, known_cross_entropy

EMBEDDED = 64
"""Size of the embedding in which classes are told apart; 512 in the authors' setting, for wider networks."""
TEMPERATURE, MARGIN = 0.5, 0.98
"""ReACGAN's τ and m in its setting for CIFAR-10."""


class JudgeOptions(LimitedDataOptions):
    """Options of a GAN's discriminator: how it is told classes, and what helps it where images are few."""

    conditioning: Literal["projection", "auxiliary", "reacgan"] = Field(
        "projection",
        description="how the discriminator is told classes: as an input, by a classifier, or by ReACGAN's loss",
        json_schema_extra=LATER,
    )
    class_weight: float = Field(
        0.5,
        gt=0,
        le=100,
        description="weight of the class loss of auxiliary and reacgan; 0.5 for CIFAR-10 in ReACGAN's setting",
        json_schema_extra=LATER,
    )


class ClassLoss(Protocol):
    """A module that makes a loss of features (n, d) and labels (n,), -1 where unknown."""

    def __call__(self, features: Tensor, labels: Tensor) -> Tensor: ...


class AuxiliaryClassifier(nn.Module):
    """A `ClassLoss`: cross-entropy of a linear classifier."""

    def __init__(self, width: int, classes: int, wrap: Wrap) -> None:
        super().__init__()
        self.classifier = wrap(nn.Linear(width, classes))

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        return known_cross_entropy(self.classifier(features).float(), labels)


class ClassProxies(nn.Module):
    """A `ClassLoss`: a linear embedding, in which images come near a learned proxy of their class."""

    def __init__(self, width: int, classes: int, wrap: Wrap) -> None:
        super().__init__()
        self.embed = wrap(nn.Linear(width, EMBEDDED))
        self.proxies = nn.Parameter(nn.init.orthogonal_(nn.Linear(EMBEDDED, classes).weight.detach()))

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        return data_to_data_cross_entropy(self.embed(features).float(), self.proxies, labels, TEMPERATURE, MARGIN)


CLASS_LOSSES = {"auxiliary": AuxiliaryClassifier, "reacgan": ClassProxies}


class Judge(nn.Module):
    """Images and labels (n,), -1 where unknown, to logits (n,).

    Args:
        body: images to features φ (n, width).
        wrap: what is done to the layers after the body: spectral normalisation, or nothing.
        options: how it is told classes, by projection if not given, and what helps with few images, else nothing.
        head: what makes the score ψ of what the body gives; a linear layer if not given.
        divisor: of the projection ⟨e(y), φ⟩.
    """

    def __init__(
        self,
        body: nn.Module,
        width: int,
        classes: int,
        wrap: Wrap,
        options: JudgeOptions | None = None,
        *,
        head: nn.Module | None = None,
        divisor: float = 1.0,
    ) -> None:
        super().__init__()
        options = options or JudgeOptions.model_validate({})
        told = classes > 0 and options.conditioning != "projection"
        self.body = body
        self.head = wrap(head or nn.Linear(width, 1))
        self.embedding = wrap(nn.Embedding(classes, width)) if classes and not told else None
        self.told = CLASS_LOSSES[options.conditioning](width, classes, wrap) if told else None
        self._weight, self._divisor = options.class_weight, divisor
        self.limited = LimitedData(options) if options.lecam or options.top_k < 1 else None

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        return self.judged(x, labels)[0]

    def judged(self, x: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (n,) and features (n, width)."""
        features = self.body(x)
        return self.scores(self.head(features), features, labels), features

    def scores(self, raw: Tensor, features: Tensor, labels: Tensor) -> Tensor:
        """Logits (n,): what the head says, and the projection where classes are told by it."""
        logits = raw.flatten()
        if self.embedding is not None:
            logits = logits + class_term(self.embedding, features, labels) / self._divisor
        return logits.float()

    def class_loss(self, features: Tensor, labels: Tensor) -> Tensor:
        """What a player adds to its loss for classes to be right, a scalar; 0 with projection."""
        if self.told is None:
            return features.new_zeros(())
        loss: Tensor = self._weight * self.told(features, labels)
        return loss

    def lecam(self, on_real: Tensor, on_fake: Tensor) -> Tensor:
        """LeCam's term of the discriminator's loss, a scalar; 0 where it is not asked for. Once a step."""
        return on_real.new_zeros(()) if self.limited is None else self.limited.penalty(on_real, on_fake)

    def best(self, on_fake: Tensor) -> Tensor | slice:
        """Indices of the generated images that the generator learns from: all, but for top-k training."""
        return slice(None) if self.limited is None else self.limited.best(on_fake)
