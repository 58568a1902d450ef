"""Images on the device: uint8 until a batch is drawn, scaled to [-1, 1] in one place; streams of batches of any set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from numpy.typing import NDArray
from torch import Tensor

from ganlift.data.mapped import Chosen, Items, at

RESIDENT_BYTES = 2 * 1024**3
"""Sets up to this size live on the device whole; larger ones are gathered batch by batch, and so are images on the
disk where the device is the processor: from there a batch comes as fast, and memory does not grow with their number."""

LOADED = 4096
"""Images that are brought to the device at once."""


def to_float(pixels: Tensor) -> Tensor:
    """uint8 0..255 to float32 -1..1: the only place where pixels become numbers."""
    return pixels.float().div_(127.5).sub_(1.0)


def to_uint8(images: Tensor) -> Tensor:
    """Float -1..1 to uint8 0..255, rounded; values outside are clipped."""
    return images.float().add(1.0).mul(127.5).round().clamp(0, 255).to(torch.uint8)


def laid(array: NDArray[Any]) -> Tensor:
    """``array`` as a tensor with the strides of its shape.

    NumPy lets those of an axis of length one be anything; by them torch takes one colour for channels last, chooses
    other kernels, and comes out another in the last bit.
    """
    return torch.from_numpy(array.ravel()).view(array.shape)


class Held(Protocol):
    """A set of items on a device that hands out batches of them as float tensors; `Pixels` is one."""

    device: torch.device
    shape: tuple[int, ...]

    def __len__(self) -> int: ...

    def subset(self, indices: Tensor) -> Held: ...

    def take(self, indices: Tensor) -> Tensor: ...


class Pixels:
    """(n, c, h, w) uint8 images that hand out float batches on a device."""

    def __init__(self, images: Items | Tensor, device: torch.device) -> None:
        self.device = device
        self._resident: Tensor | None = None
        self._far: Items | None = None
        if isinstance(images, Tensor):
            self._resident = images.to(device)
        elif images.nbytes > RESIDENT_BYTES or (isinstance(images, Chosen) and device.type == "cpu"):
            self._far = images
        else:
            self._resident = _brought(images, device)
        self.shape = tuple(images.shape)

    def __len__(self) -> int:
        return int(self.shape[0])

    def subset(self, indices: Tensor) -> Pixels:
        """The images at ``indices`` (n,) as a set of their own."""
        if self._resident is not None:
            return Pixels(self._resident[indices], self.device)
        assert self._far is not None
        return Pixels(at(self._far, indices.cpu().numpy()), self.device)

    def take(self, indices: Tensor) -> Tensor:
        """The images at ``indices`` (n,), float (n, c, h, w) in [-1, 1]."""
        if self._resident is not None:
            return to_float(self._resident[indices])
        assert self._far is not None
        return to_float(laid(self._far[indices.cpu().numpy()]).to(self.device))


def _brought(images: Items, device: torch.device) -> Tensor:
    """``images`` on the device; those on the disk a part at a time, so that none is held twice."""
    if not isinstance(images, Chosen):
        return laid(images).to(device)
    found = torch.empty(images.shape, dtype=torch.uint8, device=device)
    for start in range(0, len(images), LOADED):
        found[start : start + LOADED] = laid(images[start : start + LOADED]).to(device)
    return found


@dataclass(frozen=True)
class Batch:
    """``x`` (n, ...), as the set hands it out; ``y`` (n,) int64, -1 where unlabelled; ``index`` (n,) into the set."""

    x: Tensor
    y: Tensor
    index: Tensor


def together(batches: Sequence[Batch]) -> Batch:
    """One batch of several; where there are more than one, ``index`` goes into several sets."""
    return Batch(*(torch.cat([getattr(one, part) for one in batches]) for part in ("x", "y", "index")))


class Stream:
    """Endless batches: every image once an epoch, in an order drawn anew; small sets repeat within a batch.

    ``rows`` (m,), indices of images, is what an epoch consists of where that is another: some images more than once.
    """

    def __init__(
        self,
        items: Held,
        labels: Tensor | None,
        batch_size: int,
        rng: torch.Generator,
        rows: Tensor | None = None,
    ) -> None:
        if not len(items):
            raise ValueError("a stream needs at least one image")
        self.items = items
        self.labels = labels
        self.batch_size = batch_size
        self._rng = rng
        self._rows = torch.arange(len(items), device=items.device) if rows is None else rows
        self._order = torch.empty(0, dtype=torch.int64, device=items.device)

    def __next__(self) -> Batch:
        while len(self._order) < self.batch_size:
            epoch = torch.randperm(len(self._rows), generator=self._rng, device=self.items.device)
            self._order = torch.cat([self._order, self._rows[epoch]])
        index, self._order = self._order[: self.batch_size], self._order[self.batch_size :]
        y = torch.full_like(index, -1) if self.labels is None else self.labels[index]
        return Batch(self.items.take(index), y, index)

    def state_dict(self) -> dict[str, Tensor]:
        return {"order": self._order.clone()}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        self._order = state["order"].to(self.items.device)


def even_rows(labels: Tensor) -> Tensor:
    """Indices in which every class comes as often as the largest, each image about equally often; ``labels`` (n,)."""
    largest = int(torch.bincount(labels).max())
    members = [(labels == label).nonzero().squeeze(1) for label in torch.unique(labels)]
    return torch.cat([own[torch.arange(largest, device=labels.device) % len(own)] for own in members])
