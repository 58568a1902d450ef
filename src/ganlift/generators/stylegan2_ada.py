"""`stylegan2-ada`: `stylegan2` whose discriminator sees images through adaptive augmentation (Karras et al. 2020b).

Reals and fakes pass the same kind of transformations in both steps, each with a probability p that grows while
E[sign(D(real))] lies above the target: the sign of a discriminator that learns its images by heart (`augment/ada.py`).

What differs from the paper, beside what `stylegan2` and `augment/ada.py` say: R1 is taken with respect to the images
as the discriminator sees them, after the augmentation, whose sampling has no second derivative. The default speed is
for runs of some tens of thousands of images.
"""

from __future__ import annotations

from typing import cast

import torch
from pydantic import BaseModel, Field

from ganlift.augment.ada import AdaptiveAugment
from ganlift.generators.base import GeneratorEntry, ImageShape, generators
from ganlift.generators.stylegan2 import StyleGAN2, StyleGAN2Options


class StyleGAN2ADAOptions(StyleGAN2Options):
    target: float = Field(0.6, gt=-1, lt=1, description="of the mean sign of D on real images; 0.6 in the paper")
    speed: float = Field(
        20_000.0,
        gt=0,
        description="images after which the augmentation's probability has gone from 0 to 1; long runs want the "
        "paper's 500,000",
    )


def build(shape: ImageShape, options: BaseModel, device: torch.device) -> StyleGAN2:
    """A `StyleGAN2` with an `AdaptiveAugment`; ``options`` is a `StyleGAN2ADAOptions`."""
    options = cast(StyleGAN2ADAOptions, options)
    return StyleGAN2(shape, options, device, AdaptiveAugment(options.target, options.speed, shape.adaptive))


generators.add("stylegan2-ada")(
    GeneratorEntry(
        name="stylegan2-ada",
        summary="StyleGAN2 for limited data: augmentation that grows as the discriminator overfits.",
        source="Karras et al.: Training Generative Adversarial Networks with Limited Data, NeurIPS 2020",
        options=StyleGAN2ADAOptions,
        build=build,
    )
)
