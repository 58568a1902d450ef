"""The same images through every door: a folder, a table of paths, arrays, a saved data set; the same numbers."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import ganlift
from ganlift.data import load
from ganlift.estimators import GanLiftClassifier
from ganlift.runs import layout
from ganlift.runs.files import read_npz

NAMES = ("ants", "bees", "crabs")
DOORS = ("folder", "table", "bytes", "fractions", "channels-first", "saved")
COUNT = 20
"""Images a class, a quarter of them for testing."""


def photographs() -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.bool_]]:
    """Images (n, 16, 16, 3), labels, and which are for testing; sorted as a folder's files are."""
    rng = np.random.default_rng(0)
    labels, place = np.repeat(np.arange(3), COUNT), np.tile(np.arange(COUNT), 3)
    pixels = rng.integers(0, 160, (len(labels), 16, 16, 3), np.uint8)
    for index, label in enumerate(labels):
        pixels[index, 4:12, 4:12, label] += 60
    pixels[0, 0, 0], pixels[0, 0, 1] = 0, 255
    return pixels, labels, place >= COUNT * 3 // 4


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory, save_splits: Callable[..., Path]) -> dict[str, str]:
    """What to call each form of the same images."""
    home, (pixels, labels, tests) = tmp_path_factory.mktemp("doors"), photographs()
    files = []
    for index, (label, test) in enumerate(zip(labels, tests, strict=True)):
        path = home / "set" / ("test" if test else "train") / NAMES[label] / f"{index:03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels[index]).save(path)
        files.append((path, NAMES[label], path.parent.parent.name))
    with (home / "set.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("path", "label", "split"), *sorted(files, key=lambda one: one[2] == "test")])
    forms: dict[str, NDArray[Any]] = {
        "bytes": pixels,
        "fractions": pixels / 255,
        "channels-first": pixels.transpose(0, 3, 1, 2),
    }
    for name, x in forms.items():
        parts = {"x_train": x[~tests], "y_train": labels[~tests], "x_test": x[tests], "y_test": labels[tests]}
        np.savez(home / f"{name}.npz", class_names=np.array(NAMES), **parts)
    cells = np.array([{"bytes": path.read_bytes(), "path": None} for path, *_ in files], object)
    splits = {
        "train": {"image": cells[~tests].tolist(), "label": labels[~tests]},
        "test": {"image": cells[tests].tolist(), "label": labels[tests]},
    }
    features = {"image": {"_type": "Image"}, "label": {"_type": "ClassLabel", "names": NAMES}}
    save_splits(home / "saved", splits, features)
    return {"folder": str(home / "set"), "table": str(home / "set.csv"), "saved": str(home / "saved")} | {
        name: str(home / f"{name}.npz") for name in forms
    }


@pytest.fixture(scope="module")
def runs(doors: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A comparison through each door."""
    home = tmp_path_factory.mktemp("runs")
    asked: dict[str, Any] = {"strategies": ["augment", "sgan"], "seeds": 1, "labels_per_class": 6, "budget": 8}
    return {
        name: ganlift.compare(data, **asked, jobs=1, threads=1, precision="fp32", out=home / name).run
        for name, data in doors.items()
    }


def test_the_images_are_the_same(doors: dict[str, str]) -> None:
    folder = load(doors["folder"])
    for name in DOORS:
        images = load(doors[name])
        assert images.class_names == NAMES
        for part in ("train", "test"):
            own, wanted = images.parts == part, folder.parts == part
            assert sorted(images.hashes[own]) == sorted(folder.hashes[wanted]), name


def test_a_comparison_has_the_same_numbers_through_every_door(runs: dict[str, Path]) -> None:
    for strategy in ("augment", "sgan"):
        found = {name: read_npz(layout.predictions_file(run, strategy, 0)) for name, run in runs.items()}
        for name in DOORS[1:]:
            assert np.array_equal(found[name]["probabilities"], found["folder"]["probabilities"]), (name, strategy)


def test_evaluate_and_predict_agree_with_what_was_recorded(doors: dict[str, str], runs: dict[str, Path]) -> None:
    run = runs["fractions"]
    recorded = ganlift.evaluate(run)
    for name in DOORS:
        found = ganlift.evaluate(run, doors[name])
        assert found.confusion == recorded.confusion, name
        assert found.measures["nll"]["value"] == pytest.approx(recorded.measures["nll"]["value"], abs=1e-6)
    answers = list(ganlift.predict(run, [f"{doors['folder']}/test"]))
    right = sum(NAMES[one.best()[0]] == one.file.parent.name for one in answers)
    assert right / len(answers) == pytest.approx(recorded.measures["accuracy"]["value"])
    held = list(ganlift.predict(run, [f"{doors['saved']}/test"]))
    assert [one.file.name for one in held] == [f"image[{row}]" for row in range(3 * COUNT // 4)]
    assert np.array_equal([one.probabilities for one in held], [one.probabilities for one in answers])


def test_an_estimator_takes_files_bytes_and_fractions_alike(doors: dict[str, str]) -> None:
    pixels, labels, tests = photographs()
    paths = np.array(sorted(map(str, Path(doors["folder"]).rglob("*.png")), key=lambda path: Path(path).name))
    forms: list[Any] = [pixels, pixels / 255, (pixels / 255).astype(np.float32), paths]
    found = []
    for x in forms:
        estimator = GanLiftClassifier("sgan", budget=5, random_state=0)
        found.append(estimator.fit(x[~tests], labels[~tests]).predict_proba(x[tests]))
    for other in found[1:]:
        assert np.array_equal(other, found[0])
