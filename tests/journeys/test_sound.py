"""Clips of sound from a folder, from a comparison to a classifier in one file that takes their samples."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from ganlift.api import check, compare, evaluate, export, generate, predict
from ganlift.data import load
from ganlift.errors import ConfigError, DataError
from ganlift.inference.predict import Prediction, Unreadable
from ganlift.strategies.base import strategies

soundfile = pytest.importorskip("soundfile")
RATE = 8000
KINDS = {"rising": (300.0, 1500.0), "falling": (1500.0, 300.0), "steady": (700.0, 700.0)}


def tone(start: float, end: float, seed: int, seconds: float = 0.4) -> np.ndarray:
    """A gliding tone in noise; pitch and noise are drawn from ``seed``."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    phase = 2 * np.pi * rng.uniform(0.8, 1.25) * (start * time + (end - start) * time**2 / (2 * seconds))
    return (0.3 * np.sin(phase) + 0.01 * rng.standard_normal(len(time))).astype(np.float32)


def clips(folder: Path, each: int = 24) -> Path:
    """Class folders of ``each`` clips, by four speakers in turn, of 0.4 to 0.48 s."""
    for place, (name, (start, end)) in enumerate(KINDS.items()):
        (folder / name).mkdir(parents=True)
        for number in range(each):
            wave = tone(start, end, 100 * place + number, 0.4 + 0.04 * (number % 3))
            soundfile.write(folder / name / f"{'abcd'[number % 4]}_{number}.wav", wave, RATE)
    return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound")
    clips(folder / "clips")
    compare(
        str(folder / "clips"),
        out=folder / "run",
        groups="(?:^|/)([a-d])_",
        labels_per_class=4,
        strategies=["augment", "fixmatch", "sgan"],
        seeds=2,
        budget=40,
        batch_size=16,
        jobs=1,
    )
    return folder


def test_a_comparison_of_sound_ends_like_one_of_images(place: Path) -> None:
    rows = [json.loads(line) for line in (place / "run" / "results.jsonl").read_text().splitlines()]
    assert [row["status"] for row in rows] == ["done"] * 6
    assert max(row["test_accuracy"] for row in rows) > 0.8
    split = json.loads((place / "run" / "split-0.json").read_text())["parts"]
    speakers = {part: {Path(name).name[0] for name in of["names"]} for part, of in split.items()}
    assert not speakers["test"] & (speakers["labelled"] | speakers["unlabelled"])
    plan = json.loads((place / "run" / "plan.json").read_text())
    taken = {guess["about"]: guess["taken"] for guess in plan["guesses"]}
    assert taken["rate"] == "8,000 Hz"
    assert taken["length"] == "0.48 s of clips of 0.4 to 0.48 s"
    assert "mirroring" not in taken
    assert (place / "run" / "report.html").exists()


def test_new_clips_get_the_same_answers_from_the_run_and_from_one_onnx_file(place: Path) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    new = place / "new"
    new.mkdir()
    for name, (start, end) in KINDS.items():
        soundfile.write(new / f"{name}.flac", tone(start, end, 999, 0.9), RATE)
    (new / "letter.txt").write_text("no sound")
    (new / "broken.wav").write_bytes(b"RIFF no more")
    exported = export(place / "run")
    assert exported.difference < 5e-3
    whole = json.loads((place / "run" / "classifier" / "model.json").read_text())
    assert whole["sound"] == {"rate": RATE, "seconds": 0.48}
    card = Path(exported.card).read_text()
    assert "| Input | samples (n, 3840), float32 in -1 to 1: 0.48 s at 8000 Hz, mono |" in card
    answers = {}
    for source in (place / "run", exported.file):
        found = list(predict(source, [new]))
        assert [one.file.name for one in found if isinstance(one, Unreadable)] == ["broken.wav"]
        answers[source] = np.array([one.probabilities for one in found if not isinstance(one, Unreadable)])
    first, second = answers.values()
    assert first.shape == (3, 3)
    assert np.abs(first - second).max() < 5e-3
    named = [one.file.stem for one in predict(place / "run", [new]) if not isinstance(one, Unreadable)]
    best = [whole["class_names"][int(row.argmax())] for row in first]
    assert sum(a == b for a, b in zip(named, best, strict=True)) >= 2
    (figures, again) = (evaluate(one, place / "clips", part="all") for one in answers)
    assert figures.measures["accuracy"]["value"] == pytest.approx(again.measures["accuracy"]["value"], abs=0.02)


def test_generated_spectrograms_have_previews_that_can_be_heard(place: Path, tmp_path: Path) -> None:
    first, again = (generate(place / "run", tmp_path / name, latent_seeds=[3, 4]) for name in "ab")
    assert [file.with_suffix(".wav") for file in first.files] == first.sounds
    assert len(first.sounds) == 2  # of `sgan`, which knows no classes
    for one, other in zip(first.sounds, again.sounds, strict=True):
        assert one.read_bytes() == other.read_bytes()
        with soundfile.SoundFile(one) as file:
            assert (file.samplerate, len(file)) == (RATE, 3840)  # those of the set: 0.48 s
            assert file.comment == "Generated by a neural network; not a recording."
    listed = json.loads((tmp_path / "a" / "manifest.json").read_text())["images"]
    assert [one["sound"]["file"] for one in listed] == [path.name for path in first.sounds]
    generate(place / "run", tmp_path / "a", latent_seeds=[3, 4])  # over its own files


def recording(folder: Path) -> tuple[Path, np.ndarray]:
    """1.5 s: rising, falling, steady, for 0.5 s each; as a file, and as its 16-bit samples."""
    wave = np.concatenate([tone(start, end, 7, 0.5) for start, end in KINDS.values()])
    samples = (32767 * wave).astype("<i2")
    soundfile.write(folder / "long.wav", samples, RATE)
    return folder / "long.wav", samples


def said(place: Path, *arguments: str | Path, samples: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """``ganlift predict`` of the run, with ``samples`` on its standard input."""
    command = [sys.executable, "-m", "ganlift", "predict", str(place / "run"), *map(str, arguments)]
    return subprocess.run(command, input=samples, capture_output=True, check=False)


def probabilities(found: Sequence[Prediction | Unreadable]) -> np.ndarray:
    return np.array([one.probabilities for one in found if isinstance(one, Prediction)])


def test_windows_of_a_recording_have_the_answers_of_the_same_stretches_as_files(place: Path, tmp_path: Path) -> None:
    long, samples = recording(tmp_path)
    found = list(predict(place / "run", [long], every=0.5, batch=2))
    assert [one.span for one in found] == [(0.0, 0.48), (0.5, 0.98), (1.0, 1.48)]
    (tmp_path / "cut").mkdir()
    for number in range(3):
        soundfile.write(tmp_path / "cut" / f"{number}.wav", samples[4000 * number : 4000 * number + 3840], RATE)
    alone = list(predict(place / "run", [tmp_path / "cut"]))
    assert np.abs(probabilities(found) - probabilities(alone)).max() < 1e-6
    assert len(np.unique(probabilities(found).argmax(1))) > 1
    live = list(predict(place / "run", [io.BytesIO(samples.tobytes())], every=0.5, batch=1))
    assert np.abs(probabilities(live) - probabilities(found)).max() < 1e-6


def test_windows_come_in_every_form_and_from_standard_input(place: Path, tmp_path: Path) -> None:
    long, samples = recording(tmp_path)
    rows = list(csv.DictReader(said(place, long, "--every", "0.25", "--format", "csv").stdout.decode().splitlines()))
    assert [(row["start"], row["end"]) for row in rows] == [
        (f"{start:.3f}", f"{start + 0.48:.3f}") for start in (0, 0.25, 0.5, 0.75, 1)
    ]
    told = said(place, "-", "--every", "0.25", "--json", samples=samples.tobytes())
    assert told.returncode == 0
    live = json.loads(told.stdout)["predictions"]
    assert [(one["file"], one["start"], one["class"]) for one in live] == [
        ("stdin", float(row["start"]), row["class"]) for row in rows
    ]
    table = said(place, long, "--every", "0.5").stdout.decode().splitlines()
    assert table[0].split() == ["file", "start", "end", "class", "probability"]
    assert [line.split()[1:3] for line in table if "%" in line] == [
        ["0.000", "0.480"],
        ["0.500", "0.980"],
        ["1.000", "1.480"],
    ]


def test_a_stream_is_answered_while_it_comes(place: Path) -> None:
    """The second window is asked for only after the first was answered."""
    samples = (32767 * tone(700, 700, 3, 0.5)).astype("<i2").tobytes()
    command = [sys.executable, "-m", "ganlift", "predict", str(place / "run"), "-", "--every", "0.5", "--format", "csv"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        assert running.stdout.readline().startswith(b"file,start,end,class")
        for start in (b"0.000", b"0.500"):
            running.stdin.write(samples)
            running.stdin.flush()
            assert running.stdout.readline().startswith(b"stdin," + start)
        running.stdin.close()
        assert running.stdout.read() == b""
        assert running.wait() == 0


def test_what_gives_no_window_is_said_in_a_sentence(place: Path, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("no sound")
    told = said(place, tmp_path / "letter.txt", "-", tmp_path / "none.wav", "--every", "0.5")
    assert told.returncode == 2
    lines = told.stderr.decode()
    assert "letter.txt: not a WAV, FLAC, OGG or MP3 file" in lines
    assert "Cannot read stdin: empty" in lines
    assert "none.wav: there is no such file" in lines
    assert "Traceback" not in lines
    with pytest.raises(ConfigError, match="--every 0: give the seconds"):
        predict(place / "run", [tmp_path], every=0)


def test_a_table_of_clips_keeps_speakers_apart(place: Path, tmp_path: Path) -> None:
    table = tmp_path / "clips.csv"
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "label", "speaker"])
        for path in sorted((place / "clips").rglob("*.wav")):
            writer.writerow([path, path.parent.name, path.name[0]])
    clips = load(str(table))
    assert sorted(set(clips.groups.tolist())) == ["a", "b", "c", "d"]
    facts = check(table).to_json()
    assert facts["files"]["modes"] == {"1 × 8,000 Hz": 72}
    assert facts["files"]["seconds"] == [0.4, 0.44, 0.48]


def test_check_knows_what_goes_wrong_with_sound(place: Path, tmp_path: Path) -> None:
    folder = tmp_path / "clips"
    shutil.copytree(place / "clips", folder)
    soundfile.write(folder / "steady" / "silent.wav", np.zeros(3000, np.float32), RATE)
    soundfile.write(folder / "steady" / "loud.wav", (9 * tone(700, 700, 1)).clip(-1, 1), RATE)
    soundfile.write(folder / "steady" / "other.wav", tone(350, 350, 2, 0.8), 2 * RATE)
    wave, rate = soundfile.read(folder / "rising" / "a_0.wav")
    soundfile.write(folder / "rising" / "softer.flac", 0.5 * wave, rate)
    (folder / "steady" / "nothing.wav").touch()
    found = {one["code"]: one for one in check(folder).to_json()["findings"]}
    assert "rotation" not in found["no-unlabelled"]["message"]
    assert "no unlabelled clips" in found["no-unlabelled"]["message"]
    assert found["constant-image"]["examples"] == ["steady/silent.wav"]
    assert found["clipped-sound"]["examples"] == ["steady/loud.wav"]
    assert found["mixed-rates"]["message"] == "Clips have 2 sample rates: 75 at 8,000 Hz, 1 at 16,000 Hz."
    assert found["empty-file"]["examples"] == ["steady/nothing.wav"]
    assert "rising/softer.flac" in str([found.get(code) for code in ("duplicates", "near-duplicates-unsplit")])


@pytest.mark.parametrize("name", [name for name, entry in strategies if entry.geometry])
def test_what_turns_or_crops_pictures_is_refused_by_name(place: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=f"'{name}' turns, crops or recolours pictures"):
        compare(str(place / "clips"), out=tmp_path / "run", strategies=[name], labels_per_class=2, budget=2)
    assert not (tmp_path / "run").exists()


def test_cutmix_is_refused_and_no_search_draws_it(place: Path, tmp_path: Path) -> None:
    about = {"labels_per_class": 2, "strategies": ["augment", "fixmatch"], "budget": 2, "jobs": 1, "batch_size": 8}
    with pytest.raises(ConfigError, match=r"'mix' of strategy 'augment' is 'cutmix'.*no sound\. Take 'mixup'"):
        compare(str(place / "clips"), out=tmp_path / "no", options={"augment": {"mix": "cutmix"}}, **about)
    assert not (tmp_path / "no").exists()
    compare(str(place / "clips"), out=tmp_path / "run", search=8, seeds=1, **about)
    trials = json.loads((tmp_path / "run" / "tuning.json").read_text())["trials"]
    drawn = {one["options"].get("mix") for one in trials if one["strategy"] == "augment"}
    assert drawn == {None, "none", "mixup"}  # of images, 3 of these 8 are cutmix


def test_images_beside_sound_are_refused(place: Path, tmp_path: Path) -> None:
    from PIL import Image

    (tmp_path / "pictures").mkdir()
    Image.new("L", (16, 16)).save(tmp_path / "pictures" / "a.png")
    with pytest.raises(DataError, match="has images, and sound is wanted beside sound"):
        compare(str(place / "clips"), unlabelled=str(tmp_path / "pictures"), out=tmp_path / "run", budget=2)
