"""Which near copies are found, by how they were made, and how often unlike images are taken for copies.

    python benchmarks/near_copies.py --photos FOLDER --cifar10 FOLDER --out benchmarks/results/near-copies.json
    python benchmarks/near_copies.py --table benchmarks/results/near-copies.json

Of each set (photographs at 128 px, CIFAR-10 at 32, fashion-mini at 28) a fifth of the images, drawn once, gets a copy
of one kind of change, and the copies that pair with their image are counted. The last line are pairs among the images
alone, of 100,000 possible ones; a few of them are true, since the sets have copies of their own.
"""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from ganlift.data.load import load
from ganlift.data.near import fingerprints, near_pairs
from ganlift.data.reading import Reading
from ganlift.data.types import ImageSet
from ganlift.runs.files import read_json, write_json

Change = Callable[[Image.Image], Image.Image]
COUNT, COPIED = 2000, 0.2


def jpeg(quality: int) -> Change:
    """Encoded and decoded again."""

    def change(image: Image.Image) -> Image.Image:
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality)
        return Image.open(file)

    return change


def resized(factor: float) -> Change:
    """Made smaller or larger, and brought back to its size."""

    def change(image: Image.Image) -> Image.Image:
        other = image.resize((round(image.width * factor),) * 2, Image.Resampling.BICUBIC)
        return other.resize(image.size, Image.Resampling.BICUBIC)

    return change


def cropped(share: float) -> Change:
    """``share`` of the side cut off, half of it on each edge, and brought back to its size."""

    def change(image: Image.Image) -> Image.Image:
        off = image.width * share / 2
        box = (off, off, image.width - off, image.height - off)
        return image.resize(image.size, Image.Resampling.BICUBIC, box=box)

    return change


def noisy(spread: float) -> Change:
    """Normal noise on every value."""

    def change(image: Image.Image) -> Image.Image:
        values = np.asarray(image, np.float64)
        noise = np.random.default_rng(0).normal(0, spread, values.shape)
        return Image.fromarray(np.uint8(np.clip(values + noise, 0, 255)))

    return change


CHANGES: dict[str, Change] = {
    "JPEG, quality 90": jpeg(90),
    "JPEG, quality 50": jpeg(50),
    "JPEG, quality 20": jpeg(20),
    "half the size and back": resized(0.5),
    "twice the size and back": resized(2.0),
    "mirrored": ImageOps.mirror,
    "turned by 90°": lambda image: image.rotate(90),
    "turned by 5°": lambda image: image.rotate(5, Image.Resampling.BICUBIC),
    "5 % of the side cropped": cropped(0.05),
    "10 % of the side cropped": cropped(0.10),
    "20 % of the side cropped": cropped(0.20),
    "30 % brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.3),
    "contrast by half": lambda image: ImageEnhance.Contrast(image).enhance(0.5),
    "blurred by 1 px": lambda image: image.filter(ImageFilter.GaussianBlur(1)),
    "noise of 10 grey levels": noisy(10),
    "mirrored, JPEG 50, 5 % cropped": lambda image: cropped(0.05)(jpeg(50)(ImageOps.mirror(image))),
}


def rates(pixels: NDArray[np.uint8]) -> dict[str, float]:
    """The share of copies found, by change; ``"pairs"`` among the images alone and ``"false pairs"``, of 100,000."""
    rng = np.random.default_rng(0)
    chosen = rng.permutation(len(pixels))[: int(COPIED * len(pixels))]
    prints = fingerprints(pixels)
    alone = {(int(a), int(b)) for a, b in near_pairs(prints)}
    found, false, possible = dict[str, float](), 0, 0
    for name, change in CHANGES.items():
        copies = np.stack([_as_array(change(_as_image(pixels[index])), pixels.shape[3]) for index in chosen])
        pairs = {(int(a), int(b)) for a, b in near_pairs(np.concatenate([prints, fingerprints(copies)]))}
        true = {(int(index), len(pixels) + place) for place, index in enumerate(chosen)}
        found[name] = len(pairs & true) / len(true)
        own = {(a, b) for a, b in pairs - true - alone if b < len(pixels)}
        false, possible = false + len(own), possible + len(pixels) * (len(pixels) - 1) // 2
    return {**found, "pairs": 2e5 * len(alone) / len(pixels) / (len(pixels) - 1), "false pairs": 1e5 * false / possible}


def _as_image(pixels: NDArray[np.uint8]) -> Image.Image:
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


def _as_array(image: Image.Image, channels: int) -> NDArray[np.uint8]:
    return np.asarray(image.convert("L" if channels == 1 else "RGB"), np.uint8).reshape(*image.size, channels)


def table(found: dict[str, dict[str, float]]) -> list[str]:
    """A line a change, and how often other images pair."""
    lines = [f"| copy | {' | '.join(found)} |", f"|---|{'---:|' * len(found)}"]
    for name in CHANGES:
        lines.append(f"| {name} | {' | '.join(f'{100 * one[name]:.0f} %' for one in found.values())} |")
    pairs = " | ".join(f"{one['pairs']:.1f}" for one in found.values())
    return [*lines, f"| pairs among the images alone, of 100,000 possible ones | {pairs} |"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos")
    parser.add_argument("--cifar10", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--table", type=Path)
    asked = parser.parse_args()
    if asked.table:
        print("\n".join(table(read_json(asked.table))))
        return
    sets: dict[str, Callable[[], ImageSet]] = {"fashion-mini, 28 px": lambda: load("fashion-mini")}
    if asked.cifar10:
        sets["CIFAR-10, 32 px"] = lambda: load("cifar10", data_dir=asked.cifar10)
    if asked.photos:
        sets["photographs, 128 px"] = lambda: load(asked.photos, Reading(image_size=128))
    found = {}
    for name, images in sets.items():
        found[name] = rates(np.asarray(images().pixels[:COUNT]))
        print(name, json.dumps(found[name]), flush=True)
    if asked.out:
        write_json(asked.out, found)


if __name__ == "__main__":
    main()
