"""Images a second of the default feature network in one pass, by way of running it, each compared with plain fp32.

    python benchmarks/embedding.py --out benchmarks/results/embedding.json

One thread each, in its own processor seconds, so that other work on the machine counts as little as may be; the ways
take turns, round by round, and the best round of each counts. ``exact`` says that every image's features have a cosine
similarity above 0.9999 with those of plain fp32: its layers one by one, normalisations by themselves. ``threads`` has
two threads to every operation beside two threads of which each takes batches, and ``files`` image files from disk to
disk through `ganlift.features.embed`; both in seconds of the clock. It takes two to three minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from throughput import OperationCounter, matmul_rate
from torch import Tensor, nn
from torch.nn import functional as F

from ganlift.cores import most_threads, share_of_a_core
from ganlift.data.bundled_sets import fashion_mini
from ganlift.features import Files, Recipe, embed, feature_network
from ganlift.features.networks import efficientnet_lite0 as lite

IMAGES, ROUNDS, BATCHES = 16, 3, (1, 4, 16)
EXACT = 0.9999
Way = Callable[[Tensor], Tensor]


class Normalised(nn.Module):
    """A convolution and its normalisation by itself."""

    def __init__(self, convolution: nn.Module, values: list[Tensor]) -> None:
        super().__init__()
        self.convolution = convolution
        self.scale, self.shift, self.mean, self.variance = values

    def forward(self, x: Tensor) -> Tensor:
        x = self.convolution(x)
        return F.batch_norm(x, self.mean, self.variance, self.scale, self.shift, eps=lite.EPSILON)


def plain() -> nn.Module:
    """As published: every normalisation by itself."""
    model = lite.EfficientNetLite0()
    values = [value for name, value in torch.load(lite._weights(), weights_only=True).items() if "_fc." not in name]
    places = [(m, name) for m in model.modules() for name, one in m.named_children() if isinstance(one, lite.SameConv)]
    ordered = sorted(places, key=lambda place: _order(model, place[0], place[1]))
    for index, (parent, name) in enumerate(ordered):
        weight, *rest = values[index * lite.TENSORS : (index + 1) * lite.TENSORS]
        convolution = getattr(parent, name)
        convolution.load_state_dict({"weight": weight, "bias": torch.zeros(len(weight))})
        convolution.bias = None
        setattr(parent, name, Normalised(convolution, rest[:4]))
    return model


def _order(model: nn.Module, parent: nn.Module, name: str) -> int:
    return [id(one) for one in model.modules()].index(id(getattr(parent, name)))


def photographs(many: int) -> np.ndarray:  # type: ignore[type-arg]
    """(many, 3, 224, 224) uint8: garments enlarged, each channel another one."""
    pixels = fashion_mini().pixels[: 3 * many, ..., 0].reshape(many, 3, 28, 28)
    large = F.interpolate(torch.from_numpy(pixels).float(), (224, 224), mode="bicubic")
    return large.round().clamp(0, 255).to(torch.uint8).numpy()


def ways() -> dict[str, Way]:
    """Every way of running the network, by name."""

    def last(model: nn.Module) -> Way:
        model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return lambda x: model(x.contiguous(memory_format=torch.channels_last))

    def bf16(way: Way) -> Way:
        def run(x: Tensor) -> Tensor:
            with torch.autocast("cpu", torch.bfloat16):
                return way(x)

        return run

    found = {"fp32, plain": plain(), "fp32, channels last": last(plain()), "fp32, folded": lite.published()}
    found["fp32, folded, channels last (shipped elsewhere)"] = last(lite.published())
    found["bf16 autocast, folded, channels last"] = bf16(last(lite.published()))
    found["fp32, folded, torch.compile"] = torch.compile(lite.published())
    found["fp32, folded, onnxruntime (shipped where it is installed)"] = feature_network().forward
    return found


def seconds(way: Way, images: Tensor, batch: int) -> float:
    """This thread's seconds for all images."""
    begun = time.thread_time()
    for part in images.split(batch):
        way(part)
    return time.thread_time() - begun


def compare(images: Tensor) -> list[dict[str, Any]]:
    """A row a way: at its best batch, and at each."""
    known = ways()
    first, reference = {}, known["fp32, plain"](images)
    with OperationCounter() as counter:
        known["fp32, plain"](images)
    rate = matmul_rate(torch.float32)
    for name, way in known.items():
        begun = time.perf_counter()
        way(images[:4])
        first[name] = time.perf_counter() - begun
    pairs = [(name, batch) for name in known for batch in BATCHES if batch == 4 or "compile" not in name]
    best = dict.fromkeys(pairs, float("inf"))  # it compiles for each size of a batch
    for _ in range(ROUNDS + 1):  # the first warms up, and is hardly ever the best
        for name, batch in best:
            best[name, batch] = min(best[name, batch], seconds(known[name], images, batch))
    rows = []
    for name, way in known.items():
        found = way(images).float()
        by_batch = {batch: round(len(images) / best[name, batch], 1) for batch in BATCHES if (name, batch) in best}
        quickest = max(by_batch.values())
        similar = float(F.cosine_similarity(found, reference).min())
        rows.append(
            {
                "way": name,
                "images_per_s": by_batch,
                "share_of_matmul": round(counter.total / len(images) * quickest / rate, 3),
                "deviation": float((found - reference).norm() / reference.norm()),
                "cosine": similar,
                "exact": similar > EXACT,
                "first_call_s": round(first[name], 2),
            }
        )
    return rows


def by_threads(images: Tensor) -> dict[str, float]:
    """Images a second of the clock: two threads to every operation, and two threads that each take batches."""
    way = ways()["fp32, folded, channels last (shipped elsewhere)"]
    batches = images.split(4)

    def alone(part: Tensor) -> None:
        with torch.no_grad():
            way(part)

    best = {"two to an operation": float("inf"), "one each": float("inf")}
    for _ in range(ROUNDS + 1):
        with ThreadPoolExecutor(2, initializer=lambda: torch.set_num_threads(1)) as pool:
            list(pool.map(alone, batches[:2]))  # starts them
            begun = time.perf_counter()
            list(pool.map(alone, batches))
            best["one each"] = min(best["one each"], time.perf_counter() - begun)
        torch.set_num_threads(2)
        begun = time.perf_counter()
        list(map(way, batches))
        best["two to an operation"] = min(best["two to an operation"], time.perf_counter() - begun)
        torch.set_num_threads(1)
    return {name: round(len(images) / took, 1) for name, took in best.items()}


def of_files(pixels: np.ndarray, folder: Path, views: int) -> dict[str, Any]:  # type: ignore[type-arg]
    """Files of 1,000 px through `embed`, views and disk included: forwards a second, of clock and processor."""
    paths = [folder / f"{index}.jpg" for index in range(len(pixels))]
    for path, image in zip(paths, pixels, strict=True):
        Image.fromarray(image.transpose(1, 2, 0)).resize((1000, 1000)).save(path, quality=90)
    files, network = Files(paths), feature_network()
    begun, used = time.perf_counter(), time.process_time()
    embed(files, files.hashes(), network, Recipe(views, flips=True), folder=folder)
    took, spent = time.perf_counter() - begun, time.process_time() - used
    many = len(pixels) * views
    return {"views": views, "per_s": round(many / took, 1), "per_processor_s": round(many / spent, 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    pixels = photographs(IMAGES)
    torch.set_num_threads(1)
    images = torch.from_numpy(pixels).float() / 127.5 - 1
    with torch.no_grad():
        rows, threads = compare(images), by_threads(images)
    with tempfile.TemporaryDirectory() as holder:
        files = [of_files(photographs(64), Path(holder), views) for views in (1, 4)]
    machine = {"cores": os.cpu_count(), "threads": most_threads(), "share_of_a_core": round(share_of_a_core(), 2)}
    print("| way | images/s, batches of 1, 4, 16 | share of a matrix product | deviation | exact | first call, s |")
    print("|---|---|---|---|---|---|")
    for row in rows:
        rates = ", ".join(str(one) for one in row["images_per_s"].values())
        cells = (row["way"], rates, f"{row['share_of_matmul']:.0%}", f"{row['deviation']:.1e}")
        print(f"| {' | '.join(cells)} | {'yes' if row['exact'] else 'no'} | {row['first_call_s']} |")
    print(threads, files, machine)
    if arguments.out:
        record = {"torch": torch.__version__, **machine, "rows": rows, "threads": threads, "files": files}
        arguments.out.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
