"""Tables of numbers from a comparison to a classifier of new ones."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet
from sklearn.datasets import load_breast_cancer

from ganlift.api import check, compare, evaluate, export, predict, train
from ganlift.errors import DataError, RunFolderError

X, Y = load_breast_cancer(return_X_y=True)
X = X[:, :8]
KINDS = np.array(["malignant", "benign"])[Y]
COLUMNS = [f"m{place}" for place in range(8)]
QUICK: dict[str, Any] = {"seeds": 1, "budget": 20, "jobs": 1, "threads": 1}


def write_csv(file: Path, index: np.ndarray, columns: list[str], **more: Any) -> Path:
    """Rows at ``index`` with the ``columns`` in that order, and further columns."""
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow([*columns, *more])
        for place in index:
            cells = [repr(float(X[place, COLUMNS.index(name)])) for name in columns]
            writer.writerow([*cells, *(values[place] for values in more.values())])
    return file


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("tables")
    write_csv(where / "cancer.csv", np.arange(569), COLUMNS, kind=KINDS)
    asked = {"labels_per_class": 5, "strategies": "linear-probe,sgan", "label_column": "kind", **QUICK}
    compare(where / "cancer.csv", **asked, out=where / "run")
    return where


def scored(rows: Iterable[dict[str, Any]]) -> dict[tuple[str, int], float]:
    """Accuracies by arm and seed, whichever job ended first."""
    return {(row["strategy"], row["seed"]): row["test_accuracy"] for row in rows}


def test_a_table_gives_the_numbers_that_an_npz_of_it_gives(place: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "cancer.npz", x_train=X, y_train=1 - Y, class_names=["benign", "malignant"])
    asked = {"labels_per_class": 5, "strategies": "linear-probe,sgan", **QUICK}
    of_npz = compare(tmp_path / "cancer.npz", **asked, out=tmp_path / "run")
    scores = scored(json.loads(line) for line in (place / "run" / "results.jsonl").read_text().splitlines())
    assert scored(of_npz.rows) == scores
    assert min(scores.values()) > 0.7


def test_new_tables_are_read_by_the_names_of_their_columns(place: Path, tmp_path: Path) -> None:
    straight = write_csv(tmp_path / "new.csv", np.arange(9), COLUMNS)
    turned = write_csv(tmp_path / "turned.csv", np.arange(9), COLUMNS[::-1], kind=KINDS, text=KINDS)
    parquet.write_table(pa.table({name: X[:9, at] for at, name in enumerate(COLUMNS)}), tmp_path / "new.parquet")
    np.savez(tmp_path / "new.npz", x=X[:9])
    found = [
        list(predict(place / "run", [file])) for file in (straight, turned, *sorted(tmp_path.glob("new.[np][pa]*")))
    ]
    for other in found[1:]:
        assert [one.probabilities.tolist() for one in other] == [one.probabilities.tolist() for one in found[0]]
    assert str(found[0][3].file) == f"{straight}[3]"
    with_ids = write_csv(tmp_path / "ids.csv", np.arange(2), COLUMNS, id=["p7", "p9"])
    assert [str(one.file) for one in predict(place / "run", [with_ids])] == [f"{with_ids}[p7]", f"{with_ids}[p9]"]


def test_a_table_without_a_column_of_the_classifier_is_refused(place: Path, tmp_path: Path) -> None:
    short = write_csv(tmp_path / "short.csv", np.arange(3), COLUMNS[:-1])
    with pytest.raises(DataError, match=r"no column 'm7' to learn from"):
        predict(place / "run", [short])


def test_evaluate_reads_the_columns_of_the_classifier(place: Path, tmp_path: Path) -> None:
    others = write_csv(tmp_path / "others.csv", np.arange(200, 300), COLUMNS[::-1], extra=X[:, 0], label=KINDS)
    scored = evaluate(place / "run", others)
    assert (scored.images, scored.noun) == (100, "row")
    assert scored.measures["accuracy"]["value"] > 0.7
    assert evaluate(place / "run", others, label_column="label").confusion == scored.confusion


def test_evaluate_finds_the_classes_where_the_classifier_learned_them(place: Path, tmp_path: Path) -> None:
    told = "Label column: 'kind', where the classifier learned its classes."
    found = evaluate(place / "run", place / "cancer.csv")
    assert (found.images, told in found.notes) == (569, True)
    wrong = np.roll(KINDS, 1)
    both = write_csv(tmp_path / "both.csv", np.arange(200, 300), COLUMNS, kind=KINDS, label=wrong)
    by_itself, asked = evaluate(place / "run", both), evaluate(place / "run", both, label_column="label")
    assert (told in by_itself.notes, told in asked.notes) == (True, False)
    assert by_itself.measures["accuracy"]["value"] > asked.measures["accuracy"]["value"]
    named = evaluate(place / "run", both, label_column="kind")
    assert (named.confusion, told in named.notes) == (by_itself.confusion, False)
    made = export(place / "run", "safetensors", tmp_path / "model.safetensors")
    assert told in evaluate(made.file, both).notes
    assert f"learned from {', '.join(COLUMNS)}; classes in kind" in made.card.read_text()
    bare = write_csv(tmp_path / "bare.csv", np.arange(5), COLUMNS)
    with pytest.raises(DataError, match="neither a column path and label"):
        evaluate(place / "run", bare)


def test_predict_takes_the_columns_that_are_named(place: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x_train=X, y_train=Y)
    run = train(tmp_path / "x.npz", strategy="linear-probe", budget=2, threads=1, out=tmp_path / "run").run
    columns = {"values": list(X[:9]), "others": list(X[:9, :2]), "kind": KINDS[:9]}
    parquet.write_table(pa.table(columns), tmp_path / "new.parquet")
    new = tmp_path / "new.parquet"
    np.savez(tmp_path / "new.npz", x=X[:9])
    wanted = [one.probabilities.tolist() for one in predict(run, [tmp_path / "new.npz"])]
    assert [one.probabilities.tolist() for one in predict(run, [new], column=["values"])] == wanted
    assert [one.probabilities.tolist() for one in predict(run, [new], leave_out=["oth*", "kind"])] == wanted
    for told, asked in {
        "name what to learn from with --column values": {},
        "has no column 'value' to learn from, as --column names it; did you mean 'values'": {"column": ["value"]},
        r"has the shape \(9, 2\), and this classifier takes rows": {"column": ["others"]},
    }.items():
        with pytest.raises(DataError, match=told):
            predict(run, [new], **asked)
    with pytest.raises(DataError, match=r"--column is about tables, and .*x\.npz is none"):
        predict(run, [tmp_path / "x.npz"], column=["values"])


def test_export_is_compared_on_the_rows_of_the_table_and_keeps_their_names(place: Path, tmp_path: Path) -> None:
    made = export(place / "run", "safetensors", tmp_path / "model.safetensors")
    assert (made.source, made.images) == ("rows of the run", 200)
    turned = write_csv(tmp_path / "turned.csv", np.arange(5), COLUMNS[::-1])
    there, here = (np.stack([one.probabilities for one in predict(by, [turned])]) for by in (made.file, place / "run"))
    np.testing.assert_allclose(there, here, atol=1e-6)


def test_a_run_of_a_table_is_continued_and_another_label_is_refused(place: Path) -> None:
    asked = {"labels_per_class": 5, "strategies": "linear-probe,sgan", **QUICK}
    compare(place / "cancer.csv", **asked, label_column="kind", out=place / "run")
    with pytest.raises(RunFolderError, match="label_column: kind → m0"):
        compare(place / "cancer.csv", **asked, label_column="m0", leave_out=["kind"], out=place / "run")


def test_parts_of_a_table_are_kept_to_and_check_names_columns(tmp_path: Path) -> None:
    parts = np.where(np.arange(569) % 5 == 0, "test", "train")
    same = np.ones(569)
    file = write_csv(tmp_path / "parts.csv", np.arange(569), COLUMNS, same=same, split=parts, label=KINDS)
    trained = train(file, strategy="linear-probe", budget=2, threads=1, out=tmp_path / "run")
    assert trained.row["test_n"] == 114
    told = {one.code: one.message for one in check(file).findings}
    assert told["constant-column"] == "1 column(s) have one value throughout: column same."


def test_an_npy_with_its_labels_gives_the_same_numbers(place: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", X)
    (tmp_path / "y.txt").write_text("\n".join(KINDS), encoding="utf-8")
    np.save(tmp_path / "y.npy", np.array(KINDS))
    asked = {"labels_per_class": 5, "strategies": "linear-probe,sgan", **QUICK}
    scores = scored(json.loads(line) for line in (place / "run" / "results.jsonl").read_text().splitlines())
    for labels in ("y.txt", "y.npy"):
        found = compare(tmp_path / "x.npy", **asked, labels=str(tmp_path / labels), out=tmp_path / f"run-{labels}")
        assert scored(found.rows) == scores
    (first, *_) = predict(tmp_path / "run-y.txt", [tmp_path / "x.npy"])
    assert str(first.file) == f"{tmp_path / 'x.npy'}[0]"
    with pytest.raises(DataError, match="has rows and no labels; name their file with --labels FILE"):
        check(tmp_path / "x.npy")
    with pytest.raises(DataError, match=r"--labels is about an .npy, and digits is none"):
        check("digits", labels="y.txt")
    (tmp_path / "short.txt").write_text("a\nb\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"short.txt has 2 labels, and .*x.npy 569 rows; give one a row"):
        check(tmp_path / "x.npy", labels=str(tmp_path / "short.txt"))
    (tmp_path / "cells.txt").write_text("\n".join(f"{place},{kind}" for place, kind in enumerate(KINDS)))
    with pytest.raises(DataError, match=r"cells.txt has several cells a line \('0,"):
        check(tmp_path / "x.npy", labels=str(tmp_path / "cells.txt"))
    (tmp_path / "numbers.txt").write_text("\n".join(["-1", *(str(y) for y in Y[1:])]))
    facts = check(tmp_path / "x.npy", labels=str(tmp_path / "numbers.txt")).to_json()
    assert (facts["unlabelled"], len(facts["classes"])) == (1, 2)
