"""What the joint arms share in which the discriminator is a network of its own, beside generator and classifier.

It is `sngan`'s: spectral norm, and a projection of the class where it judges pairs of image and label (Miyato et al.
2018; Miyato and Koyama 2018). Real and generated images are changed alike on the way to it, by DiffAugment (Zhao et al.
2020), vectors by noise: from a hundred images a discriminator learns them by heart within the first steps.
"""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from ganlift.generators.judge import Judge
from ganlift.losses import discriminator_bce
from ganlift.strategies.base import ClassifierOptions, Setup, search
from ganlift.training.phase import Phase, Updater
from ganlift.training.rng import seeded


class PlayerOptions(ClassifierOptions):
    """The two players beside the classifier."""

    generator_lr: float = Field(
        2e-3, gt=0, description="Adam's rate of the generator", json_schema_extra=search(5e-4, 5e-3, log=True)
    )
    discriminator_lr: float = Field(
        2e-3, gt=0, description="Adam's rate of the discriminator", json_schema_extra=search(5e-4, 5e-3, log=True)
    )


def new_discriminator(setup: Setup, classes: int = 0) -> Judge:
    """Judges pairs of image and one of ``classes`` labels, or images alone; its weights drawn for this arm."""
    with seeded(setup.rng.derive("weights of discriminator", common=True)):
        return setup.space.discriminator(classes).to(setup.device)


def add_discriminator(phase: Phase, discriminator: Judge, lr: float) -> None:
    """Let ``phase`` train ``discriminator`` with Adam (β₁ 0.5) under "discriminator"."""
    phase.modules["discriminator"] = discriminator
    phase.optimizers["discriminator"] = torch.optim.Adam(
        discriminator.parameters(), lr=lr, betas=(0.5, 0.999), fused=True
    )


def pair_scores(setup: Setup, discriminator: Judge, views: Tensor, rng: torch.Generator) -> Tensor:
    """Logits (n, K) of every pair of a view (n, ...) and a class, real above zero; (n, 1) without classes."""
    features = discriminator.body(setup.space.alike(views, rng))
    scores: Tensor = discriminator.head(features)
    if discriminator.embedding is not None:
        scores = scores + F.linear(features, discriminator.embedding.weight)  # type: ignore[arg-type]
    return scores.float()


def discriminator_step(
    setup: Setup, discriminator: Judge, real: Tensor, fake: Tensor, rng: torch.Generator, update: Updater
) -> dict[str, Tensor]:
    """One step on images alone, sp(−D(real)) + sp(D(fake)); its metrics. No gradient flows into ``fake``.

    ``real`` are items (n, ...), ``fake`` views.
    """
    real = setup.space.genuine(real, rng)
    scores = pair_scores(setup, discriminator, torch.cat([real, fake.detach()]), rng)
    d_real, d_fake = scores[: len(real)], scores[len(real) :]
    d_loss = discriminator_bce(d_real, d_fake)
    update("discriminator", d_loss)
    return {"d_loss": d_loss.detach(), "d_real": d_real.detach().mean(), "d_fake": d_fake.detach().mean()}
