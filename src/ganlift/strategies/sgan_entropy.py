"""`sgan-entropy`: the joint GAN of `sgan`, whose classifier is to be sure of unlabelled images.

The K + 1 loss (Salimans et al. 2016) asks that an unlabelled image be of some class, entropy minimisation (Grandvalet
and Bengio 2005, eq. 6) that it be of one.
"""

from __future__ import annotations

from ganlift.strategies.base import BOTH, Phases, Setup, strategy
from ganlift.strategies.sgan import SganOptions, sgan_phases
from ganlift.strategies.terms import EntropyOptions, entropy


class SganEntropyOptions(EntropyOptions, SganOptions):
    """The joint arm's options and those of the entropy."""


@strategy(
    "sgan-entropy",
    kind="gan",
    summary="sgan with entropy minimisation.",
    source="Salimans et al. 2016 with Grandvalet and Bengio 2005",
    options=SganEntropyOptions,
    unlabelled="optional",
    spaces=BOTH,
    vector_options={},
)
def phases(setup: Setup, options: SganEntropyOptions) -> Phases:
    """See `ganlift.strategies.sgan.sgan_phases`."""
    return (yield from sgan_phases(setup, options, setup.new_classifier(options.dropout), [entropy(options)]))
