"""Other packages' GANs beside ours: the same network, images, batch and thread; speed, memory, quality.

    python benchmarks/peers.py --cifar10 FOLDER --place FOLDER --out benchmarks/results/peers.json
    python benchmarks/peers.py --table --out benchmarks/results/peers.json

torchgan's DCGAN with its minimax losses beside `dcgan`, and torch-mimicry's SNGAN-32 beside `sngan` with
``architecture=resnet``, each in fp32 on one thread, without labels, Adam at 2e-4. FOLDER holds the binary version of
CIFAR-10; ``--place`` is where pip puts the peers, without what they depend on. A full update is one step of the
discriminator and one of the generator. Peers and ours take turns, each in a process of its own; speed is the median
over the turns, memory the most over them that the updates took. Quality is the kernel distance of 500 samples to
as many held-out images, on the features of efficientnet-lite0, after as many updates.

The peers import packages for measures and pictures that nobody asks for here; what stands in their place does
nothing. A peer that can't be had is named in the record with the reason, and left out.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import torch
from torch import Tensor

from ganlift.data import load
from ganlift.generators.base import ImageShape, generators
from ganlift.measures.kernel import kernel_distance
from ganlift.measures.networks.named import EFFICIENTNET, named_network
from ganlift.training.memory import PeakMemory
from ganlift.training.update import Update

PEERS = {"torchgan": "torchgan==0.1.0", "mimicry": "torch-mimicry==0.1.16"}
PAIRS = {
    "dcgan": ("torchgan", {"width": 64}),
    "sngan": ("mimicry", {"architecture": "resnet", "width": 32, "colour": False, "translation": False}),
}
RATES: dict[str, dict[str, Any]] = {
    "dcgan": {"lr": 2e-4},
    "sngan": {"d_lr": 2e-4, "g_lr": 2e-4, "beta1": 0.5, "beta2": 0.999},
}
ADAM: dict[str, Any] = {"lr": 2e-4, "betas": (0.5, 0.999)}
NOT_NEEDED = (
    "torchvision",
    "torchvision.datasets",
    "torchvision.transforms",
    "torchvision.utils",
    "tensorflow",
    "skimage",
    "torch._six",
)
SIDE, BATCH, LATENT, ROUNDS, SAMPLES = 32, 64, 100, 5, 500
CPU = torch.device("cpu")

Step = Callable[[Tensor], object]
Sample = Callable[[int], Tensor]


def ours(name: str) -> tuple[Step, Sample, int]:
    """A full update on images (n, 3, h, h), a sampler, and how many weights there are."""
    entry, rng = generators.get(name), torch.Generator().manual_seed(0)
    options = entry.options(**PAIRS[name][1], **RATES[name], latent=LATENT)
    model = entry.build(ImageShape(channels=3, size=SIDE, classes=0), options, CPU)
    update, none = Update(model.optimizers()), torch.full((BATCH,), -1)

    def sample(count: int) -> Tensor:
        return model.sample(count, None, rng)

    return lambda real: model.step(real, none, rng, update), sample, _weights(*model.modules().values())


def torchgan() -> tuple[Step, Sample, int]:
    from torchgan.losses import MinimaxDiscriminatorLoss, MinimaxGeneratorLoss
    from torchgan.models import DCGANDiscriminator, DCGANGenerator

    maker = DCGANGenerator(encoding_dims=LATENT, out_size=SIDE, out_channels=3, step_channels=64)
    judge = DCGANDiscriminator(SIDE, 3, step_channels=64, last_nonlinearity=torch.nn.Identity())
    adams = [torch.optim.Adam(one.parameters(), **ADAM) for one in (maker, judge)]
    of_maker, of_judge = MinimaxGeneratorLoss(nonsaturating=True), MinimaxDiscriminatorLoss()

    def step(real: Tensor) -> None:
        of_judge.train_ops(maker, judge, adams[1], real, CPU)
        of_maker.train_ops(maker, judge, adams[0], CPU, len(real))

    return step, lambda count: maker(torch.randn(count, LATENT)), _weights(maker, judge)


def mimicry() -> tuple[Step, Sample, int]:
    from torch_mimicry.nets.sngan.sngan_32 import SNGANDiscriminator32, SNGANGenerator32
    from torch_mimicry.training.metric_log import MetricLog

    maker, judge, log = SNGANGenerator32(nz=LATENT, ngf=32), SNGANDiscriminator32(ndf=32), MetricLog()
    adams = [torch.optim.Adam(one.parameters(), **ADAM) for one in (maker, judge)]

    def step(real: Tensor) -> None:
        batch = (real, None)
        judge.train_step(batch, netG=maker, optD=adams[1], log_data=log, device=CPU)
        maker.train_step(batch, netD=judge, optG=adams[0], log_data=log, device=CPU)

    return step, lambda count: maker.generate_images(count, device=CPU), _weights(maker, judge)


def nothing(name: str) -> MagicMock:
    module = MagicMock(name=name)
    module.__spec__ = ModuleSpec(name, None)
    return module


def _weights(*modules: torch.nn.Module) -> int:
    return sum(p.numel() for module in modules for p in module.parameters())


def turn(whose: str, name: str, cifar10: Path, steps: int, quality: bool) -> dict[str, Any]:
    """One turn, in a process of its own."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    images = load(f"cifar10:{cifar10}")
    order = torch.randperm(len(images.labels), generator=torch.Generator().manual_seed(1))
    some = torch.from_numpy(images.batch(order[: 10_000 + SAMPLES].numpy())).float() / 127.5 - 1
    step, sample, weights = ours(name) if whose == "ganlift" else {"torchgan": torchgan, "mimicry": mimicry}[whose]()
    batches = [some[:10_000][torch.randint(10_000, (BATCH,))] for _ in range(steps)]
    memory = PeakMemory(CPU)
    for real in batches[:2]:
        step(real)
    begun = time.perf_counter()
    for real in batches[2:]:
        step(real)
    rate = BATCH * (steps - 2) / (time.perf_counter() - begun)
    row = {"images_per_s": round(rate, 1), "memory_mb": (memory.peak() or 0) // 2**20, "weights": weights}
    if quality:
        row["kernel_distance"] = round(_distance(sample, some[10_000:]), 2)
    return row


@torch.no_grad()
def _distance(sample: Sample, real: Tensor) -> float:
    network = named_network(EFFICIENTNET, CPU)
    made = torch.cat([sample(100) for _ in range(SAMPLES // 100)]).clamp(-1, 1)
    return 1000 * kernel_distance(*(network.features(torch.split(one, network.batch)) for one in (made, real)))


def compared(name: str, asked: argparse.Namespace) -> dict[str, Any]:
    """All turns of a pair, ours and theirs one after the other."""
    peer = PAIRS[name][0]
    rows: dict[str, list[dict[str, Any]]] = {"ganlift": [], peer: []}
    for number in range(ROUNDS):
        for whose in rows:
            last = number == ROUNDS - 1
            words = ["--turn", whose, name, str(asked.steps if last else max(12, asked.steps // 10)), str(int(last))]
            command = [sys.executable, __file__, "--cifar10", asked.cifar10, "--place", asked.place, *words]
            done = subprocess.run([str(one) for one in command], capture_output=True, text=True)
            if done.returncode:
                return {"generator": name, "peer": peer, "reason": done.stderr.strip().splitlines()[-1]}
            rows[whose].append(json.loads(done.stdout.splitlines()[-1]))
            print(name, whose, rows[whose][-1], flush=True)
    found = {whose: {**own[-1], **_summary(own)} for whose, own in rows.items()}
    return {"generator": name, "peer": peer, "steps": asked.steps, "batch": BATCH, **found}


def _summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    rates = [row["images_per_s"] for row in rows]
    return {"images_per_s": statistics.median(rates), "memory_mb": max(row["memory_mb"] for row in rows)}


def table(record: dict[str, Any]) -> list[str]:
    """Markdown, a line a package."""
    lines = [
        "| network | package | weights | images/s | ratio | memory, MB | kernel distance × 1,000 |",
        "|---" * 7 + "|",
    ]
    for row in record["pairs"]:
        if "reason" in row:
            lines.append(f"| `{row['generator']}` | {row['peer']} | not run: {row['reason']} | | | | |")
            continue
        mine = row["ganlift"]["images_per_s"]
        for whose in ("ganlift", row["peer"]):
            own = row[whose]
            cells = [f"{own['weights']:,}", f"{own['images_per_s']:.0f}", f"{own['images_per_s'] / mine:.2f}"]
            cells += [str(own["memory_mb"]), f"{own['kernel_distance']:.1f}"]
            lines.append(f"| `{row['generator']}` | {whose} | {' | '.join(cells)} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cifar10", type=Path, help="the folder with data_batch_1.bin and so on")
    parser.add_argument("--place", type=Path, help="where the peers are put")
    parser.add_argument("--steps", type=int, default=200, help="full updates before quality is measured")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--table", action="store_true", help="print the table of what is in --out")
    parser.add_argument("--turn", nargs=4, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.table:
        print("\n".join(table(json.loads(asked.out.read_text()))))
        return
    if asked.turn:
        sys.path.append(str(asked.place))
        sys.modules.update({name: nothing(name) for name in NOT_NEEDED if asked.turn[0] != "ganlift"})
        whose, name, steps, quality = asked.turn
        print(json.dumps(turn(whose, name, asked.cifar10, int(steps), quality == "1")))
        return
    for spec in PEERS.values():
        pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(asked.place), spec]
        subprocess.run(pip, check=False, stderr=subprocess.DEVNULL)
    record = {"torch": torch.__version__, "pairs": [compared(name, asked) for name in PAIRS]}
    asked.out.write_text(json.dumps(record, indent=1) + "\n")
    print("\n".join(table(record)))


if __name__ == "__main__":
    main()
