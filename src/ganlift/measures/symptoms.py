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

SQUARE, EDGE = 0.2, 0.3
"""A square or an edge is plain where its pixels are so near to one grey, beside those of the whole image: no leak is
exact, and a young generator's pale samples are near to grey everywhere."""

GREYS = (0.0, -0.4, 0.4)
"""What cutout and shifts leave, and what they don't: blur makes plain parts of any grey, a leak of the first alone."""


def symptoms(generated: Tensor, real: Tensor) -> dict[str, float]:
    """Figures of ``generated`` against ``real``, both (n, c, h, w) in [-1, 1]; nothing where there are too few.

    Returns:
        ``variety``, mean distance among generated over that among real images; ``alike``, share of generated images
        with another one hardly different from them; ``precision`` and ``recall`` (`ganlift.measures.manifold`);
        ``copies``, share that lies nearer to a real image than real ones lie to each other; ``rough``, how much a pixel
        differs from its neighbours' mean, over that of real images; ``grey``, by how much more samples than real
        images have a square or an edge of the grey that cutout and shifts leave, less the same of two other greys.
    """
    n = min(len(generated), len(real))
    if n < LEAST:
        return {}
    grey = _greyness(generated[:n], real[:n])
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


def _greyness(generated: Tensor, real: Tensor) -> float:
    excess = _plain_shares(generated) - _plain_shares(real)
    return float(excess[0] - excess[1:].max().clamp(min=0.0))


def _plain_shares(images: Tensor) -> Tensor:
    """Shares (greys,) of ``images`` whose plainest square, a quarter of the side, or whole edge has each of `GREYS`."""
    off = torch.stack([(images.float() - grey).abs().amax(1) for grey in GREYS])
    off = off / off.mean((2, 3), keepdim=True).clamp(min=1e-6)
    squares = F.avg_pool2d(off, max(2, images.shape[-1] // 4), stride=1).flatten(2).amin(2)
    edges = torch.stack([off[:, :, 0], off[:, :, -1], off[..., 0], off[..., -1]]).mean(3).amin(0)
    nearness, grey = torch.minimum(squares / SQUARE, edges / EDGE).min(0)
    return torch.stack([((grey == one) & (nearness < 1)).float().mean() for one in range(len(GREYS))])
