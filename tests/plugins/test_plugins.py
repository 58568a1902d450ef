"""Members from another package: found, used, and no harm done by a broken one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "ganlift-example-plugin"


def ganlift(site: Path, *words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ganlift", *map(str, words)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])}
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=200, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example package, installed into a folder of its own."""
    folder = tmp_path_factory.mktemp("site")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--target", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(EXAMPLE)], check=True, capture_output=True)
    return folder


def broken_package(folder: Path, name: str, group: str, points: str) -> Path:
    """A package of metadata alone."""
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[ganlift.{group}]\n{points}\n")
    return folder


@pytest.mark.parametrize(
    ("kind", "name"),
    [("strategies", "example-cutout"), ("generators", "example-mean"), ("classifiers", "example-linear")],
)
def test_a_plug_in_is_listed_with_its_source(site: Path, kind: str, name: str) -> None:
    listed = json.loads(ganlift(site, "list", kind, "--json").stdout)
    found = next(one for one in listed if one["name"] == name)
    assert found["source"]
    assert len(listed) > 1


def test_a_comparison_uses_all_three_in_worker_processes(site: Path, tmp_path: Path) -> None:
    words = ["--strategies", "augment,example-cutout,gan-augment", "--classifier", "example-linear"]
    words += ["--generator", "example-mean", "--budget", "10", "--seeds", "1", "--jobs", "2", "--labels-per-class", "5"]
    ended = ganlift(site, "compare", "digits", *words, "--out", tmp_path / "run", "--json")
    assert ended.returncode == 0, ended.stderr
    rows = {row["strategy"]: row for row in json.loads(ended.stdout)["rows"]}
    assert {row["status"] for row in rows.values()} == {"done"}
    assert rows["example-cutout"]["options"]["share"] == 0.25
    made = ganlift(site, "generate", tmp_path / "run", "--out", tmp_path / "made", "-n", 1, "--json")
    assert len(json.loads(made.stdout)["files"]) == 10


@pytest.mark.parametrize(
    ("points", "sentence"),
    [
        ("bad = no_such_module", "can't be loaded (ModuleNotFoundError"),
        ("augment = json", "has a name that is taken"),
        ("other = json:dumps", "is not registered under that name by json:dumps"),
    ],
)
def test_a_broken_plug_in_is_named_and_the_rest_goes_on(tmp_path: Path, points: str, sentence: str) -> None:
    folder = broken_package(tmp_path / "site", "brokenplug", "strategies", points)
    listed = ganlift(folder, "list", "strategies", "--json")
    assert listed.returncode == 0
    assert "augment" in {one["name"] for one in json.loads(listed.stdout)}
    assert sentence in listed.stderr
    assert "brokenplug" in listed.stderr
    refused = ganlift(folder, "compare", "digits", "--strategies", "bad")
    assert refused.returncode == 2
    assert sentence in refused.stderr
