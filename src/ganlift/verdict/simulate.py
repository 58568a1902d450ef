"""Simulated comparisons whose true gains are known, with the spread of real ones: the verdict's own test.

Whether image i is classified rightly by arm a in seed s is the sign of a latent normal number: a threshold
that gives the accuracy, plus an image's difficulty, plus what the arm makes of the image in every seed, plus
what the seed makes of it in every arm, plus noise, plus small shifts of the whole seed and of the arm in it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import integrate, optimize, special

from ganlift.errors import DataError
from ganlift.verdict.arms import Correct, Row, by_arm
from ganlift.verdict.difference import Parts, variance_parts
from ganlift.yardstick import YARDSTICKS


@dataclass(frozen=True)
class Spread:
    """How much accuracy varies, and with what.

    Attributes:
        accuracy: share of test images that are right, in (0, 1).
        difficulty: share of the latent variance that belongs to the image, common to all arms and seeds.
        arm_images: share that belongs to arm and image: what stays different between arms however many seeds.
        seed_images: share that belongs to seed and image, common to the arms of a seed.
        seed_sd, arm_sd: standard deviation over seeds of the accuracy, as fractions: of what is common to the
            arms of a seed, and of what is one arm's own.
    """

    accuracy: float
    difficulty: float
    arm_images: float
    seed_images: float
    seed_sd: float
    arm_sd: float


@dataclass(frozen=True)
class Design:
    """What is simulated.

    Attributes:
        kinds: kind of each arm by name.
        gains: true gain in accuracy by name; zero where absent.
        seeds, images: how many of each; ``validation`` images, which the arms of a seed share, choose the reference.
        restless: how many times as much as the others an arm varies over seeds, by name; 1 where absent.
        overlap: correlation between seeds of the shifts of an arm, as of labels drawn from one small pool.
        same_images: whether all seeds share their test images.
        ratio: how many times as many test images the first of the ten classes has as the last, falling evenly.
    """

    kinds: Mapping[str, str]
    gains: Mapping[str, float]
    seeds: int
    images: int = 2000
    validation: int = 100
    overlap: float = 0.0
    same_images: bool = True
    ratio: float = 1.0
    restless: Mapping[str, float] = field(default_factory=dict)


Comparison = tuple[list[dict[str, Any]], dict[tuple[str, int], NDArray[np.bool_]], dict[int, NDArray[np.int64]]]


def simulate(spread: Spread, design: Design, rng: np.random.Generator) -> Comparison:
    """Rows, correctness and labels of one comparison, as `ganlift.verdict.judge` takes them."""
    names, seeds = list(design.kinds), design.seeds
    threshold = _threshold(spread, design, rng)
    right = _right(spread, threshold, design.images, rng, same_images=design.same_images)
    on_validation = _right(spread, threshold, design.validation, rng, same_images=False)
    labels = rng.permutation(_labels(design)) if design.ratio > 1 else _labels(design)
    drawn = rng.choice(labels, (seeds, design.validation))
    rows = [
        {
            "strategy": name,
            "kind": design.kinds[name],
            "seed": seed,
            "status": "done",
            "uses_unlabelled": False,
            **{one.validation: one.of(on_validation[place, seed], drawn[seed]) for one in YARDSTICKS.values()},
            "elapsed_s": 1.0,
        }
        for place, name in enumerate(names)
        for seed in range(seeds)
    ]
    correct = {(name, seed): right[place, seed] for place, name in enumerate(names) for seed in range(seeds)}
    return rows, correct, {seed: labels if design.same_images else np.roll(labels, seed) for seed in range(seeds)}


def _right(
    spread: Spread, threshold: NDArray[np.float64], images: int, rng: np.random.Generator, *, same_images: bool
) -> NDArray[np.bool_]:
    """Whether each arm of each seed is right on each of ``images`` images, the same ones in all seeds or not."""
    arms, seeds = threshold.shape
    rest = 1.0 - spread.difficulty - spread.arm_images - spread.seed_images
    latent = math.sqrt(rest) * rng.standard_normal((arms, seeds, images), np.float32)
    own = 1 if same_images else seeds
    for share, axes in (
        (spread.difficulty, (1, own, images)),
        (spread.arm_images, (arms, own, images)),
        (spread.seed_images, (1, seeds, images)),
    ):
        if share > 0:
            latent += np.float32(math.sqrt(share)) * rng.standard_normal(axes, np.float32)
    found: NDArray[np.bool_] = latent < threshold[:, :, None]
    return found


def _labels(design: Design) -> NDArray[np.int64]:
    """Test labels of ten classes, (images,): in turn, or as unequal as ``ratio`` says."""
    if design.ratio == 1:
        return np.arange(design.images, dtype=np.int64) % 10
    ends = np.cumsum(design.ratio ** -np.linspace(0.0, 1.0, 10))
    return np.searchsorted(ends / ends[-1], (np.arange(design.images) + 0.5) / design.images).astype(np.int64)


def _threshold(spread: Spread, design: Design, rng: np.random.Generator) -> NDArray[np.float64]:
    """The latent threshold below which an image is right, (arms, seeds)."""
    gains = np.array([design.gains.get(name, 0.0) for name in design.kinds])
    slope = math.exp(-(special.ndtri(spread.accuracy) ** 2) / 2) / math.sqrt(2 * math.pi)
    shared = rng.standard_normal((len(gains), 1)) * math.sqrt(design.overlap)
    single = rng.standard_normal((len(gains), design.seeds)) * math.sqrt(1 - design.overlap)
    own = spread.arm_sd * np.array([design.restless.get(name, 1.0) for name in design.kinds])
    shifts = spread.seed_sd * rng.standard_normal((1, design.seeds)) + own[:, None] * (shared + single)
    return np.asarray(special.ndtri(spread.accuracy + gains)[:, None] + shifts / slope)


def estimate_spread(rows: Sequence[Row], correct: Correct) -> Spread:
    """The spread of a real comparison, from the seeds that all of its arms have done on the same test images.

    Raises:
        DataError: there are fewer than two arms or two seeds to estimate it from.
    """
    arms = [arm.name for arm in by_arm(rows).values() if arm.done]
    seeds = sorted(set.intersection(*(set(arm.done) for arm in by_arm(rows).values() if arm.done)) if arms else ())
    if len(arms) < 2 or len(seeds) < 2:
        raise DataError("The spread is estimated from two arms and two seeds at least that all of them have done.")
    table = np.array([[correct[name, seed] for seed in seeds] for name in arms], np.float64)
    accuracy = table.mean(axis=(1, 2))
    agreement = _agreements(table)
    same_arm, same_seed, neither = (_latent_correlation(accuracy.mean(), one) for one in agreement)
    pairs = [variance_parts(list(table[a] - table[b]), same_images=True) for a, b in combinations(range(len(arms)), 2)]
    single = [variance_parts(list(one), same_images=True) for one in table]
    arm_variance = max(0.0, fmean(_beyond_images(part) for part in pairs) / 2)
    all_variance = max(0.0, fmean(_beyond_images(part) for part in single))
    return Spread(
        accuracy=float(accuracy.mean()),
        difficulty=max(0.0, neither),
        arm_images=max(0.0, same_arm - neither),
        seed_images=max(0.0, same_seed - neither),
        seed_sd=math.sqrt(max(0.0, all_variance - arm_variance)),
        arm_sd=math.sqrt(arm_variance),
    )


def _beyond_images(parts: Parts) -> float:
    """The variance over seeds that the noise of their test images does not explain."""
    return parts.seed_variance - parts.residual_variance / parts.images


def _agreements(table: NDArray[np.float64]) -> tuple[float, float, float]:
    """Correlation over images of two seeds of an arm, of two arms of a seed, and of two arms in two seeds."""
    arms, seeds, images = table.shape
    flat = table - table.mean(axis=2, keepdims=True)
    flat /= np.maximum(1e-12, np.sqrt((flat**2).mean(axis=2, keepdims=True)))
    whole = flat.reshape(arms * seeds, images)
    correlation = whole @ whole.T / images
    arm, seed = np.divmod(np.arange(arms * seeds), seeds)
    one_arm, one_seed = arm[:, None] == arm[None], seed[:, None] == seed[None]
    cases = (one_arm & ~one_seed, one_seed & ~one_arm, ~one_arm & ~one_seed)
    first, second, third = (float(correlation[case].mean()) for case in cases)
    return first, second, third


def _latent_correlation(accuracy: float, correlation: float) -> float:
    """The correlation of two latent normals whose signs correlate by ``correlation`` (tetrachoric)."""
    squared = special.ndtri(accuracy) ** 2
    whole = accuracy * (1.0 - accuracy) * 2.0 * math.pi

    def short(angle: float) -> float:
        covariance = integrate.quad(lambda one: math.exp(-squared / (1.0 + math.sin(one))), 0.0, angle)[0]
        return float(covariance) / whole - correlation

    if correlation <= 0.0:
        return 0.0
    limit = math.asin(0.999)
    return math.sin(optimize.brentq(short, 0.0, limit)) if short(limit) > 0 else 0.999
