"""`wgan`: features of a class, by a Wasserstein GAN and a classifier's word (f-CLSWGAN, Xian et al. 2018, eq. 4).

    D minimises   f − r + λ (‖∇D(x̂)‖ − 1)²,       f, r mean scores of generated and real features with their classes
    G minimises   −f + β · CE(C(G(z, y)), y),       C softmax regression, trained on the real features beforehand

x̂ lies between a real feature and a generated one (`ganlift.generators.wgan_gp`); λ 10, β 0.01, Adam with (0.5, 0.999).
G and D have one hidden layer with LeakyReLU; G ends in a ReLU where no feature is below zero.

C takes `CLASSIFIER_UPDATES` steps on each of the first `CLASSIFIER_BATCHES` batches, while D and G begin, and is left
as it is from then on; only then does its word count. What differs beside: classes are named by embeddings, and come to
D by projection (Miyato and Koyama 2018), where the paper has attributes of classes that were never seen; so a feature
of unknown class can teach as well. Vectors have the length that all have here, √d. ``n_critic`` steps of D go to one of
G, as in `wgan-gp`.
"""

from __future__ import annotations

from typing import cast

import torch
from pydantic import BaseModel, Field
from torch import Tensor, nn
from torch.nn import functional as F

from ganlift.generators.base import VECTORS, GeneratorEntry, Update, VectorShape, generators
from ganlift.generators.common import GeneratorOptions, TwoPlayers, adams, fake_labels, latents
from ganlift.generators.wgan_gp import Critic
from ganlift.layers.class_latents import ClassLatents
from ganlift.layers.lengths import to_length
from ganlift.losses import discriminator_wasserstein, generator_wasserstein, known_cross_entropy
from ganlift.penalties import gradient_penalty

CLASSIFIER_UPDATES, CLASSIFIER_BATCHES = 10, 10


class WGANOptions(GeneratorOptions):
    """Defaults for a CPU and some hundreds of steps; descriptions have the paper's values."""

    latent: int = Field(64, ge=1, le=4096, description="size of the latent; that of the attributes in the paper")
    hidden: int = Field(512, ge=8, le=8192, description="hidden units of both players; 4096 in the paper")
    n_critic: int = Field(2, ge=1, le=100, description="critic steps a generator step; 5 in the paper")
    penalty: float = Field(10.0, gt=0, description="λ, the weight of the gradient penalty; 10 in the paper")
    class_weight: float = Field(0.01, ge=0, description="β, the weight of the class loss; 0.01 in the paper")
    lr: float = Field(
        1e-3,
        gt=0,
        le=1,
        description="Adam's learning rate, for some hundreds of steps; 1e-4 in the authors' code",
        json_schema_extra={"search": {"low": 1e-4, "high": 4e-3, "log": True}},
    )
    beta1: float = Field(0.5, ge=0, lt=1, description="Adam's first moment")
    beta2: float = Field(0.999, ge=0, lt=1, description="Adam's second moment")
    class_latents: bool = Field(False, description="noise from a Gaussian a class, for `gan-balance`, which fits them")


class Generator(nn.Module):
    """Latents (n, latent) and labels (n,) to vectors (n, width) of length √width."""

    def __init__(self, shape: VectorShape, options: WGANOptions) -> None:
        super().__init__()
        self._positive = shape.positive
        self.latents = ClassLatents(max(shape.classes, 1), options.latent) if options.class_latents else None
        self.embedding = nn.Embedding(shape.classes, options.latent) if shape.classes else None
        inputs = options.latent * (2 if shape.classes else 1)
        self.body = nn.Sequential(
            nn.Linear(inputs, options.hidden), nn.LeakyReLU(0.2), nn.Linear(options.hidden, shape.width)
        )

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        return self.decode(z if self.latents is None else self.latents(z, labels), labels)

    def decode(self, z: Tensor, labels: Tensor) -> Tensor:
        """The vector of each latent as it is, (n, latent): what an autoencoder's decoder does."""
        if self.embedding is not None:
            z = torch.cat([z, self.embedding(labels)], dim=1)
        made = self.body(z).float()
        return to_length(F.relu(made) if self._positive else made)


class Softmax(nn.Module):
    """C: softmax regression; ``batches`` counts those that it has learned from."""

    batches: Tensor

    def __init__(self, shape: VectorShape) -> None:
        super().__init__()
        self.linear = nn.Linear(shape.width, shape.classes)
        self.register_buffer("batches", torch.zeros((), dtype=torch.int64))

    @property
    def learned(self) -> bool:
        return int(self.batches) >= CLASSIFIER_BATCHES

    def loss(self, x: Tensor, labels: Tensor) -> Tensor:
        """Cross-entropy of vectors (n, width) with labels (n,); those of unknown class, -1, are passed over."""
        return known_cross_entropy(self.linear(x), labels)


class WGAN(TwoPlayers):
    """See `ganlift.generators.base.GenerativeModel`."""

    def __init__(self, shape: VectorShape, options: WGANOptions, device: torch.device) -> None:
        body = nn.Sequential(nn.Linear(shape.width, options.hidden), nn.LeakyReLU(0.2))
        self._generator = Generator(shape, options).to(device)
        self._critic = Critic(body, options.hidden, shape.classes).to(device)
        self._softmax = Softmax(shape).to(device) if shape.classes else None
        modules: dict[str, nn.Module] = {"generator": self._generator, "discriminator": self._critic}
        if self._softmax is not None:
            modules["classifier"] = self._softmax
        optimizers = adams(modules, dict.fromkeys(modules, options.lr), (options.beta1, options.beta2))
        super().__init__(shape, modules, optimizers, options.latent)
        self._options = options

    def step(self, real: Tensor, labels: Tensor, rng: torch.Generator, update: Update) -> dict[str, Tensor]:
        critic, options = self._critic, self._options
        self._learn_classes(real, labels, update)
        moves = int(critic.steps) % options.n_critic == 0
        asked = fake_labels(labels, self.shape.classes, rng)
        with torch.set_grad_enabled(moves):
            fake = self._generator(latents(len(labels), self.latent_size, rng, labels.device), asked)

        on_real, on_fake = critic(torch.cat([real, fake.detach()]), labels.repeat(2)).chunk(2)
        penalty = gradient_penalty(lambda x: critic(x, labels), real, fake, rng)
        d_loss = discriminator_wasserstein(on_real, on_fake) + options.penalty * penalty
        update("discriminator", d_loss)
        critic.steps += 1

        g_loss = generator_wasserstein(on_fake)
        if moves:  # the generator has not moved since: its batch serves both steps
            g_loss = generator_wasserstein(critic(fake, labels)) + options.class_weight * self.class_loss(fake, asked)
            update("generator", g_loss)

        metrics = {"d_loss": d_loss, "g_loss": g_loss, "d_real": on_real.mean(), "d_fake": on_fake.mean()}
        return {name: value.detach() for name, value in {**metrics, "penalty": penalty}.items()}

    def class_loss(self, fake: Tensor, asked: Tensor) -> Tensor:
        """C's word on vectors (n, width) of the classes ``asked`` (n,), a scalar; 0 while it still learns."""
        if self._softmax is None or not self._softmax.learned:
            return fake.new_zeros(())
        return self._softmax.loss(fake, asked)

    def _learn_classes(self, real: Tensor, labels: Tensor, update: Update) -> None:
        if self._softmax is None or self._softmax.learned:
            return
        for _ in range(CLASSIFIER_UPDATES):
            update("classifier", self._softmax.loss(real, labels))
        self._softmax.batches += 1


def build(shape: VectorShape, options: BaseModel, device: torch.device) -> WGAN:
    """A `WGAN` for ``shape``; ``options`` is a `WGANOptions`."""
    return WGAN(shape, cast(WGANOptions, options), device)


generators.add("wgan")(
    GeneratorEntry(
        name="wgan",
        summary="Features of a class, by a Wasserstein distance and a classifier's word (f-CLSWGAN).",
        source="Xian et al.: Feature Generating Networks for Zero-Shot Learning, CVPR 2018",
        options=WGANOptions,
        build=build,
        logits=False,
        spaces=VECTORS,
    )
)
