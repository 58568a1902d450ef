"""A small run on image files, and the command line in this process."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

import ganlift
from ganlift.cli.main import main


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


Command = Callable[..., Ended]

CLASSES = ("=one", "zero & <b>")


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """``command("predict", run, ..., stdin=text)``: the real command line, without starting Python again."""

    def run(*words: object, stdin: str = "") -> Ended:
        monkeypatch.setattr(sys, "argv", ["ganlift", *map(str, words)])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return Ended(int(ended.value.code or 0), out, err)

    return run


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Digits 1 and 0 as a folder of class folders, every seventh in the wrong one, so that no classifier is sure.

    The names would steer a spreadsheet and a page.
    """
    folder = tmp_path_factory.mktemp("data") / "photos"
    digits = load_digits()
    for name in CLASSES:
        (folder / name).mkdir(parents=True)
    for own, label in enumerate((1, 0)):
        for index, image in enumerate(digits.images[digits.target == label][:60]):
            name = CLASSES[own if index % 7 else 1 - own]
            Image.fromarray(np.uint8(image * 255 / 16)).save(folder / name / f"{index:02d}-{label}.png")
    return folder


@pytest.fixture(scope="session")
def trained(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of one arm with test images."""
    out = tmp_path_factory.mktemp("runs") / "run"
    ganlift.train(photos, budget=40, batch_size=8, keep_test=0.3, precision="fp32", out=out)
    return out


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    """A copy of that run to break."""
    return Path(shutil.copytree(trained, tmp_path / "run"))
