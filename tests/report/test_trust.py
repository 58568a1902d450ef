"""What a reader needs to believe a result."""

from __future__ import annotations

from pathlib import Path

from ganlift.report import trust
from ganlift.report.read import read_run
from ganlift.runs.files import write_json


def test_split_sizes_and_common_test_images(run: Path) -> None:
    found = read_run(run)
    assert [line.sizes for line in trust.split_lines(found)] == [["100", "100", "4,000", "400"]] * 5
    assert trust.same_test_images(found)
    assert len({line.digest for line in trust.split_lines(found)}) == 5


def test_sizes_come_from_rows_where_there_are_no_split_files(run: Path) -> None:
    for path in run.glob("split-*.json"):
        path.unlink()
    assert trust.split_lines(read_run(run))[0].sizes == ["100", "100", "5,800", "400"]


def test_split_files_of_mappings_are_counted(run: Path) -> None:
    write_json(run / "split-0.json", {"labelled": {"names": ["a", "b"], "hashes": ["1", "2"]}, "test": []})
    assert trust.split_lines(read_run(run))[0].sizes == ["2", "–", "–", "0"]


def test_failed_and_missing_seeds_are_named(run: Path) -> None:
    path = run / "results.jsonl"
    lines = [line for line in path.read_text().splitlines() if '"sgan"' not in line or '"seed": 3' not in line]
    failed = '{"strategy": "rotation", "kind": "rival", "seed": 9, "status": "failed", "reason": "killed"}'
    path.write_text("\n".join([*lines, failed]) + "\n")
    (run / "arms/sgan/3/row.json").unlink()
    said = trust.missing(read_run(run))
    assert "rotation, seed 9, failed: killed" in said
    assert "sgan has no result for seed 3." in said
    assert len(said) == 2


def test_tuning_says_trials_best_and_chosen(run: Path) -> None:
    trials = [
        {"strategy": "sgan", "trial": n, "options": {"lr": 0.1}, "validation_accuracy": 0.5 + n / 10} for n in (0, 1)
    ]
    trials.append({"strategy": "sgan", "trial": 2, "options": {}, "validation_accuracy": None})
    write_json(run / "tuning.json", {"seed": 1000, "trials": trials, "chosen": {"sgan": {"lr": 0.00312345}}})
    assert trust.tuned_lines(read_run(run)) == [trust.TunedLine("sgan", 3, "60.0 %", "lr 0.003123")]


def test_alarms_are_gathered_over_seeds(run: Path) -> None:
    assert trust.alarm_lines(read_run(run)) == [
        trust.AlarmLine("gan-augment", "generator", "samples vary only 15%", [1, 3])
    ]


def test_notes_of_any_shape_become_lines(run: Path) -> None:
    write_json(
        run / "check.json",
        {"notes": ["one"] * 40, "duplicates_removed": 2, "skipped": [{"path": "a.png", "why": "cut"}]},
    )
    lines, more = trust.notes(read_run(run))
    assert (len(lines), more) == (30, 13)
    write_json(run / "check.json", {"duplicates_removed": 2, "skipped": {"a.png": "cut off"}})
    assert trust.notes(read_run(run)) == (["duplicates removed: 2", "a.png: cut off"], 0)
