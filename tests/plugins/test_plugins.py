"""Members from another package: found, used, and no harm done by a broken one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "ganlift-example-plugin"
BROKEN = {
    "bad = no_such_module": "'bad' of the package brokenplug 1.0 can't be loaded (ModuleNotFoundError",
    "leaves = leaves": "'leaves' of the package brokenplug 1.0 can't be loaded (SystemExit: 3)",
    "augment = json": "'augment' of the package brokenplug 1.0 has a name that is taken;",
    "example-cutout = json": "'example-cutout' of the package brokenplug 1.0 has a name that is taken by the package "
    "ganlift-example-plugin 0.1.0;",
    "other = json:dumps": "'other' of the package brokenplug 1.0 is not registered under that name by json:dumps",
    "thief = thief": "'thief' of the package brokenplug 1.0 can't be loaded (ConfigError: Two members of kind strategy",
    "astray = astray": "'astray' of the package brokenplug 1.0 can't be loaded (ConfigError: vector_options of "
    "strategy 'astray' names no option of it: widht.)",
}
THIEF = """
from ganlift.strategies.base import ClassifierOptions, strategy

def phases(setup, options): ...

strategy("half", kind="rival", summary="", source="", options=ClassifierOptions)(phases)
strategy("augment", kind="rival", summary="", source="", options=ClassifierOptions)(phases)
"""

ASTRAY = """
from ganlift.strategies.base import ClassifierOptions, strategy

def phases(setup, options): ...

given = {"lr": 0.1, "widht": 3}
strategy("astray", kind="rival", summary="", source="", options=ClassifierOptions, vector_options=given)(phases)
"""


def run(site: object, *words: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-m", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=200, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example package, installed into a folder of its own."""
    folder = tmp_path_factory.mktemp("site")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--target", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(EXAMPLE)], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def broken_site(site: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Beside the example package one whose every entry point is wrong in another way."""
    folder = tmp_path_factory.mktemp("broken")
    info = folder / "brokenplug-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: brokenplug\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[ganlift.strategies]\n" + "\n".join(BROKEN) + "\n")
    (folder / "leaves.py").write_text("raise SystemExit(3)\n")
    (folder / "thief.py").write_text(THIEF)
    (folder / "astray.py").write_text(ASTRAY)
    return f"{site}{os.pathsep}{folder}"


def test_it_passes_its_own_tests(site: Path) -> None:
    ended = run(site, "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, EXAMPLE / "tests")
    assert "3 passed" in ended.stdout, ended.stdout


def test_it_is_listed_with_its_source_and_package(site: Path) -> None:
    shown = run(site, "ganlift", "list", "strategies").stdout
    described = shown[shown.index("example-cutout (rival)") :].splitlines()
    assert described[2:4] == [
        "    Source: Cutout: DeVries and Taylor 2017",
        "    Package: ganlift-example-plugin 0.1.0",
    ]
    assert shown.count("Package:") == 1


def test_a_comparison_uses_all_three_in_worker_processes(site: Path, tmp_path: Path) -> None:
    words = ["--strategies", "augment,example-cutout,gan-augment", "--classifier", "example-linear"]
    words += ["--generator", "example-mean", "--budget", "10", "--seeds", "1", "--jobs", "2", "--labels-per-class", "5"]
    ended = run(site, "ganlift", "compare", "digits", *words, "--out", tmp_path / "run", "--json")
    assert ended.returncode == 0, ended.stderr
    rows = {row["strategy"]: row for row in json.loads(ended.stdout)["rows"]}
    assert {row["status"] for row in rows.values()} == {"done"}
    assert rows["example-cutout"]["options"]["share"] == 0.25
    made = run(site, "ganlift", "generate", tmp_path / "run", "--out", tmp_path / "made", "-n", 1, "--json")
    assert len(json.loads(made.stdout)["files"]) == 10


def test_broken_plug_ins_are_named_and_the_rest_goes_on(broken_site: str) -> None:
    listed = run(broken_site, "ganlift", "list", "strategies", "--json")
    assert listed.returncode == 0
    members = {one["name"]: one for one in json.loads(listed.stdout)}
    assert {"augment", "example-cutout"} <= members.keys()
    assert not {"bad", "leaves", "other", "thief", "half", "astray"} & members.keys()
    assert members["augment"]["package"] == ""
    for sentence in BROKEN.values():
        assert sentence in listed.stderr
    assert len(listed.stderr.splitlines()) == len(BROKEN)
