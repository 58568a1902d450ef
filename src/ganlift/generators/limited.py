"""Two aids where images are few, for any adversarial loss; both are off unless asked for.

LeCam (Tseng et al. 2021, equation 4): D pays λ (E [D(x) - α_F]₊² + E [α_R - D(G(z))]₊²), α_R and α_F the moving
averages (equation 3, decay 0.99) of D on real and on generated images. As in the authors' code a side that has not
yet come as far as the other's average pays nothing, and an average is of what has been seen, not of its first value.

Top-k (Sinha et al. 2020): G learns from those of its images that D takes for the most real. Their share of the batch
begins at 1 and halves every 20,000 real images down to ``top_k``; the authors count epochs (0.99 an epoch, down to a
half), which means little between data sets.
"""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor, nn

from ganlift.generators.common import LATER, GeneratorOptions
from ganlift.losses import lecam

DECAY = 0.99
HALVING = 20_000


class LimitedDataOptions(GeneratorOptions):
    """Options of a GAN for few images."""

    lecam: float = Field(
        0.0,
        ge=0,
        le=10,
        description="λ of LeCam's regularisation, 0 for none; 0.3 for CIFAR-10 in the authors' setting",
        json_schema_extra=LATER,
    )
    top_k: float = Field(
        1.0,
        gt=0,
        le=1,
        description="least share of its images that the generator learns from, 1 for all; 0.5 in the paper",
        json_schema_extra=LATER,
    )


class LimitedData(nn.Module):
    """The state of both aids, for a discriminator to hold: what comes next depends on it."""

    real: Tensor
    fake: Tensor
    weight: Tensor
    images: Tensor

    def __init__(self, options: LimitedDataOptions) -> None:
        super().__init__()
        self._lecam, self._least = options.lecam, options.top_k
        for name in ("real", "fake", "weight", "images"):
            self.register_buffer(name, torch.zeros(()))

    def penalty(self, on_real: Tensor, on_fake: Tensor) -> Tensor:
        """LeCam's term of the discriminator's loss on logits (n,), and one more batch in the averages."""
        with torch.no_grad():
            for average, now in ((self.real, on_real.mean()), (self.fake, on_fake.mean()), (self.weight, 1.0)):
                average.mul_(DECAY).add_((1 - DECAY) * now)
            self.images += len(on_real)
            real, fake = self.real / self.weight, self.fake / self.weight
        return self._lecam * lecam(on_real, on_fake, real, fake)

    def best(self, on_fake: Tensor) -> Tensor:
        """Indices (k,) of the generated images that the generator learns from, by their logits (n,)."""
        share = max(self._least, 0.5 ** (float(self.images) / HALVING))
        return on_fake.topk(max(1, round(share * len(on_fake)))).indices
