"""`ganlift compare DATA --labels-per-class 0`: clusters from the first step to the report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits
from typer.testing import CliRunner

import ganlift
from ganlift.cli.main import app
from ganlift.comparison.auto import WITHOUT_LABELS, WITHOUT_LABELS_ON_FEATURES, choose
from ganlift.config import build_config
from ganlift.data import draw_split, labelled_overlap, load
from ganlift.errors import ConfigError, DataError, GanliftError
from ganlift.strategies.base import strategies

DIGITS = ["compare", "digits", "--labels-per-class", "0", "--jobs", "1"]


def test_clusters_are_scored_after_matching_and_said_to_be(tmp_path: Path) -> None:
    run = tmp_path / "run"
    names = "kmeans-pixels,infogan"
    done = CliRunner().invoke(app, [*DIGITS, "--strategies", names, "--seeds", "1", "--budget", "8", "--out", str(run)])
    assert done.exit_code == 0, done.output
    assert "No training label is used" in " ".join(done.output.split())
    rows = {row["strategy"]: row for row in map(json.loads, (run / "results.jsonl").read_text().splitlines())}
    assert rows["kmeans-pixels"]["test_accuracy"] > 0.6
    assert rows["kmeans-pixels"]["steps"] == 0
    assert rows["kmeans-pixels"]["nmi"] > 0.4
    assert rows["infogan"]["steps"] == 8
    for row in rows.values():
        assert row["matched"]
        assert 0 <= row["nmi"] < 1  # 0 where a few steps leave one cluster
        assert (row["labels"], row["labelled_seen"], row["uses_unlabelled"]) == (0, 0, True)
    arrays = np.load(run / "arms" / "infogan" / "0" / "predictions.npz")
    assert (arrays["probabilities"].argmax(1) == arrays["labels"]).mean() == rows["infogan"]["test_accuracy"]
    assert not (run / "classifier").exists()
    page = (run / "report.html").read_text()
    assert "accuracy after matching" in page
    assert "NMI" in page
    assert 'id="calibration"' not in page
    (verdict,) = json.loads((run / "verdict.json").read_text())
    assert "after matching them to classes" in verdict["sentence"]


def test_rows_in_two_blocks_are_clustered_together_and_each_alone(tmp_path: Path) -> None:
    digits = load_digits()
    for name, half in (("left", slice(0, 32)), ("right", slice(32, 64))):
        arrays = {"x_train": digits.data[:1200, half], "x_test": digits.data[1200:, half]}
        labels = {"y_train": digits.target[:1200], "y_test": digits.target[1200:]}
        np.savez(tmp_path / f"{name}.npz", **arrays, **labels)
    data, run = f"{tmp_path}/left.npz,{tmp_path}/right.npz", tmp_path / "run"
    asked = ["--labels-per-class", "0", "--seeds", "1", "--budget", "60", "--jobs", "1", "--strategies", "catgan,scan"]
    done = CliRunner().invoke(app, ["compare", data, *asked, "--out", str(run)])
    assert done.exit_code == 0, done.output
    assert "what each alone gives: kmeans@left, kmeans@right" in " ".join(done.output.split())
    rows = {row["strategy"]: row for row in map(json.loads, (run / "results.jsonl").read_text().splitlines())}
    assert set(rows) == {"kmeans", "kmeans@left", "kmeans@right", "catgan", "scan"}
    assert rows["kmeans"]["test_accuracy"] > 0.6 > rows["kmeans@left"]["test_accuracy"] > 0.3
    assert rows["catgan"]["kind"] == "gan"
    assert min(rows[name]["test_accuracy"] for name in ("catgan", "scan")) > 0.4


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"strategies": "augment,infogan"}, "augment needs labelled images"),
        ({"search": 2}, "leaves none to use"),
        ({"unlabelled": "none"}, "leaves no image to learn from"),
        ({"strategies": "augment,infogan", "labels_per_class": 5}, "give --labels-per-class 0"),
    ],
)
def test_what_labels_forbid_or_need_is_refused(given: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=said):
        ganlift.compare("digits", out=tmp_path / "run", **{"labels_per_class": 0, **given})
    assert not (tmp_path / "run").exists()


def test_one_arm_alone_has_no_classifier_to_lay_ready(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Clusters have no names"):
        ganlift.train("digits", labels_per_class=0, strategy="infogan", out=tmp_path / "run")


def test_a_folder_without_any_label_is_refused(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    with pytest.raises(DataError, match="nothing can be scored without the labels of some"):
        ganlift.compare(tmp_path / "images", labels_per_class=0, out=tmp_path / "run")


def test_the_default_without_labels_is_of_arms_without_labels() -> None:
    for space, names in (("pixels", WITHOUT_LABELS), ("vectors", WITHOUT_LABELS_ON_FEATURES)):
        assert set(names) < {name for name, entry in strategies if not entry.labels and space in entry.spaces}
        assert {strategies.get(name).kind for name in names} == {"baseline", "rival", "gan"}
    assert choose([0, 0], 100).names == list(WITHOUT_LABELS)
    for where in ({"on_pixels": False}, {"rows": True}):
        assert choose([0, 0], 100, **where).names == list(WITHOUT_LABELS_ON_FEATURES)
    given = build_config({"data": "digits", "labels_per_class": 0, "strategies": "infogan"})
    assert given.strategies == ["infogan"]
    with pytest.raises(ConfigError):
        build_config({"data": "digits", "labels_per_class": -1})


def test_the_split_without_labels_keeps_a_few_to_choose_the_reference() -> None:
    images = load("digits")
    split = draw_split(images, 0, labels_per_class=0)
    assert len(split.labelled) == 0
    assert 10 <= len(split.validation) <= len(split.unlabelled) / 3
    assert not set(split.unlabelled) & (set(split.validation) | set(split.test))
    assert labelled_overlap(split, images) > 0.5  # every seed learns from nearly the same images


def test_a_knn_probe_is_scored_and_not_laid_ready(tmp_path: Path) -> None:
    run, options = tmp_path / "run", {"rotation-features": {"probe": "knn"}}
    with pytest.raises(GanliftError, match="another architecture than 'small-cnn'"):
        ganlift.train("digits", strategy="rotation-features", options=options, budget=2, out=run)
    assert not (run / "classifier").exists()
