"""Memory and seconds of the verbs on large folders: do they grow with the number of images?

    python benchmarks/memory.py --counts 2000,20000 --out benchmarks/results/memory.json     a quarter of an hour
    python benchmarks/memory.py --counts 200000 --out benchmarks/results/memory.json         hours, 25 GB of disk
    ... --counts 20000 --jobs 2 --verbs compare                                              two jobs side by side
    ... --counts 2000,8000 --verbs "compare features"                                        arms on a frozen network

Makes folders of JPEG pictures of 128 px: garments of `fashion-mini` in a colour of their own, laid on crops of
scikit-learn's two photographs. `check`, `compare` (twice: the second finds what the first decoded), `predict` and
`evaluate` are run on each as a user runs them (``--verbs`` takes some). What the processes of a command hold together
is read ten times a second: *anonymous* memory is what they need; *resident* counts pages of files too, those of the
images that are mapped among them, which the system takes back when it needs room. Rows of other counts, verbs and jobs
that the file has already are kept.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from sklearn.datasets import load_sample_images

from ganlift.data import load

SIZE = 128
QUALITY = 50
CHUNK = 500
EVERY_S = 0.1
VERBS = ("check", "compare", "compare again", "predict", "evaluate")
SHORT = ("--image-size", str(SIZE), "--budget", "20", "--batch-size", "16", "--precision", "fp32", "--threads", "1")
COMPARE = (*SHORT, "--features", "pixels", "--strategies", "augment,sgan", "--seeds", "1")
ON_FEATURES = (
    *(*SHORT, "--features", "efficientnet-lite0", "--labels-per-class", "5", "--seeds", "1", "--strategies"),
    "linear-probe,gda,label-spreading,distribution-calibration,sgan-fixmatch",
)


@cache
def material() -> tuple[list[Image.Image], Any]:
    """Photographs, and garments with their labels."""
    return [Image.fromarray(one) for one in load_sample_images().images], load("fashion-mini")


def picture(number: int) -> tuple[Image.Image, str]:
    """The picture of that number, and its class."""
    rng = np.random.default_rng([7, number])
    photographs, garments = material()
    behind = photographs[rng.integers(len(photographs))]
    side = int(rng.integers(60, 400))
    left, top = (int(rng.integers(0, length - side)) for length in behind.size)
    shown = behind.crop((left, top, left + side, top + side)).resize((SIZE, SIZE))
    shown = Image.fromarray(np.asarray(shown)[..., rng.permutation(3)])
    index = int(rng.integers(len(garments)))
    mask = Image.fromarray(np.asarray(garments.pixels[index])[..., 0]).rotate(float(rng.uniform(-30, 30)))
    mask = mask.resize((int(rng.integers(50, SIZE)),) * 2)
    place = tuple(int(rng.integers(0, SIZE - mask.width + 1)) for _ in range(2))
    colour = Image.new("RGB", mask.size, tuple(rng.integers(0, 256, 3).tolist()))
    shown.paste(colour, place, mask)
    return shown, garments.class_names[garments.labels[index]]


def make_some(folder: Path, begin: int, end: int) -> None:
    for number in range(begin, end):
        shown, label = picture(number)
        path = folder / label.replace("/", "-") / f"{number:06}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        shown.save(path, quality=QUALITY)


def make_folder(folder: Path, count: int) -> None:
    """``count`` pictures in class folders."""
    begins = range(0, count, CHUNK)
    with ProcessPoolExecutor() as pool:
        ends = [min(begin + CHUNK, count) for begin in begins]
        list(pool.map(make_some, [folder] * len(ends), begins, ends))


def family(pid: int) -> Iterator[int]:
    """``pid`` and the processes below it."""
    yield pid
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from family(int(child))
    except OSError:  # it has just ended
        return


def held(pid: int) -> tuple[int, int]:
    """Resident and anonymous bytes of a process and those below it, together."""
    resident = anonymous = 0
    for one in family(pid):
        try:
            lines = dict(line.split(":", 1) for line in Path(f"/proc/{one}/status").read_text().splitlines())
            resident += 1024 * int(lines["VmRSS"].split()[0])
            anonymous += 1024 * (int(lines["RssAnon"].split()[0]) + int(lines["RssShmem"].split()[0]))
        except (OSError, KeyError):  # it has just ended
            continue
    return resident, anonymous


def measured(words: list[str], environment: dict[str, str]) -> dict[str, Any]:
    """Seconds of a command, and what its processes held together at most."""
    begun, peaks = time.perf_counter(), [0, 0]
    command = [sys.executable, "-m", "ganlift", *words]
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said, env=environment) as running,
    ):
        ended = threading.Event()
        watching = threading.Thread(target=watch, args=(running.pid, ended, peaks))
        watching.start()
        code = running.wait()
        ended.set()
        watching.join()
        said.seek(0)
        if code:
            sys.exit(f"{' '.join(command)} ended with {code}: {said.read().decode()}")
    seconds = time.perf_counter() - begun
    return {"seconds": round(seconds, 1), "resident_mb": peaks[0] // 10**6, "anonymous_mb": peaks[1] // 10**6}


def watch(pid: int, ended: threading.Event, peaks: list[int]) -> None:
    while not ended.wait(EVERY_S):
        peaks[:] = map(max, peaks, held(pid))


def measure(count: int, place: Path, jobs: int, asked: list[str]) -> list[dict[str, Any]]:
    """A row for each verb that is ``asked`` for, or for all, on a folder of ``count`` images below ``place``."""
    folder, first = place / f"images-{count}", str(place / f"run-{count}")
    begun = time.perf_counter()
    make_folder(folder, count)
    print(f"{count} images made in {time.perf_counter() - begun:.0f} s", flush=True)
    environment = {**os.environ, "GANLIFT_DATA": str(place / "cache"), "OMP_NUM_THREADS": "1"}
    side_by_side = ["--jobs", str(jobs), "--out"]
    compare = ["compare", str(folder), *COMPARE, *side_by_side]
    verbs = {
        "check": ["check", str(folder), "--image-size", str(SIZE), "--json"],
        "compare": [*compare, first],
        "compare again": [*compare, f"{first}-again"],
        "predict": ["predict", first, str(folder), "--format", "csv", "--out", str(place / "predicted.csv")],
        "evaluate": ["evaluate", first, str(folder), "--part", "all"],
        "compare features": ["compare", str(folder), *ON_FEATURES, *side_by_side, f"{first}-features"],
    }
    verbs = {verb: words for verb, words in verbs.items() if verb in (asked or VERBS)}
    rows = []
    for verb, words in verbs.items():
        row = {"images": count, "verb": verb, "jobs": jobs if "compare" in verb else 1, **measured(words, environment)}
        print(json.dumps(row), flush=True)
        rows.append(row)
    shutil.rmtree(folder)
    return rows


def key(row: Mapping[str, Any]) -> tuple[int, str, int]:
    return row["images"], row["verb"], row["jobs"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--counts", default="2000,20000", help="images of each folder")
    parser.add_argument("--jobs", type=int, default=1, help="jobs of compare side by side")
    parser.add_argument("--verbs", default="", help=f"of {', '.join(VERBS)} and compare features; all but the last")
    parser.add_argument("--place", type=Path, help="where folders and the cache are made; a temporary folder if none")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    counts = [int(count) for count in given.counts.split(",")]
    found = json.loads(given.out.read_text()) if given.out.exists() else {"rows": []}
    asked = list(filter(None, given.verbs.split(",")))
    with tempfile.TemporaryDirectory(dir=given.place) as place:
        rows = [row for count in counts for row in measure(count, Path(place), given.jobs, asked)]
    machine = f"{os.cpu_count()} cores, {platform.machine()}"
    kept = [row for row in found["rows"] if key(row) not in map(key, rows)]
    rows = sorted([*kept, *rows], key=lambda row: row["images"])
    given.out.write_text(json.dumps({"machine": machine, "size": SIZE, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
