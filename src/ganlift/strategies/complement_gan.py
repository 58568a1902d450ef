"""`complement-gan`: a generator of what lies between the classes.

Dai et al. 2017, "Good Semi-supervised Learning that Requires a Bad GAN". The classifier has `sgan`'s K + 1 loss and
the entropy of its answers on unlabelled vectors (eq. 8). The generator minimises

    ‖mean φ(u) - mean φ(G(z))‖² · w + v · mean cos²(φ(G(z_i)), φ(G(z_j))) + d · mean [log p(G(z)) - log ε]₊,

feature matching, the pull-away term for its entropy (section 4.2, i ≠ j), and a price for what lies where real
vectors are dense (eq. 9). The paper has a PixelCNN++ for p; on frozen features a kernel density over the batch does:
log p(x) = log Σ_u exp(κ cos(x, u)), and ε is the median of p over the unlabelled vectors themselves.
"""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from ganlift.strategies.base import VECTORS, Phases, Setup, search, strategy
from ganlift.strategies.sgan import SganOptions, sgan_phases
from ganlift.strategies.terms import EntropyOptions, Forward, entropy


class ComplementOptions(EntropyOptions, SganOptions):
    pull_away: float = Field(1.0, ge=0, description="v: weight of the pull-away term")
    density: float = Field(
        0.3, ge=0, description="d: the price of density", json_schema_extra=search(0.03, 3.0, log=True)
    )
    concentration: float = Field(20.0, gt=0, description="κ: how narrow the kernels are")


def pull_away(features: Tensor) -> Tensor:
    """Mean squared cosine of pairs of different rows of (n, d), n at least 2 (Zhao et al. 2017, eq. 5)."""
    unit = F.normalize(features, dim=1)
    cosines = (unit @ unit.T).square()
    return (cosines.sum() - cosines.diagonal().sum()) / (len(unit) * (len(unit) - 1))


def density_price(fake: Tensor, real: Tensor, concentration: float) -> Tensor:
    """Mean excess of the fakes' log-density over the reals' median, both (n, d), n at least 2."""
    fake, real = F.normalize(fake, dim=1), F.normalize(real, dim=1)
    among = concentration * real @ real.T
    among.fill_diagonal_(-torch.inf)  # no vector is its own neighbour
    typical = (among.logsumexp(1) - torch.log(torch.tensor(len(real) - 1.0))).median()
    own = (concentration * fake @ real.T).logsumexp(1) - torch.log(torch.tensor(float(len(real))))
    return F.relu(own - typical.detach()).mean()


@strategy(
    "complement-gan",
    kind="gan",
    summary="sgan with a generator of what lies between the classes.",
    source="Dai et al. 2017, eq. 8 and 9",
    options=ComplementOptions,
    unlabelled="optional",
    spaces=VECTORS,
    vector_options={},
)
def phases(setup: Setup, options: ComplementOptions) -> Phases:
    """See `ganlift.strategies.sgan.sgan_phases`, with the generator's own loss."""

    def spread_out(out: Forward, fake: Tensor, real: Tensor) -> Tensor:
        apart = options.pull_away * pull_away(out.features["fake"])
        return apart + options.density * density_price(fake, real.detach(), options.concentration)

    classifier = setup.new_classifier(options.dropout)
    return (yield from sgan_phases(setup, options, classifier, [entropy(options)], besides=spread_out))
