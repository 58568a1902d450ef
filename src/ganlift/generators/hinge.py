"""The hinge game with DiffAugment, as SNGAN and BigGAN play it: one step of either player on one batch of fakes.

    L_D = E[max(0, 1 − D(T(x), y))] + E[max(0, 1 + D(T(G(z, y)), y))]
    L_G = −E[D(T(G(z, y)), y)],        T drawn anew for either loss

and to both what the discriminator adds for classes and for few images (`ganlift.generators.judge`).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ganlift.augment.diffaugment import Part
from ganlift.generators.base import Update
from ganlift.generators.judge import Judge
from ganlift.losses import discriminator_hinge, generator_hinge


def hinge_step(
    judge: Judge,
    fake: Tensor,
    real: Tensor,
    labels: Tensor,
    rng: torch.Generator,
    aid: Part,
    update: Update,
    penalty: Callable[[], Tensor] | None = None,
) -> dict[str, Tensor]:
    """Update "discriminator", then "generator"; the metrics of the step.

    Args:
        fake: (n, c, h, w) with gradient, one for each of ``real`` (n, c, h, w) and ``labels`` (n,), -1 where unknown.
        aid: T; DiffAugment by `ganlift.generators.base.ImageShape.aid`.
        penalty: added to L_G.
    """
    both = aid(torch.cat([real, fake.detach()]), rng)
    scores, features = judge.judged(both, labels.repeat(2))
    on_real, on_fake = scores.chunk(2)
    d_loss = discriminator_hinge(on_real, on_fake) + judge.lecam(on_real, on_fake)
    d_loss = d_loss + judge.class_loss(features[: len(real)], labels)
    update("discriminator", d_loss)

    # the generator has not moved since: its batch serves both steps
    scores, features = judge.judged(aid(fake, rng), labels)
    g_loss = generator_hinge(scores[judge.best(scores)]) + judge.class_loss(features, labels)
    update("generator", g_loss if penalty is None else g_loss + penalty())

    metrics = {"d_loss": d_loss, "g_loss": g_loss, "d_real": on_real.mean(), "d_fake": on_fake.mean()}
    return {name: value.detach() for name, value in metrics.items()}
