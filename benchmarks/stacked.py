"""Whether all seeds of an arm on features are faster as one batched model than as models one after another.

    python benchmarks/stacked.py [--seeds 10] [--out benchmarks/results/stacked.json]

A step of `fixmatch` on features as the kernels see it: 64 labelled, 64 weak and 64 strong vectors of 1,280 values
through the classifier `mlp`, forwards, backwards and through AdamW. *Stacked* has the weights of all seeds in one
tensor a layer and multiplies them by `torch.baddbmm`; both start from the same weights and must end with the same loss.
The two take turns, on one thread and on two; what counts is their ratio. Seeds one after another on one thread are what
a worker does, and there is a worker a core.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganlift.classifiers.mlp import HIDDEN
from ganlift.runs.files import write_json

BATCH, WIDTH, CLASSES, STEPS, TURNS = 3 * 64, 1280, 10, 20, 5
SIDES = (WIDTH, HIDDEN, HIDDEN, CLASSES)

Weights = list[tuple[Tensor, Tensor]]


def drawn(seed: int) -> Weights:
    """Weights (in, out) and bias (1, out) of each layer of the seed's network."""
    rng = torch.Generator().manual_seed(seed)
    return [(torch.randn(a, b, generator=rng) / a**0.5, torch.zeros(1, b)) for a, b in pairwise(SIDES)]


def logits(x: Tensor, weights: Weights, product: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Tensor:
    """The network without its noise and dropout: ``product`` is of one model, or of all at once."""
    for place, (weight, bias) in enumerate(weights):
        x = product(bias, x if place == 0 else F.leaky_relu(x, 0.2), weight)
    return x


def training(x: Tensor, y: Tensor, weights: Weights, product: Callable[[Tensor, Tensor, Tensor], Tensor]) -> float:
    """The sum of the seeds' losses after `STEPS` steps on ``x`` (..., n, d) with labels ``y`` (..., n)."""
    leaves = [(nn.Parameter(weight.clone()), nn.Parameter(bias.clone())) for weight, bias in weights]
    optimizer = torch.optim.AdamW([one for pair in leaves for one in pair], lr=1e-3, fused=True)
    seeds = x.shape[0] if x.ndim == 3 else 1
    for _ in range(STEPS):
        found = logits(x, [(weight, bias) for weight, bias in leaves], product)
        loss = F.cross_entropy(found.flatten(0, -2), y.flatten()) * seeds
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return float(loss.detach())


def measured(seeds: int, threads: int) -> dict[str, float]:
    """Seconds of both, medians over the turns, their ratio, and how far their losses are apart."""
    torch.set_num_threads(threads)
    rng = torch.Generator().manual_seed(0)
    x, y = torch.randn(seeds, BATCH, WIDTH, generator=rng), torch.randint(CLASSES, (seeds, BATCH), generator=rng)
    alone = [drawn(seed) for seed in range(seeds)]
    layers = range(len(SIDES) - 1)
    stacked = [(torch.stack([one[k][0] for one in alone]), torch.stack([one[k][1] for one in alone])) for k in layers]
    ways: dict[str, Callable[[], float]] = {
        "one_after_another": lambda: sum(training(x[k], y[k], alone[k], torch.addmm) for k in range(seeds)),
        "stacked": lambda: training(x, y, stacked, torch.baddbmm),
    }
    losses = {name: way() for name, way in ways.items()}  # and warm
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(TURNS):
        for name, way in ways.items():
            begun = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - begun)
    found = {name: statistics.median(taken) for name, taken in seconds.items()}
    return {
        **{f"{name}_s": round(value, 3) for name, value in found.items()},
        "times_faster": round(found["one_after_another"] / found["stacked"], 2),
        "losses_apart": abs(losses["stacked"] - losses["one_after_another"]) / seeds,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    found = {f"{threads} thread(s)": measured(asked.seeds, threads) for threads in (1, 2)}
    for name, line in found.items():
        print(name, line)
    if asked.out:
        write_json(asked.out, {"seeds": asked.seeds, "steps": STEPS, **found})


if __name__ == "__main__":
    main()
