"""Losses where some classes have many labelled images and others few; ``counts`` (K,) are theirs, at least 1."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def effective_number_weights(counts: Tensor, beta: float) -> Tensor:
    """Weights (K,) that sum to K, as (1 - β) / (1 - β^n_k): one over the effective number of images.

    The class-balanced loss's weights (Cui et al. 2019), their sum as in LDAM's code. β 0 gives equal weights; towards 1
    they become those of `inverse_frequency_weights`.

    Args:
        beta: in [0, 1).
    """
    return _summing_to_classes((1.0 - beta) / (1.0 - beta ** counts.double()))


def inverse_frequency_weights(counts: Tensor) -> Tensor:
    """Weights (K,) that sum to K, as 1 / n_k."""
    return _summing_to_classes(1.0 / counts.double())


def _summing_to_classes(weights: Tensor) -> Tensor:
    return (weights * (len(weights) / weights.sum())).float()


def weighted_cross_entropy(logits: Tensor, targets: Tensor, weights: Tensor, label_smoothing: float = 0.0) -> Tensor:
    """Σ_i Σ_k w_k t_ik CE(i, k) / Σ_i Σ_k w_k t_ik: a mean that does not shrink where a batch has light classes alone.

    Smoothing is of each class's own target, after its weight, so that it favours no class.

    Args:
        logits: (n, K).
        targets: rows (n, K) that sum to one.
        weights: (K,) above 0.
        label_smoothing: share of uniform mixed into the targets, in [0, 1).
    """
    share = targets * weights
    smoothed = torch.lerp(share, share.mean(1, keepdim=True).expand_as(share), label_smoothing)
    return -(smoothed * logits.log_softmax(1, dtype=torch.float32)).sum() / share.sum()


def ldam_margins(counts: Tensor, largest: float) -> Tensor:
    """Margins (K,) C / n_k^(1/4), C such that the rarest class has ``largest`` (LDAM: Cao et al. 2019)."""
    margins = counts.double() ** -0.25
    return (margins * (largest / margins.max())).float()


def with_margin(logits: Tensor, labels: Tensor, margins: Tensor) -> Tensor:
    """``logits`` (n, K), that of each image's own class less the class's margin (K,) (LDAM: Cao et al. 2019)."""
    return logits - margins * F.one_hot(labels, logits.shape[1])


def with_prior(logits: Tensor, counts: Tensor, strength: float) -> Tensor:
    """``logits`` (n, K) plus τ log π_k, π_k the share of class k (Menon et al. 2021); τ is ``strength``."""
    return logits + strength * (counts / counts.sum()).log().to(logits.dtype)
