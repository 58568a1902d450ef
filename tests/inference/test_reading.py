"""New images are read as those of the run were; of other data the classes, files and groups asked for are used."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import ganlift
from ganlift.data.sizes import as_square
from ganlift.inference.model import load_model
from ganlift.runs import layout
from ganlift.runs.files import read_json

from .conftest import Command


@pytest.fixture(scope="module")
def tall(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Noise of 40 × 16 px; the upper end of an ant is bright, the lower one of a bee."""
    folder = tmp_path_factory.mktemp("tall") / "photos"
    rng = np.random.default_rng(0)
    for label, name in enumerate(("ant", "bee")):
        (folder / name).mkdir(parents=True)
        for index in range(30):
            picture = rng.integers(0, 128, (40, 16), dtype=np.uint8)
            picture[slice(32, None) if label else slice(8)] += 120
            Image.fromarray(picture).save(folder / name / f"{index:02d}.png")
    return folder


@pytest.fixture(scope="module")
def stretched(tall: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that learned from them stretched."""
    out = tmp_path_factory.mktemp("stretched") / "run"
    ganlift.train(tall, fit="stretch", budget=30, batch_size=8, keep_test=0.3, precision="fp32", out=out)
    return out


def test_the_run_and_its_classifier_say_how(stretched: Path) -> None:
    record = read_json(layout.model_file(layout.winner_folder(stretched)))
    assert record["fit"] == "stretch"
    assert record["preprocessing"] == "both sides resized to 16 px; uint8 / 127.5 - 1"
    guesses = {one["about"]: one for one in read_json(layout.plan_file(stretched))["guesses"]}
    assert guesses["shape"]["taken"] == "60 of 60 images are not square: stretched, as asked"
    assert ganlift.evaluate(stretched).measures["accuracy"]["value"] == 1.0  # in the middle there is noise alone


def test_new_images_are_stretched_as_well(stretched: Path, tall: Path, tmp_path: Path, command: Command) -> None:
    for index in range(3):
        with Image.open(tall / "bee" / f"{index:02d}.png") as picture:
            as_square(picture, 16, "stretch").save(tmp_path / f"{index:02d}.png")
    answers = [
        json.loads(command("predict", stretched, folder, "--json").out)["predictions"][:3]
        for folder in (tall / "bee", tmp_path)
    ]
    for own, ready in zip(*answers, strict=True):
        assert own["probabilities"] == pytest.approx(ready["probabilities"], abs=1e-6)
    assert ganlift.evaluate(stretched, tall).measures["accuracy"]["value"] == 1.0


def test_an_exported_file_and_its_card_say_so(stretched: Path, tmp_path: Path, tall: Path) -> None:
    pytest.importorskip("onnx")
    import onnx

    made = ganlift.export(stretched, "onnx", tmp_path / "model.onnx")
    assert made.source == "test images of the run"
    assert {one.key: one.value for one in onnx.load(made.file).metadata_props}["fit"] == "stretch"
    assert "| Preparation | both sides resized to 16 px (bicubic);" in made.card.read_text()
    assert load_model(made.file).facts.fit == "stretch"


def test_another_shape_is_another_run(stretched: Path, tall: Path, command: Command) -> None:
    words = ("train", tall, "--budget", 30, "--batch-size", 8, "--keep-test", 0.3, "--precision", "fp32")
    ended = command(*words, "--fit", "pad", "--out", stretched)
    assert ended.code == 2
    assert "fit: stretch → pad" in ended.err


@pytest.fixture(scope="module")
def chosen(tall: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A table of these images and of ones to leave out, and a run on it."""
    home, lines = tmp_path_factory.mktemp("chosen"), ["path,label"]
    for path in sorted(tall.rglob("*.png")):
        lines += [f"{path},{path.parent.name}", f"{path.with_suffix('.mask')},{path.parent.name}"]
        path.with_suffix(".mask").write_bytes(path.read_bytes())
    crab = home / "crab.png"
    Image.fromarray(np.eye(40, dtype=np.uint8)[:, :16] * 200).save(crab)
    lines.insert(1, f"{crab},crab")
    (home / "set.csv").write_text("\n".join(lines))
    asked = {"classes": ["bee", "ant"], "files": ["*.png"], "groups": "/([0-9]+)[.]", "keep_test": 0.3}
    ganlift.train(home / "set.csv", budget=30, batch_size=8, precision="fp32", out=home / "run", **asked)
    for path in tall.rglob("*.mask"):
        path.unlink()
    return home / "set.csv", home / "run"


def test_an_export_finds_the_images_that_its_run_chose(chosen: tuple[Path, Path], tmp_path: Path) -> None:
    made = ganlift.export(chosen[1], "safetensors", tmp_path / "model.safetensors")
    assert made.source == "test images of the run"


def test_other_data_are_chosen_from_as_well(chosen: tuple[Path, Path], command: Command) -> None:
    table, run = chosen
    refused = command("evaluate", run, table, "--files", "*.png")
    assert refused.code == 2
    assert "has 'crab', which the classifier does not know" in refused.err
    assert "leave them out with --classes" in refused.err
    words = ("--classes", "ant,bee", "--files", "*.png", "--groups", "(ant|bee)/", "--part", "all", "--json")
    found = json.loads(command("evaluate", run, table, *words).out)
    assert found["images"] == 60
    assert {one["group"]: one["images"] for one in found["groups"]} == {"ant": 30, "bee": 30}
    assert "1 class(es) left out, not named by --classes: crab (1 image(s))." in found["notes"]


@pytest.mark.parametrize("words", [("--classes", "ant,bee"), ("--groups", "x"), ("--files", "*.png")])
def test_what_is_about_data_needs_them(stretched: Path, words: tuple[str, str], command: Command) -> None:
    ended = command("evaluate", stretched, *words)
    assert ended.code == 2
    assert "are about DATA; name it after the run." in ended.err
