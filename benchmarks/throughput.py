"""Images a second of every classifier's and generator's step, as a share of the measured matrix-product rate.

    python benchmarks/throughput.py --out benchmarks/results/throughput.json

One thread, one step at a time, the best of several rounds; floating-point operations are counted by torch on the real
step. With ``--profile`` each entry also names the operations that take the most time.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from ganlift.data import draw_split, load, make_task
from ganlift.generators.base import generators
from ganlift.strategies.base import strategies
from ganlift.strategies.generation import generator_stage
from ganlift.strategies.setup import Setup
from ganlift.training.fit import Settings, fit
from ganlift.training.phase import Budget, Phase
from ganlift.training.precision import make_fabric
from ganlift.training.rng import Rng

BATCH = 64
CPU = torch.device("cpu")


class OperationCounter(TorchDispatchMode):
    """Adds up the floating-point operations of matrix products and convolutions, backward ones too."""

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        packet = func._overloadpacket
        if packet in flop_registry:
            self.total += flop_registry[packet](*args, **(kwargs or {}), out_val=out)
        return out


def matmul_rate(dtype: torch.dtype, size: int = 1024, seconds: float = 1.0) -> float:
    """Floating-point operations a second of a square matrix product."""
    a, b = (torch.randn(size, size).to(dtype) for _ in range(2))
    best, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        begun = time.perf_counter()
        a @ b
        best = min(best, time.perf_counter() - begun)
    return 2 * size**3 / best


def measure(phase: Phase, precision: str, steps: int = 20, rounds: int = 3) -> dict[str, float]:
    """Seconds and operations of one step of ``phase``, warmed up."""
    settings = Settings(make_fabric(CPU, precision))
    phase.steps = 3
    fit(phase, settings)
    phase.steps = 1
    with OperationCounter() as counter:
        fit(phase, settings)
    phase.steps = steps
    best = float("inf")
    for _ in range(rounds):
        begun = time.perf_counter()
        fit(phase, settings)
        best = min(best, (time.perf_counter() - begun) / steps)
    return {"seconds": best, "flops": float(counter.total), "images": float(phase.images_per_step)}


def hot_spots(phase: Phase, precision: str, steps: int = 20, most: int = 6) -> dict[str, float]:
    """Share of the time of the operations that take the most."""
    phase.steps = steps
    with torch.profiler.profile() as profile:
        fit(phase, Settings(make_fabric(CPU, precision)))
    spent = sorted(profile.key_averages(), key=lambda one: -one.self_cpu_time_total)
    total = sum(one.self_cpu_time_total for one in spent)
    return {one.key: round(one.self_cpu_time_total / total, 3) for one in spent[:most]}


def cases() -> dict[str, Callable[[], Phase]]:
    """Every first phase worth timing, by name."""
    images = load("fashion-mini")
    task = make_task(images, draw_split(images, 0, labels_per_class=10))

    def setup(name: str, **changes: Any) -> Setup:
        return Setup(task, Budget(20, BATCH, 20), Rng(0, name, CPU), CPU, **changes)

    found: dict[str, Callable[[], Phase]] = {}
    for classifier in ("small-cnn", "resnet18", "wide-resnet"):
        found[f"classifier {classifier}"] = lambda c=classifier: next(
            strategies.get("real-only").phases(setup("real-only", classifier=c), strategies.get("real-only").options())
        )
    for name, _ in generators:
        found[f"generator {name}"] = lambda g=name: generator_stage(setup("generator", generator=g)).phase
    for name in ("augment", "rotation", "fixmatch", "sgan", "sgan-fixmatch", "sgan-mix", "acgan"):
        found[f"arm {name}"] = lambda n=name: next(strategies.get(n).phases(setup(n), strategies.get(n).options()))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows: list[dict[str, Any]] = []
    for name, build in cases().items():
        if arguments.only not in name:
            continue
        for precision, dtype in {"fp32": torch.float32, "bf16": torch.bfloat16}.items():
            before = matmul_rate(dtype)  # measured beside each step, since a processor's clock drifts
            found = measure(build(), precision)
            rate = max(before, matmul_rate(dtype))
            row: dict[str, Any] = {
                "case": name,
                "precision": precision,
                "images_per_s": round(found["images"] / found["seconds"]),
                "matmul_flops": rate,
                "share_of_matmul": round(found["flops"] / found["seconds"] / rate, 4),
            }
            if arguments.profile:
                row["hot_spots"] = hot_spots(build(), precision)
            rows.append(row)
            print(
                f"{name:28} {precision}  {row['images_per_s']:>7} images/s  {row['share_of_matmul']:6.1%}", flush=True
            )
            for operation, share in row.get("hot_spots", {}).items():
                print(f"    {share:6.1%}  {operation}")
    if arguments.out:
        arguments.out.write_text(json.dumps({"rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
