"""What a user does with `train`, `train-generator` and `generate`, from the shell."""

from __future__ import annotations

import hashlib
import json
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from ganlift import generate
from ganlift.errors import DamagedFileError

GANLIFT = [sys.executable, "-m", "ganlift"]
QUICK = ["--batch-size", "16", "--precision", "fp32", "--checkpoint-every", "0.1"]


Command = Callable[..., subprocess.CompletedProcess[str]]
Done = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def done(ganlift_here: Command) -> Done:
    """The JSON object of a command that succeeds."""

    def run(*words: object) -> dict[str, Any]:
        found = ganlift_here(*words, "--json")
        assert found.returncode == 0, found.stderr
        answer: dict[str, Any] = json.loads(found.stdout)
        return answer

    return run


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Digits 0 and 1 as a folder of class folders, the first with a name that HTML and shells would stumble over."""
    folder = tmp_path_factory.mktemp("data") / "photos"
    digits = load_digits()
    for label, name in enumerate(("zero & <b>", "one")):
        (folder / name).mkdir(parents=True)
        for index, image in enumerate(digits.images[digits.target == label][:30]):
            Image.fromarray(np.uint8(image * 255 / 16)).save(folder / name / f"{index}.png")
    return folder


@pytest.fixture(scope="module")
def classifier(photos: Path, tmp_path_factory: pytest.TempPathFactory, done: Done) -> dict[str, Any]:
    out = tmp_path_factory.mktemp("runs") / "classifier"
    return done("train", photos, "--strategy", "sgan", "--budget", 20, "--out", out, *QUICK)


@pytest.fixture(scope="module")
def generator(photos: Path, tmp_path_factory: pytest.TempPathFactory, done: Done) -> Path:
    out = tmp_path_factory.mktemp("runs") / "generator"
    return Path(done("train-generator", photos, "--budget", 30, "--out", out, *QUICK)["run"])


def test_train_uses_every_label_and_keeps_no_test_images(classifier: dict[str, Any]) -> None:
    row = classifier["row"]
    assert row["labels"] + row["validation_n"] == 60
    assert row["test_n"] == 0
    assert "test_accuracy" not in row
    model = json.loads((Path(classifier["classifier"]) / "model.json").read_text())
    assert model["class_names"] == ["one", "zero & <b>"]
    assert model["test_accuracy"] is None


def test_train_keeps_test_images_where_asked(photos: Path, tmp_path: Path, done: Done) -> None:
    row = done("train", photos, "--keep-test", "0.2", "--budget", 10, "--out", tmp_path / "run", *QUICK)["row"]
    assert row["test_n"] == 12
    assert 0 <= row["test_accuracy"] <= 1


def test_a_search_tries_options_on_labels_of_its_own(photos: Path, tmp_path: Path, done: Done) -> None:
    done("train", photos, "--search", 2, "--labels-per-class", 5, "--budget", 5, "--out", tmp_path / "run", *QUICK)
    tuning = json.loads((tmp_path / "run" / "tuning.json").read_text())
    assert sorted((trial["seed"], trial["trial"]) for trial in tuning["trials"]) == [
        (seed, trial) for seed in tuning["seeds"] for trial in (0, 1)
    ]
    assert all(0 <= trial["validation_score"] <= 1 for trial in tuning["trials"])
    drawn = [
        json.loads((tmp_path / "run" / f"split-{seed}.json").read_text())["parts"]["labelled"]["index"]
        for seed in (0, *tuning["seeds"])
    ]
    assert len({tuple(index) for index in drawn}) == 4


def test_the_same_train_again_trains_nothing(classifier: dict[str, Any], photos: Path, done: Done) -> None:
    weights = Path(classifier["classifier"]) / "model.safetensors"
    before = digests(weights.parent)
    again = done("train", photos, "--strategy", "sgan", "--budget", 20, "--out", classifier["run"], *QUICK)
    assert again["row"]["elapsed_s"] == classifier["row"]["elapsed_s"]
    assert digests(weights.parent) == before


def test_another_verb_does_not_continue_a_run(generator: Path, photos: Path, ganlift_here: Command) -> None:
    refused = ganlift_here("train", photos, "--budget", 20, "--out", generator)
    assert refused.returncode == 2
    assert "another configuration" in refused.stderr


def kill(command: list[str], due: Callable[[], bool], number: signal.Signals, wait: float = 0.0) -> tuple[int, str]:
    """Send a running ``command`` a signal ``wait`` seconds after ``due``; its exit code and its errors."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end and not due():
        time.sleep(0.01)
    time.sleep(wait)
    process.send_signal(number)
    return process.wait(), process.communicate()[1]


@pytest.mark.parametrize(
    ("verb", "weights"),
    [("train-generator", "generators/*/model.safetensors"), ("train", "classifier/model.safetensors")],
)
def test_killed_it_continues_to_the_same_weights(
    verb: str, weights: str, photos: Path, tmp_path: Path, done: Done
) -> None:
    words = [verb, photos, "--budget", 60, *QUICK, "--checkpoint-every", "0.01"]
    words += ["--strategy", "gan-augment"] if verb == "train" else []
    done(*words, "--out", tmp_path / "whole")
    chance, out = random.Random(0), tmp_path / "broken"
    command = [*GANLIFT, *map(str, words), "--out", str(out)]
    for _ in range(3):
        kill(command, lambda: any(out.glob("*/**/checkpoints/*")), signal.SIGKILL, chance.uniform(0, 0.3))
    done(*words, "--out", out)
    (whole,), (broken,) = ([*folder.glob(weights)] for folder in (tmp_path / "whole", out))
    assert broken.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_generate_that_was_broken_off_goes_on(
    generator: Path, tmp_path: Path, number: signal.Signals, done: Done
) -> None:
    """What was drawn before is not drawn again, what was damaged meanwhile is, and all is as in one go."""
    words, out = ["generate", generator, "-n", 500, "--grid"], tmp_path / "broken"
    done(*words, "--out", tmp_path / "whole")
    command = [*GANLIFT, *map(str, words), "--out", str(out)]
    code, said = kill(command, lambda: any(out.glob("*-000129.png")), number)
    assert code == (-9 if number == signal.SIGKILL else 143)
    assert number == signal.SIGKILL or "the same command continues" in said
    kept, damaged = sorted(out.glob("000-*.png"))[0:128:64]
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"x")
    (out / ".000-one-000140.png.1-1.tmp").write_bytes(b"half")  # a kill falls into a write only now and then
    before = kept.stat().st_mtime_ns
    done(*words, "--out", out)
    assert digests(out) == digests(tmp_path / "whole")
    assert kept.stat().st_mtime_ns == before


@pytest.mark.parametrize("change", [{"classes": "two"}, {"size": 10**9}, {"options": {"no-such": 1}}, {"sha256": None}])
def test_a_damaged_description_of_a_generator_is_refused(generator: Path, tmp_path: Path, change: Any) -> None:
    shutil.copytree(generator, tmp_path / "run")
    (path,) = (tmp_path / "run").glob("generators/*/model.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(DamagedFileError, match="train the generator again"):
        generate(tmp_path / "run", tmp_path / "made", latent_seeds=[0])
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("verb", ["check", "compare"])
def test_sigterm_while_images_are_read_ends_with_a_word(verb: str, photos: Path, tmp_path: Path) -> None:
    command = [*GANLIFT, verb, str(photos), *(["--out", str(tmp_path / "run")] if verb == "compare" else [])]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while not caught(process.pid) >> (signal.SIGTERM - 1) & 1:
        assert process.poll() is None
        time.sleep(0.005)
    process.terminate()
    assert process.wait(60) == 143
    assert process.communicate()[1].startswith("Interrupted.")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    "moment",
    ["signal.signal = lambda *heard: (hear(*heard), os.kill(os.getpid(), NUMBER))", "cli.app = cut_short"],
    ids=["as soon as it is heard", "while something is imported"],
)
def test_a_stop_at_an_awkward_moment_ends_with_a_word(number: int, moment: str) -> None:
    code = f"""
import os, signal
from ganlift.cli import main as cli
hear, NUMBER = signal.signal, {int(number)}
hear(signal.SIGINT, signal.default_int_handler)
def cut_short(*_, **__):
    try:
        os.kill(os.getpid(), NUMBER)
    except BaseException as stop:  # as the import of a C module does
        raise SyntaxError("can't load unicodedata module") from stop
{moment}
cli.main()
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout, found.stderr) == (128 + number, "", "Interrupted.\n")


def caught(process: int) -> int:
    """The signals that a process has handlers for, a bit each."""
    found = re.search(r"SigCgt:\s*([0-9a-f]+)", Path(f"/proc/{process}/status").read_text())
    return int(found[1], 16) if found else 0


def test_a_folder_without_classes_trains_an_unconditional_generator(
    photos: Path, tmp_path: Path, done: Done, ganlift_here: Command
) -> None:
    found = done("train-generator", photos / "one", "--budget", 20, "--out", tmp_path / "run", *QUICK)
    assert json.loads((Path(found["folder"]) / "model.json").read_text())["classes"] == 0
    made = done("generate", tmp_path / "run", "-n", 3, "--out", tmp_path / "made")
    assert [Path(name).name for name in made["files"]] == ["000000.png", "000001.png", "000002.png"]
    refused = ganlift_here("generate", tmp_path / "run", "--class", "one", "--out", tmp_path / "other")
    assert refused.returncode == 2
    assert "without classes" in refused.stderr
    assert not (tmp_path / "other").exists()


def test_the_data_s_own_test_images_are_not_shown_to_a_generator(photos: Path, tmp_path: Path, done: Done) -> None:
    rows = [
        f"{path},{path.parent.name},{'test' if int(path.stem) % 2 else 'train'}"
        for path in sorted(photos.rglob("*.png"))
    ]
    (tmp_path / "list.csv").write_text("\n".join(["path,label,split", *rows]), encoding="utf-8")
    done("train-generator", tmp_path / "list.csv", "--budget", 5, "--out", tmp_path / "run", *QUICK)
    plan = json.loads((tmp_path / "run" / "plan.json").read_text())
    assert (plan["labelled"], plan["unlabelled"]) == (30, 0)


def test_generated_images_say_what_they_are(generator: Path, tmp_path: Path, done: Done) -> None:
    out = tmp_path / "made"
    files = [Path(name) for name in done("generate", generator, "-n", 2, "--grid", "--out", out)["files"]]
    assert [path.name for path in files] == [
        *("000-one-000000.png", "000-one-000001.png", "001-zero-b-000000.png", "001-zero-b-000001.png")
    ]
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["complete"]
    for path, listed in zip(files, manifest["images"], strict=True):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == listed["sha256"]
        picture = Image.open(path)
        assert picture.size == (8, 8)
        assert "Generated by a neural network" in picture.info["Comment"]
        assert json.loads(picture.info["ganlift"])["class"] == listed["class"]
    assert Image.open(out / "grid.png").size == (2 * 9 - 1, 2 * 9 - 1)


def test_images_of_an_earlier_call_are_not_left_beside_a_manifest_that_does_not_tell_of_them(
    generator: Path, tmp_path: Path, done: Done, ganlift_here: Command
) -> None:
    words = ["generate", generator, "--class", "one", "--out", tmp_path / "made"]
    done(*words, "-n", 3)
    fewer = ganlift_here(*words, "-n", 2)
    assert fewer.returncode == 2
    assert "1 image(s) of an earlier call that this one does not make (000-one-000002.png)" in fewer.stderr
    assert len(json.loads((tmp_path / "made" / "manifest.json").read_text())["images"]) == 3
    assert len(done(*words, "-n", 4)["files"]) == 4


def test_a_latent_seed_is_the_same_image_every_time(generator: Path, tmp_path: Path, done: Done) -> None:
    done("generate", generator, "--latent-seeds", "0-70", "--class", "one", "--out", tmp_path / "many")
    done("generate", generator, "--latent-seeds", "70,3", "--class", "one", "--out", tmp_path / "few")
    for name in ("000-one-000003.png", "000-one-000070.png"):
        many, few = (np.asarray(Image.open(tmp_path / folder / name), np.int64) for folder in ("many", "few"))
        assert np.abs(many - few).max() <= 1  # rounding of another batch size
    assert digests(tmp_path / "many")["000-one-000003.png"] != digests(tmp_path / "many")["000-one-000004.png"]


def test_a_path_begins_and_ends_at_its_latents(generator: Path, tmp_path: Path, done: Done) -> None:
    done("generate", generator, "--interpolate", "5,9", "-n", 7, "--class", "one", "--out", tmp_path / "path")
    done("generate", generator, "--latent-seeds", "5,9", "--class", "one", "--out", tmp_path / "ends")
    assert len(list((tmp_path / "path").glob("*path*.png"))) == 7
    for place, seed in (("0000", "000005"), ("0006", "000009")):
        on_path = np.asarray(Image.open(tmp_path / "path" / f"000-one-path-{place}.png"), np.int64)
        end = np.asarray(Image.open(tmp_path / "ends" / f"000-one-{seed}.png"), np.int64)
        assert np.abs(on_path - end).max() <= 1


def test_truncated_images_and_arrays_say_what_they_are(
    generator: Path, tmp_path: Path, done: Done, ganlift_here: Command
) -> None:
    made = tmp_path / "cut"
    done("generate", generator, "-n", 3, "--truncation", 0.5, "--npz", "--out", made)
    done("generate", generator, "-n", 3, "--out", tmp_path / "whole")
    listed = json.loads((made / "manifest.json").read_text())["images"]
    assert {one["truncation"] for one in listed} == {0.5}
    cut, whole = digests(made), digests(tmp_path / "whole")
    assert all(cut[name] != whole[name] for name in whole if name.endswith(".png"))
    arrays = np.load(made / "images.npz")
    assert arrays["images"].shape == (6, 8, 8, 1)
    assert arrays["labels"].tolist() == [0, 0, 0, 1, 1, 1]
    assert "Generated by a neural network" in str(arrays["statement"])
    for image, one in zip(arrays["images"], listed, strict=True):
        assert np.array_equal(image[:, :, 0], np.asarray(Image.open(made / one["file"])))
    done("generate", generator, "-n", 3, "--npz", "--out", made)  # its own folder, again
    refused = ganlift_here("compare", made / "images.npz", "--out", tmp_path / "run")
    assert refused.returncode == 2  # not a data set


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--truncation", "0"], "above 0"),
        (["--class", "won"], "Did you mean 'one'?"),
        (["--generator", "nope"], "has no generator 'nope'"),
        (["--latent-seeds", "9-3"], "expected numbers such as"),
        (["--interpolate", "3"], "latent seeds such as 3,7"),
        (["-n", "0"], "1 or more"),
        (["-n", "2", "--latent-seeds", "1"], "not both"),
    ],
)
def test_generate_refuses_in_a_sentence(
    generator: Path, tmp_path: Path, words: list[str], sentence: str, ganlift_here: Command
) -> None:
    refused = ganlift_here("generate", generator, *words, "--out", tmp_path / "made")
    assert refused.returncode == 2
    assert sentence in refused.stderr
    assert not (tmp_path / "made").exists()


def test_generated_images_never_mix_with_others(
    generator: Path, photos: Path, tmp_path: Path, ganlift_here: Command
) -> None:
    for target in (photos, photos / "one", photos / "generated"):
        refused = ganlift_here("generate", generator, "--out", target)
        assert refused.returncode == 2
        assert "training images' folder" in refused.stderr
    (tmp_path / "note.txt").write_text("mine")
    refused = ganlift_here("generate", generator, "--out", tmp_path)
    assert refused.returncode == 2
    assert "note.txt" in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["note.txt"]


def test_a_damaged_generator_is_refused(generator: Path, tmp_path: Path, ganlift_here: Command) -> None:
    weights = next(generator.glob("generators/*/model.safetensors"))
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    refused = ganlift_here("generate", generator, "--out", tmp_path / "made")
    weights.write_bytes(whole)
    assert refused.returncode == 2
    assert "not the file that the run wrote" in refused.stderr
