"""Wrong labels in a comparison: told before and beside the verdict, by pixels or a network's features."""

from __future__ import annotations

import html
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ganlift.data import load

CLASSES = {1: "Trouser", 5: "Sandal", 8: "Bag"}


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three kinds of garments, 100 of each to train on and 60 to test; every sixth lies in another's folder."""
    folder, source = tmp_path_factory.mktemp("labels") / "photos", load("fashion-mini")
    names = list(CLASSES.values())
    for place, label in enumerate(CLASSES):
        for number, index in enumerate(np.flatnonzero(source.labels == label)[:160]):
            given = names[(place + (number % 6 == 0) * (1 + number // 6 % 2)) % 3]
            path = folder / ("train" if number < 100 else "test") / given / f"{names[place]}-{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(source.image(index)[..., 0]).save(path)
    return folder


def compare(photos: Path, run: Path, *words: str) -> tuple[dict[str, Any], str]:
    """What ``check.json`` says of labels, and what was said on the way."""
    command = [sys.executable, "-m", "ganlift", "compare", str(photos), "--seeds", "1", "--jobs", "1"]
    done = subprocess.run([*command, *words, "--out", str(run)], capture_output=True, text=True, check=True)
    return json.loads((run / "check.json").read_text()), " ".join((done.stdout + done.stderr).split())


@pytest.mark.parametrize(
    ("words", "told_by"),
    [
        (("--strategies", "augment", "--budget", "3", "--features", "pixels"), "coarse looks"),
        pytest.param(
            ("--strategies", "linear-probe", "--features", "efficientnet-lite0"),
            "the features of efficientnet-lite0",
            marks=pytest.mark.full,
        ),
    ],
)
def test_wrong_labels_are_told_beside_the_verdict(
    photos: Path, tmp_path: Path, words: tuple[str, ...], told_by: str
) -> None:
    check, said = compare(photos, tmp_path / "run", *words)
    labels, findings = check["labels"], {one["code"]: one["message"] for one in check["findings"]}
    assert labels["told_by"] == told_by
    suspects = labels["suspects"]
    assert np.mean([Path(one["name"]).name.split("-")[0] != one["given"] for one in suspects]) > 0.7
    page = html.unescape((tmp_path / "run" / "report.html").read_text())
    for code in ("label-errors", "test-label-errors"):
        assert " ".join(findings[code].split()) in said
        assert findings[code] in page
    assert "Labels that look wrong" in page
    assert suspects[0]["name"] in page
