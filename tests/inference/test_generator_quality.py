"""`evaluate --what generator`: on a run's held-out images, on other data, and what it refuses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

import ganlift
from ganlift.errors import DamagedFileError, DataError, RunFolderError
from ganlift.inference import generator_quality, own_network
from ganlift.inference.generator import load_generator
from ganlift.inference.seen import images_of, other_held_out, own_held_out
from ganlift.runs.files import read_json, write_json

from .conftest import Command


def write_digits(path: Path, parts: dict[str, slice]) -> Path:
    digits = load_digits()
    arrays = {}
    for part, rows in parts.items():
        arrays[f"x_{part}"] = np.round(digits.images[rows] * 255 / 16).astype(np.uint8)
        arrays[f"y_{part}"] = digits.target[rows]
    np.savez(path, **arrays)
    return path


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generator of digits, hardly trained, with 300 images held out."""
    folder = tmp_path_factory.mktemp("generator")
    data = write_digits(folder / "digits.npz", {"train": slice(0, 900), "test": slice(900, 1200)})
    ganlift.train_generator(data, budget=3, batch_size=16, precision="fp32", out=folder / "run")
    return folder / "run"


@pytest.fixture
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_network, "STEPS", 150)
    monkeypatch.setattr(generator_quality, "FOR_CAS", 50)


@pytest.mark.usefixtures("few_steps")
def test_the_whole_of_it(generator: Path, command: Command, tmp_path: Path) -> None:
    ended = command("evaluate", generator, "--what", "generator", "--json", "--at-infinity")
    assert ended.code == 0, ended.err
    found = json.loads(ended.out)
    measures = found["measures"]
    assert (found["network"], found["distance"]) == ("own", "Fréchet distance (own)")
    assert (measures["images"], measures["training_images"]) == (300, 900)
    # three steps make noise of a generator: real images must be nearer by far, and teach a classifier more
    assert measures["generated"]["frechet"]["value"] > 5 * measures["real"]["frechet"]["value"] > 0
    assert measures["generated"]["recall"]["value"] < measures["real"]["recall"]["value"]
    assert found["cas"]["generated"]["value"] < found["cas"]["real"]["value"] - 0.2
    assert [line["images"] for line in measures["per_class"]] == [line["images"] for line in measures["real_per_class"]]
    assert sum(line["images"] for line in measures["per_class"]) == 300
    other = write_digits(tmp_path / "other.npz", {"train": slice(800, 1300)})
    shown = command("evaluate", generator, other, "--what", "generator", "--images", 60)
    assert shown.code == 0, shown.err
    assert "60 images by sngan-0" in shown.out
    assert "100 of 500 images are left out: the generator learned from them." in " ".join(shown.out.split())
    for words in ("Fréchet distance (own)", "recall", "CAS", "C_T", "real"):
        assert words in shown.out
    assert "FID" not in shown.out
    assert max(map(len, shown.out.splitlines())) <= 80


def test_no_image_that_the_generator_saw_is_held_out(generator: Path, tmp_path: Path) -> None:
    images, split = images_of(generator, load_generator(generator), None)
    learned = set(images.hashes[np.concatenate([split.labelled, split.unlabelled])])
    assert len(learned) > 890
    other = write_digits(tmp_path / "other.npz", {"train": slice(800, 1300)})
    found = [own_held_out(generator, images, split), other_held_out(images, split, str(other), None, None)]
    assert [len(one.held.labels) for one in found] == [300, 400]
    for one in found:
        assert not learned & set(one.held.examples.hashes[one.held.index])
        assert (one.held.labels == load_digits().target[900 : 900 + len(one.held.labels)]).all()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--network", "inceptoin"], "no feature network 'inceptoin'. Did you mean 'inception'?"),
        (["--generator", "x"], "has no generator 'x'"),
        (["--images", "12"], "needs 20 images that it saw and 20 that it did not"),
        (
            ["--group-column", "site"],
            "--classes, --groups and --files are about classifiers",
        ),
    ],
)
def test_refuses(generator: Path, command: Command, words: list[str], said: str) -> None:
    ended = command("evaluate", generator, "--what", "generator", *words)
    assert (ended.code, ended.out) == (2, "")
    assert said in " ".join(ended.err.split())


def test_refuses_what_is_no_generators(trained: Path, generator: Path, command: Command, tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="holds no trained generator"):
        ganlift.evaluate_generator(trained)
    assert "add --what generator" in command("evaluate", generator, "--network", "own").err
    assert "expected classifier, generator or privacy" in command("evaluate", generator, "--what", "both").err
    assert "evaluate --what generator" in command("evaluate", generator).err
    copy = Path(shutil.copytree(generator, tmp_path / "run"))
    data = write_digits(tmp_path / "seen.npz", {"test": slice(0, 100), "train": slice(0, 100)})
    with pytest.raises(DataError, match="learned from all 100 images"):
        ganlift.evaluate_generator(copy, data)
    text = (copy / "config.yaml").read_text()
    (copy / "config.yaml").write_text(text.replace(str(generator.parent / "digits.npz"), str(data)))
    with pytest.raises(DataError, match="have changed since the generator learned"):
        ganlift.evaluate_generator(copy)


def test_without_held_out_images_or_labels_says_what_to_give(photos: Path, tmp_path: Path) -> None:
    run, flat = tmp_path / "run", tmp_path / "flat"
    ganlift.train_generator(photos, budget=2, batch_size=8, precision="fp32", out=run)
    with pytest.raises(RunFolderError, match=r"kept no images back .* name some after it"):
        ganlift.evaluate_generator(run)
    flat.mkdir()
    for file in sorted(photos.glob("*/*.png"))[:60]:
        shutil.copy(file, flat / f"{file.parent.name[:1]}{file.name}")
    ganlift.train_generator(flat, budget=2, batch_size=8, precision="fp32", out=tmp_path / "without")
    with pytest.raises(DataError, match="'own' is a classifier of labelled training images, and there are none"):
        ganlift.evaluate_generator(tmp_path / "without", photos)


@pytest.mark.usefixtures("few_steps")
def test_a_comparison_measures_every_generator_once(tmp_path: Path) -> None:
    data = write_digits(tmp_path / "digits.npz", {"train": slice(0, 400), "test": slice(400, 600)})
    settings = {"labels_per_class": 10, "seeds": 1, "budget": 4, "batch_size": 16, "jobs": 1, "precision": "fp32"}
    names = ["augment", "synthetic-only", "sgan"]
    found = ganlift.compare(data, strategies=names, out=tmp_path / "run", **settings)
    files = sorted(found.run.glob("generators/*/measures.json"))
    assert len(files) == 2  # of synthetic-only, and sgan's own
    for file in files:
        measures = read_json(file)
        assert (measures["network"], measures["images"]) == ("own", 200)
        assert measures["about"].endswith("the arm augment, seed 0")
    assert read_json(found.run / "arms/sgan/0/facts.json")["generator"] == "sgan-0"
    page = found.report_path.read_text("utf-8")
    assert "How good are its images?" in page
    before = [file.stat().st_mtime_ns for file in files]
    ganlift.compare(data, strategies=names, out=tmp_path / "run", **settings)
    assert [file.stat().st_mtime_ns for file in files] == before
    # afterwards the run's own baseline is what is looked through, and nothing is trained for it
    whole = ganlift.evaluate_generator(found.run, generator="sgan-0", images=100)
    assert (whole.cas is None) == (not whole.class_names)
    assert len(whole.others) == 1


@pytest.mark.parametrize(
    "other",
    [{"latent_size": 228}, {"folds": 3}, {"class_names": [f"{number}" for number in range(99)]}, {"size": 16}],
    ids=lambda other: next(iter(other)),
)
def test_a_description_that_does_not_fit_the_weights_is_refused(
    generator: Path, tmp_path: Path, other: dict[str, Any]
) -> None:
    run = Path(shutil.copytree(generator, tmp_path / "run"))
    (file,) = run.glob("generators/*/model.json")
    write_json(file, {**read_json(file), **other})
    with pytest.raises(DamagedFileError):
        load_generator(run)
