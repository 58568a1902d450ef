"""`vae`: a variational autoencoder (Kingma and Welling 2014), conditional where there are classes; no adversary.

    L = ‖x − G(z, y)‖² / (2 σ²) + β · KL(q(z | x, y) ‖ N(0, I)),        z = μ + s ⊙ ε,  ε ~ N(0, I)
    KL = ½ Σ (μ² + s² − 1 − log s²)

summed over an image, averaged over the batch. The first term is the negative log-likelihood, up to a constant, of a
normal distribution of fixed deviation σ around the decoder's image; with β = 1 this bounds the likelihood, another β is
the β-VAE (Higgins et al. 2017). A sample is G(z, y) of z ~ N(0, I), the mean, without that noise: hence its blur.

β grows from 0 over the first images, so that the encoder says something before it is told to be silent (Bowman et al.
2016). An image whose class is unknown has a condition of its own: it teaches what images look like.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import torch
from pydantic import BaseModel, Field
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

from ganlift.generators.base import BOTH, GeneratorEntry, Shape, Update, generators
from ganlift.generators.common import GeneratorOptions, draw, latents
from ganlift.generators.parts import coders


class VAEOptions(GeneratorOptions):
    latent: int = Field(32, ge=1, le=1024, description="size of the latent")
    width: int = Field(
        32,
        ge=4,
        le=1024,
        description="channels next to the image; deeper layers double it; an eighth of the hidden units on features",
    )
    beta: float = Field(1.0, ge=0, le=100, description="β: weight of the divergence from N(0, I)")
    sigma: float = Field(
        0.5, gt=0, le=2, description="σ: deviation of a value around the decoder's; pixels lie in [-1, 1]"
    )
    warm_up: int = Field(10_000, ge=0, description="images over which β grows to its full size")
    lr: float = Field(
        2e-3,
        gt=0,
        le=1,
        description="Adam's learning rate; long runs want 2e-4 to 1e-3",
        json_schema_extra={"search": {"low": 2e-4, "high": 5e-3, "log": True}},
    )


class VAE:
    """See `ganlift.generators.base.GenerativeModel`."""

    def __init__(self, shape: Shape, options: VAEOptions, device: torch.device) -> None:
        self.shape, self.latent_size, self._options = shape, options.latent, options
        encoder, decoder = coders(shape, options.width, 2 * options.latent, options.latent)
        self._encoder, self._decoder = encoder.to(device), decoder.to(device)
        self._encoder.register_buffer("images", torch.zeros((), device=device))  # seen so far, for the warm-up
        weights = [*self._encoder.parameters(), *self._decoder.parameters()]
        self._optimizer = Adam(weights, options.lr)

    def modules(self) -> Mapping[str, nn.Module]:
        return {"generator": self._decoder, "encoder": self._encoder}

    def optimizers(self) -> Mapping[str, Optimizer]:
        return {"generator": self._optimizer}

    def step(self, real: Tensor, labels: Tensor, rng: torch.Generator, update: Update) -> dict[str, Tensor]:
        options, encoder = self._options, self._encoder
        seen = cast(Tensor, encoder.images)
        mean, log_variance = encoder(real, labels).chunk(2, 1)
        log_variance = log_variance.clamp(-12.0, 12.0)  # an untrained head must not overflow the exponential
        noise = latents(len(real), options.latent, rng, real.device)
        made = self._decoder(mean + (0.5 * log_variance).exp() * noise, labels).float()

        error = (real - made).square().flatten(1).sum(1).mean() / (2 * options.sigma**2)
        divergence = gaussian_divergence(mean, log_variance).mean()
        grown = (seen / options.warm_up).clamp(max=1.0) if options.warm_up else 1.0
        # a value a pixel, which Adam does not mind, and by which gradients compare with those of other generators
        update("generator", (error + options.beta * grown * divergence) / real[0].numel())
        seen += len(real)
        return {"reconstruction": error.detach(), "divergence": divergence.detach()}

    def sample(self, n: int, labels: Tensor | None, rng: torch.Generator, module: nn.Module | None = None) -> Tensor:
        return draw(module or self._decoder, self.shape, self.latent_size, n, labels, rng)


def gaussian_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(μ, s²) ‖ N(0, I)) of each row of (n, d), (n,) (Kingma and Welling 2014, appendix B)."""
    return 0.5 * (mean.square() + log_variance.exp() - 1.0 - log_variance).sum(1)


def build(shape: Shape, options: BaseModel, device: torch.device) -> VAE:
    """A `VAE` for ``shape``; ``options`` is a `VAEOptions`."""
    return VAE(shape, cast(VAEOptions, options), device)


generators.add("vae")(
    GeneratorEntry(
        name="vae",
        summary="No adversary: covers the data, and blurs it. β-VAE with --set options.vae.beta.",
        source="Kingma, Welling: Auto-Encoding Variational Bayes, ICLR 2014; Higgins et al.: beta-VAE, ICLR 2017",
        options=VAEOptions,
        build=build,
        spaces=BOTH,
    )
)
