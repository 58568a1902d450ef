"""`vae`: a variational autoencoder (Kingma and Welling 2014), conditional where there are classes; no adversary.

    L = ‖x − G(z, y)‖² / (2 σ²) + β · KL(q(z | x, y) ‖ N(0, I)),        z = μ + s ⊙ ε,  ε ~ N(0, I)
    KL = ½ Σ (μ² + s² − 1 − log s²)

summed over an image, averaged over the batch. The first term is the negative log-likelihood, up to a constant, of a
normal distribution of fixed deviation σ around the decoder's image; with β = 1 this bounds the likelihood, another β is
the β-VAE (Higgins et al. 2017). A sample is G(z, y) of z ~ N(0, I), the mean, without that noise: hence its blur.

β grows from 0 over the first images, so that the encoder says something before it is told to be silent (Bowman et al.
2016). An image whose class is unknown goes with one drawn at random: it teaches what images look like.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import torch
from pydantic import BaseModel, Field
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

from ganlift.generators.base import GeneratorEntry, ImageShape, Update, generators
from ganlift.generators.common import GeneratorOptions, draw, fake_labels, latents, resolutions
from ganlift.layers.conditional_norm import ConditionalBatchNorm


class VAEOptions(GeneratorOptions):
    latent: int = Field(32, ge=1, le=1024, description="size of the latent")
    width: int = Field(32, ge=4, le=1024, description="channels next to the image; deeper layers double it")
    beta: float = Field(1.0, ge=0, le=100, description="β: weight of the divergence from N(0, I)")
    sigma: float = Field(0.2, gt=0, le=2, description="σ: deviation of a pixel in [-1, 1] around the decoder's image")
    warm_up: int = Field(10_000, ge=0, description="images over which β grows to its full size")
    lr: float = Field(
        2e-3,
        gt=0,
        le=1,
        description="Adam's learning rate; long runs want 2e-4 to 1e-3",
        json_schema_extra={"search": {"low": 2e-4, "high": 5e-3, "log": True}},
    )


class Encoder(nn.Module):
    """Images and labels (n,) to μ and log s², (n, latent) each. Holds the count of images seen."""

    images: Tensor

    def __init__(self, shape: ImageShape, options: VAEOptions) -> None:
        super().__init__()
        base, doublings = resolutions(shape.size)
        inputs, width = shape.channels, options.width
        self.convolutions, self.norms = nn.ModuleList(), nn.ModuleList()
        for _ in range(doublings):
            self.convolutions.append(nn.Conv2d(inputs, width, 4, 2, 1, bias=False))
            self.norms.append(ConditionalBatchNorm(width, shape.classes))
            inputs, width = width, 2 * width
        self.head = nn.Linear(inputs * base**2, 2 * options.latent)
        self.register_buffer("images", torch.zeros(()))

    def forward(self, x: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            x = nn.functional.leaky_relu(norm(convolution(x), labels), 0.2)
        mean, log_variance = self.head(x.flatten(1)).float().chunk(2, 1)
        return mean, log_variance.clamp(-12.0, 12.0)  # an untrained head must not overflow the exponential


class Decoder(nn.Module):
    """Latent (n, latent) and labels (n,) to images (n, c, size, size) in [-1, 1]."""

    def __init__(self, shape: ImageShape, options: VAEOptions) -> None:
        super().__init__()
        self._base, doublings = resolutions(shape.size)
        width = options.width * 2 ** (doublings - 1)
        self.project = nn.Linear(options.latent, width * self._base**2)
        self.norms = nn.ModuleList([ConditionalBatchNorm(width, shape.classes)])
        self.convolutions = nn.ModuleList()
        for _ in range(doublings - 1):
            self.convolutions.append(nn.ConvTranspose2d(width, width // 2, 4, 2, 1, bias=False))
            self.norms.append(ConditionalBatchNorm(width // 2, shape.classes))
            width //= 2
        self.convolutions.append(nn.ConvTranspose2d(width, shape.channels, 4, 2, 1))

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        h = self.project(z).unflatten(1, (-1, self._base, self._base))
        for norm, convolution in zip(self.norms, self.convolutions, strict=True):
            h = convolution(nn.functional.relu(norm(h, labels)))
        return torch.tanh(h)


class VAE:
    """See `ganlift.generators.base.GenerativeModel`."""

    def __init__(self, shape: ImageShape, options: VAEOptions, device: torch.device) -> None:
        self.shape, self.latent_size, self._options = shape, options.latent, options
        self._encoder, self._decoder = Encoder(shape, options).to(device), Decoder(shape, options).to(device)
        weights = [*self._encoder.parameters(), *self._decoder.parameters()]
        self._optimizer = Adam(weights, options.lr)

    def modules(self) -> Mapping[str, nn.Module]:
        return {"generator": self._decoder, "encoder": self._encoder}

    def optimizers(self) -> Mapping[str, Optimizer]:
        return {"generator": self._optimizer}

    def step(self, real: Tensor, labels: Tensor, rng: torch.Generator, update: Update) -> dict[str, Tensor]:
        options, encoder = self._options, self._encoder
        labels = fake_labels(labels, self.shape.classes, rng)
        mean, log_variance = encoder(real, labels)
        noise = latents(len(real), options.latent, rng, real.device)
        made = self._decoder(mean + (0.5 * log_variance).exp() * noise, labels).float()

        error = (real - made).square().flatten(1).sum(1).mean() / (2 * options.sigma**2)
        divergence = gaussian_divergence(mean, log_variance).mean()
        grown = (encoder.images / options.warm_up).clamp(max=1.0) if options.warm_up else 1.0
        # a value a pixel, which Adam does not mind, and by which gradients compare with those of other generators
        update("generator", (error + options.beta * grown * divergence) / real[0].numel())
        encoder.images += len(real)
        return {"reconstruction": error.detach(), "divergence": divergence.detach()}

    def sample(self, n: int, labels: Tensor | None, rng: torch.Generator, module: nn.Module | None = None) -> Tensor:
        return draw(module or self._decoder, self.shape, self.latent_size, n, labels, rng)


def gaussian_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(μ, s²) ‖ N(0, I)) of each row of (n, d), (n,) (Kingma and Welling 2014, appendix B)."""
    return 0.5 * (mean.square() + log_variance.exp() - 1.0 - log_variance).sum(1)


def build(shape: ImageShape, options: BaseModel, device: torch.device) -> VAE:
    """A `VAE` for ``shape``; ``options`` is a `VAEOptions`."""
    return VAE(shape, cast(VAEOptions, options), device)


generators.add("vae")(
    GeneratorEntry(
        name="vae",
        summary="No adversary: covers the data, and blurs it. β-VAE with --set options.vae.beta.",
        source="Kingma, Welling: Auto-Encoding Variational Bayes, ICLR 2014; Higgins et al.: beta-VAE, ICLR 2017",
        options=VAEOptions,
        build=build,
    )
)
