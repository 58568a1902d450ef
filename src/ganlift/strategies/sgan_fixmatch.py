"""`sgan-fixmatch`: the joint GAN of `sgan` with the consistency term of `fixmatch`.

The K + 1 loss (Salimans et al. 2016) shapes the features on all images; confident guesses (Sohn et al.
2020, eq. 4) carry the labels outward. One forward for labelled, weak, strong and generated images.
"""

from __future__ import annotations

from pydantic import Field

from ganlift.strategies.base import Phases, Setup, search, shipped, strategy
from ganlift.strategies.sgan import SganOptions, sgan_phases


@shipped(generator_lr=9e-4)
class SganFixMatchOptions(SganOptions):
    consistency_weight: float = Field(
        1.0, ge=0, description="λ_u: weight of FixMatch's term", json_schema_extra=search(0.3, 3.0, log=True)
    )
    threshold: float = Field(
        0.91, ge=0, le=1, description="τ: confidence from which a guess counts", json_schema_extra=search(0.6, 0.95)
    )


@strategy(
    "sgan-fixmatch",
    kind="gan",
    summary="sgan and FixMatch's consistency term in one model.",
    source="Salimans et al. 2016 with Sohn et al. 2020, eq. 4",
    options=SganFixMatchOptions,
    unlabelled="optional",
)
def phases(setup: Setup, options: SganFixMatchOptions) -> Phases:
    """See `ganlift.strategies.sgan.sgan_phases`; the options switch the consistency term on."""
    return (yield from sgan_phases(setup, options))
