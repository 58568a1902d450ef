"""A held-out image among what is trained on: refused before the first step, by every kind of job."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganlift.comparison.generator import visible_task
from ganlift.comparison.work import work
from ganlift.config import GeneratorConfig
from ganlift.data import draw_split, load, write_split
from ganlift.data.cache import save_cache
from ganlift.data.types import ImageSet
from ganlift.errors import DataError
from ganlift.runs import layout

SHARED = {
    "threads": 1,
    "device": "cpu",
    "precision": "fp32",
    "batch_size": 8,
    "classifier": "small-cnn",
    "generator": "sngan",
    "generator_options": {},
    "checkpoint_every": 60.0,
    "on_alarm": "warn",
}


@pytest.fixture(scope="module")
def digits() -> ImageSet:
    return load("digits")


@pytest.fixture
def run(digits: ImageSet, tmp_path: Path) -> Path:
    """A run folder as a comparison leaves it before its first arm."""
    save_cache(digits, layout.cache_folder(tmp_path))
    write_split(draw_split(digits, 0, labels_per_class=5), digits, layout.split_file(tmp_path, 0))
    return tmp_path


def plant(run: Path, seen: str, held_out: str) -> None:
    """Write a held-out image into another part of the split file, with its hash, so that the file is sound."""
    path = layout.split_file(run, 0)
    facts = json.loads(path.read_text())
    for key in ("index", "hashes", "names"):
        facts["parts"][seen][key].append(facts["parts"][held_out][key][0])
    path.write_text(json.dumps(facts))


def job(run: Path, kind: str, name: str) -> dict[str, Any]:
    facts = {"id": f"{name}/0", "kind": kind, "strategy": name, "seed": 0, "run": str(run), "after": []}
    return {**facts, "steps": 3, "generator_steps": 3, "options": {}, "shared": SHARED}


@pytest.mark.parametrize("kind", ["arm", "probe", "trial"])
@pytest.mark.parametrize(
    ("seen", "held_out"), [("labelled", "test"), ("unlabelled", "test"), ("unlabelled", "validation")]
)
def test_no_job_trains_on_a_held_out_image(run: Path, kind: str, seen: str, held_out: str) -> None:
    plant(run, seen, held_out)
    with pytest.raises(DataError, match=f"1 {seen} image.* are {held_out} images too"):
        work(job(run, kind, "gan-augment"), run, lambda event: None, lambda: 0)
    assert not layout.generator_folder(run, "").exists()


def test_the_same_run_without_the_planted_image_trains(run: Path) -> None:
    assert work(job(run, "arm", "augment"), run, lambda event: None, lambda: 0)["status"] == "done"


def test_a_generator_of_its_own_never_sees_a_copy_of_a_held_out_image(digits: ImageSet) -> None:
    parts, pixels, hashes = digits.parts.astype("<U10"), digits.pixels.copy(), digits.hashes.copy()
    parts[:], parts[:100] = "train", "test"
    pixels[500], hashes[500] = pixels[7], hashes[7]  # a training image that is a test image's double
    task, notes = visible_task(
        GeneratorConfig(data="digits"), replace(digits, parts=parts, pixels=pixels, hashes=hashes)
    )
    assert not (task.labelled == digits.batch(np.array([7]))).all(axis=(1, 2, 3)).any()
    assert any("training image(s) are dropped" in note for note in notes)
