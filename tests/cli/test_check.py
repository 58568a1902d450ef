"""`ganlift check` from the shell."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from ganlift.data import load

HOSTILE = "<script>document.title='owned'</script>"


Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def check(ganlift_here: Command) -> Command:
    return lambda *words, **settings: ganlift_here("check", *words, **settings)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes with hostile names, a copy in test, and a broken file."""
    images, folder = load("fashion-mini"), tmp_path_factory.mktemp("check") / "set"
    for label, name in enumerate(["\x1b[31mred", "<i>it<b>"]):
        for part in ("train", "test"):
            (folder / part / name).mkdir(parents=True)
        for index, chosen in enumerate((images.labels == label + 5).nonzero()[0][:60]):
            part = "train" if index < 30 else "test"
            Image.fromarray(images.image(chosen)[..., 0]).save(folder / part / name / f"{index}.png")
    first = next((folder / "train").rglob("0.png"))
    (folder / "test" / first.parent.name / "copy.png").write_bytes(first.read_bytes())
    (first.parent / f"{HOSTILE.replace('/', '-')}.png").write_bytes(b"broken")
    return folder


def test_the_table_fits_80_columns_and_names_cannot_steer(folder: Path, check: Command) -> None:
    ended = check(folder)
    assert ended.returncode == 0, ended.stderr
    assert max(map(len, ended.stdout.splitlines())) <= 80
    assert "\x1b" not in ended.stdout
    assert r"\x1b[31mred" in ended.stdout
    assert "duplicates-across-parts" in ended.stdout
    assert re.search(r"Found: \d+ warnings", ended.stdout)
    assert ended.stderr == ""


def test_strict_is_1_where_there_is_a_warning(folder: Path, check: Command) -> None:
    assert check(folder, "--strict").returncode == 1
    assert check("/nowhere/at/all", "--strict").returncode == 2


def test_json_is_all_there_is_and_the_page_is_written(folder: Path, tmp_path: Path, check: Command) -> None:
    ended = check(folder, "--json", "--html", tmp_path / "page.html")
    facts = json.loads(ended.stdout)
    assert ended.stderr == ""
    assert {"findings", "strategies", "per_class", "files"} <= facts.keys()
    assert facts["classes"] == sorted(["\x1b[31mred", "<i>it<b>"])
    page = (tmp_path / "page.html").read_text()
    assert HOSTILE.replace("/", "-") not in page
    assert "<i>it" not in page
    assert "\x1b" not in page
    assert "&lt;i&gt;it" in page
    assert "not-an-image" in page
    assert "http" not in page.replace("http-equiv", "")


def test_what_cannot_be_read_is_one_line(tmp_path: Path, check: Command) -> None:
    ended = check(tmp_path, "--json")
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.startswith("Error: ")
    assert ended.stderr.count("\n") == 1


def test_a_page_that_cannot_be_written_is_one_line(folder: Path, tmp_path: Path, check: Command) -> None:
    (tmp_path / "file").touch()
    ended = check(folder, "--html", tmp_path / "file" / "page.html")
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
