"""What generators without an adversary are made of, in the form that a shape asks for: of images, or of vectors."""

from __future__ import annotations

from torch import Tensor, nn

from ganlift.generators.base import ImageShape, Shape
from ganlift.generators.common import resolutions
from ganlift.layers.bank import VECTORS, Bank
from ganlift.layers.coders import Decoder, Encoder
from ganlift.layers.lengths import to_length
from ganlift.layers.vector_coders import Told, VectorDecoder
from ganlift.layers.velocity import PlaneVelocity, VectorVelocity

HIDDEN, MOVING = 8, 16
"""Hidden units of a coder of vectors, and of what moves vectors, in multiples of the option ``width``."""


def coders(shape: Shape, width: int, outputs: int, latent: int) -> tuple[nn.Module, nn.Module]:
    """An encoder to (n, outputs) and a decoder from (n, latent), both told labels (n,), -1 where unknown.

    Args:
        width: channels next to an image; vectors have `HIDDEN` times as many hidden units.

    Raises:
        ConfigError: images of that size can't be made.
    """
    if isinstance(shape, ImageShape):
        base, doublings = resolutions(shape.size)
        encoder = Encoder(shape.channels, shape.classes, base, doublings, width, outputs)
        return encoder, Decoder(shape.channels, shape.classes, base, doublings, width, latent)
    hidden = HIDDEN * width
    decoder = VectorDecoder(latent, shape.classes, hidden, shape.width, positive=shape.positive)
    return Told(shape.width, shape.classes, hidden, outputs), decoder


def velocity(shape: Shape, width: int) -> nn.Module:
    """Items, times (n,) and labels (n,), -1 where unknown, to values of the items' size.

    Args:
        width: channels next to an image; vectors have `MOVING` times as many hidden units.

    Raises:
        ConfigError: images of that size can't be made.
    """
    if isinstance(shape, ImageShape):
        _, doublings = resolutions(shape.size)
        return PlaneVelocity(shape.channels, shape.classes, doublings - 1, width)  # the first one unfolds pixels
    return VectorVelocity(shape.width, shape.classes, MOVING * width)


def item(shape: Shape) -> tuple[int, ...]:
    """The size of one item: (channels, size, size) or (width,)."""
    return (shape.channels, shape.size, shape.size) if isinstance(shape, ImageShape) else (shape.width,)


def bank(shape: Shape, kept: int) -> Bank:
    """Room for ``kept`` items a class."""
    if isinstance(shape, ImageShape):
        return Bank(shape.classes, kept, item(shape))
    return Bank(shape.classes, kept, item(shape), VECTORS)


def within(shape: Shape, values: Tensor) -> Tensor:
    """Values (n, d) as images, clipped to [-1, 1]; or as vectors of length √d, none below zero where ``positive``."""
    if isinstance(shape, ImageShape):
        return values.reshape(-1, *item(shape)).clamp(-1, 1)
    return to_length(values.clamp(min=0) if shape.positive else values)
