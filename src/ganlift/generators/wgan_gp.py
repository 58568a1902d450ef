"""`wgan-gp`: the Wasserstein GAN whose critic has slope 1 (Gulrajani et al. 2017, algorithm 1).

The critic minimises f - r + λ (‖∇D(x̂)‖ - 1)², x̂ uniform on the segment between a real and a generated image, G
minimises -f; λ = 10, Adam with β = (0, 0.9), a generator step every ``n_critic`` critic steps (5 in the paper). The
critic has no BatchNorm, because the penalty is an image's own; the head has no bias, because r - f does not see one.

A training step here is a critic's step on a batch of its own, and every ``n_critic``-th moves the generator too: images
seen and time then mean what they mean for the others. What differs: the networks are those of `sngan` without spectral
norm in place of residual blocks; classes come by projection (Miyato and Koyama 2018) where the authors' code has an
auxiliary classifier; DiffAugment (Zhao et al. 2020) is an option, and the penalty is then taken between augmented
images. The gradient that is differentiated again is taken in fp32, also where the rest runs in bf16.
"""

from __future__ import annotations

from typing import cast

import torch
from pydantic import BaseModel, Field
from torch import Tensor, nn

from ganlift.generators.base import GeneratorEntry, ImageShape, Update, generators
from ganlift.generators.common import PlainOptions, TwoPlayers, adams
from ganlift.generators.judge import Judge, JudgeOptions
from ganlift.generators.sngan import Generator, SNGANOptions, plain_body
from ganlift.layers.residual import as_it_is
from ganlift.losses import discriminator_wasserstein, generator_wasserstein
from ganlift.penalties import gradient_penalty


class WGANGPOptions(PlainOptions, JudgeOptions):
    """Defaults for a CPU and some hundreds of steps; descriptions have the paper's values."""

    latent: int = Field(128, ge=1, le=1024, description="size of the latent")
    width: int = Field(32, ge=4, le=1024, description="channels of the layer next to the image; deeper ones double it")
    n_critic: int = Field(
        2, ge=1, le=100, description="critic steps a generator step, for some hundreds of steps; 5 in the paper"
    )
    penalty: float = Field(10.0, gt=0, description="λ, the weight of the gradient penalty; 10 in the paper")
    lr: float = Field(
        2e-3,
        gt=0,
        le=1,
        description="Adam's learning rate, both players, for some hundreds of steps; 1e-4 in the paper",
        json_schema_extra={"search": {"low": 1e-4, "high": 4e-3, "log": True}},
    )
    beta1: float = Field(0.0, ge=0, lt=1, description="Adam's first moment")
    beta2: float = Field(0.9, ge=0, lt=1, description="Adam's second moment")


class Critic(Judge):
    """Images and labels (n,), -1 where unknown, to scores (n,); ``steps`` counts its own, for the generator's turn."""

    steps: Tensor

    def __init__(self, body: nn.Module, width: int, classes: int, options: JudgeOptions | None = None) -> None:
        super().__init__(body, width, classes, as_it_is, options, head=nn.Linear(width, 1, bias=False))
        if self.embedding is not None:  # as large as the head: nothing bounds it later
            nn.init.normal_(cast(Tensor, self.embedding.weight), 0.0, width**-0.5)
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))


class WGANGP(TwoPlayers):
    """See `ganlift.generators.base.GenerativeModel`."""

    def __init__(self, shape: ImageShape, options: WGANGPOptions, device: torch.device) -> None:
        players = SNGANOptions.model_validate({"latent": options.latent, "width": options.width})
        self._critic = Critic(*plain_body(shape, options.width, as_it_is), shape.classes, options).to(device)
        modules: dict[str, nn.Module] = {
            "generator": Generator(shape, players).to(device),
            "discriminator": self._critic,
        }
        optimizers = adams(modules, dict.fromkeys(modules, options.lr), (options.beta1, options.beta2))
        super().__init__(shape, modules, optimizers, options.latent)
        self._options, self._aid = options, shape.aid(options.policy)

    def step(self, real: Tensor, labels: Tensor, rng: torch.Generator, update: Update) -> dict[str, Tensor]:
        critic, options = self._critic, self._options
        moves = int(critic.steps) % options.n_critic == 0
        with torch.set_grad_enabled(moves):
            fake = self.fake(labels, rng)

        both = self._aid(torch.cat([real, fake.detach()]), rng)
        scores, features = critic.judged(both, labels.repeat(2))
        on_real, on_fake = scores.chunk(2)
        seen_real, seen_fake = both.chunk(2)
        penalty = gradient_penalty(lambda x: critic(x, labels), seen_real, seen_fake, rng)
        d_loss = discriminator_wasserstein(on_real, on_fake) + options.penalty * penalty
        d_loss = d_loss + critic.lecam(on_real, on_fake) + critic.class_loss(features[: len(real)], labels)
        update("discriminator", d_loss)
        critic.steps += 1

        g_loss = generator_wasserstein(on_fake)
        if moves:  # the generator has not moved since: its batch serves both steps
            scores, features = critic.judged(self._aid(fake, rng), labels)
            g_loss = generator_wasserstein(scores[critic.best(scores)]) + critic.class_loss(features, labels)
            update("generator", g_loss)

        metrics = {"d_loss": d_loss, "g_loss": g_loss, "d_real": on_real.mean(), "d_fake": on_fake.mean()}
        return {name: value.detach() for name, value in {**metrics, "penalty": penalty}.items()}


def build(shape: ImageShape, options: BaseModel, device: torch.device) -> WGANGP:
    """A `WGANGP` for ``shape``; ``options`` is a `WGANGPOptions`."""
    return WGANGP(shape, cast(WGANGPOptions, options), device)


generators.add("wgan-gp")(
    GeneratorEntry(
        name="wgan-gp",
        summary="Wasserstein distance and gradient penalty: a loss that goes down as samples get better.",
        source="Gulrajani et al.: Improved Training of Wasserstein GANs, NeurIPS 2017",
        options=WGANGPOptions,
        build=build,
        logits=False,
    )
)
