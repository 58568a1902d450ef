"""What a reader needs to believe a result."""

from __future__ import annotations

import json
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


def test_a_split_file_of_another_form_has_no_sizes(run: Path) -> None:
    write_json(run / "split-0.json", {"parts": {"labelled": [1, 2], "test": {"hashes": ["a"]}}})
    assert trust.split_lines(read_run(run))[0].sizes == ["–", "–", "–", "1"]
    assert not trust.same_test_images(read_run(run))


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


def test_seeds_that_an_arm_was_settled_without_are_not_missing(run: Path) -> None:
    assert trust.missing(read_run(run)) == []
    path = run / "results.jsonl"
    lines = path.read_text().splitlines(True)

    def without(name: str, seeds: tuple[int, ...]) -> list[str]:
        for seed in seeds:
            (run / "arms" / name / str(seed) / "row.json").unlink(missing_ok=True)
        kept = [one for one in lines if f'"{name}"' not in one or json.loads(one)["seed"] not in seeds]
        path.write_text("".join(kept))
        return trust.missing(read_run(run))

    assert without("rotation", (3, 4)) == []  # beaten at the first look, it stopped
    assert without("fixmatch-in-time-of-sgan-fixmatch", (4,)) == []
    assert without("ec-gan", (2,)) == ["ec-gan has no result for seed 2."]
    assert without("sgan", (3, 4)) == ["sgan has no result for seeds 3 and 4."]
    assert "augment has no result for seed 4." in without("augment", (4,))


def test_the_plan_s_looks_margin_and_range_of_time_are_told(run: Path) -> None:
    facts = dict(trust.settings(read_run(run)))
    assert facts["looked at after"] == "3 and 5 seeds"
    assert facts["a gain worth having"] == "1 point"
    assert facts["time, estimated"] == "5 min 30 s to 9 min 0 s"


def test_tuning_says_trials_best_and_chosen(run: Path) -> None:
    trials = [
        {"strategy": "sgan", "trial": n, "options": {"lr": 0.1}, "validation_accuracy": 0.5 + n / 10} for n in (0, 1)
    ]
    trials.append({"strategy": "sgan", "trial": 2, "options": {}, "validation_accuracy": None})
    write_json(run / "tuning.json", {"seed": 1000, "trials": trials, "chosen": {"sgan": {"lr": 0.00312345}}})
    assert trust.tuned_lines(read_run(run)) == [trust.TunedLine("sgan", 3, "60.0 %", "lr 0.003123")]


def test_alarms_are_gathered_over_seeds(run: Path) -> None:
    assert trust.alarm_lines(read_run(run)) == [
        trust.AlarmLine("gan-augment", "generator", "400", "samples vary only 15%", [1, 3])
    ]


def test_notes_come_first_and_facts_take_a_line_each(run: Path) -> None:
    facts = {"duplicates": 2, "per_class": [3, 4], "per_part": {"train": 5, "": 2}, "notes": ["a.png was skipped."]}
    write_json(run / "check.json", facts)
    write_json(run / "split-0.json", {"notes": ["2 images of test are left out of training."]})
    lines, more = trust.notes(read_run(run))
    assert lines == [
        "a.png was skipped.",
        "duplicates: 2",
        "per class: 3, 4",
        "per part: train 5, (none) 2",
        "2 images of test are left out of training.",
    ]
    assert more == 0


def test_many_notes_are_counted(run: Path) -> None:
    write_json(run / "check.json", {"notes": [f"image {n} was skipped." for n in range(40)]})
    lines, more = trust.notes(read_run(run))
    assert (len(lines), more) == (30, 10)
