"""Tables made from rows."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np

from ganlift.report import render, tables
from ganlift.report.read import read_run

CELL = [*("Accuracy", "Against augment", "Deciding gain", "Macro recall", "G-mean", "ECE", "Time", "Labels")].index


def small_run(folder: Path, *rows: dict[str, object]) -> Path:
    folder.mkdir()
    lines = [json.dumps({"kind": "gan", "status": "done", **row}) for row in rows]
    (folder / "results.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def test_arms_are_sorted_and_paired(tmp_path: Path) -> None:
    run = small_run(
        tmp_path / "run",
        {"strategy": "augment", "kind": "baseline", "seed": 0, "test_accuracy": 0.6, "elapsed_s": 10, "labels": 100},
        {"strategy": "augment", "kind": "baseline", "seed": 1, "test_accuracy": 0.7, "elapsed_s": 10, "labels": 100},
        {"strategy": "sgan", "seed": 0, "test_accuracy": 0.66, "elapsed_s": 35, "unlabelled_n": 5800, "labels": 100},
        {"strategy": "sgan", "seed": 1, "test_accuracy": 0.74, "elapsed_s": 45, "unlabelled_n": 5800, "labels": 100},
        {"strategy": "acgan", "seed": 0, "status": "failed", "reason": "out of memory"},
    )
    first, second, last = tables.arm_lines(read_run(run))
    assert (first.strategy, second.strategy, last.strategy) == ("sgan", "augment", "acgan")
    assert first.cells[CELL("Accuracy")] == ("70.0 %", "± 5.7")
    assert first.cells[CELL("Against augment")] == ("+5.0", "+4.0 to +6.0")
    assert first.cells[CELL("Time")] == ("40 s", "4.0 ×")
    assert first.cells[CELL("Labels")] == ("100", "+ 5,800 unlabelled")
    assert second.cells[CELL("Against augment")] == ("–", "")
    assert (last.seeds, last.failed) == (0, 1)
    assert set(last.cells) == {("–", "")}


def test_an_arm_s_seeds_are_said_where_they_differ_and_those_in_time_come_last(run: Path) -> None:
    lines = {line.strategy: line for line in tables.arm_lines(read_run(run))}
    assert list(lines)[-1] == "fixmatch-in-time-of-sgan-fixmatch"
    assert (lines["ec-gan"].beside, lines["sgan"].beside) == ("3 seeds", "5 seeds")
    assert lines["sgan-fixmatch"].cells[CELL("Deciding gain")] == ("+1.6", "+0.5 to +2.7\nover fixmatch")
    path = run / "results.jsonl"
    path.write_text("".join(line for line in path.read_text().splitlines(True) if '"ec-gan"' not in line))
    shutil.rmtree(run / "arms" / "ec-gan")
    assert {line.beside for line in tables.arm_lines(read_run(run))} == {""}


def test_time_is_never_a_multiple_of_an_arm_in_time(tmp_path: Path) -> None:
    common = {"seed": 0, "test_accuracy": 0.6}
    run = small_run(
        tmp_path / "run",
        {**common, "strategy": "fixmatch", "kind": "rival", "elapsed_s": 20},
        {**common, "strategy": "fixmatch-in-time-of-sgan", "kind": "in-time", "elapsed_s": 10, "test_accuracy": 0.9},
    )
    first, last = tables.arm_lines(read_run(run))
    assert (first.strategy, first.cells[CELL("Time")], last.cells[CELL("Time")]) == (
        "fixmatch",
        ("20 s", "1.0 ×"),
        ("10 s", "0.5 ×"),
    )


def test_a_seed_in_which_the_machine_slept_moves_no_time(tmp_path: Path) -> None:
    common = {"strategy": "augment", "kind": "baseline", "test_accuracy": 0.6}
    slept = ({**common, "seed": seed, "elapsed_s": elapsed} for seed, elapsed in enumerate((10, 600, 12)))
    (line,) = tables.arm_lines(read_run(small_run(tmp_path / "run", *slept)))
    assert line.cells[CELL("Time")] == ("12 s", "1.0 ×")


def test_heat_map_is_in_shares_of_the_true_class() -> None:
    lines = tables.heat_map(np.array([[3, 1], [0, 0]]), ["cat", "dog"])
    assert [cell.text for cell in lines[0][1]] == ["75", "25"]
    assert lines[0][1][1].hint == "1 of 4 images of cat called dog"
    assert [cell.text for cell in lines[1][1]] == ["", ""]


def test_confusions_are_those_that_changed_most() -> None:
    before, after = np.array([[8, 2], [5, 5]]), np.array([[8, 2], [1, 9]])
    assert tables.confusions(before, after, ["cat", "dog"]) == [("dog", "cat", "50.0 %", "10.0 %", "−40.0")]


def test_candidates_over_seeds() -> None:
    tried = [
        {"weight": 0, "ratio": 1, "validation_accuracy": 0.6},
        {"weight": 0.5, "ratio": 1, "validation_accuracy": 0.7},
    ]
    facts = {0: {"candidates": tried, "chosen": tried[1]}, 1: {"candidates": tried[:1], "chosen": tried[0]}, 2: {}}
    none, half = tables.candidates(facts)
    assert none.weight == "0: no generated images"
    assert (none.chosen, half.chosen) == ([1], [0])
    assert half.score == "70.0 % (70.0 % to 70.0 %)"
    tuned = {"weight": 0, "ratio": 1, "validation_accuracy": 0.8, "pretrained": True}
    bare, pretrained = tables.candidates({0: {"candidates": [tuned, tried[0]], "chosen": tuned}})
    assert (bare.chosen, pretrained.chosen) == ([], [0])
    assert pretrained.weight == "0, after pre-training on generated images"


def test_what_an_arm_spent_is_shown_and_nothing_where_it_is_not_recorded(tmp_path: Path) -> None:
    row = {"strategy": "dpt", "test_accuracy": 0.6, "steps": 500, "labelled_seen": 32000, "unlabelled_seen": 16000}
    spent = {**row, "steps_besides": 300, "generator_steps": 400}
    run = small_run(tmp_path / "run", {**spent, "seed": 0}, {**spent, "seed": 1, "generator_steps": 500})
    assert tables.spent_lines(read_run(run)) == [("dpt", ["500", "32,000", "16,000", "300", "400 to 500"])]
    old = small_run(tmp_path / "old", {"strategy": "dpt", "seed": 0, "test_accuracy": 0.6, "steps": 500})
    assert tables.spent_lines(read_run(old)) == []


def test_what_arms_are_judged_by_comes_first(tmp_path: Path) -> None:
    run = small_run(
        tmp_path / "run",
        {"strategy": "augment", "kind": "baseline", "seed": 0, "test_accuracy": 0.9, "macro_recall": 0.4, "g_mean": 0},
        {"strategy": "sgan", "seed": 0, "test_accuracy": 0.8, "macro_recall": 0.6, "g_mean": 0.5},
    )
    (run / "plan.json").write_text(json.dumps({"measure": "macro-recall"}))
    found = read_run(run)
    assert [name for name, _ in tables.arm_head(found)][:5] == [
        *("Macro recall", "Against augment", "Deciding gain", "Accuracy", "G-mean")
    ]
    first, second = tables.arm_lines(found)
    assert (first.strategy, first.cells[0][0], first.cells[1][0]) == ("sgan", "60.0 %", "+20.0")
    assert (first.cells[3][0], first.cells[4][0], second.cells[4][0]) == ("80.0 %", "50.0 %", "0.0 %")
    page = render(run).read_text()
    assert "Best mean macro recall first." in page
    assert "Best mean accuracy first." not in page
