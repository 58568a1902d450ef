"""Deferred re-weighting: first every image counts alike, then rare classes count more (Cao et al. 2019).

Features are learnt from the data as they are; the class-balanced weights of the last steps, where the learning rate
is small, move the boundaries. The paper re-weights from epoch 160 of 200 on, which is `DEFER` of the steps.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ganlift.imbalance_losses import effective_number_weights
from ganlift.strategies.base import Setup

DEFER, BETA = 0.8, 0.9999


def deferred_weights(setup: Setup, t: int, defer: float, beta: float) -> Tensor:
    """Class weights (K,) of step ``t``: ones up to the share ``defer`` of the budget, then class-balanced ones.

    Cao et al. 2019, algorithm 1, with the weights of Cui et al. 2019.
    """
    if t < defer * setup.budget.steps:
        return torch.ones(setup.task.classes, device=setup.device)
    return effective_number_weights(setup.class_counts, beta)
