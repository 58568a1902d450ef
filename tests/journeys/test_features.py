"""Arms on the features of a frozen network, from photographs to a classifier of new ones."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import ganlift
from ganlift.comparison.winner import clear_cache
from ganlift.data import load
from ganlift.inference.attacks import own_probabilities
from ganlift.inference.members import run_examples
from ganlift.inference.model import load_model
from ganlift.inference.predict import Prediction

ARMS = "linear-probe,label-spreading,sgan"


Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def run(ganlift_here: Command) -> Command:
    """A command in a folder that has a cache of its own."""
    return lambda where, *words: ganlift_here(*words, cwd=where, GANLIFT_DATA=str(where / "cache"))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, run: Command) -> Path:
    """A folder ``photos`` of 24 sandals and 24 bags of 96 × 80 px, and a comparison of three arms on their features."""
    where, source = tmp_path_factory.mktemp("features"), load("fashion-mini")
    for label, name in ((5, "sandal"), (8, "bag")):
        for number, index in enumerate(np.flatnonzero(source.labels == label)[:24]):
            path = where / "photos" / name / f"{number}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(source.pixels[index][..., 0]).convert("RGB").resize((96, 80)).save(path, quality=90)
    asked = ["--labels-per-class", "3", "--features", "efficientnet-lite0", "--strategies", ARMS]
    done = run(where, "compare", "photos", *asked, "--seeds", "2", "--budget", "30", "--jobs", "1", "--out", "run")
    assert done.returncode == 0, done.stderr
    (where / "said").write_text(done.stdout)
    return where


def rows(place: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (place / "run" / "results.jsonl").read_text().splitlines()]


def test_arms_are_named_for_their_network_and_tell_the_two_apart(place: Path) -> None:
    found = rows(place)
    assert {row["strategy"] for row in found} == {f"{arm}@efficientnet-lite0" for arm in ARMS.split(",")}
    assert {row["features"] for row in found} == {"efficientnet-lite0"}
    assert all(row["test_accuracy"] >= 0.8 for row in found), found  # type: ignore[operator]


def test_the_table_names_the_network_once(place: Path) -> None:
    said = (place / "said").read_text()
    assert "Features of efficientnet-lite0\n" in said
    table = said.partition("Features of efficientnet-lite0\n")[2].partition("\n\n")[0]
    assert "linear-probe " in table
    assert "@" not in table


def test_features_are_not_made_twice(place: Path, run: Command) -> None:
    asked = ["--labels-per-class", "2", "--features", "efficientnet-lite0", "--strategies", "linear-probe"]
    done = run(place, "compare", "photos", *asked, "--seeds", "1", "--budget", "3", "--jobs", "1", "--out", "again")
    assert done.returncode == 0, done.stderr
    assert "Features of efficientnet-lite0:" in (place / "said").read_text()
    assert "Features of efficientnet-lite0:" not in done.stdout


def test_an_attack_on_the_winner_takes_the_features_that_the_run_has(
    place: Path, run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ["--labels-per-class", "3", "--features", "efficientnet-lite0", "--strategies", "linear-probe"]
    with monkeypatch.context() as patched:
        patched.setattr("ganlift.comparison.winner.clear_cache", lambda folder: None)
        done = run(place, "compare", "photos", *asked, "--seeds", "1", "--budget", "3", "--jobs", "1", "--out", "kept")
    assert done.returncode == 0, done.stderr
    monkeypatch.chdir(place)  # where the run's ``photos`` lie
    folder, index = place / "kept", np.arange(0, 48, 5)
    winner, examples = load_model(folder, "cpu"), run_examples(folder, None)
    with monkeypatch.context() as patched:
        patched.setattr("ganlift.inference.attacks.own_inputs", None)  # nothing goes through the network again
        of_features = own_probabilities(winner, examples, folder, index)
    clear_cache(folder)
    assert np.allclose(of_features, own_probabilities(winner, examples, folder, index), atol=0.01)


def test_broken_off_while_features_are_made_it_goes_on(place: Path) -> None:
    environment = {
        **os.environ,
        "GANLIFT_DATA": str(place / "other-cache"),
        "OMP_NUM_THREADS": "1",
        "PYTHONUNBUFFERED": "1",
    }
    asked = ["--labels-per-class", "3", "--strategies", "linear-probe", "--features", "efficientnet-lite0"]
    command = [sys.executable, "-m", "ganlift", "compare", "photos", *asked, "--seeds", "1", "--out", "broken"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=place, env=environment
    ) as process:
        assert process.stdout
        assert process.stderr
        assert any(line.startswith("Features of efficientnet-lite0:") for line in process.stdout)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert "What is done is saved; the same command continues from there." in process.stderr.read()
    done = subprocess.run(command, capture_output=True, text=True, cwd=place, env=environment)
    assert done.returncode == 0, done.stderr


def test_photographs_of_16_bits_go_through_the_network_on_the_scale_that_was_found(place: Path, run: Command) -> None:
    for path in (place / "photos").glob("*/*.jpg"):
        to = place / "deep" / path.parent.name / f"{path.stem}.png"
        to.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(path) as picture:
            Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257).save(to)
    asked = ["--labels-per-class", "3", "--features", "efficientnet-lite0", "--strategies", "linear-probe"]
    done = run(place, "compare", "deep", *asked, "--seeds", "1", "--budget", "3", "--jobs", "1", "--out", "of-deep")
    assert done.returncode == 0, done.stderr
    row = json.loads((place / "of-deep" / "results.jsonl").read_text().splitlines()[0])
    assert row["test_accuracy"] >= 0.8
    told = run(place, "predict", "of-deep", "deep/bag", "--json")
    assert told.returncode == 0, told.stderr
    answers = [one["class"] for one in json.loads(told.stdout)["predictions"]]
    assert answers.count("bag") >= 20, answers


def test_what_was_lost_of_a_finished_run_is_made_again_or_named(place: Path, run: Command) -> None:
    again = ["compare", "photos", "--labels-per-class", "3", "--features", "efficientnet-lite0", "--strategies", ARMS]
    again += ["--seeds", "2", "--budget", "30", "--jobs", "1", "--out", "lost"]
    shutil.copytree(place / "run", place / "lost")
    verdict = (place / "lost" / "verdict.json").read_bytes()
    (place / "lost" / "arms" / "linear-probe@efficientnet-lite0" / "1" / "predictions.npz").unlink()
    done = run(place, *again)
    assert done.returncode == 0, done.stderr
    assert json.loads((place / "lost" / "verdict.json").read_text())[0]["gain"] == json.loads(verdict)[0]["gain"]
    for weights in (place / "lost" / "arms").glob("*/*/classifier.safetensors"):
        weights.unlink()
    refused = run(place, *again)
    assert refused.returncode == 2
    assert "The winner's weights, " in refused.stderr
    assert "run again" in refused.stderr


def test_one_path_is_taken_as_one_in_python(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    assert len(list(ganlift.predict("run", "photos/bag"))) == 24


def test_a_slip_in_a_networks_name_is_told_before_images_are_read(place: Path, run: Command) -> None:
    done = run(place, "compare", "photos", "--features", "eficientnet-lite0", "--out", "slip")
    assert done.returncode == 2
    assert "Did you mean 'efficientnet-lite0'?" in done.stderr
    assert done.stdout == ""
    assert not (place / "slip").exists()


def test_the_winner_classifies_photographs(place: Path, run: Command) -> None:
    winner = json.loads((place / "run" / "classifier" / "model.json").read_text())
    assert (winner["image_size"], winner["channels"]) == (224, 3)
    assert winner["features"]["network"] == "efficientnet-lite0"
    done = run(place, "evaluate", "run", "photos", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["measures"]["accuracy"]["value"] >= 0.85
    assert found["overlap"]["labelled"] == 6, "what it was trained on is known, though the network reads it larger"


@pytest.fixture(scope="module")
def exported(place: Path, run: Command) -> Path:
    """The winner as an ONNX file."""
    done = run(place, "export", "run", "--format", "onnx")
    assert done.returncode == 0, done.stderr
    assert "test images of the run" in done.stdout
    return place / "run" / "export" / "model.onnx"


def test_the_exported_file_has_the_network_inside(exported: Path, place: Path) -> None:
    assert exported.stat().st_size > 10e6
    card = exported.with_name("model.onnx.md").read_text()
    winner = json.loads((place / "run" / "classifier" / "model.json").read_text())
    assert card.startswith("# Model card: ")
    assert " on features of efficientnet-lite0 for 2 classes" in card.splitlines()[0]
    version = winner["features"]["version"]
    assert (
        f"| Network | efficientnet-lite0, frozen: 1280 features an image; version {version}; it is inside the file |"
        in card
    )
    assert "| Its licence | Apache-2.0 (the weights are Google's) |" in card


def test_the_exported_file_predicts_as_the_run(exported: Path, place: Path, run: Command) -> None:
    """From the shell once for the file; the run's own answer comes from Python, which has loaded torch already."""
    found = ganlift.predict(place / "run", [place / "photos" / "bag"])
    direct = [found.class_names[one.best()[0]] for one in found if isinstance(one, Prediction)]
    asked = json.loads(run(place, "predict", str(exported), "photos/bag", "--json").stdout)
    assert direct == [one["class"] for one in asked["predictions"]]


def test_weights_alone_are_said_to_lack_the_network(place: Path, run: Command) -> None:
    done = run(place, "export", "run", "--format", "safetensors")
    assert done.returncode == 0, done.stderr
    card = (place / "run" / "export" / "model.safetensors.md").read_text()
    assert "the weights of the classifier alone, not those of the network before it" in card
    assert "it is inside the file" not in card


def test_the_report_draws_where_the_images_lie(place: Path) -> None:
    points = json.loads((place / "run" / "features-efficientnet-lite0.json").read_text())
    split = json.loads((place / "run" / "split-0.json").read_text())["parts"]
    assert {part: len(found) for part, found in points["points"].items()} == points["images"]
    assert points["images"] == {part: len(split[part]["index"]) for part in ("labelled", "unlabelled", "test")}
    assert all(len(point) == 2 for point in points["points"]["unlabelled"])
    assert sorted(point[2] for point in points["points"]["labelled"]) == [0, 0, 0, 1, 1, 1]
    assert 1 >= points["shares"][0] >= points["shares"][1] > 0
    firsts = {name: [p[0] for p in points["points"]["test"] if p[2] == name] for name in (0, 1)}
    assert sum(firsts[0]) / len(firsts[0]) * sum(firsts[1]) / len(firsts[1]) < 0  # the classes lie apart
    page = (place / "run" / "report.html").read_text()
    assert '<section id="features">' in page
    assert "All arms learn from features of efficientnet-lite0, a frozen network." in page


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (["--features", "efficientnet-lite0", "--strategies", "rotation"], "'rotation' learns from pixels alone"),
        (["--strategies", "linear-probe"], "give --features efficientnet-lite0"),
        (["--features", "efficientnet-lite9", "--strategies", "sgan"], "Did you mean 'efficientnet-lite0'?"),
        (["--strategies", "sgan@efficientnet-lite0"], "needs --features efficientnet-lite0"),
    ],
)
def test_mistakes_get_one_sentence_and_leave_nothing(place: Path, asked: list[str], words: str, run: Command) -> None:
    done = run(place, "compare", "photos", *asked, "--labels-per-class", "3", "--out", "bad")
    assert done.returncode == 2, done.stdout + done.stderr
    assert words in " ".join(done.stderr.split())
    assert not (place / "bad").exists()
