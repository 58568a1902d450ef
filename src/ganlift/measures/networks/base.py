"""What a feature network is: a name that stands beside every number, and images to features."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

OWN = "own"
"""The network that was trained on the user's own training images, whichever it is."""


@dataclass(frozen=True)
class FeatureNetwork:
    """A network whose features measures are taken on.

    Attributes:
        name: as asked for; "own", "efficientnet-lite0", "inception", "timm:NAME".
        about: what it is and what it was trained on, in words.
        apply: images (n, c, h, w) in [-1, 1] to features (n, d).
        batch: how many images it takes at once, at most.
    """

    name: str
    about: str
    apply: Callable[[Tensor], Tensor]
    batch: int = 250

    @property
    def title(self) -> str:
        """What the Fréchet distance on these features is called: "FID" is that of Inception and of nothing else."""
        return "FID (inception)" if self.name == "inception" else f"Fréchet distance ({self.name})"

    @torch.no_grad()
    def features(self, batches: Iterable[Tensor]) -> Tensor:
        """Features (n, d) float32, on the CPU, of batches of images (at most `batch`, c, h, w) in [-1, 1]."""
        return torch.cat([self.apply(part).flatten(1).float().cpu() for part in batches])


def of_module(module: nn.Module, name: str, about: str) -> FeatureNetwork:
    """The penultimate features of a classifier: ``module.features`` in evaluation mode, at its own size."""
    module.eval()
    return FeatureNetwork(name, about, module.features)  # type: ignore[arg-type]
