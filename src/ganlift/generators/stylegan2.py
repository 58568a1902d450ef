"""`stylegan2`: a mapping network and modulated convolutions (Karras et al. 2020: Analyzing and Improving StyleGAN).

    w = f(z / rms z, e(y))                                   mapping network, learning rate × 0.01
    h ← lrelu(conv(h; w) + strength · noise + bias)          modulated and demodulated (layers/modulated.py)
    x = Σ over sides of doubled toRGB(h; w)                  skip connections; residual blocks in D
    D minimises sp(-r) + sp(f), every 16th step + 16 · γ/2 · ‖∇D(x)‖² on reals (lazy R1); G minimises sp(-f)

Options add style mixing and, every 4th step, 4 · weight · (‖Jᵀy‖ - a)² (path length); the authors' setting for
CIFAR-10 has neither. Labels enter the mapping network, and D through the projection ⟨e(y), φ⟩ / √width if not asked
otherwise (`ganlift.generators.judge`, which also has the aids for few images).

What differs from the paper: a sample's noise is a fixed random linear image of its latent, nearly white over the plane,
so that the latent alone makes the image (the authors draw it anew, or use one noise for all images). Sides may be 28
(from 7), 8, 12, ... as well. The penalties are part of the step they fall in, so Adam's settings need no correction for
steps between. Samples are cut at -1 and 1; training has the gradient of the whole.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import cast

import torch
from pydantic import BaseModel, Field
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, Optimizer

from ganlift.augment.ada import AdaptiveAugment
from ganlift.generators.base import GeneratorEntry, ImageShape, Update, generators
from ganlift.generators.common import TwoPlayers, fake_labels, latents, resolutions
from ganlift.generators.judge import Judge, JudgeOptions
from ganlift.layers.equalised import GAIN, SLOPE, EqualisedConv, EqualisedLinear
from ganlift.layers.fir import Fir
from ganlift.layers.mapping import Mapping, unit_mean_square
from ganlift.layers.minibatch_deviation import with_deviation
from ganlift.layers.modulated import ModulatedConv
from ganlift.layers.residual import as_it_is
from ganlift.layers.styled import StyledConv
from ganlift.losses import discriminator_bce, generator_bce
from ganlift.penalties import full_precision, path_lengths, r1_penalty

WIDEST = 512
R1_EVERY, PATH_EVERY = 16, 4
PATH_DECAY, PATH_SHARE = 0.01, 2
"""Of the running mean of path lengths; and one in so many images of a batch has its path measured."""


class StyleGAN2Options(JudgeOptions):
    latent: int = Field(128, ge=1, le=1024, description="size of z and of w; 512 in the paper")
    width: int = Field(
        16,
        ge=4,
        le=512,
        description="channels at the image's side; deeper ones double it up to 512. Long runs want 64 or more; the "
        "paper has 512 at all sides up to 64 px",
    )
    mapping_layers: int = Field(2, ge=1, le=16, description="of the mapping network; 8 in the paper, 2 for CIFAR-10")
    lr: float = Field(
        1e-2,
        gt=0,
        le=1,
        description="Adam's learning rate, both players, for hundreds of steps; long runs want the authors' 2.5e-3",
        json_schema_extra={"search": {"low": 1e-3, "high": 2e-2, "log": True}},
    )
    beta1: float = Field(0.0, ge=0, lt=1, description="Adam's first moment")
    beta2: float = Field(0.99, ge=0, lt=1, description="Adam's second moment")
    gamma: float = Field(
        1.0,
        ge=0,
        le=1000,
        description="R1's weight; the authors have 0.01 in long runs on CIFAR-10 and 10 at 1024 px",
        json_schema_extra={"search": {"low": 0.01, "high": 10.0, "log": True}},
    )
    mixing: float = Field(0.0, ge=0, le=1, description="share of images made of two styles; 0.9 in the paper")
    path_weight: float = Field(0.0, ge=0, le=100, description="of the path length's regularisation; 2 in the paper")


class Generator(nn.Module):
    """Latents (n, latent) and labels (n,) to images (n, c, size, size); in [-1, 1] outside of training."""

    def __init__(self, shape: ImageShape, options: StyleGAN2Options) -> None:
        super().__init__()
        base, doublings = resolutions(shape.size)
        widths = [min(WIDEST, options.width * 2**n) for n in range(doublings, -1, -1)]
        latent = options.latent
        self.mapping = Mapping(latent, shape.classes, options.mapping_layers)
        self.start = nn.Parameter(torch.randn(widths[0], base, base))
        self.convolutions = nn.ModuleList([StyledConv(widths[0], widths[0], latent, base, double=False)])
        self.doublings = nn.ModuleList()
        for n, (wide, narrow) in enumerate(pairwise(widths), 1):
            self.convolutions.append(StyledConv(wide, narrow, latent, base * 2**n, double=True))
            self.convolutions.append(StyledConv(narrow, narrow, latent, base * 2**n, double=False))
            self.doublings.append(Fir(base * 2 ** (n - 1), "double"))
        self.to_image = nn.ModuleList(
            ModulatedConv(width, shape.channels, latent, base * 2**n, size=1, demodulate=False)
            for n, width in enumerate(widths)
        )
        self.bias = nn.Parameter(torch.zeros(len(widths), shape.channels, 1, 1))

    @property
    def layers(self) -> int:
        """How many styles an image takes."""
        return len(self.convolutions) + 1

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        z = unit_mean_square(z)
        w = self.mapping(z, labels)
        images = self.synthesis(w[:, None].expand(-1, self.layers, -1), z)
        return images if self.training else images.clamp(-1, 1)

    def synthesis(self, ws: Tensor, z: Tensor) -> Tensor:
        """Images of styles (n, layers, latent) and the noise of ``z`` (n, latent); values may leave [-1, 1]."""
        h = self.start.expand(len(z), -1, -1, -1)
        h = self.convolutions[0](h, ws[:, 0], z)
        image: Tensor = self.to_image[0](h, ws[:, 1]) + self.bias[0]
        for n, doubling in enumerate(self.doublings, 1):
            h = self.convolutions[2 * n - 1](h, ws[:, 2 * n - 1], z)
            h = self.convolutions[2 * n](h, ws[:, 2 * n], z)
            # the image of one side and the first convolution of the next share a style
            image = doubling(image) + self.to_image[n](h, ws[:, 2 * n + 1]) + self.bias[n]
        return image.float()


class DownBlock(nn.Module):
    """(n, inputs, side, side) to (n, outputs, side / 2, side / 2): two convolutions beside a smoothed shortcut."""

    def __init__(self, inputs: int, outputs: int, side: int) -> None:
        super().__init__()
        self.first = EqualisedConv(inputs, inputs, 3, GAIN)
        # both branches carry 1/√2 of the sum, so that it keeps the variance: here √2 of the activation is left out
        self.second = nn.Sequential(Fir(side, "before-halving"), EqualisedConv(inputs, outputs, 3, stride=2))
        self.shortcut = nn.Sequential(Fir(side, "halve"), EqualisedConv(inputs, outputs, 1, math.sqrt(0.5), bias=False))

    def forward(self, x: Tensor) -> Tensor:
        h = self.second(F.leaky_relu(self.first(x), SLOPE))
        out: Tensor = F.leaky_relu(h, SLOPE) + self.shortcut(x)
        return out


class Features(nn.Module):
    """Images (n, c, size, size) to features (n, width)."""

    def __init__(self, shape: ImageShape, options: StyleGAN2Options) -> None:
        super().__init__()
        base, doublings = resolutions(shape.size)
        widths = [min(WIDEST, options.width * 2**n) for n in range(doublings + 1)]
        self.from_image = EqualisedConv(shape.channels, widths[0], 1, GAIN)
        self.blocks = nn.Sequential(
            *(DownBlock(narrow, wide, shape.size // 2**n) for n, (narrow, wide) in enumerate(pairwise(widths)))
        )
        self.width = widths[-1]
        self.last = EqualisedConv(self.width + 1, self.width, 3, GAIN)
        self.flat = EqualisedLinear(self.width * base**2, self.width, GAIN)

    def forward(self, x: Tensor, batches: int = 1) -> Tensor:
        h = self.blocks(F.leaky_relu(self.from_image(x), SLOPE))
        h = F.leaky_relu(self.last(with_deviation(h, batches)), SLOPE)
        return F.leaky_relu(self.flat(h.flatten(1)), SLOPE)


class Discriminator(Judge):
    """Images and labels (n,), -1 where unknown, to logits (n,)."""

    def __init__(self, shape: ImageShape, options: StyleGAN2Options) -> None:
        body = Features(shape, options)
        head, divisor = EqualisedLinear(body.width, 1), math.sqrt(body.width)
        super().__init__(body, body.width, shape.classes, as_it_is, options, head=head, divisor=divisor)

    def forward(self, x: Tensor, labels: Tensor, batches: int = 1) -> Tensor:
        return self.judged(x, labels, batches)[0]

    def judged(self, x: Tensor, labels: Tensor, batches: int = 1) -> tuple[Tensor, Tensor]:
        """``batches`` of equal size may lie in ``x``, one after another: no image is compared with another batch's."""
        features = self.body(x, batches)
        return self.scores(self.head(features), features, labels), features


class Pace(nn.Module):
    """What the penalties keep between steps: how many there were, and the running mean of path lengths."""

    steps: Tensor
    path_mean: Tensor

    def __init__(self) -> None:
        super().__init__()
        # read at every step: it stays on the processor, where that is no wait for the device
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))
        self.register_buffer("path_mean", torch.zeros(()))


class StyleGAN2(TwoPlayers):
    """See `ganlift.generators.base.GenerativeModel`.

    Args:
        augment: what the discriminator sees images through, if anything.
    """

    def __init__(
        self, shape: ImageShape, options: StyleGAN2Options, device: torch.device, augment: AdaptiveAugment | None = None
    ) -> None:
        self._generator = Generator(shape, options).to(device)
        self._discriminator = Discriminator(shape, options).to(device)
        self._pace, self._augment, self._options = Pace(), augment, options
        modules: dict[str, nn.Module] = {
            "generator": self._generator,
            "discriminator": self._discriminator,
            "pace": self._pace,
        }
        if augment is not None:
            modules["augment"] = augment.to(device)
        optimizers: dict[str, Optimizer] = {
            name: Adam(modules[name].parameters(), options.lr, (options.beta1, options.beta2))
            for name in ("generator", "discriminator")
        }
        super().__init__(shape, modules, optimizers, options.latent)

    def fake(self, labels: Tensor, rng: torch.Generator) -> Tensor:
        return self._generator.synthesis(*self._styles(labels, rng))

    def _styles(self, labels: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """Styles (n, layers, latent) of each layer, mixed or of one latent; and that latent."""
        generator, options = self._generator, self._options
        labels = fake_labels(labels, self.shape.classes, rng)
        z = unit_mean_square(latents(len(labels), options.latent, rng, labels.device))
        ws = generator.mapping(z, labels)[:, None].expand(-1, generator.layers, -1)
        if options.mixing:
            other = unit_mean_square(latents(len(labels), options.latent, rng, labels.device))
            mixed, where = torch.rand((2, len(labels), 1, 1), generator=rng, device=labels.device)
            from_layer = 1 + (where * (generator.layers - 1)).floor()
            layer = torch.arange(generator.layers, device=labels.device)[:, None]
            swapped = (mixed < options.mixing) & (layer >= from_layer)
            ws = torch.where(swapped, generator.mapping(other, labels)[:, None], ws)
        return ws, z

    def step(self, real: Tensor, labels: Tensor, rng: torch.Generator, update: Update) -> dict[str, Tensor]:
        judge, t = self._discriminator, int(self._pace.steps)
        fake = self.fake(labels, rng)

        both = self._seen(torch.cat([real, fake.detach()]), rng)
        scores, features = judge.judged(both, labels.repeat(2), 2)
        on_real, on_fake = scores.chunk(2)
        d_loss = discriminator_bce(on_real, on_fake) + judge.lecam(on_real, on_fake)
        d_loss = total = d_loss + judge.class_loss(features[: len(real)], labels)
        if t % R1_EVERY == 0 and self._options.gamma:
            penalty = r1_penalty(lambda x: judge(x, labels), both[: len(real)])
            total = total + R1_EVERY * self._options.gamma / 2 * penalty
        update("discriminator", total)
        if self._augment is not None:
            self._augment.observe(on_real)

        # the generator has not moved since: its batch serves both steps
        scores, features = judge.judged(self._seen(fake, rng), labels)
        g_loss = total = generator_bce(scores[judge.best(scores)]) + judge.class_loss(features, labels)
        if t % PATH_EVERY == 0 and self._options.path_weight:
            total = total + PATH_EVERY * self._options.path_weight * self._path_penalty(labels, rng)
        update("generator", total)

        self._pace.steps += 1
        metrics = {"d_loss": d_loss, "g_loss": g_loss, "d_real": on_real.mean(), "d_fake": on_fake.mean()}
        metrics |= {} if self._augment is None else self._augment.metrics()
        return {name: value.detach() for name, value in metrics.items()}

    def _seen(self, images: Tensor, rng: torch.Generator) -> Tensor:
        return images if self._augment is None else self._augment(images, rng)

    def _path_penalty(self, labels: Tensor, rng: torch.Generator) -> Tensor:
        """Mean of (‖Jᵀy‖ - a)² over part of a batch; a, the running mean of the lengths, moves on."""
        part = labels[: max(1, len(labels) // PATH_SHARE)]
        with full_precision(part):
            ws, z = self._styles(part, rng)
            lengths = path_lengths(self._generator.synthesis(ws, z), ws, rng)
        mean = self._pace.path_mean
        mean.lerp_(lengths.detach().mean().to(mean.device), PATH_DECAY)
        return (lengths - mean.to(lengths.device)).square().mean()


def build(shape: ImageShape, options: BaseModel, device: torch.device) -> StyleGAN2:
    """A `StyleGAN2` for ``shape``; ``options`` is a `StyleGAN2Options`."""
    return StyleGAN2(shape, cast(StyleGAN2Options, options), device)


generators.add("stylegan2")(
    GeneratorEntry(
        name="stylegan2",
        summary="Styles for every side of the image: mapping network, modulated convolutions, lazy R1.",
        source="Karras et al.: Analyzing and Improving the Image Quality of StyleGAN, CVPR 2020",
        options=StyleGAN2Options,
        build=build,
    )
)
