"""Two embeddings of the same examples, from a comparison to a classifier of new ones; both and each alone."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer

from ganlift.api import check, compare, evaluate, export, predict, train
from ganlift.data import load_examples
from ganlift.data.columns import block_weights
from ganlift.errors import ConfigError, DataError

X, Y = load_breast_cancer(return_X_y=True)
FIRST, SECOND = X[:, :20], 1000 * X[:, 20:30]
QUICK: dict[str, Any] = {"labels_per_class": 5, "seeds": 1, "budget": 20, "jobs": 1, "threads": 1}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``cells.npz`` with labels, ``worst.npz`` without, in another order and without one row; a run on both."""
    where = tmp_path_factory.mktemp("blocks")
    order = np.random.default_rng(0).permutation(569)[:-1]
    np.savez(where / "cells.npz", x_train=FIRST, y_train=Y, ids_train=np.arange(569))
    np.savez(where / "worst.npz", x_train=SECOND[order], ids_train=order)
    compare(both(where), strategies="sgan", **QUICK, out=where / "run")
    return where


def both(where: Path) -> str:
    return f"{where / 'cells.npz'},{where / 'worst.npz'}"


def scored(rows: Iterable[dict[str, Any]]) -> dict[str, float]:
    return {row["strategy"]: row["test_accuracy"] for row in rows}


def rows_of(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "results.jsonl").read_text().splitlines()]


def test_rows_are_joined_by_id_and_each_block_stands_alone_beside_them(place: Path) -> None:
    found = load_examples(both(place))
    assert (len(found), found.width, found.blocks) == (568, 30, (("cells", 20), ("worst", 10)))
    kept = np.asarray(found.ids).astype(int)
    assert np.array_equal(found.vectors, np.concatenate([FIRST[kept], SECOND[kept]], axis=1))
    assert np.array_equal(found.labels, Y[kept])
    rows = rows_of(place / "run")
    assert set(scored(rows)) == {"sgan", "linear-probe", "linear-probe@cells", "linear-probe@worst"}
    verdict = json.loads((place / "run" / "verdict.json").read_text())[0]
    assert {row["strategy"]: row.get("block") for row in rows}["linear-probe@worst"] == "worst"
    page = (place / "run" / "report.html").read_text()
    assert "One named @cells or @worst sees that block of them alone." in page
    assert verdict["rivals"] == 3  # what sees one block alone sees less, and has to be beaten as well


def test_a_block_alone_is_that_file_alone(tmp_path: Path) -> None:
    """Same rows in the same parts: the score of `compare worst.npz` is that of ``linear-probe@worst``."""
    parts = {"train": slice(0, 60), "val": slice(60, 200), "test": slice(200, None)}
    labels = {f"y_{part}": Y[index] for part, index in parts.items()}
    for name, x in {"cells": FIRST, "worst": SECOND}.items():
        np.savez(tmp_path / f"{name}.npz", **labels, **{f"x_{part}": x[index] for part, index in parts.items()})
    asked = {**QUICK, "labels_per_class": None, "strategies": "linear-probe"}
    alone = compare(tmp_path / "worst.npz", **asked, out=tmp_path / "one")
    beside = compare(both(tmp_path), **asked, out=tmp_path / "two")
    assert scored(alone.rows)["linear-probe"] == scored(beside.rows)["linear-probe@worst"] > 0.8
    assert scored(beside.rows)["linear-probe"] != scored(beside.rows)["linear-probe@worst"]


def test_blocks_weigh_the_same_whatever_their_width_and_scale() -> None:
    """Hand-worked: 4 columns that vary in blocks of 1 and 3 of them: 4 / (2 · 1) and 4 / (2 · 3), their roots."""
    varied = np.array([True, True, True, True, False])
    assert block_weights(varied, [1, 4]) == pytest.approx([2**0.5, *[(2 / 3) ** 0.5] * 4])
    assert np.array_equal(block_weights(varied, [5]), np.ones(5))
    assert np.array_equal(block_weights(varied, []), np.ones(5))


def test_the_classifier_takes_new_files_of_these_names(place: Path, tmp_path: Path) -> None:
    seen = load_examples(both(place))
    first, second = seen.block("cells").vectors[:7], seen.block("worst").vectors[:7]
    np.savez(tmp_path / "cells.npz", x=first, ids=np.arange(7))
    np.savez(tmp_path / "worst.npz", x=second[::-1], ids=np.arange(7)[::-1])
    train(both(place), strategy="sgan", labels_per_class=5, budget=20, out=tmp_path / "trained")
    answers = list(predict(tmp_path / "trained", [both(tmp_path)]))
    swapped = list(predict(tmp_path / "trained", [",".join(reversed(both(tmp_path).split(",")))]))
    exported = export(tmp_path / "trained", format="onnx")
    alone = list(predict(exported.file, [both(tmp_path)]))
    joined = np.concatenate([first, second], axis=1)
    np.savez(tmp_path / "joined.npz", x=joined)
    plain = list(predict(tmp_path / "trained", [tmp_path / "joined.npz"]))
    for other in (swapped, alone, plain):
        np.testing.assert_allclose(
            [one.probabilities for one in other], [one.probabilities for one in answers], atol=1e-5
        )
    assert answers[0].file.name == "worst.npz[0]"
    assert evaluate(tmp_path / "trained", both(place)).images == 568
    with pytest.raises(DataError, match=r"of cells and worst side by side; give cells.npz,worst.npz"):
        list(predict(tmp_path / "trained", [tmp_path / "cells.npz"]))
    np.savez(tmp_path / "other.npz", x=second)
    with pytest.raises(DataError, match="blocks called cells and worst"):
        list(predict(tmp_path / "trained", [f"{tmp_path / 'cells.npz'},{tmp_path / 'other.npz'}"]))


def test_a_classifier_of_one_block_finds_it_among_both(place: Path, tmp_path: Path) -> None:
    train(both(place), strategy="linear-probe@worst", labels_per_class=5, budget=20, out=tmp_path / "trained")
    found = load_examples(both(place))
    np.savez(tmp_path / "worst.npz", x=found.block("worst").vectors)
    answers = list(predict(tmp_path / "trained", [tmp_path / "worst.npz"]))
    right = np.mean([one.probabilities.argmax() for one in answers] == found.labels)
    assert evaluate(tmp_path / "trained", both(place)).measures["accuracy"]["value"] == pytest.approx(right)
    assert right > 0.8


def test_tables_are_joined_and_their_columns_found_by_name(place: Path, tmp_path: Path) -> None:
    found = load_examples(both(place))
    labels = np.array(["malignant", "benign"])[found.labels]
    table(
        tmp_path / "cells.csv", {"id": found.ids, "a": found.vectors[:, 0], "b": found.vectors[:, 1], "label": labels}
    )
    table(tmp_path / "worst.csv", {"c": found.vectors[:, 20], "id": found.ids, "d": found.vectors[:, 21]})
    spec = f"{tmp_path / 'cells.csv'},{tmp_path / 'worst.csv'}"
    assert load_examples(spec).columns == ("cells.a", "cells.b", "worst.c", "worst.d")
    train(spec, strategy="linear-probe", labels_per_class=5, budget=20, out=tmp_path / "trained")
    answers = [one.probabilities for one in predict(tmp_path / "trained", [spec])]
    (tmp_path / "new").mkdir()
    table(tmp_path / "new" / "cells.csv", {"b": found.vectors[:, 1], "a": found.vectors[:, 0], "id": found.ids})
    table(tmp_path / "new" / "worst.csv", {"d": found.vectors[:, 21], "id": found.ids, "c": found.vectors[:, 20]})
    new = f"{tmp_path / 'new' / 'cells.csv'},{tmp_path / 'new' / 'worst.csv'}"
    assert np.array_equal([one.probabilities for one in predict(tmp_path / "trained", [new])], answers)


def table(file: Path, columns: dict[str, Any]) -> None:
    lines = zip(*(np.asarray(values).astype(str) for values in columns.values()), strict=True)
    file.write_text("\n".join(",".join(line) for line in [tuple(columns), *lines]), encoding="utf-8")


def test_files_that_do_not_belong_together_are_refused(place: Path, tmp_path: Path) -> None:
    wrong, order = Y.copy(), np.arange(569)
    wrong[400] = 1 - wrong[400]
    np.savez(tmp_path / "wrong.npz", x_train=SECOND, y_train=wrong, ids_train=order)
    np.savez(tmp_path / "short.npz", x_train=SECOND[:10])
    np.savez(tmp_path / "plain.npz", x_train=FIRST, y_train=Y)
    np.savez(tmp_path / "apart.npz", x_train=SECOND, ids_train=order + 1000)
    np.savez(tmp_path / "twice.npz", x_train=SECOND, ids_train=order // 2)
    np.savez(tmp_path / "drawn.npz", x_train=np.zeros((569, 8, 8), np.uint8))
    cells = place / "cells.npz"
    for file, said in {
        "wrong": "is in different classes",
        "short": "has no ids",
        "apart": "no id in common",
        "twice": "2 rows have the id '0'",
        "drawn": "has images",
        "gone": "There is no file",
    }.items():
        with pytest.raises(DataError, match=said):
            check(f"{cells},{tmp_path / f'{file}.npz'}")
    with pytest.raises(DataError, match="as many rows in each part"):
        check(f"{tmp_path / 'plain.npz'},{tmp_path / 'short.npz'}")
    with pytest.raises(DataError, match="two files are called 'cells'"):
        check(f"{cells},{cells}")
    with pytest.raises(ConfigError, match="name one of cells, worst after '@'"):
        compare(both(place), strategies="sgan@best", **QUICK, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_without_ids_rows_are_joined_in_their_order_and_that_is_said(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x_train=FIRST[:300], y_train=Y[:300], x_test=FIRST[300:], y_test=Y[300:])
    np.savez(tmp_path / "b.npz", x_train=SECOND[:300], x_test=SECOND[300:])
    found = load_examples(f"{tmp_path / 'a.npz'},{tmp_path / 'b.npz'}")
    assert (len(found), found.width) == (569, 30)
    assert "joined in their order" in next(one.taken for one in found.guesses if one.about == "blocks")
