"""`flow`: noise carried to images along straight lines, a diffusion model of few steps; no adversary.

    x_t = (1 − t) x_0 + t x_1,       x_0 ~ N(0, I),  x_1 an image of class y
    L = mean |v(x_t, t, y) − (x_1 − x_0)|²
    a sample is x at t = 1 of dx/dt = v(x, t, y),  x = x_0 at t = 0, in a few of Euler's steps

Flow matching with the optimal-transport path (Lipman et al. 2023, equations 20 to 23), or rectified flow before it is
rectified again (Liu et al. 2023, equation 1). t is uniform, or σ(N(0, 1)), which is seldom near the ends (Esser et al.
2024, section 3.1). The network F speaks through

    v = ((2t − 1) x_t + √s F(x_t / √s, t, y)) / s,       s = (1 − t)² + t²,

so that F = 0, with which it begins, is the best linear v for data of mean 0 and mean square 1, and what F has to learn
is of the same size at every t (the reasoning of Karras et al. 2022, section 5, for this path).

The latent is x_0: a latent stands for an image as with the GANs. An image whose class is unknown has a condition of its
own. Guidance (Ho and Salimans 2021) moves along v_∅ + w (v_y − v_∅), ∅ that condition; with w ≠ 1 a known class is now
and then left out in training, so that ∅ is learned where every image has a label.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast

import torch
from pydantic import BaseModel, Field
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, Optimizer

from ganlift.generators.base import BOTH, GeneratorEntry, Shape, Update, generators
from ganlift.generators.common import GeneratorOptions, draw, latents
from ganlift.generators.parts import item, velocity, within


class FlowOptions(GeneratorOptions):
    steps: int = Field(12, ge=1, le=1000, description="Euler's steps of a sample, a pass of the network each")
    width: int = Field(
        32,
        ge=4,
        le=1024,
        multiple_of=4,
        description="channels at half the side; the next two halvings double them; "
        "a sixteenth of the hidden units on features",
    )
    times: Literal["uniform", "logit-normal"] = Field(
        "uniform", description="how t is drawn in training; logit-normal is seldom near 0 and 1"
    )
    guidance: float = Field(
        1.0,
        ge=0,
        le=20,
        description="w: 1 follows the class as it was learned, more exaggerates it and takes twice as long",
    )
    left_out: float = Field(
        0.1, ge=0, lt=1, description="share of known classes left out in training, where guidance is not 1"
    )
    lr: float = Field(
        4e-3,
        gt=0,
        le=1,
        description="Adam's learning rate, for some hundreds of steps; long runs want 2e-4 to 1e-3",
        json_schema_extra={"search": {"low": 2e-4, "high": 8e-3, "log": True}},
    )


class Flow(nn.Module):
    """Noise x_0 (n, d) and labels (n,), -1 where unknown, to images (n, c, size, size) in [-1, 1], or to vectors."""

    def __init__(self, shape: Shape, options: FlowOptions) -> None:
        super().__init__()
        self.network = velocity(shape, options.width)
        self._shape, self._steps = shape, options.steps
        self._guidance = options.guidance if shape.classes else 1.0

    def velocity(self, x: Tensor, t: Tensor, labels: Tensor) -> Tensor:
        """v of items x at times t (n,), of the size of x."""
        at = t.view(-1, *[1] * (x.ndim - 1))
        s = (1 - at).square() + at.square()
        v: Tensor = ((2 * at - 1) * x + s.sqrt() * self.network(x / s.sqrt(), t, labels)) / s
        return v

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        x = z.view(len(z), *item(self._shape))
        for n in range(self._steps):
            x = x + self._guided(x, torch.full_like(z[:, 0], n / self._steps), labels) / self._steps
        return within(self._shape, x.flatten(1))

    def _guided(self, x: Tensor, t: Tensor, labels: Tensor) -> Tensor:
        if self._guidance == 1:
            return self.velocity(x, t, labels)
        unknown, of_class = self.velocity(
            torch.cat([x, x]), torch.cat([t, t]), torch.cat([torch.full_like(labels, -1), labels])
        ).chunk(2)
        return torch.lerp(unknown, of_class, self._guidance)


class FlowMatching:
    """See `ganlift.generators.base.GenerativeModel`."""

    def __init__(self, shape: Shape, options: FlowOptions, device: torch.device) -> None:
        self.shape, self._options = shape, options
        self.latent_size = torch.Size(item(shape)).numel()
        self._flow = Flow(shape, options).to(device)
        self._optimizer = Adam(self._flow.parameters(), options.lr, (0.9, 0.99))

    def modules(self) -> Mapping[str, nn.Module]:
        return {"generator": self._flow}

    def optimizers(self) -> Mapping[str, Optimizer]:
        return {"generator": self._optimizer}

    def step(self, real: Tensor, labels: Tensor, rng: torch.Generator, update: Update) -> dict[str, Tensor]:
        noise = latents(len(real), self.latent_size, rng, real.device).view_as(real)
        t = times(self._options.times, len(real), rng, real.device)
        if self.shape.classes and self._options.guidance != 1:
            left_out = torch.rand(len(labels), generator=rng, device=labels.device) < self._options.left_out
            labels = labels.masked_fill(left_out, -1)
        x = torch.lerp(noise, real, t.view(-1, *[1] * (real.ndim - 1)))
        loss = F.mse_loss(self._flow.velocity(x, t, labels), real - noise)
        update("generator", loss)
        return {"velocity_loss": loss.detach()}

    def sample(self, n: int, labels: Tensor | None, rng: torch.Generator, module: nn.Module | None = None) -> Tensor:
        return draw(module or self._flow, self.shape, self.latent_size, n, labels, rng)


def times(how: str, n: int, rng: torch.Generator, device: torch.device) -> Tensor:
    """Times (n,) in [0, 1], "uniform" or "logit-normal"."""
    if how == "uniform":
        return torch.rand(n, generator=rng, device=device)
    return torch.randn(n, generator=rng, device=device).sigmoid()


def build(shape: Shape, options: BaseModel, device: torch.device) -> FlowMatching:
    """A `FlowMatching` for ``shape``; ``options`` is a `FlowOptions`."""
    return FlowMatching(shape, cast(FlowOptions, options), device)


generators.add("flow")(
    GeneratorEntry(
        name="flow",
        summary="No adversary: carries noise to images in a few steps, as diffusion models do (flow matching).",
        source="Lipman et al.: Flow Matching for Generative Modeling, ICLR 2023; Liu et al.: Flow Straight and Fast, "
        "ICLR 2023",
        options=FlowOptions,
        build=build,
        spaces=BOTH,
    )
)
