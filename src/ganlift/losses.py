"""Losses as pure functions of logits and features: adversarial, semi-supervised, supervised.

Logits of a discriminator are (n,) or (n, 1) floats, real above zero. Every loss is a scalar: the mean over
the batch, unless it says otherwise. Log-probabilities go through softplus and log-sum-exp, so that logits of
±1e4 give finite values and gradients.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

# Adversarial losses: the discriminator's, then the generator's.


def discriminator_bce(real: Tensor, fake: Tensor) -> Tensor:
    """Cross-entropy of real against 1 plus that of fake against 0 (Goodfellow et al. 2014)."""
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def generator_bce(fake: Tensor) -> Tensor:
    """Cross-entropy of fake against 1: the non-saturating form (Goodfellow et al. 2014, section 3)."""
    return F.softplus(-fake).mean()


def generator_bce_saturating(fake: Tensor) -> Tensor:
    """The minimax form: minus the discriminator's cross-entropy of fake against 0."""
    return -F.softplus(fake).mean()


def discriminator_hinge(real: Tensor, fake: Tensor) -> Tensor:
    """Margins of 1 on either side (Lim and Ye 2017; Miyato et al. 2018)."""
    return F.relu(1.0 - real).mean() + F.relu(1.0 + fake).mean()


def generator_hinge(fake: Tensor) -> Tensor:
    """Minus the mean score of fakes."""
    return -fake.mean()


def discriminator_least_squares(real: Tensor, fake: Tensor) -> Tensor:
    """Squared distance of real to 1 and of fake to 0 (Mao et al. 2017, without their factor 1/2)."""
    return (real - 1.0).square().mean() + fake.square().mean()


def generator_least_squares(fake: Tensor) -> Tensor:
    """Squared distance of fake to 1."""
    return (fake - 1.0).square().mean()


def discriminator_wasserstein(real: Tensor, fake: Tensor) -> Tensor:
    """Mean of fake minus mean of real (Arjovsky et al. 2017); wants `gradient_penalty` beside it."""
    return fake.mean() - real.mean()


def generator_wasserstein(fake: Tensor) -> Tensor:
    """Minus the mean score of fakes."""
    return -fake.mean()


def discriminator_relativistic(real: Tensor, fake: Tensor) -> Tensor:
    """Real above the fake it was drawn with (Jolicoeur-Martineau 2018; R3GAN, Huang et al. 2024).

    Both are of one shape; wants `r1_penalty` and `r2_penalty` beside it.
    """
    return F.softplus(-_paired_difference(real, fake)).mean()


def generator_relativistic(real: Tensor, fake: Tensor) -> Tensor:
    """Fake above the real it was drawn with."""
    return F.softplus(_paired_difference(real, fake)).mean()


def _paired_difference(real: Tensor, fake: Tensor) -> Tensor:
    if real.shape != fake.shape:
        raise ValueError(f"pairs need as many real as fake logits, not {tuple(real.shape)} and {tuple(fake.shape)}")
    return real - fake


class Adversarial(NamedTuple):
    """Two players' losses, both called as ``loss(real_logits, fake_logits)``."""

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor, Tensor], Tensor]


def _of_fake(loss: Callable[[Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    return lambda real, fake: loss(fake)


ADVERSARIAL: dict[str, Adversarial] = {
    "bce": Adversarial(discriminator_bce, _of_fake(generator_bce)),
    "bce-saturating": Adversarial(discriminator_bce, _of_fake(generator_bce_saturating)),
    "hinge": Adversarial(discriminator_hinge, _of_fake(generator_hinge)),
    "least-squares": Adversarial(discriminator_least_squares, _of_fake(generator_least_squares)),
    "wasserstein": Adversarial(discriminator_wasserstein, _of_fake(generator_wasserstein)),
    "relativistic": Adversarial(discriminator_relativistic, generator_relativistic),
}
"""Every adversarial loss by name; penalties are added by whoever uses one that needs them."""


def lecam(real: Tensor, fake: Tensor, mean_real: Tensor, mean_fake: Tensor) -> Tensor:
    """[D(x) - α_F]₊² + [α_R - D(G(z))]₊²: either side is held near the other's average (Tseng et al. 2021, eq. 4).

    As in the authors' code, which squares the positive part alone.

    Args:
        mean_real, mean_fake: scalars α_R and α_F, moving averages of the discriminator on earlier batches.
    """
    return F.relu(real - mean_fake).square().mean() + F.relu(mean_real - fake).square().mean()


# Semi-supervised losses, on class logits (n, K) and features (n, d).


def sgan_unlabelled(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """K + 1 classes written with K logits: D(x) = Z / (Z + 1), Z = Σ exp l (Salimans et al. 2016).

    Half of (-log D(real) - log(1 - D(fake))), real being unlabelled images.
    """
    real, fake = real_logits.logsumexp(1), fake_logits.logsumexp(1)
    return 0.5 * discriminator_bce(real, fake)


def feature_matching(real_features: Tensor, fake_features: Tensor) -> Tensor:
    """Squared difference of the two batch means, averaged over the d features (Salimans et al. 2016).

    No gradient flows into the real features: the generator moves, the target stays.
    """
    return (real_features.detach().mean(0) - fake_features.mean(0)).square().mean()


def consistency(weak_logits: Tensor, strong_logits: Tensor, threshold: float | Tensor) -> Tensor:
    """Cross-entropy of the strong view against the weak view's class where it is confident (FixMatch, 2020).

    No gradient flows into the weak view. The sum over confident images is divided by the whole batch, so that
    the term grows as the classifier grows sure.

    Args:
        weak_logits: (n, K) of the weakly augmented images.
        strong_logits: (n, K) of the same images, strongly augmented.
        threshold: least probability of the weak view's class, in [0, 1]: one for all classes, or one each, (K,).
    """
    confidence, pseudo = weak_logits.detach().softmax(1).max(1)
    losses = F.cross_entropy(strong_logits, pseudo, reduction="none")
    least = threshold[pseudo] if isinstance(threshold, Tensor) else threshold
    return (losses * (confidence >= least)).mean()


def confident_share(weak_logits: Tensor, threshold: float) -> Tensor:
    """Share of images whose most probable class reaches ``threshold``: what `consistency` learns from."""
    return (weak_logits.detach().softmax(1).amax(1) >= threshold).float().mean()


def squared_consistency(logits: Tensor, teacher_logits: Tensor) -> Tensor:
    """Mean over images and classes of the squared difference of probabilities (Tarvainen and Valpola 2017).

    Both are (n, K); no gradient flows into the teacher's.
    """
    return (logits.softmax(1) - teacher_logits.detach().softmax(1)).square().mean()


def inverted_cross_entropy(logits: Tensor) -> Tensor:
    """-log(1 - p) of the most probable class: least where logits (n, K) favour none (MarginGAN: Dong and Lin 2019).

    Written as log Σ exp of all logits less that of all but the largest.
    """
    largest = F.one_hot(logits.argmax(1), logits.shape[1]).bool()
    return (logits.logsumexp(1) - logits.masked_fill(largest, -torch.inf).logsumexp(1)).mean()


# Class losses of a discriminator; images whose label is -1 are left out, and without any other the loss is 0.


def known_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of logits (n, K) over the images with a label (Odena et al. 2017)."""
    known = labels >= 0
    return (F.cross_entropy(logits, labels.clamp(min=0), reduction="none") * known).sum() / known.sum().clamp(min=1)


def data_to_data_cross_entropy(
    features: Tensor, proxies: Tensor, labels: Tensor, temperature: float, margin: float
) -> Tensor:
    """An image near its class's proxy and away from images of other classes (D2D-CE: ReACGAN, Kang et al. 2021).

    With cosines s, a = [s(f, v_y) - m]₋ / τ and b_j = [s(f, f_j) - (1 - m)]₊ / τ over images of other classes:
    the mean of -a + log(exp a + Σ_j exp b_j). Pairs that are easy, beyond their margin, pull no more.

    Args:
        features: (n, d).
        proxies: (K, d).
        temperature: τ, above 0.
        margin: m, just below 1.
    """
    features, known = F.normalize(features, dim=1), labels >= 0
    own = F.normalize(proxies, dim=1)[labels.clamp(min=0)]
    near = ((features * own).sum(1) - margin).clamp(max=0) / temperature
    apart = (features @ features.T - (1 - margin)).clamp(min=0) / temperature
    others = (labels[:, None] != labels[None, :]) & known[None, :]
    rest = torch.cat([near[:, None], apart.masked_fill(~others, -torch.inf)], dim=1)
    return ((rest.logsumexp(1) - near) * known).sum() / known.sum().clamp(min=1)


# Of unlabelled images, on logits of classes or clusters (n, K).


def mean_entropy(logits: Tensor) -> Tensor:
    """Mean over the batch of the entropy of its softmax, in nats (Grandvalet and Bengio 2005, eq. 6)."""
    return -(logits.softmax(1) * logits.log_softmax(1)).sum(1).mean()


def entropy_of_mean(logits: Tensor) -> Tensor:
    """Entropy of the mean softmax over the batch, in nats: log K where all clusters are of one size."""
    log_mean = _log_mean(logits)
    return -(log_mean.exp() * log_mean).sum()


def _log_mean(logits: Tensor) -> Tensor:
    """Log of the mean softmax over the batch, (K,)."""
    return F.log_softmax(logits, dim=1).logsumexp(0) - math.log(len(logits))


def divergence_of_mean(logits: Tensor, sizes: Tensor) -> Tensor:
    """KL(p̄ ‖ π) in nats of the mean softmax p̄ over the batch from π, ``sizes`` (K,) over their sum.

    Where all sizes are equal, it is log K less `entropy_of_mean`.
    """
    log_mean = _log_mean(logits)
    return (log_mean.exp() * (log_mean - (sizes / sizes.sum()).log().to(log_mean))).sum()


def neighbours_agree(one: Tensor, other: Tensor) -> Tensor:
    """−mean log ⟨p, q⟩ of the softmaxes of pairs (Van Gansbeke et al. 2020, eq. 2)."""
    both = F.log_softmax(one, dim=1) + F.log_softmax(other, dim=1)
    return -both.logsumexp(1).mean()


# Self-supervised, on projections (n, d).


def negative_cosine(p: Tensor, z: Tensor) -> Tensor:
    """Mean of -cos(p, z) over pairs of rows, in [-1, 1] (Chen and He 2021, eq. 1); the caller stops gradients."""
    return -F.cosine_similarity(p, z, dim=1).mean()


# Supervised.


def soft_cross_entropy(logits: Tensor, targets: Tensor, label_smoothing: float = 0.0) -> Tensor:
    """Cross-entropy against class indices (n,) int64 or probabilities (n, K), smoothed towards uniform.

    Args:
        logits: (n, K).
        targets: labels, or rows that sum to one (Mixup, CutMix, soft pseudo-labels).
        label_smoothing: share of uniform mixed into the targets, in [0, 1).
    """
    return F.cross_entropy(logits, targets, label_smoothing=label_smoothing)
