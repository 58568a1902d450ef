"""The Python door: what `ganlift.compare` returns, and a winner that can be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import ganlift
from ganlift.api import Comparison, report
from ganlift.classifiers.resolve import resolve
from ganlift.data import load
from ganlift.errors import ConfigError, RunFolderError
from ganlift.runs.files import read_json
from ganlift.strategies.setup import predict
from ganlift.training.checkpoint import load_module

ARMS = ["augment", "fixmatch", "gan-augment", "acgan"]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Comparison, list[dict[str, Any]]]:
    events: list[dict[str, Any]] = []
    comparison = ganlift.compare(
        "digits",
        labels_per_class=5,
        seeds=2,
        budget=20,
        batch_size=8,
        strategies=ARMS,
        jobs=1,
        precision="fp32",
        options={"gan-augment": {"pool": 10}},
        out=tmp_path_factory.mktemp("api") / "run",
        on_event=events.append,
    )
    return comparison, events


def test_what_comes_back(found: tuple[Comparison, list[dict[str, Any]]]) -> None:
    comparison, events = found
    assert len([row for row in comparison.rows if row["kind"] != "in-time"]) == 8
    assert {verdict.strategy for verdict in comparison.verdicts} == {"gan-augment", "acgan"}
    assert comparison.report_path.is_file()
    kinds = [event["type"] for event in events]
    assert kinds.index("plan") < kinds.index("arm")
    assert kinds.count("arm") == len(comparison.rows)
    assert any("with 5 labelled images in the smallest class" in event.get("message", "") for event in events)


def test_a_supervised_gan_is_not_measured_against_arms_that_saw_more(
    found: tuple[Comparison, list[dict[str, Any]]],
) -> None:
    references = {verdict.strategy: verdict.reference for verdict in found[0].verdicts}
    assert references["acgan"] == "augment"


def test_the_winner_gives_the_probabilities_that_were_scored(
    found: tuple[Comparison, list[dict[str, Any]]],
) -> None:
    best = found[0].best
    assert best is not None
    folder = Path(best["classifier"])
    facts = read_json(folder / "model.json")
    shape = facts["channels"], facts["image_size"], len(facts["class_names"])
    model = resolve(facts["classifier"]).build(*shape, 0.0)
    load_module(folder / "model.safetensors", model)
    stored = np.load(found[0].run / "arms" / best["strategy"] / str(best["seed"]) / "predictions.npz")
    pixels = torch.from_numpy(load("digits").batch(stored["index"]))
    assert np.allclose(predict(model, pixels).numpy(), stored["probabilities"], atol=1e-6)


def test_a_generator_leaves_pictures_and_figures(found: tuple[Comparison, list[dict[str, Any]]]) -> None:
    folder = found[0].run / "arms" / "gan-augment" / "0"
    facts = read_json(folder / "facts.json")
    assert len(facts["acceptance"]) == len(facts["diversity"]) == 10
    assert facts["chosen"] in facts["candidates"]
    assert len(facts["neighbours"]["generated_to_real"]) == 500
    assert (folder / facts["neighbours_png"]).is_file()
    assert len(list((folder / "samples").glob("*.png"))) >= 2
    assert not (folder / "checkpoints").exists()


def test_a_report_is_made_again(found: tuple[Comparison, list[dict[str, Any]]], tmp_path: Path) -> None:
    run = found[0].run
    before = (run / "report.html").read_text()
    assert report([run]).read_text() == before
    assert report([run, run], tmp_path / "both.html").is_file()
    with pytest.raises(RunFolderError, match="not a run folder"):
        report([tmp_path])


def test_a_time_too_short_is_refused_with_the_least_that_works(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--budget 1s is too short .* at least \d+ s"):
        ganlift.compare(
            "digits",
            labels_per_class=5,
            seeds=3,
            budget="1s",
            strategies=["augment", "sgan"],
            jobs=1,
            out=tmp_path / "r",
        )
    assert not (tmp_path / "r").exists()  # the next try, with more time, is not refused as another configuration
