"""Adaptive augmentation (Karras et al. 2020: Training GANs with Limited Data), the set "bgc".

The discriminator sees reals and fakes through transformations, each applied to an image with probability p:

    blitting    mirror; a random quarter turn; whole pixels, up to 1/8 of the side
    geometry    scale 2^N(0, 0.2); turn by U(-π, π), before and after a stretch by 2^N(0, 0.2) one way and its
                inverse the other, each turn with 1 - √(1 - p); shift by N(0, 1/8) of the side
    colour      brightness + N(0, 0.2); contrast × 2^N(0, 0.5); and, about the mean of the channels: that mean mirrored,
                hue turned by U(-π, π), saturation × 2^N(0, 1)

p follows how sure the discriminator is: every 4 steps, p += sign(r - target) · images of these steps / speed, with
r = E[sign(D(real))] over them (their section 3 and appendix B).

What differs: p stays in [0, 1] (theirs has no upper end); one bilinear sampling in place of one between doubling and
halving with a wavelet, which blurs a little more and works on a quarter of the pixels; the image is reflected at its
very edge. Image filters, noise and cutout are no part of "bgc".
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from ganlift.augment.basic import warp

EVERY = 4

Transform = Callable[[Tensor, Tensor, torch.Generator], Tensor]
"""Images (n, c, h, w), a probability p and randomness to images, each operation applied to an image with p."""


class AdaptiveAugment(nn.Module):
    """Transforms images (n, c, h, w), c being 1 or 3, with a probability that it moves itself; its state is buffers.

    Args:
        target: of r, in (-1, 1); 0.6 in the paper.
        speed: images after which p, always moving one way, has gone from 0 to 1.
        transform: what is done to images, the set "bgc" where None.
    """

    p: Tensor
    r: Tensor
    signs: Tensor
    images: Tensor
    steps: Tensor

    def __init__(self, target: float, speed: float, transform: Transform | None = None) -> None:
        super().__init__()
        self._transform = transform or augment
        self._target, self._speed = target, speed
        for name in ("p", "r", "signs", "images", "steps"):
            self.register_buffer(name, torch.zeros(()))

    def forward(self, x: Tensor, rng: torch.Generator) -> Tensor:
        """``x`` transformed, float32; its gradient flows through, and its values may leave [-1, 1]."""
        return self._transform(x.float(), self.p, rng)

    @torch.no_grad()
    def observe(self, on_real: Tensor) -> None:
        """Take in the discriminator's logits (n,) of a step's real images, and move p when it is time.

        Without a question to the device: every branch is a product.
        """
        self.signs += on_real.sign().sum()
        self.images += len(on_real)
        self.steps += 1
        due = (self.steps >= EVERY).float()
        self.r.lerp_(self.signs / self.images, due)
        self.p += due * (self.r - self._target).sign() * self.images / self._speed
        self.p.clamp_(0.0, 1.0)
        for counted in (self.signs, self.images, self.steps):
            counted *= 1.0 - due

    def metrics(self) -> dict[str, Tensor]:
        """``augment_p`` and ``augment_r``, the last r that moved it."""
        return {"augment_p": self.p.clone(), "augment_r": self.r.clone()}


def augment(x: Tensor, p: Tensor, rng: torch.Generator) -> Tensor:
    """The set "bgc" on images (n, c, h, w), each transformation with probability ``p``, a scalar; at 0 the identity."""
    with torch.autocast(x.device.type, enabled=False):  # products of places in bf16 are a quarter of a pixel off
        places = _places(x, p, rng)
    return _colour(warp(x, places, "reflection"), p, rng)


class _Draws:
    """Numbers for ``n`` images; `sometimes` keeps each with probability ``p`` and puts what does nothing elsewhere."""

    def __init__(self, n: int, p: Tensor, rng: torch.Generator) -> None:
        self._n, self.p, self._rng = n, p, rng

    def uniform(self, low: float, high: float) -> Tensor:
        return torch.rand(self._n, generator=self._rng, device=self.p.device) * (high - low) + low

    def normal(self, deviation: float) -> Tensor:
        return torch.randn(self._n, generator=self._rng, device=self.p.device) * deviation

    def sometimes(self, value: Tensor, p: Tensor | None = None) -> Tensor:
        """``value`` (n,), 0 where it is not applied."""
        return value * (self.uniform(0, 1) < (self.p if p is None else p))

    def pair_sometimes(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        applied = self.uniform(0, 1) < self.p
        return first * applied, second * applied


def _places(x: Tensor, p: Tensor, rng: torch.Generator) -> Tensor:
    """Matrices (n, 2, 3) from places in the output to places in ``x``, both in [-1, 1]."""
    n, _, h, w = x.shape
    draw, p_turn = _Draws(n, p, rng), 1 - (1 - p).sqrt()
    mirror = 1 - 2 * draw.sometimes((draw.uniform(0, 2)).floor())
    places = _linear(mirror, torch.zeros_like(mirror), torch.zeros_like(mirror), torch.ones_like(mirror))
    places = places @ _turn(draw.sometimes(draw.uniform(0, 4).floor()) * (math.pi / 2))
    down, right = draw.pair_sometimes(draw.uniform(-h / 8, h / 8).round() / h, draw.uniform(-w / 8, w / 8).round() / w)
    places = places @ _shift(right, down)
    zoom = torch.exp2(draw.sometimes(draw.normal(0.2)))
    places = places @ _stretch(zoom, zoom) @ _turn(draw.sometimes(draw.uniform(-math.pi, math.pi), p_turn))
    stretch = torch.exp2(draw.sometimes(draw.normal(0.2)))
    places = places @ _stretch(stretch, 1 / stretch) @ _turn(draw.sometimes(draw.uniform(-math.pi, math.pi), p_turn))
    places = places @ _shift(*draw.pair_sometimes(draw.normal(1 / 8), draw.normal(1 / 8)))
    return places[:, :2]


def _linear(xx: Tensor, xy: Tensor, yx: Tensor, yy: Tensor) -> Tensor:
    """Homogeneous matrices (n, 3, 3) of (x, y) -> (xx x + xy y, yx x + yy y), each argument (n,)."""
    matrix = torch.eye(3, device=xx.device).repeat(len(xx), 1, 1)
    matrix[:, :2, :2] = torch.stack([xx, xy, yx, yy], dim=1).view(-1, 2, 2)
    return matrix


def _turn(angle: Tensor) -> Tensor:
    return _linear(angle.cos(), -angle.sin(), angle.sin(), angle.cos())


def _stretch(x: Tensor, y: Tensor) -> Tensor:
    return _linear(x, torch.zeros_like(x), torch.zeros_like(x), y)


def _shift(right: Tensor, down: Tensor) -> Tensor:
    """By shares of the side, which is 2 long in these coordinates."""
    matrix = torch.eye(3, device=right.device).repeat(len(right), 1, 1)
    matrix[:, 0, 2], matrix[:, 1, 2] = 2 * right, 2 * down
    return matrix


def _colour(x: Tensor, p: Tensor, rng: torch.Generator) -> Tensor:
    """Luma, the mean of the channels, and what is left of each channel, which a turn of hue keeps at a sum of 0."""
    draw = _Draws(len(x), p, rng)
    brightness = draw.sometimes(draw.normal(0.2))[:, None, None, None]
    contrast = torch.exp2(draw.sometimes(draw.normal(0.5)))[:, None, None, None]
    mirrored = contrast * (1 - 2 * draw.sometimes(draw.uniform(0, 2).floor()))[:, None, None, None]
    if x.shape[1] == 1:
        return (x + brightness) * mirrored
    angle = draw.sometimes(draw.uniform(-math.pi, math.pi))[:, None, None, None]
    strength = contrast * torch.exp2(draw.sometimes(draw.normal(1.0)))[:, None, None, None]
    luma = x.mean(dim=1, keepdim=True)
    chroma = x - luma
    # the cross product with (1, 1, 1) / √3 is chroma turned by a quarter
    quarter = (chroma.roll(1, 1) - chroma.roll(-1, 1)) / math.sqrt(3)
    return (luma + brightness) * mirrored + strength * (angle.cos() * chroma + angle.sin() * quarter)
