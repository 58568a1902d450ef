"""Seconds and memory of `ganlift check` on a folder of many small JPEG files.

    python benchmarks/check.py --images 10000 --size 128 --photos folder-of-photographs

The files are crops of the photographs at random places, or enlarged images of fashion-mini where no folder is given;
a tenth are near copies of others, encoded again. One process checks the folder, and its seconds and peak memory are
printed as JSON.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from ganlift.data import load
from ganlift.data.folder import image_files


def crops(photos: Path | None, size: int, rng: np.random.Generator) -> Iterator[Image.Image]:
    """Images of ``size`` pixels without end."""
    if photos is None:
        pixels = load("fashion-mini").pixels[..., 0]
        while True:
            yield Image.fromarray(pixels[rng.integers(len(pixels))]).resize((size, size)).convert("RGB")
    paths = [path for path in image_files(photos)[0] if path.suffix != ".gif"]
    while True:
        with Image.open(paths[rng.integers(len(paths))]) as opened:
            photo = opened.convert("RGB")
        for _ in range(20):
            side = int(rng.integers(min(photo.size) // 3, min(photo.size)))
            left, top = (int(rng.integers(0, whole - side + 1)) for whole in photo.size)
            yield photo.resize((size, size), Image.Resampling.BICUBIC, (left, top, left + side, top + side))


def make(folder: Path, count: int, size: int, photos: Path | None) -> None:
    """``count`` files in ten classes; every tenth is the one before it, encoded at a lower quality."""
    source = crops(photos, size, np.random.default_rng(0))
    for name in range(10):
        (folder / f"class {name}").mkdir(parents=True)
    for index in range(count):
        copied = index % 10 == 9
        picture = picture if copied else next(source)  # noqa: F821 - set by the round before
        picture.save(folder / f"class {index // 10 % 10}" / f"{index}.jpg", quality=60 if copied else 90)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--photos", type=Path, help="a folder of photographs to cut the images from")
    parser.add_argument("--keep", type=Path, help="make the files here, or check those that are here already")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary) / "images"
        if not folder.exists():
            make(folder, given.images, given.size, given.photos)
        begun = time.perf_counter()
        command = [sys.executable, "-m", "ganlift", "check", str(folder), "--json"]
        ended = subprocess.run(command, capture_output=True, text=True, check=True)
        seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    facts = json.loads(ended.stdout)
    found = {one["code"]: one["count"] for one in facts["findings"]}
    print(
        json.dumps({"images": facts["images"], "seconds": round(seconds, 1), "peak_mib": round(peak), "found": found})
    )


if __name__ == "__main__":
    main()
