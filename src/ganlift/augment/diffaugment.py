"""DiffAugment (Zhao et al. 2020): the same kind of differentiable augmentation on reals and fakes, in both steps.

Colour: brightness plus U(-0.5, 0.5), saturation times U(0, 2), contrast times U(0.5, 1.5), each a draw an image.
Translation: up to 1/8 of the side, whole pixels, what comes into view is 0 (mid-grey). Cutout: a square of half the
side, 0; off by default, as it leaks into samples where images are few. Values may leave [-1, 1], as in the paper.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

from ganlift.augment.basic import windows
from ganlift.augment.draws import uniform

Part = Callable[[Tensor, torch.Generator], Tensor]
"""Changes (n, c, h, w) images, each by a draw of its own, gradients flowing through."""


def diffaugment(
    x: Tensor,
    rng: torch.Generator,
    policy: tuple[str, ...] = ("colour", "translation"),
    parts: Mapping[str, Part] | None = None,
) -> Tensor:
    """Augment (n, c, h, w) images with the parts of ``policy``, gradients flowing through to ``x``.

    ``parts`` are what the policy's words mean, in the order in which they are applied: `PHOTOGRAPHS` where None.

    Raises:
        ValueError: a word of the policy is none of them.
    """
    parts = PHOTOGRAPHS if parts is None else parts
    unknown = set(policy) - set(parts)
    if unknown:
        raise ValueError(f"DiffAugment knows {', '.join(parts)}, not {', '.join(sorted(unknown))}")
    for name, part in parts.items():
        x = part(x, rng) if name in policy else x
    return x


def _colour(x: Tensor, rng: torch.Generator) -> Tensor:
    """The three in one affine map: all scale distances from a mean, and brightness moves the means."""
    n = len(x)
    shift, saturation, contrast = (
        uniform(n, low, high, rng, x.device).to(x.dtype)[:, None, None, None]
        for low, high in ((-0.5, 0.5), (0.0, 2.0), (0.5, 1.5))
    )
    mean = x.mean(dim=(1, 2, 3), keepdim=True)
    if x.shape[1] > 1:  # a grey image has no saturation: its mean over channels is itself
        x = torch.lerp(x.mean(dim=1, keepdim=True), x, saturation)
    return torch.lerp(mean, x, contrast) + shift


def _translate(x: Tensor, rng: torch.Generator, share: float = 0.125) -> Tensor:
    n, _, h, w = x.shape
    pad_y, pad_x = int(h * share + 0.5), int(w * share + 0.5)
    down = torch.randint(0, 2 * pad_y + 1, (n,), generator=rng, device=x.device)
    right = torch.randint(0, 2 * pad_x + 1, (n,), generator=rng, device=x.device)
    return windows(F.pad(x, (pad_x, pad_x, pad_y, pad_y)), down, right, h, w)


def _cutout(x: Tensor, rng: torch.Generator, share: float = 0.5) -> Tensor:
    n, _, h, w = x.shape
    side_y, side_x = int(h * share + 0.5), int(w * share + 0.5)
    top = torch.randint(0, h + (1 - side_y % 2), (n, 1), generator=rng, device=x.device) - side_y // 2
    left = torch.randint(0, w + (1 - side_x % 2), (n, 1), generator=rng, device=x.device) - side_x // 2
    row, column = torch.arange(h, device=x.device)[None], torch.arange(w, device=x.device)[None]
    inside = ((row >= top) & (row < top + side_y))[:, :, None] & ((column >= left) & (column < left + side_x))[:, None]
    return x.masked_fill(inside[:, None], 0.0)


PHOTOGRAPHS: dict[str, Part] = {"colour": _colour, "translation": _translate, "cutout": _cutout}
"""What the words of a policy mean for images."""
