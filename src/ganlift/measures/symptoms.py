"""Signs that a generator fails, from some of its images beside real ones; cheap enough to be taken while it trains.

Distances are between planes of at most 8 × 8 local means, where the texture that a young generator gets wrong is gone:
what is left is whether images show different things, and the right ones. Numbers are for equally many images on
either side, and mean nothing beside those of another feature space.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from ganlift.measures.distances import nearest, radii
from ganlift.measures.manifold import manifold

SIDE = 8
LEAST = 20
"""Images on either side below which nothing is said."""

ALIKE = 0.25
"""Two generated images are alike where they lie nearer than this share of the real images' median nearest distance."""

NEAREST = 0.01
"""A generated image is a copy where it lies nearer to a real one than this share of real images do to another."""

FLAT = 0.05
"""A pixel is grey where its value, in [-1, 1], is nearer to 0 than this: what cutout leaves."""


def symptoms(generated: Tensor, real: Tensor) -> dict[str, float]:
    """Figures of ``generated`` against ``real``, both (n, c, h, w) in [-1, 1]; nothing where there are too few.

    Returns:
        ``variety``, mean distance among generated over that among real images; ``alike``, share of generated images
        with another one hardly different from them; ``precision`` and ``recall`` (`ganlift.measures.manifold`);
        ``copies``, share that lies nearer to a real image than real ones lie to each other; ``rough``, how much a pixel
        differs from its neighbours' mean, over that of real images; ``grey``, share with a square or an edge of the
        grey that cutout and shifts leave, less that of the real images.
    """
    n = min(len(generated), len(real))
    if n < LEAST:
        return {}
    grey = _grey_share(generated[:n]) - _grey_share(real[:n])
    rough = _roughness(generated[:n]) / _roughness(real[:n]).clamp(min=1e-6)
    generated, real = _means(generated[:n]), _means(real[:n])
    among_real, among_generated = radii(real, 1)[:, 0], radii(generated, 1)[:, 0]
    shares = manifold(generated, real)
    return {
        "variety": float(torch.pdist(generated).mean() / torch.pdist(real).mean().clamp(min=1e-12)),
        "alike": float((among_generated <= ALIKE * among_real.median()).float().mean()),
        "precision": shares["precision"],
        "recall": shares["recall"],
        "copies": float((nearest(generated, real) < among_real.quantile(NEAREST)).float().mean()),
        "rough": float(rough),
        "grey": grey,
    }


def _means(images: Tensor) -> Tensor:
    return F.adaptive_avg_pool2d(images.float(), min(SIDE, images.shape[-1])).flatten(1)


def _roughness(images: Tensor) -> Tensor:
    means = F.avg_pool2d(images.float(), 3, stride=1)
    return (images[..., 1:-1, 1:-1] - means).abs().mean()


def _grey_share(images: Tensor) -> float:
    """Share of ``images`` with a square, a quarter of the side, or a whole edge, in which every channel is grey."""
    grey = (images.abs() < FLAT).all(1)
    squares = F.avg_pool2d(grey[:, None].float(), max(2, images.shape[-1] // 4), stride=1).flatten(1).amax(1) > 1 - 1e-6
    edges = torch.stack([grey[:, 0], grey[:, -1], grey[:, :, 0], grey[:, :, -1]]).all(2).any(0)
    return float((squares | edges).float().mean())
