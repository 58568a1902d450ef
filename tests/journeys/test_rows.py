"""Rows of numbers in an .npz, from a comparison to a classifier of new rows."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits

from ganlift import GanLiftClassifier
from ganlift.api import check, compare, evaluate, export, predict, train
from ganlift.cli import main as cli
from ganlift.errors import RunFolderError
from ganlift.runs.files import read_npz

ARMS = "linear-probe,label-spreading,fixmatch,sgan,sgan-mix"
X, Y = load_breast_cancer(return_X_y=True)
NAMES = np.array(["malignant", "benign"])
FEW = np.arange(0, 569, 2)
"""Rows to train with; every eighth of them has a label."""


def parts(**more: Any) -> dict[str, Any]:
    """Arrays with parts of every kind."""
    held = np.arange(1, 569, 2)
    return {
        "x_train": X[FEW[::8]],
        "y_train": Y[FEW[::8]],
        "x_unlabelled": np.delete(X[FEW], np.s_[::8], 0),
        "x_val": X[held[:40]],
        "y_val": Y[held[:40]],
        "x_test": X[held[40:]],
        "y_test": Y[held[40:]],
        "class_names": NAMES,
        **more,
    }


def said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """The exit code of ``ganlift arguments`` and what it wrote on standard error, on one line."""
    monkeypatch.setattr(sys, "argv", ["ganlift", *arguments])
    with pytest.raises(SystemExit) as end:
        cli.main()
    return int(str(end.value.code)), " ".join(capsys.readouterr().err.split())


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``cancer.npz``, a comparison of five arms on it in ``run``, and rows without labels."""
    where = tmp_path_factory.mktemp("rows")
    np.savez(where / "cancer.npz", x_train=X, y_train=Y, class_names=NAMES)
    np.savez(where / "new.npz", x=X[:5])
    asked = {"labels_per_class": 5, "strategies": ARMS, "seeds": 2, "budget": 60, "jobs": 1, "threads": 1}
    compare(where / "cancer.npz", **asked, out=where / "run")
    return where


def test_the_arms_for_vectors_are_compared_under_their_plain_names(place: Path) -> None:
    rows = [json.loads(line) for line in (place / "run" / "results.jsonl").read_text().splitlines()]
    assert {row["strategy"] for row in rows} == set(ARMS.split(","))
    assert all(row["test_accuracy"] > 0.8 for row in rows), rows
    kinds = {row["strategy"]: row["kind"] for row in rows}
    assert (kinds["sgan"], kinds["sgan-mix"]) == ("gan", "rival")  # without a generator, so that it may win
    verdicts = json.loads((place / "run" / "verdict.json").read_text())
    assert [one["strategy"] for one in verdicts] == ["sgan"]


def test_the_report_speaks_of_rows_and_shows_where_they_lie(place: Path) -> None:
    page = (place / "run" / "report.html").read_text()
    assert "All arms learn from rows of numbers (30 numbers a row)" in page
    assert "Where the rows lie" in page
    assert "What the network makes of the images" not in page
    points = json.loads((place / "run" / "features-rows.json").read_text())
    assert len(points["points"]["labelled"]) == 10
    assert 0.3 < points["shares"][0] < 1


def test_auto_takes_arms_for_vectors(place: Path, tmp_path: Path) -> None:
    notes: list[str] = []
    compare(
        place / "cancer.npz", labels_per_class=3, seeds=1, budget=2, jobs=1, threads=1, out=tmp_path / "run",
        on_event=lambda event: notes.append(str(event.get("message", ""))),
    )  # fmt: skip
    picked = next(note for note in notes if note.startswith("Picked"))
    assert picked.startswith(
        "Picked linear-probe, gda, label-spreading, distribution-calibration, fixmatch, sgan-mix, fixmatch-mix, "
        "neighbours, neighbours-mix, sgan, sgan-fixmatch, sgan-neighbours: "
    )
    assert "arms learn from rows of numbers" in picked


def test_the_winner_names_new_rows_and_is_scored_on_others(place: Path, tmp_path: Path) -> None:
    answers = predict(place / "run", [place / "new.npz"])
    found = list(answers)
    assert [str(one.file) for one in found] == [f"{place / 'new.npz'}:x[{n}]" for n in range(5)]
    assert [answers.class_names[one.best()[0]] for one in found] == ["malignant"] * 5
    np.savez(tmp_path / "labelled.npz", x_test=X[:99], y_test=Y[:99], x_train=X[99:], y_train=Y[99:], class_names=NAMES)
    scored = evaluate(place / "run", tmp_path / "labelled.npz")
    assert (scored.images, scored.part, scored.noun) == (99, "test", "row")
    assert scored.measures["accuracy"]["value"] > 0.8


@pytest.mark.parametrize("form", ["onnx", "torchscript", "safetensors"])
def test_a_file_that_stands_alone_takes_rows_as_they_are(place: Path, tmp_path: Path, form: str) -> None:
    suffix = {"onnx": ".onnx", "torchscript": ".pt", "safetensors": ".safetensors"}[form]
    made = export(place / "run", form, tmp_path / f"cancer{suffix}")
    assert (made.images, made.source) == (200, "rows of the run")
    assert made.difference <= 1e-5
    assert "rows of numbers (n, 30), float32" in made.card.read_text()
    if form == "torchscript":
        return
    there = np.stack([one.probabilities for one in predict(made.file, [place / "new.npz"])])  # type: ignore[union-attr]
    here = np.stack([one.probabilities for one in predict(place / "run", [place / "new.npz"])])  # type: ignore[union-attr]
    np.testing.assert_allclose(there, here, atol=1e-5)


@pytest.mark.parametrize("strategy", ["sgan", "augment"])
def test_both_doors_give_equal_numbers(tmp_path: Path, strategy: str) -> None:
    given = parts()
    np.savez(tmp_path / "parted.npz", **given)
    estimator = GanLiftClassifier(strategy, budget=30, batch_size=16, threads=1, random_state=0)
    estimator.fit(given["x_train"], given["y_train"], unlabelled=given["x_unlabelled"])
    asked: dict[str, Any] = {"strategy": strategy, "budget": 30, "batch_size": 16, "seed": estimator.seed_}
    train(tmp_path / "parted.npz", **asked, measure="accuracy", precision="fp32", threads=1, out=tmp_path / "run")
    recorded = read_npz(next((tmp_path / "run").rglob("predictions.npz")))
    np.testing.assert_allclose(recorded["probabilities"], estimator.predict_proba(given["x_test"]), atol=1e-6)


def test_columns_are_learned_from_the_rows_that_train_alone(tmp_path: Path) -> None:
    given = parts()
    np.savez(tmp_path / "parted.npz", **given)
    train(tmp_path / "parted.npz", strategy="real-only", budget=2, threads=1, out=tmp_path / "run")
    facts = json.loads((tmp_path / "run" / "classifier" / "model.json").read_text())
    trains = np.concatenate([given["x_train"], given["x_unlabelled"]])
    np.testing.assert_allclose(facts["columns"]["mean"], trains.mean(0), rtol=1e-12)
    np.testing.assert_allclose(facts["columns"]["spread"], trains.std(0), rtol=1e-12)


def test_a_run_of_rows_is_continued_and_other_rows_are_refused(place: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "some.npz", x_train=X[:200], y_train=Y[:200], class_names=NAMES)
    asked: dict[str, Any] = {"strategies": "linear-probe", "seeds": 1, "budget": 2, "jobs": 1, "threads": 1}
    first = compare(tmp_path / "some.npz", **asked, out=tmp_path / "run")
    again = compare(tmp_path / "some.npz", **asked, out=tmp_path / "run")
    assert first.rows == again.rows
    np.savez(tmp_path / "some.npz", x_train=X[:200, :9], y_train=Y[:200], class_names=NAMES)
    with pytest.raises(RunFolderError, match=r"200 of 9 numbers a row now, and there were 200 of 30 numbers a row"):
        compare(tmp_path / "some.npz", **asked, out=tmp_path / "run")


def test_check_speaks_of_columns(tmp_path: Path) -> None:
    x, y = load_digits(return_X_y=True)
    x = np.column_stack([x[:100], x[:100, 2] * 1e5])
    np.savez(tmp_path / "digits.npz", x_train=np.concatenate([x, x[:1]]), y_train=np.append(y[:100], y[0]))
    found = check(tmp_path / "digits.npz")
    assert (found.facts["columns"], found.facts["images"]) == (65, 101)
    assert not {"image_size", "flips"} & set(found.facts)
    told = {one.code: one.message for one in found.findings}
    assert told["constant-column"].startswith(f"{int((x.std(0) == 0).sum())} column(s) have one value throughout: ")
    assert "1 row(s) are exact copies of others on their side" in told["duplicates"]
    assert told["unequal-scales"].startswith("Column 64 has a spread of ")
    assert not {"no-flips", "constant-image"} & set(told)


def written(where: Path, **arrays: Any) -> str:
    np.savez(where / "given.npz", **arrays)
    return str(where / "given.npz")


BAD = {
    "widths": (parts(x_test=X[:3, :29], y_test=Y[:3]), r"rows of different widths \(train 30; .*test 29"),
    "nan": (
        parts(x_train=np.where(np.arange(30) == 4, np.nan, X[:9]), y_train=Y[:9]),
        "row 0, column 4 is nan .9 such",
    ),
    "infinite": (parts(x_unlabelled=np.full((2, 30), np.inf)), "unlabelled: row 0, column 0 is inf"),
    "large": ({"x_train": np.array([[1e300], [-1e300]]), "y_train": [0, 1]}, "column 0 has values up to 1e.300"),
    "one-dimensional": ({"x_train": X[:, 0], "y_train": Y}, r"shape \(569,\)"),
    "mixed": (parts(x_test=np.zeros((4, 5, 6)), y_test=[0, 1, 0, 1]), r"x has the shape \(4, 5, 6\)"),
    "text": ({"x_train": X.astype(str), "y_train": Y}, r"type <U\d+; expected rows of numbers"),
    "no labels": ({"x_train": X}, "expected x_train, y_train"),
    "all unlabelled": ({"x_train": X, "y_train": np.full(569, -1)}, "at least 2 are needed"),
}


@pytest.mark.parametrize("fault", BAD)
def test_rows_that_cannot_be_used_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], fault: str
) -> None:
    arrays, words = BAD[fault]
    code, error = said(monkeypatch, capsys, "compare", written(tmp_path, **arrays), "--out", str(tmp_path / "run"))
    assert code == 2
    assert re.search(words, error), error
    assert not (tmp_path / "run").exists()


OPTIONS = {
    "--features efficientnet-lite0": "--features efficientnet-lite0 looks at pictures",
    "--image-size 32": "--image-size is about images",
    "--flips on": "--flips is about images",
    "--fit pad": "--fit is about images",
    "--value-range 0,1": "--value-range is about images",
    "--unlabelled elsewhere": "as x_unlabelled",
    "--strategies rotation": "'rotation' learns from pixels alone, and the data are rows of numbers",
    "--strategies sgan@efficientnet-lite0": "'sgan@efficientnet-lite0' names a network or a block",
    "--strategies sgan@rows": "'sgan@rows' names a network or a block",
    "--classifier resnet18": "--classifier resnet18 reads pixels",
}


@pytest.mark.parametrize("asked", OPTIONS)
def test_what_is_about_pictures_is_refused(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], asked: str
) -> None:
    data = [str(place / "cancer.npz"), "--out", str(tmp_path / "run")]
    code, error = said(monkeypatch, capsys, "compare", *data, *asked.split())
    assert (code, OPTIONS[asked] in error) == (2, True), error
    assert not (tmp_path / "run").exists()


def test_another_kind_than_the_classifier_learned_from_is_refused(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    narrow = written(tmp_path, x=X[:5, :7], x_train=X[:50, :7], y_train=Y[:50])
    train("digits", strategy="real-only", budget=2, threads=1, out=tmp_path / "of-images")
    rows, images = str(place / "run"), str(tmp_path / "of-images")
    for arguments, words in (
        (("predict", rows, narrow), "(5, 7), and this classifier takes rows of numbers of the shape (n, 30)"),
        (
            ("predict", rows, str(place / "run" / "report.html")),
            "is no .npz and no table of numbers, and this",
        ),
        (("predict", rows, str(place / "gone.npz")), "There is no file"),
        (("predict", rows, str(place / "new.npz"), "--value-range", "0,1"), "--value-range is about images"),
        (("predict", images, str(place / "new.npz")), "None of 1 file(s) could be read"),
        (("evaluate", rows, narrow), "this classifier takes rows of numbers of the shape (n, 30)"),
        (("evaluate", rows, "digits"), "digits has images, and this classifier takes rows"),
        (("evaluate", images, str(place / "cancer.npz")), "has rows of 30 numbers, and images are wanted here"),
        (("train-generator", str(place / "cancer.npz"), "--out", str(tmp_path / "g")), "images are wanted here"),
    ):
        code, error = said(monkeypatch, capsys, *arguments)
        assert (code, words in error) == (2, True), (arguments, error)
