"""``ganlift evaluate``: on the run's own test images, and on other data with its own classes, parts and groups."""

from __future__ import annotations

import json
import math
import re
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import ganlift
from ganlift.errors import ConfigError, DataError, RunFolderError
from ganlift.runs.files import read_json

from .conftest import CLASSES, Command


@pytest.fixture
def manifest(photos: Path, tmp_path: Path) -> Path:
    """Every fourth image: site a has its labels right, site b has them swapped."""
    lines = ["path,label,split,Site"]
    for index, path in enumerate(sorted(photos.rglob("*.png"))[::4]):
        own = CLASSES.index(path.parent.name)
        label = CLASSES[own if index % 2 else 1 - own]
        lines.append(f"{path},{label},{'test' if index < 28 else 'train'},{'a' if index % 2 else 'b'}")
    file = tmp_path / "list.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def test_the_recorded_predictions_have_the_accuracy_of_the_row(trained: Path) -> None:
    row = read_json(trained / "arms" / "augment" / "0" / "row.json")
    found = ganlift.evaluate(trained)
    assert found.measures["accuracy"]["value"] == row["test_accuracy"]
    assert found.images == row["test_n"] == int(np.sum(found.confusion))
    assert [one["recall"] for one in found.per_class] == row["per_class_recall"]
    assert found.measures["nll"]["value"] != pytest.approx(row["nll"], abs=1e-9)  # the row is not calibrated
    assert "auroc" in found.measures
    assert "the run's own" in found.notes[0]
    assert ganlift.evaluate(trained / "classifier").measures == found.measures


def test_the_same_test_images_as_data_give_the_same_figures(trained: Path, photos: Path, tmp_path: Path) -> None:
    test = read_json(trained / "split-0.json")["parts"]["test"]["names"]
    for name in test:
        (tmp_path / "test" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(photos / name, tmp_path / "test" / name)
    found, recorded = ganlift.evaluate(trained, tmp_path / "test"), ganlift.evaluate(trained)
    assert found.part == "all"
    assert found.confusion == recorded.confusion
    assert found.measures["nll"]["value"] == pytest.approx(recorded.measures["nll"]["value"], abs=1e-5)
    assert found.overlap == {"labelled": 0, "validation": 0, "unlabelled": 0}
    assert found.notes == []


def test_training_images_are_warned_of(trained: Path, photos: Path) -> None:
    found = ganlift.evaluate(trained, photos)
    row = read_json(trained / "arms" / "augment" / "0" / "row.json")
    assert found.overlap == {"labelled": row["labels"], "validation": row["validation_n"], "unlabelled": 0}
    assert f"{row['labels']} it was trained on with labels" in found.notes[-1]


def test_classes_are_matched_by_name(trained: Path, photos: Path, tmp_path: Path) -> None:
    renamed = shutil.copytree(photos, tmp_path / "renamed")
    (renamed / CLASSES[0]).rename(renamed / "one")
    with pytest.raises(DataError, match=r"has 'one', which the classifier does not know, and lacks '=one'"):
        ganlift.evaluate(trained, renamed)
    (renamed / "one").rename(renamed / CLASSES[0])
    (renamed / "more").mkdir()
    Image.new("L", (8, 8)).save(renamed / "more" / "1.png")
    with pytest.raises(DataError, match=r"has 'more', which the classifier does not know\."):
        ganlift.evaluate(trained, renamed)


def test_a_subset_of_the_classes_is_said(photos: Path, tmp_path: Path) -> None:
    three = shutil.copytree(photos, tmp_path / "three")
    shutil.copytree(photos / CLASSES[1], three / "a third")
    for path in (three / "a third").glob("*.png"):
        Image.open(path).rotate(90).save(path)
    ganlift.train(three, budget=2, batch_size=8, precision="fp32", out=tmp_path / "run")
    found = ganlift.evaluate(tmp_path / "run", photos)
    assert any("without 'a third'" in note for note in found.notes)
    names = [one["name"] for one in found.per_class if one["images"]]
    assert names == list(CLASSES)
    assert "auroc" not in found.measures
    with pytest.raises(RunFolderError, match="kept no test images back"):
        ganlift.evaluate(tmp_path / "run")


def test_a_column_of_a_manifest_makes_groups(trained: Path, manifest: Path, command: Command) -> None:
    found = ganlift.evaluate(trained, manifest, group_column="site")
    a, b = found.groups[1], found.groups[0]
    assert (a["group"], b["group"]) == ("a", "b")
    assert found.part == "test"
    assert a["images"] + b["images"] == found.images == 28
    assert a["accuracy"]["value"] > 0.7 > 0.3 > b["accuracy"]["value"]
    shown = command("evaluate", trained, manifest, "--group-column", "site")
    assert shown.code == 0
    assert max(map(len, shown.out.splitlines())) <= 80
    assert json.loads(command("evaluate", trained, manifest, "--part", "all", "--json").out)["images"] == 30


@pytest.mark.parametrize(
    ("settings", "error", "said"),
    [
        ({"part": "val"}, DataError, "its parts: test, train"),
        ({"part": "tset"}, ConfigError, "takes test, val, train, all"),
        ({"group_column": "patient"}, DataError, "no column 'patient'; it has: path, label, split, site"),
    ],
)
def test_what_the_manifest_lacks_is_said(
    trained: Path, manifest: Path, settings: dict[str, str], error: type, said: str
) -> None:
    with pytest.raises(error, match=said):
        ganlift.evaluate(trained, manifest, **settings)


def test_a_column_of_a_folder_is_refused(trained: Path, photos: Path) -> None:
    with pytest.raises(ConfigError, match="only of a CSV manifest columns can be named"):
        ganlift.evaluate(trained, photos, group_column="site")


def test_colour_and_size_become_what_the_classifier_takes(trained: Path, photos: Path, tmp_path: Path) -> None:
    arrays = {
        f"{part}_images": np.zeros((4, 16, 16, 3), np.uint8) + np.uint8([10, 90, 200]) for part in ("train", "test")
    }
    labels = {f"{part}_labels": np.array([0, 1, 0, 1]) for part in ("train", "test")}
    np.savez(tmp_path / "set.npz", **arrays, **labels, class_names=np.array(CLASSES))
    found = ganlift.evaluate(trained, tmp_path / "set.npz")
    assert found.images == 4
    assert any("turned into grey" in note for note in found.notes)


def of_one_class(photos: Path, to: Path, kind: str) -> Path:
    """The first 30 images of the first class, as a folder, a folder with another class that has none, a table, ..."""
    paths = sorted((photos / CLASSES[0]).glob("*.png"))[:30]
    if kind == "table":
        (to / "set.csv").write_text("\n".join(["path,label", *(f"{path},{CLASSES[0]}" for path in paths)]))
        return to / "set.csv"
    if kind == "arrays":
        pixels = np.stack([np.asarray(Image.open(path)) for path in paths])
        np.savez(to / "set.npz", x_train=pixels, y_train=np.zeros(30, int), class_names=np.array(CLASSES))
        return to / "set.npz"
    (to / "set" / CLASSES[0]).mkdir(parents=True)
    for path in paths:
        shutil.copy(path, to / "set" / CLASSES[0])
    if kind in ("empty", "broken", "stranger"):
        (to / "set" / ("stranger" if kind == "stranger" else CLASSES[1])).mkdir()
    if kind == "broken":
        (to / "set" / CLASSES[1] / "0.png").write_bytes(b"broken")
    return to / "set"


@pytest.mark.parametrize("kind", ["folder", "empty", "broken", "stranger", "table", "arrays"])
def test_one_class_is_enough_to_be_scored_on(
    trained: Path, photos: Path, tmp_path: Path, command: Command, kind: str
) -> None:
    data = of_one_class(photos, tmp_path, kind)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = ganlift.evaluate(trained, data)
    answers = ganlift.predict(trained, sorted((photos / CLASSES[0]).glob("*.png"))[:30])
    right = sum(one.best() == [answers.class_names.index(CLASSES[0])] for one in answers.items)
    assert 0 < right < 30
    assert found.images == 30
    assert [one["recall"] for one in found.per_class] == [pytest.approx(right / 30), None]
    assert found.per_class[0]["precision"] == 1.0
    for name in ("accuracy", "balanced_accuracy", "macro_recall"):
        assert found.measures[name]["value"] == pytest.approx(right / 30)
    assert "auroc" not in found.measures
    assert all(math.isfinite(value) for line in found.measures.values() for value in line.values())
    assert f"The data has 1 of 2 classes; without '{CLASSES[1]}'." in found.notes
    shown = command("evaluate", trained, data)
    assert (shown.code, shown.err) == (0, "")
    assert "nan" not in shown.out
    refused = command("train", data, "--budget", 1, "--out", tmp_path / "other")
    assert refused.code == 2
    assert not (tmp_path / "other").exists()


def test_no_class_is_not_enough(trained: Path, photos: Path, tmp_path: Path, command: Command) -> None:
    flat = shutil.copytree(photos / CLASSES[0], tmp_path / "flat")
    assert "has 0 class folder(s) with images" in command("evaluate", trained, flat).err
    (tmp_path / "set.csv").write_text(f"path,label\n{flat}/00-0.png,\n")
    assert "names 0 class(es) in its label column" in command("evaluate", trained, tmp_path / "set.csv").err


LONG = ("Golden retriever, adult", "Golden retriever, puppy", "Golden retriever, red", "Golden retriever, young")


@pytest.mark.parametrize(
    ("classes", "columns", "rows"),
    [
        (("1", "10", "2"), ["1", "10", "2"], ["1", "10", "2"]),
        (("Ankle boot", "Shirt"), ["Ankle boot", "Shirt"], ["Ankle boot", "Shirt"]),
        (LONG, ["(A)", "(B)", "(C)", "(D)"], ["(A) Golden retriever, adult", "(B) Golden retriever, puppy"]),
    ],
)
def test_the_confusion_matrix_is_headed_by_names(
    tmp_path: Path, command: Command, classes: tuple[str, ...], columns: list[str], rows: list[str]
) -> None:
    for index, name in enumerate(classes):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for place in range(10):
            Image.new("L", (8, 8), 20 * index + place).save(tmp_path / "photos" / name / f"{place}.png")
    ganlift.train(tmp_path / "photos", budget=1, batch_size=8, precision="fp32", keep_test=0.2, out=tmp_path / "run")
    lines = command("evaluate", tmp_path / "run").out.splitlines()
    head = next(place for place, line in enumerate(lines) if line.startswith("is, predicted as"))
    assert re.split(r"  +", lines[head].removeprefix("is, predicted as").strip()) == columns
    assert [re.split(r"  +", line)[0] for line in lines[head + 1 : head + 1 + len(rows)]] == rows
    assert max(map(len, lines)) <= 80


def test_json_is_all_there_is_on_standard_output(trained: Path, command: Command) -> None:
    ended = command("evaluate", trained, "--json")
    found = json.loads(ended.out)
    assert found["measures"]["macro_recall"] == found["measures"]["balanced_accuracy"]
    assert ended.err == ""
