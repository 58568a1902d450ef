"""Thresholds that follow the classifier: how sure it must be before its guess teaches, by class and as it learns.

FreeMatch (Wang et al. 2023), self-adaptive thresholding: with q the predictions on a batch's weak views and λ the
memory,

    τ ← λ τ + (1 - λ) mean max q,        p̃_k ← λ p̃_k + (1 - λ) mean q_k,        both 1 / K at first,
    τ_k = τ · p̃_k / max p̃.

Early on, when nothing is sure, most guesses count; a class that is seldom predicted has a lower threshold. FreeMatch's
other part, a loss that keeps the predicted classes even, is left out: it takes even classes for granted.
"""

from __future__ import annotations

import torch
from torch import Tensor

MEMORY = 0.02
"""Steps that the estimates look back on, as a share of the budget's; FreeMatch's λ of 0.999 belongs to a million."""


class AdaptiveThresholds:
    """The running estimates τ and p̃ of K classes; a phase's extra, since the next step depends on them."""

    def __init__(self, classes: int, steps: int, device: torch.device) -> None:
        self.decay = 1.0 - 1.0 / max(1.0, MEMORY * steps)
        self.confidence = torch.tensor(1.0 / classes, device=device)
        self.shares = torch.full((classes,), 1.0 / classes, device=device)

    def update(self, logits: Tensor) -> Tensor:
        """Take in logits (n, K) of weak views; τ_k (K,), this batch included."""
        q = logits.detach().float().softmax(1)
        self.confidence = torch.lerp(q.amax(1).mean(), self.confidence, self.decay)
        self.shares = torch.lerp(q.mean(0), self.shares, self.decay)
        return self.confidence * self.shares / self.shares.max()

    def state_dict(self) -> dict[str, Tensor]:
        return {"confidence": self.confidence, "shares": self.shares}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        device = self.shares.device
        self.confidence, self.shares = state["confidence"].to(device), state["shares"].to(device)
