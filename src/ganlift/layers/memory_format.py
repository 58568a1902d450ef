"""How weights of convolutions lie in memory: as a processor multiplies them, so that no layer turns its input round."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import Tensor, nn

from ganlift.layers.pooled import PooledClassifier
from ganlift.layers.small_generator import SmallGenerator

Network = TypeVar("Network", bound=nn.Module)


def lay_out(model: Network, device: torch.device) -> Network:
    """``model``, its weights channels last where it is a network of ours on a processor.

    Others are left alone: one that calls ``view`` on what a convolution made would stop. On a GPU it pays in half
    precision alone.
    """
    if device.type == "cpu" and isinstance(model, PooledClassifier | SmallGenerator):
        model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return model


def laid_as(value: Tensor, weight: Tensor) -> Tensor:
    """``value`` with the strides of ``weight``, of the same shape: a gradient, or what an optimiser remembers.

    A fused step goes through all of them in the order of memory, and where orders differ it takes the number of one
    weight for another's, without a word.
    """
    if value.stride() == weight.stride():
        return value
    return torch.empty_like(weight, dtype=value.dtype).copy_(value)
