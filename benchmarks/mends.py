"""What mends of the training step are worth: the step without each over the step with it, times from one run.

    python benchmarks/mends.py --out benchmarks/results/mends.json

Both forms take turns, so that a busy machine slows both; the ratio is that of the fastest rounds.
"""

from __future__ import annotations

import argparse
import importlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from unittest.mock import patch

import torch
from throughput import CPU, cases
from torch import Tensor

from ganlift.layers import pooled
from ganlift.training.fit import Settings, fit
from ganlift.training.phase import Phase
from ganlift.training.precision import make_fabric

STEPS, ROUNDS = 10, 12
diffaugment = importlib.import_module("ganlift.augment.diffaugment")  # the package shows its function of that name


def unfolded(x: Tensor, top: Tensor, left: Tensor, height: int, width: int) -> Tensor:
    """`ganlift.augment.basic.windows` from a view of every window there is."""
    views = x.unfold(2, height, 1).unfold(3, width, 1)
    return views[torch.arange(len(x)), :, top, left]


def turned_round(x: Tensor) -> Tensor:
    """`ganlift.layers.pooled.means_of_planes` as a mean over two dimensions."""
    return x.mean(dim=(2, 3))


def put_back(module: ModuleType, name: str, value: object, run: Callable[[], float]) -> Callable[[], float]:
    """``run`` with ``value`` in place of what the module has under ``name``."""

    def seconds() -> float:
        with patch.object(module, name, value):
            return run()

    return seconds


def plain_optimizers(phase: Phase) -> Phase:
    """``phase`` with optimisers that take one step a tensor and operation."""
    for optimizer in phase.optimizers.values():
        for group in optimizer.param_groups:
            group["fused"], group["foreach"] = False, False
    return phase


def channels_first(phase: Phase) -> Phase:
    """``phase`` with weights as PyTorch makes them."""
    for module in (*phase.modules.values(), *(average.module for average in phase.averages.values())):
        module.to(memory_format=torch.contiguous_format)
    return phase


def compare(before: Callable[[], float], after: Callable[[], float]) -> float:
    """How many times as long ``before`` takes as ``after``; each returns seconds."""
    rounds = [(before(), after()) for _ in range(ROUNDS)]
    return min(one for one, _ in rounds) / min(other for _, other in rounds)


def timer(phase: Phase, precision: str) -> Callable[[], float]:
    """Seconds of `STEPS` more steps of ``phase``, warmed up."""
    settings = Settings(make_fabric(CPU, precision))
    phase.steps = 3
    fit(phase, settings)
    phase.steps = STEPS

    def seconds() -> float:
        begun = time.perf_counter()
        fit(phase, settings)
        return time.perf_counter() - begun

    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    build = cases()
    found: dict[str, dict[str, float]] = {"bf16 in place of fp32": {}, "fused optimisers": {}}
    for case in ("arm augment", "arm sgan", "generator sngan"):
        found["bf16 in place of fp32"][case] = compare(timer(build[case](), "fp32"), timer(build[case](), "bf16"))
        slow = timer(plain_optimizers(build[case]()), "bf16")
        found["fused optimisers"][case] = compare(slow, timer(build[case](), "bf16"))
    for precision in ("fp32", "bf16"):
        ratios = found.setdefault(f"weights channels last, {precision}", {})
        for case in ("arm augment", "arm fixmatch", "arm sgan"):
            slow = timer(channels_first(build[case]()), precision)
            ratios[case] = compare(slow, timer(build[case](), precision))
        ratios = found.setdefault(f"the mean over the plane goes back as its planes lie, {precision}", {})
        for case in ("arm augment", "arm fixmatch", "arm sgan"):
            slow = put_back(pooled, "means_of_planes", turned_round, timer(build[case](), precision))
            ratios[case] = compare(slow, timer(build[case](), precision))
    slow = put_back(diffaugment, "windows", unfolded, timer(build["generator sngan"](), "bf16"))
    quick = timer(build["generator sngan"](), "bf16")
    found["DiffAugment's shift gathered, not unfolded"] = {"generator sngan": compare(slow, quick)}
    for mend, by_case in found.items():
        for case, ratio in by_case.items():
            print(f"{mend:60} {case:18} {ratio:.2f} times as fast")
    if arguments.out:
        arguments.out.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
