"""What a frozen network is: a name, a version that a cache can go by, and images to features."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from ganlift.errors import ConfigError

Forward = Callable[[Tensor], Tensor]
"""Images (n, 3, size, size) in [-1, 1] to features (n, d)."""


@dataclass(frozen=True)
class Network:
    """A frozen network; `settled` makes one, after trying it out.

    Attributes:
        name: as asked for, such as "efficientnet-lite0" or "timm:NAME".
        about: what it is and what it was trained on, in words.
        size: pixels of each side that it wants.
        width: features an image.
        version: changes with the weights and with whatever else features depend on.
        forward: images (n, 3, size, size) in [-1, 1] to features (n, width).
        batch: images that it takes at once, at most; in small ones a processor's cache holds what lies between layers.
        device: where it is.
    """

    name: str
    about: str
    size: int
    width: int
    version: str
    forward: Forward
    batch: int
    device: torch.device

    @torch.no_grad()
    def of_images(self, images: Tensor) -> Tensor:
        """Features (n, width) float32 of ``images`` (n, 1 or 3, h, w) in [-1, 1] on its device, of any size."""
        return self.forward(coloured(images, self.size)).float()

    @torch.inference_mode()
    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Features (n, width) float32 of ``pixels`` (n, 1 or 3, h, w) uint8, resized and normalised as it wants them.

        An image's features are the same whichever others stand beside it, but for the last bits. May be called from
        several threads at once.
        """
        found = np.empty((len(pixels), self.width), np.float32)
        for start in range(0, len(pixels), self.batch):
            part = torch.from_numpy(np.ascontiguousarray(pixels[start : start + self.batch])).to(self.device)
            found[start : start + self.batch] = self.of_images(part.float() / 127.5 - 1).cpu().numpy()
        return found


def settled(
    name: str, about: str, size: int, version: str, forward: Forward, batch: int, device: torch.device
) -> Network:
    """The network, tried out on two images: that tells its width.

    Raises:
        ConfigError: it fails on them, or what it makes of them is not (2, d), or not finite.
    """
    images = torch.linspace(-1, 1, 6 * size * size, device=device).view(2, 3, size, size)
    try:
        with torch.inference_mode():
            found = forward(images)
    except Exception as fault:  # whatever a stranger's network raises
        raise ConfigError(
            f"The network {name} fails on images of 3 × {size} × {size} ({first_line(fault)}); mend it or take another."
        ) from fault
    shape = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
    if not isinstance(found, Tensor) or found.ndim != 2 or len(found) != 2 or not found.shape[1]:
        raise ConfigError(
            f"The network {name} makes {shape} of 2 images, and (2, d) is expected, a row of features an image; "
            "take one without its last layers, pooled over the places of an image."
        )
    if not bool(found.isfinite().all()):
        raise ConfigError(f"The network {name} gives features that are not finite; its weights are damaged.")
    return Network(name, about, size, int(found.shape[1]), version, forward, batch, device)


def coloured(images: Tensor, size: int) -> Tensor:
    """``images`` (n, 1 or 3, h, w) as (n, 3, size, size): grey ones three times over, antialiased where they shrink."""
    images = images.expand(-1, 3, -1, -1)
    if images.shape[-2:] == (size, size):
        return images
    return F.interpolate(images, (size, size), mode="bilinear", align_corners=False, antialias=True)


def normalised(module: nn.Module, mean: Tensor, std: Tensor) -> Forward:
    """``module`` on images as it wants them: of ``mean`` and ``std`` (3,), on the scale from 0 to 1."""
    mean, std = mean.float().view(1, -1, 1, 1), std.float().view(1, -1, 1, 1)
    return lambda images: module(((images + 1) / 2 - mean) / std)


def weights_version(module: nn.Module, *more: str) -> str:
    """16 hex digits that change with a weight of ``module``, with its layers, or with what is said besides."""
    digest = hashlib.sha256(repr((str(module), *more)).encode())
    for name, value in module.state_dict().items():
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        digest.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:16]


def first_line(fault: Exception) -> str:
    return f"{type(fault).__name__}: {fault}".splitlines()[0].rstrip(".")
