"""Memory does not grow with the pixels of a folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
SIZE = 128
PROGRAM = """
import sys
from pathlib import Path
import numpy as np
import ganlift.data.split
from ganlift.data import check_images, data_hash, draw_split, load
from ganlift.data.cache import load_cache, save_cache
from ganlift.data.kin import with_near

ganlift.data.split.IN_MEMORY = 0  # what is few is read at once
peak = 0


def look():
    global peak
    status = Path("/proc/self/status").read_text()
    peak = max(peak, int(status.partition("RssAnon:")[2].split()[0]))


images = with_near(load(sys.argv[1]), lambda name, done, total: look())
check_images(images)
split = draw_split(images, 0)
save_cache(images, Path(sys.argv[2]))
task = ganlift.data.split.make_task(load_cache(Path(sys.argv[2])), split)
look()
for _ in range(3):
    for start in range(0, len(task.labelled), 64):
        task.labelled[start : start + 64].sum()
        look()
print(peak)
"""


def make_folder(folder: Path, count: int) -> Path:
    """Pictures of few frequencies, which are quick to make and small."""
    rng = np.random.default_rng(count)
    for number in range(count):
        path = folder / "ab"[number % 2] / f"{number:05}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        few = Image.fromarray(rng.integers(0, 256, (8, 8, 3), np.uint8))
        few.resize((SIZE, SIZE)).save(path, quality=50)
    return folder


def anonymous_mb(folder: Path, cache: Path) -> float:
    """What a process that loads, checks and splits ``folder``, and draws batches of it, held at most."""
    words = [sys.executable, "-c", PROGRAM, str(folder), str(cache)]
    environment = {**os.environ, "GANLIFT_DATA": str(cache / "users"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(words, capture_output=True, text=True, check=True, env=environment)
    return int(done.stdout) / 1000


def test_what_a_process_needs_does_not_grow_with_the_pixels(tmp_path: Path) -> None:
    few, more = 400, 1600
    needed = [anonymous_mb(make_folder(tmp_path / f"{n}", n), tmp_path / f"cache-{n}") for n in (few, more)]
    pixels_mb = (more - few) * SIZE * SIZE * 3 / 1e6
    assert needed[1] - needed[0] < pixels_mb / 2, needed


@pytest.mark.full
@pytest.mark.timeout(3600)
def test_every_verb_stays_below_two_gigabytes(tmp_path: Path) -> None:
    words = ["benchmarks/memory.py", "--counts", "2000,8000", "--place", str(tmp_path), "--out", str(tmp_path / "out")]
    subprocess.run([sys.executable, *words], cwd=ROOT, check=True, capture_output=True)
    rows = json.loads((tmp_path / "out").read_text())["rows"]
    assert all(row["anonymous_mb"] < 2000 for row in rows), rows
    of_verb: dict[str, list[int]] = {}
    for row in rows:
        of_verb.setdefault(row["verb"], []).append(row["anonymous_mb"])
    assert all(more - few < 0.1 * 6000 for few, more in of_verb.values()), rows  # 0.1 MB an image, and less
