"""``ganlift predict``: what comes out for image files, folders, patterns and lists."""

from __future__ import annotations

import csv
import io
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import ganlift
from ganlift.api import Predictions
from ganlift.inference.predict import Prediction, Unreadable

from .conftest import CLASSES, Command


@pytest.fixture
def mixed(photos: Path, tmp_path: Path) -> Path:
    """Three images among files that are none."""
    folder = tmp_path / "mixed"
    (folder / "below").mkdir(parents=True)
    for index, path in enumerate(sorted((photos / CLASSES[0]).glob("0[1-3]-1.png"))):
        Image.open(path).convert("RGB").resize((20 + index, 31)).save(folder / f"{index}.png")
    (folder / "bad.png").write_text("no image")
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "notes.txt").write_text("passed over: no image by name or content")
    Image.open(folder / "0.png").save(folder / "below" / "last.png")
    return folder


def names(found: dict[str, list[dict[str, str]]], key: str = "predictions") -> list[str]:
    return [Path(one["file"]).name for one in found[key]]


def test_a_folder_in_order_with_what_could_not_be_read(trained: Path, mixed: Path, command: Command) -> None:
    for batch in (1, 2, 64):
        ended = command("predict", trained, mixed, "--json", "--batch", batch)
        found = json.loads(ended.out)
        assert names(found) == ["0.png", "1.png", "2.png", "last.png"]
        assert names(found, "unreadable") == ["bad.png", "empty.jpg"]
        assert ended.code == 1
        assert "Cannot read" in ended.err
        assert "2 file(s) could not be read; 4 could" in ended.err
    assert found["predictions"][0]["probabilities"] == pytest.approx(found["predictions"][3]["probabilities"], abs=1e-6)
    for one in found["predictions"]:
        assert sum(one["probabilities"]) == pytest.approx(1, abs=1e-5)
        assert one["class"] == found["class_names"][int(np.argmax(one["probabilities"]))]
        assert one["confidence"] == max(one["probabilities"])


def test_the_exit_code_says_whether_all_some_or_none_could_be_read(
    trained: Path, mixed: Path, tmp_path: Path, command: Command
) -> None:
    assert command("predict", trained, mixed / "0.png").code == 0
    assert command("predict", trained, mixed / "0.png", mixed / "bad.png").code == 1
    ended = command("predict", trained, mixed / "bad.png", "/nowhere/x.png", tmp_path / "*.none", "--json")
    assert ended.code == 2
    assert [one["reason"] for one in json.loads(ended.out)["unreadable"]][1:] == ["there is no such file"] * 2
    assert "None of 3 file(s) could be read" in ended.err
    assert command("predict", trained, "-").err == "Error: No image was named; the list is empty.\n"


def test_what_is_no_image_below_a_folder_is_named_and_what_is_one_is_read(
    trained: Path, mixed: Path, run: Path, command: Command
) -> None:
    for broken in ("bad.png", "empty.jpg"):
        (mixed / broken).unlink()
    for index in range(3):
        Image.open(mixed / "0.png").save(mixed / f"{index}.jfif", "JPEG")
    (mixed / "Thumbs.db").write_bytes(b"x")
    run.rename(mixed / "run")
    ended = command("predict", trained, mixed, "--json")
    found = json.loads(ended.out)
    assert ended.code == 0
    assert names(found) == ["0.jfif", "0.png", "1.jfif", "1.png", "2.jfif", "2.png", "last.png"]
    assert [Path(name).name for name in found["passed"]] == ["notes.txt", "run"]
    assert f"1 file(s) left out, no images by name or content: {mixed}/notes.txt." in ended.err
    assert f"1 folder(s) left out, made by ganlift and no data: {mixed}/run." in ended.err
    (mixed / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1")
    ended = command("predict", trained, mixed)
    assert ended.code == 1
    assert f"Cannot read {mixed}/phone.heic: not a PNG, JPEG, WebP or BMP image" in ended.err


def test_patterns_lists_and_arguments_keep_their_order(trained: Path, mixed: Path, command: Command) -> None:
    listed = f"{mixed}/1.png\n\n{mixed}/0.png\n"
    ended = command("predict", trained, mixed / "2.png", "-", f"{mixed}/**/last.png", "--json", stdin=listed)
    assert names(json.loads(ended.out)) == ["2.png", "1.png", "0.png", "last.png"]


def test_a_name_with_brackets_is_no_pattern_where_it_is_there(trained: Path, mixed: Path, command: Command) -> None:
    (mixed / "0.png").rename(mixed / "[ab].png")
    assert names(json.loads(command("predict", trained, mixed / "[ab].png", "--json").out)) == ["[ab].png"]


def test_a_folder_with_brackets_is_no_pattern_where_it_is_there(trained: Path, mixed: Path, command: Command) -> None:
    folder = mixed.rename(mixed.with_name("photos [2024]"))
    (folder / "[ab]").mkdir()
    (folder / "1.png").rename(folder / "[ab]" / "a.png")
    (folder / "2.png").rename(folder / "below" / "b.png")

    def found(pattern: str) -> list[str]:
        return names(json.loads(command("predict", trained, f"{folder}/{pattern}", "--json").out))

    assert found("0.*") == ["0.png"]
    assert found("**/*.png") == ["0.png", "a.png", "b.png", "last.png"]  # and bad.png, which is none
    assert found("[ab]/*.png") == ["a.png"]
    assert found("*/[ab].png") == ["a.png", "b.png"]
    assert found("../photos [[]2024]/be*/") == ["b.png", "last.png"]


def test_csv_has_every_probability_and_no_formula(trained: Path, mixed: Path, command: Command) -> None:
    ended = command("predict", trained, mixed, "--format", "csv", "--top", 2)
    header, *lines = list(csv.reader(io.StringIO(ended.out)))
    assert header == ["file", "class", "confidence", "class_2", "confidence_2", *(f"p({name})" for name in CLASSES)]
    assert len(lines) == 4
    for line in lines:
        assert {line[1], line[3]} == {"'=one", "zero & <b>"}
        assert float(line[2]) == max(map(float, line[5:]))
        assert not any(value.startswith(("=", "+", "-", "@")) for value in line)


def test_abstention(trained: Path, mixed: Path, command: Command) -> None:
    words = ["predict", trained, mixed / "0.png", "--min-confidence", "1"]
    one = json.loads(command(*words, "--json").out)["predictions"][0]
    assert one["class"] is None
    assert one["top"][0]["class"] in CLASSES
    assert "(unsure)" in command(*words, "--format", "csv").out
    table = command(*words, "--top", 2).out
    assert table.index("(unsure)") < table.index("=one")
    assert command(*words, "--min-confidence", "0").out.count("(unsure)") == 0


def test_the_table_is_80_wide_and_cannot_be_steered(trained: Path, mixed: Path, command: Command) -> None:
    (mixed / "2.png").rename(mixed / ("long" * 30 + "\x1b[31m.png"))
    shown = command("predict", trained, mixed, "--batch", 1).out
    assert max(map(len, shown.splitlines())) <= 80
    assert "\x1b" not in shown
    assert shown.count("probability") == 1
    assert "long" * 30 + r"\x1b[31m.png" in "".join(line[:55].strip() for line in shown.splitlines())


def test_out_is_whole_or_absent(trained: Path, mixed: Path, tmp_path: Path, command: Command) -> None:
    out = tmp_path / "found.csv"
    assert command("predict", trained, mixed / "bad.png", "--format", "csv", "--out", out).code == 2
    assert not out.exists()
    ended = command("predict", trained, mixed, "--format", "csv", "--out", out)
    assert ended.out == ""
    assert len(out.read_text().splitlines()) == 5
    assert [path for path in tmp_path.iterdir() if path.name.endswith(".tmp")] == []


def test_answers_come_before_all_files_are_named(trained: Path, mixed: Path) -> None:
    def endless() -> Iterator[Path]:
        while True:
            yield mixed / "0.png"
            yield mixed / "bad.png"

    answers: Predictions = ganlift.predict(trained, endless(), batch=3)
    first = [next(answers.items) for _ in range(10)]
    assert [type(one) for one in first] == [Prediction, Unreadable] * 5


@pytest.mark.parametrize("words", [["--top", "0"], ["--batch", "0"], ["--min-confidence", "2"], ["--format", "xml"]])
def test_bad_options_exit_2(trained: Path, mixed: Path, command: Command, words: list[str]) -> None:
    ended = command("predict", trained, mixed, *words)
    assert ended.code == 2
    assert words[0] in ended.err
    assert ended.out == ""


def test_ctrl_c_leaves_a_line(trained: Path, mixed: Path) -> None:
    command = [sys.executable, "-m", "ganlift", "predict", str(trained), "-", "--batch", "1", "--format", "csv"]
    pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    # a shell that runs the tests in the background has them, and so this process, ignore the signal
    with subprocess.Popen(command, **pipes, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdin.write(f"{mixed / '0.png'}\n".encode())
        process.stdin.flush()
        assert [b"file" in process.stdout.readline(), b"0.png" in process.stdout.readline()] == [True, True]
        process.send_signal(signal.SIGINT)  # it waits for the next name on its standard input
        said = process.stderr.read()
        assert process.wait(30) == 130
    assert said.decode().strip().endswith("Interrupted.")


def test_windows_are_refused_where_the_classifier_is_of_images(trained: Path, mixed: Path, command: Command) -> None:
    ended = command("predict", trained, mixed, "--every", 0.5)
    assert ended.code == 2
    assert "--every cuts sound into windows, and this classifier takes images that are none; leave it out." in ended.err
