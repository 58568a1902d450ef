"""What a user does with `ganlift compare`, from the shell: run, break, continue, be refused."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ARMS = "augment,sgan,gan-augment"
WORDS = [
    *("compare", "digits", "--labels-per-class", "5", "--seeds", "2"),
    *("--budget", "40", "--batch-size", "16", "--strategies", ARMS, "--checkpoint-every", "0.2", "--jobs", "2"),
    *("--precision", "fp32", "--set", "options.gan-augment.pool=20"),
]
COMMAND = [sys.executable, "-m", "ganlift", *WORDS]


def run(out: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, "--out", str(out), *more], capture_output=True, text=True, timeout=200)


def rows(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "unbroken"
    found = run(out)
    assert found.returncode == 0, found.stderr
    return out


def test_a_comparison_leaves_what_is_promised(unbroken: Path) -> None:
    found = rows(unbroken)
    assert sorted((row["strategy"], row["seed"]) for row in found) == sorted(
        (name, seed) for name in ARMS.split(",") for seed in (0, 1)
    )
    for row in found:
        assert row["status"] == "done"
        for key in ("test_accuracy", "macro_recall", "per_class_recall", "ece", "images_seen", "elapsed_s"):
            assert key in row
        assert row["steps"] == 40
        assert row["labelled_seen"] == 40 * 16  # every arm: the same steps on as many real images
        assert (row["steps_besides"] > 0) == (row["strategy"] == "gan-augment")
        assert (row["generator_elapsed_s"] > 0) == (row["strategy"] == "gan-augment")
    verdicts = json.loads((unbroken / "verdict.json").read_text())
    assert {one["strategy"] for one in verdicts} == {"sgan", "gan-augment"}
    assert all(one["verdict"] in ("helps", "hurts", "no gain worth having", "undecided") for one in verdicts)
    model = json.loads((unbroken / "classifier" / "model.json").read_text())
    assert model["class_names"] == [str(k) for k in range(10)]
    assert (unbroken / "classifier" / "model.safetensors").stat().st_size > 100_000
    assert "<html" in (unbroken / "report.html").read_text()
    plan = json.loads((unbroken / "plan.json").read_text())
    assert plan["estimate_s"] > 0
    assert plan["actual_s"] > 0


def test_arms_of_a_seed_share_split_and_test_images(unbroken: Path) -> None:
    indices = [
        np.load(unbroken / "arms" / name / "0" / "predictions.npz")["index"].tolist() for name in ARMS.split(",")
    ]
    assert indices[0] == indices[1] == indices[2]
    parts = json.loads((unbroken / "split-0.json").read_text())["parts"]
    test = set(parts["test"]["hashes"])
    assert len(parts["labelled"]["index"]) == 50
    assert all(test.isdisjoint(parts[name]["hashes"]) for name in ("labelled", "validation", "unlabelled"))


def test_the_same_command_again_repeats_nothing(unbroken: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in unbroken.rglob("row.json")}
    again = run(unbroken)
    assert again.returncode == 0
    assert {path: path.stat().st_mtime_ns for path in unbroken.rglob("row.json")} == before
    assert len(rows(unbroken)) == 6


def test_killed_at_random_it_continues_to_the_same_numbers(unbroken: Path, tmp_path: Path) -> None:
    """SIGKILL twice (test_kills.py does so more often); the probabilities are bit for bit those of an unbroken run."""
    out, moments = tmp_path / "killed", random.Random(7)
    for _ in range(2):
        process = subprocess.Popen(
            [*COMMAND, "--out", str(out)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        time.sleep(moments.uniform(3.0, 8.0))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    final = run(out)
    assert final.returncode == 0, final.stderr
    assert len({(row["strategy"], row["seed"]) for row in rows(out)}) == len(rows(out)) == 6
    for path in sorted(unbroken.rglob("predictions.npz")):
        ours = np.load(out / path.relative_to(unbroken))
        assert np.array_equal(np.load(path)["probabilities"], ours["probabilities"]), path


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stop_saves_within_five_seconds_and_says_how_to_go_on(tmp_path: Path, number: int, code: int) -> None:
    out = tmp_path / "stopped"
    command = [*COMMAND, "--budget", "4000", "--out", str(out)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not list(out.rglob("checkpoint*/*.json")) and time.monotonic() < deadline:
        time.sleep(0.1)
    begun = time.monotonic()
    process.send_signal(number)
    _, words = process.communicate(timeout=30)
    assert time.monotonic() - begun < 15  # five on a free machine
    assert process.returncode == code
    assert "same command" in words
    assert "Traceback" not in words
    assert list(out.rglob("checkpoints/*.json"))


def test_a_second_for_the_generator_is_no_minute_where_the_classifier_has_two_steps(
    tmp_path: Path, ganlift_here: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    """What a step takes is not measured on the classifier's two; from those a second was 6,000 steps."""
    same = ["--seeds", 1, "--budget", 2, "--generator-budget", "1s", "--jobs", 1, "--strategies", "augment,gan-augment"]
    done = ganlift_here(*WORDS, *same, "--out", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    assert 0 < max(row["generator_elapsed_s"] for row in rows(tmp_path / "run")) < 15


def test_another_configuration_in_the_folder_is_refused(
    unbroken: Path, ganlift_here: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    refused = ganlift_here(*WORDS, "--out", unbroken, "--set", "batch_size=32")
    assert refused.returncode == 2
    assert "batch_size: 16 → 32" in refused.stderr


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--strategies", "augment,fixmach"], "Did you mean 'fixmatch'"),
        (["--labels-per-class", "5000"], "labels-per-class"),
        (["--set", "bugdet=3"], "Did you mean 'budget'"),
        (["--set", "options.sgan.wieght=3"], "Did you mean 'weight'"),
        (["--classifier", "small-cn"], "Did you mean 'small-cnn'"),
        (["--generator", "sngun"], "Did you mean 'sngan'"),
        (["--classifier", "linear"], "--classifier linear reads vectors"),
        (["--unlabelled", "none", "--strategies", "fixmatch"], "needs unlabelled images"),
    ],
)
def test_mistakes_get_one_sentence_and_leave_nothing(
    tmp_path: Path, more: list[str], words: str, ganlift_here: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    out = tmp_path / "run"
    refused = ganlift_here(*WORDS, "--out", out, *more)
    assert refused.returncode == 2, refused.stderr
    assert words in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not out.exists()
