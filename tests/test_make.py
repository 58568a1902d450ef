"""The make targets, as far as they can be tried without installing anything."""

import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_a_missing_or_old_python_is_said_before_anything_is_made(tmp_path: Path) -> None:
    command = ["make", "install", f"VENV={tmp_path / 'venv'}", "PYTHON=false /nowhere/python3"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode != 0
    assert "needs Python 3.11" in ended.stderr
    assert "make install PYTHON=" in ended.stderr
    assert not (tmp_path / "venv").exists()


def test_every_dependency_has_an_exact_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = {line.split("==")[0].lower().replace("_", "-") for line in lines if "==" in line}
    extras = project["optional-dependencies"].values()
    wanted = [*project["dependencies"], *(one for extra in extras for one in extra)]
    assert {one.split(">=")[0].split("[")[0].lower() for one in wanted} <= pinned
    assert not [line for line in lines if "+" in line]
