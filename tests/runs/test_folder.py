"""Opening, continuing and refusing run folders; their rows."""

from pathlib import Path
from typing import Any

import pytest

from ganlift.errors import DamagedFileError, RunFolderError
from ganlift.runs import files, folder, layout, lines

SEEDS, MARGIN = "false claims another chance", "A margin that is chosen after the gain was seen"
CONFIG: dict[str, Any] = {"data": "digits", "seeds": [0, 1], "options": {"sgan": {"weight": 0.3}}, "budget": 1e-05}


def row(strategy: str, seed: int, status: str = "done", **more: Any) -> dict[str, Any]:
    return {"strategy": strategy, "seed": seed, "status": status, **more}


def finish(run: Path, strategy: str, seed: int, **more: Any) -> None:
    files.write_json(layout.row_file(run, strategy, seed), row(strategy, seed, **more))
    layout.predictions_file(run, strategy, seed).touch()


def test_open_makes_then_continues(tmp_path: Path) -> None:
    run = folder.open_run(tmp_path / "run", CONFIG)
    assert folder.open_run(tmp_path / "run", CONFIG) == run
    assert folder.run_config(run) == CONFIG


def test_another_configuration_is_refused_naming_each_key(tmp_path: Path) -> None:
    folder.open_run(tmp_path, CONFIG)
    other = {**CONFIG, "seeds": 5, "options": {"sgan": {"weight": 0.5}, "acgan": {"weight": 1}}}
    with pytest.raises(RunFolderError) as refused:
        folder.open_run(tmp_path, other)
    message = str(refused.value)
    assert "seeds: [0, 1] → 5" in message
    assert "options.sgan.weight: 0.3 → 0.5" in message
    assert "options.acgan.weight: (not set) → 1" in message
    assert "data" not in message.partition("(")[2].partition("; choose")[0]
    assert "--out" in message


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        ({"seeds": 10}, [SEEDS]),
        ({"thorough": True}, [SEEDS]),
        ({"margin": 2.0}, [MARGIN]),
        ({"seeds": 10, "thorough": True, "margin": 2.0}, [SEEDS, MARGIN]),
        ({"budget": 7}, []),
    ],
)
def test_a_refusal_says_why_what_was_judged_is_fixed(
    tmp_path: Path, change: dict[str, Any], reasons: list[str]
) -> None:
    config = {**CONFIG, "seeds": "auto", "thorough": False, "margin": 1.0}
    folder.open_run(tmp_path, config)
    with pytest.raises(RunFolderError) as refused:
        folder.open_run(tmp_path, {**config, **change})
    message = str(refused.value)
    for reason in (SEEDS, MARGIN):
        assert message.count(reason) == (reason in reasons)


@pytest.mark.parametrize(
    ("there", "asked", "continues"),
    [
        ({"data": "photos"}, {"data": "/home/me/photos"}, True),
        ({"unlabelled": "more"}, {"unlabelled": "../more/"}, True),
        ({"unlabelled": "rest"}, {"unlabelled": "more"}, False),
        ({"unlabelled": "more"}, {"unlabelled": "none"}, False),
        ({"unlabelled": "rest"}, {"unlabelled": "none"}, False),
        ({"unlabelled": "more"}, {}, False),
    ],
)
def test_where_images_lie_is_no_part_of_a_configuration(
    tmp_path: Path, there: dict[str, Any], asked: dict[str, Any], continues: bool
) -> None:
    folder.open_run(tmp_path, there)
    if continues:
        folder.open_run(tmp_path, asked)
    else:
        with pytest.raises(RunFolderError, match=r"another configuration \(unlabelled: "):
            folder.open_run(tmp_path, asked)
    assert folder.run_config(tmp_path) == there


def test_an_empty_mapping_is_the_same_as_none(tmp_path: Path) -> None:
    folder.open_run(tmp_path, {"data": "x", "options": {}})
    folder.open_run(tmp_path, {"data": "x", "options": {"sgan": {}}})


@pytest.mark.parametrize("name", ["photo.png", "config.yaml", "results.jsonl"])
def test_a_folder_that_holds_something_else_is_refused_untouched(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("data: mine\n")
    with pytest.raises(RunFolderError, match=f"not a run and not empty.*{name}.*--out"):
        folder.open_run(tmp_path, CONFIG)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "data: mine\n"


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("")
    with pytest.raises(RunFolderError, match="is a file"):
        folder.open_run(tmp_path / "run", CONFIG)
    with pytest.raises(RunFolderError):
        folder.open_run(tmp_path / "run" / "below", CONFIG)


def test_a_damaged_config_is_not_taken_for_another_one(tmp_path: Path) -> None:
    folder.open_run(tmp_path, CONFIG)
    with open(layout.config_file(tmp_path), "a") as file:
        file.write("x: [1,")
    with pytest.raises(DamagedFileError, match=r"config\.yaml is damaged"):
        folder.open_run(tmp_path, CONFIG)


def test_no_run_has_no_config(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="not a run folder"):
        folder.run_config(tmp_path)


def test_done_is_what_has_a_row_file(tmp_path: Path) -> None:
    run = folder.open_run(tmp_path, CONFIG)
    finish(run, "sgan", 0)
    finish(run, "gan-augment", 12)
    (layout.arm_folder(run, "sgan", 1)).mkdir(parents=True)
    (run / "arms" / "sgan" / "notes").mkdir()
    (run / "arms" / "sgan" / "notes" / "row.json").write_text("{}")
    assert folder.done(run) == {("sgan", 0), ("gan-augment", 12)}
    layout.predictions_file(run, "sgan", 0).unlink()  # nothing to judge it by
    assert folder.done(run) == {("gan-augment", 12)}


def test_results_are_completed_from_the_arms(tmp_path: Path) -> None:
    run = folder.open_run(tmp_path, CONFIG)
    finish(run, "sgan", 0, v=1)
    folder.add_row(run, row("sgan", 0, v=1))
    finish(run, "sgan", 1, v=2)  # killed before the line was added
    assert [one["v"] for one in folder.rows(run)] == [1, 2]
    assert len(lines.read_jsonl(layout.results_file(run))) == 1
    folder.open_run(tmp_path, CONFIG)
    folder.open_run(tmp_path, CONFIG)
    assert [one["v"] for one in lines.read_jsonl(layout.results_file(run))] == [1, 2]


def test_a_torn_or_flipped_line_is_taken_from_the_arm(tmp_path: Path) -> None:
    run = folder.open_run(tmp_path, CONFIG)
    for seed in (0, 1):
        finish(run, "sgan", seed, test_accuracy=0.71 + seed)
        folder.add_row(run, row("sgan", seed, test_accuracy=0.71 + seed))
    results = layout.results_file(run)
    results.write_text(results.read_text().replace("0.71", "0.99")[:-20])
    told: list[str] = []
    folder.open_run(tmp_path, CONFIG, told.append)
    assert len(told) == 2
    assert {one["seed"]: one["test_accuracy"] for one in folder.rows(run)} == {0: 0.71, 1: 1.71}


def test_a_damaged_row_file_is_taken_from_the_results(tmp_path: Path) -> None:
    run = folder.open_run(tmp_path, CONFIG)
    finish(run, "sgan", 0, test_accuracy=0.71)
    folder.add_row(run, row("sgan", 0, test_accuracy=0.71))
    layout.row_file(run, "sgan", 0).write_text('{"strategy": "sgan", "see')
    told: list[str] = []
    assert folder.rows(run, told.append) == [row("sgan", 0, test_accuracy=0.71)]
    assert len(told) == 1
    assert folder.done(run) == {("sgan", 0)}
    results = layout.results_file(run)
    results.unlink()
    assert folder.done(run) == set()  # both copies gone: the arm runs again


def test_an_arm_that_failed_and_then_was_done_counts_as_done(tmp_path: Path) -> None:
    run = folder.open_run(tmp_path, CONFIG)
    folder.add_row(run, row("sgan", 0, "failed", reason="killed"))
    assert folder.rows(run) == [row("sgan", 0, "failed", reason="killed")]
    assert folder.done(run) == set()
    finish(run, "sgan", 0)
    assert folder.rows(run) == [row("sgan", 0)]
    folder.open_run(tmp_path, CONFIG)
    assert [one["status"] for one in lines.read_jsonl(layout.results_file(run))] == ["failed", "done"]


def test_leftovers_of_killed_writers_are_removed(tmp_path: Path) -> None:
    run = folder.open_run(tmp_path, CONFIG)
    leftover = layout.arm_folder(run, "sgan", 0) / ".row.json.12-34.tmp"
    files.write_text(leftover, "half")
    folder.open_run(tmp_path, CONFIG)
    assert not leftover.exists()
