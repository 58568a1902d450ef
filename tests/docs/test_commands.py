"""Every command in the docs and the README runs, on small images and a budget of a few steps."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_breast_cancer, load_digits

from ganlift import cores
from ganlift.cli.main import app

ROOT = Path(__file__).parents[2]
COMMAND = re.compile(r"^(?:    )?(ganlift .+)$", re.MULTILINE)
STEPS = "3"
WITH_EVERY_ARM = "runs/auto"
"""The run that has the default strategies; two do for the others."""


def pages() -> list[Path]:
    """The README and the pages of the site that are files of ``docs/``, in the order in which they are read."""
    found = [ROOT / "README.md"]
    for line in (ROOT / "mkdocs.yml").read_text(encoding="utf-8").splitlines():
        if line.strip().startswith("- ") and line.endswith(".md"):
            found.append(ROOT / "docs" / line.split()[-1])
    return [page for page in found if page.exists()]  # `site_pages` makes one; that none is missing, `mkdocs` sees


def commands() -> list[str]:
    """Each command once, in that order; those that name a PLACEHOLDER are descriptions."""
    text = "\n".join(page.read_text(encoding="utf-8").replace("\\\n", " ") for page in pages())
    lines = [" ".join(line.split("#")[0].split()) for line in COMMAND.findall(text)]
    return [line for line in dict.fromkeys(lines) if not re.search(r"\b[A-Z]{3,}\b", line)]


def chains() -> list[list[str]]:
    """The commands, those together of which one reads what another made; in each chain in their order."""
    found: list[tuple[list[str], set[str]]] = []
    for command in commands():
        words = shlex.split(command)
        mine = [
            one
            for one in found
            if any(word == made or word.startswith(f"{made}/") for word in words for made in one[1])
        ]
        made = {words[place + 1] for place, word in enumerate(words) if word == "--out"}
        joined = ([line for chain, _ in mine for line in chain] + [command], made.union(*(one[1] for one in mine)))
        found = [one for one in found if one not in mine] + [joined]
    order = commands().index
    return [sorted(chain, key=order) for chain, _ in found]


def small(chain: list[str]) -> list[str]:
    """The same commands on the smallest of the built-in images, but where one asks for a part, which those lack."""
    if any("--part " in command for command in chain):
        return chain
    return [command.replace("fashion-mini", "digits") for command in chain]


def quick(words: list[str]) -> list[str]:
    """The same command with a few steps, one seed, in this process."""
    for option, value in (("--budget", STEPS), ("--generator-budget", STEPS), ("--seeds", "1"), ("--search", "1")):
        if option in words:
            words[words.index(option) + 1] = value
    if words[0] == "compare" and not {"--strategies", "--config", WITH_EVERY_ARM} & set(words):
        words += ["--strategies", "augment,sgan"]
    if words[0] in ("compare", "compare-generators"):
        words += ["--jobs", "1"] + ([] if "--seeds" in words or "--config" in words else ["--seeds", "1"])
    if words[0] in ("compare", "compare-generators", "train", "train-generator"):
        words += [] if "--budget" in words or "--config" in words else ["--budget", STEPS]
        words += ["--precision", "fp32"]
    return words


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, save_splits: Callable[..., Path]) -> Path:
    """What the pages speak of: photos/, more-photos/, photos.csv, images.npz, clips/, new-clips/, saved/, and rows."""
    folder = tmp_path_factory.mktemp("docs")
    digits = load_digits()
    images = np.round(digits.images * 255 / 16).astype(np.uint8)
    for label, name in enumerate(("ants", "bees")):
        (folder / "photos" / name).mkdir(parents=True)
        for index, image in enumerate(images[digits.target == label][:30]):
            Image.fromarray(image).save(folder / "photos" / name / f"{index:02d}.png")
    (folder / "more-photos").mkdir()
    for index, image in enumerate(images[digits.target < 2][-40:]):
        Image.fromarray(image).save(folder / "more-photos" / f"{index}.png")
    for number in range(20):
        frames = [Image.fromarray(image) for image in images[digits.target == number % 2][number : number + 4]]
        for place in (folder / "clips" / ("wave", "nod")[number % 2], folder / "new-clips"):
            place.mkdir(parents=True, exist_ok=True)
            frames[0].save(place / f"{number}.gif", save_all=True, append_images=frames[1:], duration=100)
    rows = [f"photos/{path.parent.name}/{path.name},{path.parent.name}" for path in folder.rglob("photos/*/*.png")]
    (folder / "photos.csv").write_text("\n".join(["path,label", *rows]), encoding="utf-8")
    few = digits.target < 2
    arrays = {"x_train": images[few][:80], "y_train": digits.target[few][:80]}
    np.savez(folder / "images.npz", **arrays, x_test=images[few][80:120], y_test=digits.target[few][80:120])
    found = load_breast_cancer()
    for name in ("cancer", "embeddings"):
        np.savez(folder / f"{name}.npz", x_train=found.data, y_train=found.target, class_names=found.target_names)
    np.savez(folder / "new.npz", x=found.data[:5])
    (folder / "later").mkdir()
    for name, block in (("words", found.data[:, :10]), ("topics", found.data[:, 10:])):
        np.savez(folder / f"{name}.npz", x_train=block, y_train=found.target, ids_train=np.arange(len(block)))
        np.savez(folder / "later" / f"{name}.npz", x=block[:5])
    names = ["diagnosis", *(f"c{place}" for place in range(found.data.shape[1])), "noise"]
    lines = [
        [found.target_names[y], *map(repr, x.tolist()), "1.5"] for x, y in zip(found.data, found.target, strict=True)
    ]
    for name, some in (("cancer.csv", lines), ("new.csv", lines[:5])):
        (folder / name).write_text("\n".join(",".join(line) for line in [names, *some]), encoding="utf-8")
    np.save(folder / "rows.npy", found.data)
    (folder / "labels.txt").write_text("\n".join(found.target_names[found.target]), encoding="utf-8")
    _write_sounds(folder)
    _save_sets(folder, save_splits)
    return folder


def _save_sets(folder: Path, save_splits: Callable[..., Path]) -> None:
    """saved/, the images of photos/, and embedded/, rows beside texts and numbers, as `datasets` saves them."""
    files = {
        split: [path for path in sorted(folder.glob("photos/*/*.png")) if (int(path.stem) >= 20) == (split == "test")]
        for split in ("train", "test")
    }
    splits = {
        split: {
            "image": [{"bytes": path.read_bytes(), "path": path.name} for path in paths],
            "label": [int(path.parent.name == "bees") for path in paths],
        }
        for split, paths in files.items()
    }
    features = {"image": {"_type": "Image"}, "label": {"_type": "ClassLabel", "names": ["ants", "bees"]}}
    save_splits(folder / "saved", splits, features)
    kinds = ["ant", "bee"] * 20
    rows = {"embedding": [[float(place), 1.0] for place in range(40)], "kind": kinds, "length": list(range(40))}
    save_splits(folder / "embedded", {"train": rows}, {})


def _write_sounds(folder: Path) -> None:
    """sounds/ with two kinds of tones, new-sounds/, and a longer counting.wav."""
    soundfile = pytest.importorskip("soundfile")
    rng, time = np.random.default_rng(0), np.arange(3200) / 8000
    for place, kind in enumerate(("low", "high")):
        (folder / "sounds" / kind).mkdir(parents=True)
        for number in range(30):
            pitch = (300, 1500)[place] * rng.uniform(0.8, 1.2)
            wave = 0.3 * np.sin(2 * np.pi * pitch * time) + 0.01 * rng.standard_normal(len(time))
            soundfile.write(folder / "sounds" / kind / f"{number}.wav", wave, 8000)
    (folder / "new-sounds").mkdir()
    soundfile.write(folder / "new-sounds" / "a.flac", np.sin(2 * np.pi * 400 * time) / 4, 8000)
    soundfile.write(folder / "counting.wav", np.tile(np.sin(2 * np.pi * 400 * time) / 4, 3), 8000)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("chain", chains(), ids=lambda chain: chain[0].partition(" ")[2])
def test_the_commands_of_the_docs_run(
    chain: list[str], workspace: Path, monkeypatch: pytest.MonkeyPatch, subtests: pytest.Subtests
) -> None:
    """One test a chain, for a command needs what those before it made."""
    monkeypatch.chdir(workspace)
    monkeypatch.setattr(cores, "allowance", lambda: 1.0)  # one thread a command: other tests run beside it
    for command in small(chain):
        with subtests.test(command):
            app(quick(shlex.split(command)[1:]), prog_name="ganlift", standalone_mode=False)


def test_there_are_commands_to_run() -> None:
    assert sorted(command for chain in chains() for command in chain) == sorted(commands())
    assert len(chains()) > 10
    assert len(commands()) > 10
    assert any(command.startswith("ganlift generate") for command in commands())


def test_the_example_s_own_code_is_shown() -> None:
    text = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    shown = re.findall(r'^```.*\n--8<-- "(.+)"\n```$', text, re.MULTILINE)  # a formatter may take the mark for Python
    example = ROOT / "examples" / "ganlift-example-plugin"
    parts = [example / "pyproject.toml", *(example / "src" / "ganlift_example_plugin").glob("[!_]*.py")]
    assert {ROOT / path for path in shown} == set(parts)


def test_every_page_is_in_the_navigation() -> None:
    known = {page.name for page in pages()}
    assert {page.name for page in (ROOT / "docs").glob("*.md")} <= known
