"""Clips through every door: compared, trained on, predicted, evaluated, exported, in pixels and in features."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import ganlift
from ganlift.cli.main import app
from ganlift.data import load
from ganlift.data.clips import read_clip
from ganlift.data.reading import Reading
from ganlift.errors import ConfigError, DataError
from ganlift.inference.model import load_model

HERE = Path(__file__).parent
KINDS = (0, 8)  # T-shirts and bags


@pytest.fixture(scope="session")
def made() -> ModuleType:
    """The module of `tests/data/test_clips.py`, which makes clips."""
    spec = importlib.util.spec_from_file_location("clips_made", HERE / "data" / "test_clips.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def clips(made: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("video") / "clips"
    for name, kind in zip(("shirt", "bag"), KINDS, strict=True):
        for place in range(10):
            made.film("mpeg4")(folder / name / f"{place}.mp4", made.pan(kind, place))
    return folder


@pytest.fixture(scope="session")
def trained(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("trained") / "run"
    ganlift.train(clips, features="pixels", budget=30, batch_size=8, frames=3, image_size=28, keep_test=0.3, out=out)
    return out


def test_a_comparison_of_clips_from_the_shell(clips: Path, tmp_path: Path) -> None:
    said = ["--labels-per-class", "2", "--strategies", "augment,sgan", "--features", "pixels", "--seeds", "2"]
    small = ["--budget", "3", "--batch-size", "4", "--frames", "2", "--image-size", "28", "--jobs", "1"]
    done = CliRunner().invoke(app, ["compare", str(clips), *said, *small, "--out", str(tmp_path / "run")])
    assert done.exit_code == 0, done.output
    assert "2 frames of 28×28 RGB" in " ".join(done.output.split())
    plan = json.loads((tmp_path / "run/plan.json").read_text())
    assert plan["noun"] == "clip"
    assert {"about": "frames", "option": "--frames N"}.items() <= next(
        one for one in plan["guesses"] if one["about"] == "frames"
    ).items()
    verdict = json.loads((tmp_path / "run/verdict.json").read_text())
    assert [one["strategy"] for one in verdict] == ["sgan"]
    assert "Clips in each seed" in (tmp_path / "run/report.html").read_text()


def test_features_of_a_clip_are_twice_as_wide_as_a_frames(clips: Path, tmp_path: Path) -> None:
    """The classifier reads means and spreads; as ONNX it gives what it gives in torch."""
    ganlift.train(clips, features="auto", frames=2, strategy="linear-probe", budget=3, out=tmp_path / "run")
    facts = json.loads((tmp_path / "run/classifier/model.json").read_text())
    assert (facts["frames"], facts["features"]["network"]) == (2, "efficientnet-lite0")
    film = clips / "bag/0.mp4"
    (one,) = ganlift.predict(tmp_path / "run", [film])
    file = ganlift.export(tmp_path / "run", out=tmp_path / "model.onnx").file
    (other,) = ganlift.predict(file, [film])
    assert other.probabilities == pytest.approx(one.probabilities, abs=1e-5)


def test_one_answer_a_clip_of_files_and_of_folders_of_frames(made: ModuleType, clips: Path, trained: Path) -> None:
    frames = trained.parent / "frames"
    shutil.rmtree(frames, ignore_errors=True)
    made.files(frames, made.pan(8, 3))
    (trained.parent / "broken.mp4").write_bytes(b"no film")
    answers = list(ganlift.predict(trained, [clips / "bag", frames, trained.parent / "broken.mp4"]))
    assert [Path(one.file).name for one in answers] == [*(f"{n}.mp4" for n in range(10)), "frames", "broken.mp4"]
    assert answers[3].probabilities == pytest.approx(answers[10].probabilities, abs=0.05)
    assert answers[11].reason == "no film or animation that can be read"


def test_a_clips_probabilities_are_the_mean_of_its_frames(clips: Path, trained: Path) -> None:
    """At temperature 1, which is what they are averaged at: each frame asked as a clip of it alone."""
    model = load_model(trained)
    clip, _ = read_clip(clips / "bag/0.mp4", Reading(frames=3), 28)
    assert clip is not None
    frames = clip.transpose(0, 3, 1, 2)
    alone = model.probabilities(np.stack([np.stack([frame] * 3) for frame in frames]))
    power = model.facts.temperature
    untempered = alone**power / (alone**power).sum(1, keepdims=True)
    mean = untempered.mean(0) ** (1 / power)
    assert model.probabilities(frames[None])[0] == pytest.approx(mean / mean.sum(), abs=1e-5)


def test_recorded_and_asked_again_figures_agree(clips: Path, trained: Path) -> None:
    recorded = ganlift.evaluate(trained)
    again = ganlift.evaluate(trained, clips, part="all")
    assert (recorded.noun, again.noun, again.images) == ("clip", "clip", 20)
    index = np.load(next(trained.glob("arms/**/predictions.npz")))["index"]
    found = load(str(clips), load_model(trained).facts.reading())
    probabilities = load_model(trained).probabilities(found.batch(index))
    right = (probabilities.argmax(1) == found.labels[index]).mean()
    assert right == pytest.approx(recorded.measures["accuracy"]["value"])


@pytest.mark.parametrize("form", ["onnx", "torchscript", "safetensors"])
def test_an_exported_classifier_takes_frames_and_gives_a_clips_probabilities(trained: Path, form: str) -> None:
    made = ganlift.export(trained, form)
    assert made.difference <= 1e-5
    assert made.source == "test clips of the run"
    assert "uint8 clips (n, 3, 3, 28, 28)" in made.card.read_text() or form == "safetensors"


def test_images_are_refused_by_a_classifier_of_clips(trained: Path) -> None:
    with pytest.raises(DataError, match="a classifier of clips"):
        ganlift.evaluate(trained, "fashion-mini")


def test_films_without_the_library_name_what_to_install(clips: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(ConfigError, match=r"pip install 'ganlift\[video\]'"):
        load(str(clips))


def test_animations_need_no_library(made: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    for kind in (0, 8):
        for place in range(3):
            made.animation(tmp_path / "set" / str(kind) / f"{place}.gif", made.pan(kind, place))
    assert load(str(tmp_path / "set")).noun == "clip"
    assert Image.open(tmp_path / "set/0/0.gif").n_frames == 6
