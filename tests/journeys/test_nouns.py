"""A run on sound, on rows or on films speaks of clips, rows and frames: nowhere is an example called an image."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_breast_cancer

from ganlift.cli import main as cli
from ganlift.comparison.images import progress_of
from ganlift.data import load
from ganlift.data.decoded import HASHING

ALLOWED = ("constant-image", "--image-size", "images:PATH", "still image")
"""A code of a finding, options that are called so whatever the data are, and what is no film."""
SPOKEN = ("title", "alt", "aria-label", "aria-valuetext")
SOME = ("--labels-per-class", "3", "--seeds", "2", "--budget", "3", "--batch-size", "8", "--jobs", "1")
ARMS = ("--strategies", "augment,sgan,gan-augment", "--threads", "1", "--device", "cpu")


class Visible(HTMLParser):
    """The words of a page that a reader sees or hears."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.hidden = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden = tag in ("style", "script")
        self.words += [value for name, value in attrs if name in SPOKEN and value]

    def handle_endtag(self, tag: str) -> None:
        self.hidden = False

    def handle_data(self, data: str) -> None:
        self.words += [] if self.hidden else data.splitlines()


def images_in(lines: list[str]) -> list[str]:
    """Those of ``lines`` that speak of images."""
    rest = [re.sub("|".join(map(re.escape, ALLOWED)), "", line) for line in lines]
    return [line for line in rest if re.search(r"\bimages?\b", line, re.IGNORECASE)]


def tones(folder: Path, count: int = 14, seed: int = 0) -> Path:
    """Two classes of ``count`` clips of sound, one of them silent, and a letter beside them."""
    soundfile = pytest.importorskip("soundfile")
    rng = np.random.default_rng(seed)
    time = np.arange(1600) / 8000
    for name, pitch in (("high", 1500.0), ("low", 300.0)):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            wave = 0.3 * np.sin(2 * np.pi * pitch * rng.uniform(0.8, 1.2) * time) + 0.01 * rng.standard_normal(1600)
            soundfile.write(folder / name / f"{number}.wav", wave * (number != 13 or name == "low"), 8000)
    (folder / "low" / "letter.txt").write_text("no sound")
    return folder


def measurements(folder: Path) -> Path:
    """Rows of numbers, two of which are equal."""
    folder.mkdir()
    found = load_breast_cancer()
    x, y = np.r_[found.data[:80], found.data[:1]], np.r_[found.target[:80], found.target[:1]]
    np.savez(folder / "rows.npz", x_train=x, y_train=y, class_names=found.target_names)
    return folder / "rows.npz"


def films(folder: Path, count: int = 14, seed: int = 0) -> Path:
    """Two classes of ``count`` animations: a square that moves, and one that does not."""
    rng = np.random.default_rng(seed)
    for name, speed in (("moves", 3), ("stands", 0)):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            frames = rng.integers(0, 90, (4, 20, 20, 3), np.uint8)
            for place, frame in enumerate(frames):
                frame[6:12, 2 + speed * place : 8 + speed * place] = 250
            first, *others = map(Image.fromarray, frames)
            first.save(folder / name / f"{number}.gif", save_all=True, append_images=others, duration=100)
    return folder


KINDS: dict[str, tuple[Callable[[Path], Path], tuple[str, ...]]] = {
    "clip": (tones, ("--image-size", "16")),
    "row": (measurements, ()),
    "frame": (films, ("--image-size", "16", "--features", "pixels")),
}
"""What a generator of each makes, the data, and how they are read."""


Said = Callable[..., list[str]]


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Said:
    """What ``ganlift arguments`` writes, in lines; its exit code must be ``code``."""

    def run(*arguments: object, code: int = 0) -> list[str]:
        monkeypatch.setattr(sys, "argv", ["ganlift", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        told = capsys.readouterr()
        assert (end.value.code or 0) == code, told.err
        return [*told.out.splitlines(), *told.err.splitlines()]

    return run


@pytest.mark.parametrize("made", KINDS)
def test_no_verb_and_no_page_calls_an_example_an_image(made: str, tmp_path: Path, said: Said) -> None:
    make, how = KINDS[made]
    data, run, noun = make(tmp_path / "data"), tmp_path / "run", "row" if made == "row" else "clip"
    size = how[:2]
    checked = said("check", data, *size, "--html", tmp_path / "check.html")
    compared = said("compare", data, *SOME, *ARMS, *how, "--out", run)
    assert any(line.startswith(f"{noun.capitalize()}s:") for line in compared)
    assert any(line.endswith(f"more test {noun}s, not more seeds") or f"{noun}s" in line for line in compared)
    evaluated = said("evaluate", run)
    assert any(line.split()[:2] == ["class", f"{noun}s"] for line in evaluated)
    exported = said("export", run, "--format", "safetensors", "--out", tmp_path / "model.safetensors")
    for told in (checked, compared, evaluated, exported):
        assert images_in(told) == []
    report = Visible((run / "report.html").read_text()).words
    assert any(f"Generated per real {made}" in line for line in report)
    assert any(f"test {noun}s" in line for line in report)
    assert images_in(report) == []
    assert images_in(Visible((tmp_path / "check.html").read_text()).words) == []
    cards = [*tmp_path.glob("*.md"), *(run / "export").glob("*.md")]
    assert len(cards) == 1
    assert images_in(cards[0].read_text().splitlines()) == []
    (tmp_path / "empty" / "a").mkdir(parents=True)
    (tmp_path / "empty" / "b").mkdir()
    for verb, code in (("evaluate", 2), ("predict", 2)):
        told = said(verb, run, tmp_path / "empty", code=code)
        assert images_in(told) == [], told


@pytest.mark.parametrize(("made", "make"), [("clip", tones), ("frame", films)])
def test_a_generator_speaks_of_what_it_makes(
    made: str, make: Callable[[Path, int, int], Path], tmp_path: Path, said: Said
) -> None:
    data, other, run = make(tmp_path / "data", 24, 0), make(tmp_path / "other", 21, 1), tmp_path / "run"
    size = ("--image-size", "16") if made == "clip" else ("--image-size", "16", "--frames", "4")
    quick = ("--budget", "3", "--batch-size", "8", "--device", "cpu")
    told = [
        *said("train-generator", data, *size, *quick, "--out", run),
        *said("generate", run, "-n", "2", "--out", tmp_path / "drawn"),
        *said("evaluate", run, other, "--what", "generator"),
    ]
    assert images_in(told) == []
    assert any(line.startswith(("4 frames by", "4 spectrograms, each")) for line in told)
    assert any(re.match(rf"\d+ {made}s by .* against as many", line) for line in told)
    assert any(line.split()[:2] == ["class", f"{made}s"] for line in told)
    (tmp_path / "empty").mkdir()
    (refused,) = said("compare", data, *size, "--unlabelled", tmp_path / "empty", "--out", tmp_path / "none", code=2)
    assert images_in([refused]) == []
    assert ("sound; give" in refused) == (made == "clip")


def test_a_folder_without_files_is_told_of_no_kind(tmp_path: Path, said: Said) -> None:
    (tmp_path / "empty" / "a").mkdir(parents=True)
    (tmp_path / "empty" / "b").mkdir()
    (refused,) = said("check", tmp_path / "empty", code=2)
    assert "has 0 class folder(s) with examples and at least 2 are needed" in refused
    (refused,) = said("check", f"video:{tmp_path / 'empty'}", code=2)
    assert "has 0 class folder(s) with clips" in refused


def test_the_bar_says_what_is_read(tmp_path: Path) -> None:
    for make, words in ((tones, "reading clips"), (films, "reading clips")):
        heard: list[dict[str, object]] = []
        load(str(make(tmp_path / make.__name__)), on_progress=progress_of(heard.append))
        assert {event["what"] for event in heard if event["type"] == "reading"} == {HASHING, words}
    (tmp_path / "images" / "a").mkdir(parents=True)
    (tmp_path / "images" / "b").mkdir()
    for name in ("a", "b"):
        Image.fromarray(np.full((16, 16), ord(name), np.uint8)).save(tmp_path / "images" / name / "1.png")
    heard = []
    load(str(tmp_path / "images"), on_progress=progress_of(heard.append))
    assert {event["what"] for event in heard} == {HASHING, "reading images"}
