"""Self-attention over a plane (SAGAN, Zhang et al. 2019; BigGAN's form, Brock et al. 2019)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganlift.layers.residual import Wrap


class SelfAttention(nn.Module):
    """x + γ · o(Σ_j β_j g(x)_j) on planes (n, width, h, w) of even sides; γ begins at 0, and so as the identity.

    Queries come from an eighth of the channels, values from half; keys and values lie on a plane of half the side.
    """

    def __init__(self, width: int, wrap: Wrap) -> None:
        super().__init__()
        few, half = max(1, width // 8), max(1, width // 2)
        self.query = wrap(nn.Conv2d(width, few, 1, bias=False))
        self.key = wrap(nn.Conv2d(width, few, 1, bias=False))
        self.value = wrap(nn.Conv2d(width, half, 1, bias=False))
        self.out = wrap(nn.Conv2d(half, width, 1, bias=False))
        self.share = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        query = self.query(x).flatten(2)
        key, value = (F.max_pool2d(layer(x), 2).flatten(2) for layer in (self.key, self.value))
        weights = (query.transpose(1, 2) @ key).softmax(2)
        gathered = (value @ weights.transpose(1, 2)).unflatten(2, x.shape[2:])
        return torch.addcmul(x, self.share, self.out(gathered))
