"""Penalties that are added to a player's loss: on gradients by images, vectors or styles, and on weights."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

Discriminator = Callable[[Tensor], Tensor]


def gradient_penalty(
    discriminator: Discriminator, real: Tensor, fake: Tensor, rng: torch.Generator, target: float = 1.0
) -> Tensor:
    """Mean of (‖∇D(x̂)‖ - target)², x̂ uniform on the segment of each pair (Gulrajani et al. 2017; weight 10)."""
    share = torch.rand((len(real), *[1] * (real.ndim - 1)), generator=rng, device=real.device)
    between = torch.lerp(fake.detach(), real.detach(), share.to(real.dtype))
    # the small constant keeps the root's gradient finite where a discriminator is flat
    return (_squared_gradient(discriminator, between).add(1e-12).sqrt() - target).square().mean()


def r1_penalty(discriminator: Discriminator, real: Tensor) -> Tensor:
    """Mean of ‖∇D(x)‖² on real images, without the factor γ/2 (Mescheder et al. 2018)."""
    return _squared_gradient(discriminator, real).mean()


def r2_penalty(discriminator: Discriminator, fake: Tensor) -> Tensor:
    """Mean of ‖∇D(x)‖² on generated images, without the factor γ/2 (Mescheder et al. 2018)."""
    return _squared_gradient(discriminator, fake).mean()


def _squared_gradient(discriminator: Discriminator, images: Tensor) -> Tensor:
    """‖∇D(x)‖² of each image, (n,), itself differentiable in the discriminator's weights."""
    with full_precision(images):
        images = images.detach().float().requires_grad_()
        return squared_gradient(discriminator(images), images)


def squared_gradient(logits: Tensor, images: Tensor) -> Tensor:
    """‖∂ Σ logits / ∂x‖² of each image, (n,), of a forward that has been run in `full_precision` on these images.

    For whoever wants the logits as well: the penalty then costs no forward of its own.
    """
    (gradient,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    return gradient.square().flatten(1).sum(1)


def full_precision(images: Tensor) -> torch.autocast:
    """The context in which a gradient that is differentiated again is taken: no autocast, squares of bf16 are noise."""
    return torch.autocast(images.device.type, enabled=False)


def orthogonal_penalty(weights: Iterable[Tensor]) -> Tensor:
    """Sum over weights of ‖Wᵀ W ⊙ (1 - I)‖²_F, W's columns being filters (Brock et al. 2019, eq. 3).

    Args:
        weights: (outputs, ...) each; filters are kept apart, their lengths are free.
    """
    total: list[Tensor] = []
    for weight in weights:
        filters = weight.flatten(1)
        products = filters @ filters.T
        total.append(products.square().sum() - products.diagonal().square().sum())
    return torch.stack(total).sum()


def path_lengths(images: Tensor, styles: Tensor, rng: torch.Generator) -> Tensor:
    """‖Jᵀy‖ of each image, (n,): how far it moves with its styles (Karras et al. 2020, section 3.2).

    Differentiable once more; wants a forward in `full_precision`.

    Args:
        images: (n, c, h, w), made of ``styles``; y is normal with deviation 1 / √(h w).
        styles: (n, layers, d); the root is of the mean over layers of squared lengths.
    """
    noise = torch.randn(images.shape, generator=rng, device=images.device) / (images.shape[2] * images.shape[3]) ** 0.5
    (gradient,) = torch.autograd.grad((images * noise).sum(), styles, create_graph=True)
    # the small constant keeps the root's gradient finite where an image does not move at all
    return (gradient.square().sum(2).mean(1) + 1e-12).sqrt()
