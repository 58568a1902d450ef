"""The wheel: whole, and enough to compare in an empty folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", folder, ROOT],
        check=True,
        capture_output=True,
        timeout=120,
    )
    return next(folder.glob("ganlift-*.whl"))


def test_the_wheel_has_all_of_the_package_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    sources = {
        path.relative_to(ROOT / "src").as_posix()
        for path in (ROOT / "src" / "ganlift").rglob("*")
        if path.is_file() and not any(part.startswith((".", "__pycache__")) for part in path.relative_to(ROOT).parts)
    }
    assert sources <= names
    assert {name.split("/")[0].split("-")[0] for name in names} == {"ganlift"}
    assert wheel.stat().st_size < 12_000_000


def test_the_installed_wheel_compares(wheel: Path, tmp_path: Path) -> None:
    target, empty = tmp_path / "site", tmp_path / "empty"
    empty.mkdir()
    zipfile.ZipFile(wheel).extractall(target)
    environment = {**os.environ, "PYTHONPATH": str(target)}
    where = [sys.executable, "-c", "import ganlift; print(ganlift.__file__)"]
    found = subprocess.run(where, env=environment, cwd=empty, capture_output=True, text=True, check=True)
    assert found.stdout.startswith(str(target))
    words = ["compare", "fashion-mini", "--labels-per-class", "10", "--strategies", "augment,sgan", "--seeds", "1"]
    command = [sys.executable, "-m", "ganlift", *words, "--budget", "5", "--jobs", "1", "--json"]
    ended = subprocess.run(command, env=environment, cwd=empty, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["best"]["strategy"] == "augment"
    assert (empty / "run" / "report.html").exists()
