"""A long-tailed comparison from the command's settings to its report: judged by macro recall, and saying so."""

from __future__ import annotations

import json
from typing import Any

import pytest

import ganlift
from ganlift.cli.arms import tables
from ganlift.cli.plan import plan_lines
from ganlift.cli.show import arm_line
from ganlift.yardstick import MACRO_RECALL

SMALL: dict[str, Any] = {
    "imbalance": "step:5",
    "strategies": ["augment", "acgan"],
    "seeds": 2,
    "budget": 5,
    "batch_size": 16,
    "jobs": 1,
    "precision": "fp32",
}


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> tuple[ganlift.Comparison, list[dict[str, Any]]]:
    events: list[dict[str, Any]] = []
    out = tmp_path_factory.mktemp("tail") / "run"
    return ganlift.compare("digits", out=out, on_event=lambda event: events.append(dict(event)), **SMALL), events


def test_records_agree_on_the_tail_and_the_measure(compared: tuple[ganlift.Comparison, list[dict[str, Any]]]) -> None:
    comparison, events = compared
    plan = json.loads((comparison.run / "plan.json").read_text())
    first, last = plan["labelled_per_class"][:5], plan["labelled_per_class"][5:]
    assert min(first) >= 4 * max(last)
    assert (plan["imbalance"], plan["measure"], comparison.measure) == ("step:5", "macro-recall", "macro-recall")
    notes = " ".join(event["message"] for event in events if event["type"] == "note")
    assert "judged by macro recall" in notes
    assert f"after step:5: {', '.join(map(str, plan['labelled_per_class']))}." in notes
    for row in comparison.rows:
        assert {"g_mean", "macro_recall", "validation_macro_recall"} <= set(row)
        assert row["unlabelled_n"] == 0
    by_seed = {(row["strategy"], row["seed"]): row["macro_recall"] for row in comparison.rows}
    (verdict,) = comparison.verdicts
    differences = [by_seed["acgan", seed] - by_seed[verdict.reference, seed] for seed in (0, 1)]
    assert verdict.gain == pytest.approx(sum(differences) / 2)
    assert "of macro recall" in verdict.sentence


def test_what_people_see_names_the_measure(compared: tuple[ganlift.Comparison, list[dict[str, Any]]]) -> None:
    comparison, _ = compared
    lines = plan_lines(json.loads((comparison.run / "plan.json").read_text()))
    assert "Judged by:   macro recall" in lines
    assert any(line.startswith("Long tail:   step:5: ") for line in lines)
    ((heading, shown),) = tables(comparison.rows, [verdict.to_json() for verdict in comparison.verdicts], MACRO_RECALL)
    assert heading == ""
    assert "macro\nrecall, %" in [column.header for column in shown.columns]
    assert ": macro recall " in arm_line(comparison.rows[0], MACRO_RECALL)
    page = comparison.report_path.read_text()
    assert "Best mean macro recall first." in page
    assert "step:5" in page
