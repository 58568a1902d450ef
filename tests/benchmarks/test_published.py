"""Published numbers: the recipes' settings can be run, their numbers have sources, their tables are the records'."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from ganlift.comparison.plan import resolve_arms
from ganlift.errors import ConfigError
from ganlift.runs.files import read_json
from ganlift.strategies.base import strategies

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))
from published import recipes, reproduce, shown  # noqa: E402

RUNS = [run for name in recipes.names() for run in recipes.runs(name)]


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.name)
def test_a_recipe_s_settings_can_be_run(run: recipes.Run) -> None:
    config = run.config(Path("somewhere"))
    unlabelled = 100 if config.unlabelled == "rest" and config.labels_per_class else 0
    entries, _ = resolve_arms(config, ["pixels"], [config.labels_per_class or 4000] * 10, unlabelled)
    assert [entry.name for entry in entries] == config.strategies  # none is added: there is an arm without a GAN
    assert "{" not in config.data


def test_a_setting_that_there_is_not_is_refused() -> None:
    run = RUNS[0].model_copy(update={"settings": {**RUNS[0].settings, "budgets": 3}})
    with pytest.raises(ConfigError, match="budget"):
        run.config(Path("somewhere"))


@pytest.mark.parametrize("name", recipes.names())
def test_numbers_belong_to_arms_and_points_that_are_run(name: str) -> None:
    recipe, runs = recipes.load(name), list(recipes.runs(name))
    assert {"full"} < set(recipe.runs)
    assert any(form.startswith("reduced") for form in recipe.runs)
    for number in recipe.published:
        values = number.value if isinstance(number.value, dict) else {"": number.value}
        assert all(0 < value < 100 for value in values.values())
        assert len(number.source) > 5
        if number.arm is None:
            continue
        strategies.get(number.arm)
        arms = {run.point: run.settings["strategies"] for run in runs}
        for point in values:
            assert any(number.arm in own for at, own in arms.items() if point in ("", at))


def test_points_of_a_form_change_only_what_they_say() -> None:
    fifty, two_hundred = (reproduce.chosen("dada", "reduced", point)[0] for point in ("50", "200"))
    assert fifty.name == "dada-reduced-50"
    assert (fifty.settings["labels_per_class"], two_hundred.settings["labels_per_class"]) == (50, 200)
    assert {**fifty.settings, "labels_per_class": 200} == two_hundred.settings
    assert [run.point for run in reproduce.chosen("dada", "reduced", None)] == ["50", "200", "1000"]
    with pytest.raises(ConfigError, match="no form 'reduced 51'; it has full 50, "):
        reproduce.chosen("dada", "reduced", "51")


def record(scores: dict[str, list[float]]) -> dict[str, Any]:
    rows = [
        {"strategy": name, "kind": "baseline", "seed": seed, "status": "done", "test_accuracy": score, "elapsed_s": 30}
        for name, own in scores.items()
        for seed, score in enumerate(own)
    ]
    machine = {"device": "cpu", "threads": 2}
    return {"rows": rows, "verdicts": [], "plan": {"measure": "accuracy"}, "environment": machine}


def test_a_published_number_stands_beside_ours() -> None:
    (run,) = reproduce.chosen("dada", "reduced", "200")
    lines = shown.result_table([(run, record({"augment": [0.50, 0.52], "real-only": [0.40]}))])
    # two seeds one point either side of the mean: t(1) = 12.706 times sd / sqrt(2) = 1 point
    assert lines[2] == "| reduced, 200 | `augment` | 56.5 | 51.0 (38.3 to 63.7) |  |  | 2 | 2.0 core-minutes |"
    assert lines[3] == "| reduced, 200 | `real-only` | 52 | 40.0 |  |  | 1 | 1.0 core-minutes |"


def test_a_run_without_a_record_says_so() -> None:
    (run,) = reproduce.chosen("cifar10-few-labels", "full", "4000")
    (line,) = shown.result_table([(run, None)])[2:]
    assert "not run yet" in line
    assert "`fixmatch` 95.74 (not checked); `sgan` 81.37; " in line


def test_a_recipe_runs_from_the_command_to_its_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    few = {"budget": 3, "seeds": 1, "precision": "fp32", "device": "cpu", "strategies": "[augment, sgan]"}
    sets = [word for key, value in few.items() for word in ("--set", f"{key}={value}")]
    words = ["improved-gan", "--form", "reduced-digits", "--jobs", "1", "--out", str(tmp_path / "runs")]
    reproduce.main([*words, "--keep", str(tmp_path), *sets])
    kept = read_json(tmp_path / "improved-gan-reduced-digits.json")
    assert str(tmp_path) not in (tmp_path / "improved-gan-reduced-digits.json").read_text()
    assert [row["steps"] for row in kept["rows"]] == [3, 3]
    assert [verdict["strategy"] for verdict in kept["verdicts"]] == ["sgan"]
    printed = capsys.readouterr().out
    assert "| reduced-digits | `sgan` | 99.07 | " in printed
    assert kept["environment"]["device"] == "cpu"


KEPT = sorted(shown.RECORDS.glob("*.json"))


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_a_kept_record_is_of_the_recipe_as_it_stands(path: Path) -> None:
    kept = read_json(path)
    (run,) = reproduce.chosen(kept["recipe"], kept["form"], kept["point"])
    assert run.name == path.stem
    assert run.settings == kept["settings"]
    assert {row["strategy"] for row in kept["rows"]} == set(run.settings["strategies"])


def test_the_page_shows_the_records() -> None:
    text = shown.PAGE.read_text(encoding="utf-8")
    part = text.partition(shown.BEGINS)[2].partition(shown.ENDS)[0]
    assert part == f"\n{shown.page_part()}", "run python benchmarks/published/reproduce.py --table"
