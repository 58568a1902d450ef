"""A split that was given with near copies on both sides: the comparison says what they are worth."""

from __future__ import annotations

import html
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganlift.data import load

COPIES = 30
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two kinds of garments, 40 of each to train on and 40 to test; of these 15 are training images encoded again."""
    folder, source = tmp_path_factory.mktemp("near") / "photos", load("fashion-mini")
    for label, name in ((2, "pullover"), (6, "shirt")):
        own = np.flatnonzero(source.labels == label)[:65]
        for number, index in enumerate(own[:40]):
            save(source.pixels[index], folder / "train" / name / f"{number}.png")
        for number, index in enumerate(own[:15]):
            save(source.pixels[index] * 0.8, folder / "test" / name / f"copy-{number}.jpg")
        for number, index in enumerate(own[40:]):
            save(source.pixels[index], folder / "test" / name / f"{number}.png")
    return folder


def save(image: np.ndarray, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image[..., 0].astype(np.uint8)).save(path, **({"quality": 75} if path.suffix == ".jpg" else {}))


def test_every_arm_is_scored_without_the_copies_too(photos: Path, tmp_path: Path, ganlift_here: Command) -> None:
    arms = ["--strategies", "augment,duplicate-real", "--seeds", "2", "--budget", "30", "--jobs", "1"]
    done = ganlift_here("compare", photos, *arms, "--out", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    worth = json.loads((tmp_path / "run" / "copies.json").read_text())
    assert worth["images"] == 80
    assert worth["copies"] == pytest.approx(COPIES, abs=4)
    assert {arm["strategy"] for arm in worth["arms"]} == {"augment", "duplicate-real"}
    shown = " ".join((done.stdout + done.stderr).split())
    assert worth["sentence"] in shown
    assert worth["sentence"] in html.unescape((tmp_path / "run" / "report.html").read_text())
    assert all(arm["without"] != arm["all"] for arm in worth["arms"])


def test_where_the_package_draws_the_test_set_there_are_none(
    photos: Path, tmp_path: Path, ganlift_here: Command
) -> None:
    both = tmp_path / "one"
    for path in photos.rglob("*.*"):
        target = both / path.parent.name / f"{path.parent.parent.name}-{path.name}"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    arms = ["--strategies", "augment", "--seeds", "1", "--budget", "3", "--jobs", "1"]
    assert ganlift_here("compare", both, *arms, "--out", tmp_path / "run").returncode == 0
    assert not (tmp_path / "run" / "copies.json").exists()
