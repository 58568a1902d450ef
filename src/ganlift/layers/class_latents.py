"""Latents of a class: a Gaussian a class, to which a generator's noise is shaped (BAGAN, Mariani et al. 2018)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ClassLatents(nn.Module):
    """Standard normal noise z to μ_y + L_y z, the covariance of class y being L_y L_yᵀ; z itself until `fit`.

    Args:
        classes: number of Gaussians, at least 1.
        size: of a latent.
    """

    mean: Tensor
    factor: Tensor

    def __init__(self, classes: int, size: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(classes, size))
        self.register_buffer("factor", torch.eye(size).repeat(classes, 1, 1))

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        """``z`` (n, size) standard normal, ``labels`` (n,) in 0..classes-1; (n, size)."""
        return self.mean[labels] + torch.einsum("nij,nj->ni", self.factor[labels], z)

    @torch.no_grad()
    def fit(self, codes: Tensor, labels: Tensor, prior: float) -> None:
        """Estimate each class's Gaussian from codes (n, size) with labels (n,).

        Few codes give a covariance of low rank, on which a generator would make few images. So the pooled covariance
        within classes, Σ, counts as ``prior`` codes more: Σ_y = (n_y S_y + prior · Σ) / (n_y + prior). A class without
        codes gets the mean of all and Σ.
        """
        codes = codes.float()
        present = [int(label) for label in torch.unique(labels)]
        means = {label: codes[labels == label].mean(0) for label in present}
        centred = codes - torch.stack([means[int(label)] for label in labels])
        size = codes.shape[1]
        pooled = centred.T @ centred / len(codes)
        # the floor keeps a Cholesky factor where codes lie in a plane, or there is one only
        pooled = pooled + 1e-4 * pooled.diagonal().mean().clamp(min=1e-4) * torch.eye(size, device=codes.device)
        self.mean.copy_(codes.mean(0).expand_as(self.mean))
        self.factor.copy_(torch.linalg.cholesky(pooled).expand_as(self.factor))
        for label, mean in means.items():
            own = centred[labels == label]
            covariance = (own.T @ own + prior * pooled) / (len(own) + prior)
            self.mean[label], self.factor[label] = mean, torch.linalg.cholesky(covariance)
