"""Images a second of `ganlift predict`: weights in torch beside an exported ONNX file of the same model, in one run.

    OMP_NUM_THREADS=1 python benchmarks/predict.py runs/first --out benchmarks/results/predict.json

``model`` is the classifier alone, in batches of 64; ``files`` is everything from image files on disk to probabilities.
Both take turns, round by round, and the best round of each counts, so that other work on the machine touches both.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from ganlift.data.bundled_sets import fashion_mini
from ganlift.data.npz import square
from ganlift.inference.export import export_model
from ganlift.inference.model import Model, load_model
from ganlift.inference.predict import predictions

BATCH, ROUNDS = 64, 7


def rate(work: Callable[[], int]) -> float:
    """Images a second of one call."""
    begun = time.perf_counter()
    return work() / (time.perf_counter() - begun)


def best_rates(works: dict[str, Callable[[], int]]) -> dict[str, float]:
    """The best rate of each, after a round that does not count."""
    rounds = [{name: rate(work) for name, work in works.items()} for _ in range(ROUNDS + 1)]
    return {name: max(one[name] for one in rounds[1:]) for name in works}


def over_arrays(model: Model, images: np.ndarray) -> int:  # type: ignore[type-arg]
    for start in range(0, len(images), BATCH):
        model.probabilities(images[start : start + BATCH])
    return len(images)


def over_files(model: Model, files: list[Path]) -> int:
    return len(list(predictions(model, files, BATCH)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--pixels", type=int, default=256, help="sides of the files, as JPEG")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as holder:
        folder = Path(holder)
        models = {
            "torch": load_model(arguments.run, "cpu"),
            "onnxruntime": load_model(export_model(arguments.run, "onnx", folder / "model.onnx").file),
        }
        facts = models["torch"].facts
        pixels = fashion_mini().pixels[: arguments.images]
        images = np.repeat(square(pixels, facts.image_size), facts.channels, axis=3).transpose(0, 3, 1, 2).copy()
        files = [folder / f"{index}.jpg" for index in range(len(pixels))]
        for path, image in zip(files, square(pixels, arguments.pixels), strict=True):
            Image.fromarray(image[..., 0]).convert("RGB").save(path, quality=90)
        found = {
            "model": best_rates({name: lambda m=model: over_arrays(m, images) for name, model in models.items()}),
            "files": best_rates({name: lambda m=model: over_files(m, files) for name, model in models.items()}),
        }
    for what, rates in found.items():
        print(
            f"{what}: torch {rates['torch']:,.0f} images/s, onnxruntime {rates['onnxruntime']:,.0f}, "
            f"ratio {rates['onnxruntime'] / rates['torch']:.2f}"
        )
    if arguments.out:
        size = {"classifier": facts.classifier, "image_size": facts.image_size, "channels": facts.channels}
        record = {
            **size,
            "files_px": arguments.pixels,
            "batch": BATCH,
            "threads": torch.get_num_threads(),
            "images_per_s": found,
        }
        arguments.out.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
