"""Saved data sets of rows and of sound, from the first look to predictions, beside the same in other forms."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import ganlift
from ganlift.runs import layout
from ganlift.runs.files import read_npz

Save = Callable[..., Path]
PICTURE = {"_type": "Image"}
ASKED: dict[str, Any] = {"strategies": ["linear-probe"], "seeds": 1, "budget": 3, "jobs": 1, "threads": 1}


Said = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def cli(ganlift_here: Callable[..., subprocess.CompletedProcess[str]]) -> Said:
    def run(*words: str) -> tuple[int, str, str]:
        done = ganlift_here(*words)
        return done.returncode, done.stdout, done.stderr

    return run


def test_rows_have_the_numbers_of_an_npz(tmp_path: Path, save_splits: Save, cli: Said) -> None:
    rng = np.random.default_rng(0)
    y = np.tile([0, 1], 30)
    x = (rng.normal(size=(60, 5)) + y[:, None]).astype(np.float32)
    train, test = slice(0, 40), slice(40, 60)
    np.savez(
        tmp_path / "rows.npz",
        x_train=x[train],
        y_train=y[train],
        x_test=x[test],
        y_test=y[test],
        class_names=["a", "b"],
    )
    splits = {name: {"v": x[part].tolist(), "label": y[part]} for name, part in (("train", train), ("test", test))}
    home = save_splits(tmp_path / "saved", splits, {"label": {"_type": "ClassLabel", "names": ["a", "b"]}})
    runs = {
        name: ganlift.compare(data, **ASKED, out=tmp_path / f"run-{name}").run
        for name, data in (("npz", str(tmp_path / "rows.npz")), ("saved", str(home)))
    }
    found = {name: read_npz(layout.predictions_file(run, "linear-probe", 0)) for name, run in runs.items()}
    assert np.array_equal(found["saved"]["probabilities"], found["npz"]["probabilities"])
    run = str(runs["saved"])
    assert ganlift.evaluate(run, str(home)).confusion == ganlift.evaluate(run).confusion
    code, out, _ = cli("predict", run, str(home / "test"), "--format", "csv")
    lines = list(csv.DictReader(out.splitlines()))
    assert (code, len(lines), lines[3]["file"]) == (0, 20, f"{home / 'test'}[3]")
    assert [float(one["p(b)"]) for one in lines] == pytest.approx(
        [one.probabilities[1] for one in ganlift.predict(run, [tmp_path / "rows.npz"])][40:], abs=1e-4
    )


def test_sound_is_predicted_from_cells_as_from_files(tmp_path: Path, save_split: Save) -> None:
    soundfile = pytest.importorskip("soundfile")
    cells, labels, files = [], [], []
    for row in range(24):
        file = tmp_path / "folder" / ("low" if row % 2 else "high") / f"{row:02}.wav"
        file.parent.mkdir(parents=True, exist_ok=True)
        wave = np.sin(np.arange(2000) * 2 * np.pi * (300 + 20 * row if row % 2 else 2000 + 20 * row) / 8000) / 2
        soundfile.write(file, wave, 8000)
        cells.append({"bytes": file.read_bytes(), "path": None})
        labels.append(file.parent.name)
        files.append(file)
    home = save_split(tmp_path / "saved", {"audio": cells, "label": labels}, {"audio": {"_type": "Audio"}})
    run = ganlift.train(str(home), strategy="augment", seed=0, budget=3, out=tmp_path / "run").run
    held = [one.probabilities for one in ganlift.predict(run, [home])]
    assert np.array_equal(held, [one.probabilities for one in ganlift.predict(run, files)])
    figures = [ganlift.evaluate(run, str(data), part="all").confusion for data in (home, tmp_path / "folder")]
    assert figures[0] == figures[1]
    assert np.sum(figures[0]) == 24


def test_a_column_of_images_is_remembered_and_may_be_named(tmp_path: Path, save_split: Save, cli: Said) -> None:
    rng = np.random.default_rng(0)

    def cells(levels: Iterable[int]) -> list[dict[str, Any]]:
        found = []
        for level in levels:
            out = io.BytesIO()
            Image.fromarray(np.clip(rng.normal(level, 20, (8, 8)), 0, 255).astype(np.uint8)).save(out, "PNG")
            found.append({"bytes": out.getvalue(), "path": None})
        return found

    labels = ["dark", "light"] * 12
    bright = [60 if label == "dark" else 190 for label in labels]
    columns = {"photo": cells(bright), "mask": cells(bright[::-1]), "kind": labels}
    features = {"photo": {"_type": "Image"}, "mask": {"_type": "Image"}}
    home = save_split(tmp_path / "set", columns, features)
    run = ganlift.train(
        str(home), column=["photo"], label_column="kind", strategy="augment", budget=3, out=tmp_path / "run"
    ).run
    found = ganlift.evaluate(run, str(home))
    assert "Label column: 'kind', where the classifier learned its classes." in found.notes
    answers = [one.probabilities for one in ganlift.predict(run, [home])]
    assert str(next(iter(ganlift.predict(run, [home]))).file) == str(home / "photo[0]")
    masks = list(ganlift.predict(run, [home], column=["mask"]))
    assert str(masks[0].file) == str(home / "mask[0]")
    assert not np.array_equal(answers, [one.probabilities for one in masks])
    new = save_split(tmp_path / "new", {"a": columns["photo"], "b": columns["mask"]}, {"a": PICTURE, "b": PICTURE})
    for told, asked in {
        "new has the columns a and b of images, and one is wanted here; name it with --column a.": (),
        "has no column 'c' to learn from, as --column names it; it has: a, b.": ("--column", "c"),
    }.items():
        code, _, said = cli("predict", str(run), str(new), *asked)
        assert (code, said.count("\n"), told in said) == (2, 1, True), said
    code, out, _ = cli("predict", str(run), str(new), "--column", "a", "--json")
    assert (code, [one["probabilities"] for one in json.loads(out)["predictions"]]) == (
        0,
        [pytest.approx(one.tolist()) for one in answers],
    )
    code, _, said = cli("predict", str(run), str(tmp_path), "--column", "a")
    assert (code, "--column is about tables" in said) == (2, True)


def test_a_users_mistake_is_a_sentence_and_exit_2(tmp_path: Path, save_split: Save, cli: Said) -> None:
    home = save_split(tmp_path / "set", {"v": [[1.0], [2.0]], "w": [[1.0], [2.0]], "label": ["a", "b"]}, {})
    code, _, told = cli("check", str(home))
    assert (code, told.count("\n")) == (2, 1)
    assert "name what to learn from with --column v" in told
    code, out, _ = cli("check", str(home), "--column", "v", "--json")
    assert (code, json.loads(out)["classes"]) == (0, ["a", "b"])
