"""What a person sees at the end: the table and the verdicts, or where what was trained lies."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ganlift.cli.arms import tables
from ganlift.cli.show import point, say
from ganlift.cli.words import safe
from ganlift.yardstick import named


def outcome(console: Console, comparison: Any, brief: bool = False) -> None:
    """The table of strategies, a sentence for each verdict, and where the winner and the report lie."""
    verdicts = [verdict.to_json() for verdict in comparison.verdicts]
    if not brief:
        console.print()
        for heading, table in tables(comparison.rows, verdicts, named(comparison.measure)):
            if heading:
                say(console, heading)
            console.print(table)
            console.print()
        if any(row.get("generator") for row in comparison.rows):
            generators_table(console, comparison.run)
    for verdict in verdicts:
        say(console, safe(verdict["sentence"]))
    if not brief:
        console.print()
        if comparison.best:
            winner = f"{comparison.best['strategy']}, seed {comparison.best['seed']}"
            point(console, f"Winner: {winner}, in", comparison.best["classifier"])
        point(console, "Report:", comparison.report_path)


def generators_table(console: Console, run: Path) -> None:
    """Generators side by side, of a run whose arms name theirs."""
    from ganlift.report import read_run, side_by_side

    shown = Table(box=None, pad_edge=False, header_style="bold")
    shown.add_column("generator", no_wrap=True)
    found = read_run(run)
    for name, _ in side_by_side.head(found)[:-2]:  # gain and verdict stand in the table above
        shown.add_column(name.replace("real ones", "real").replace("/s", "\n/s"), justify="right")
    for line in side_by_side.side_by_side(found):
        shown.add_row(*(Text(cell) for cell in (safe(line.name), *line.cells[:-2])))
    console.print(shown)
    console.print()


def trained(console: Console, training: Any, brief: bool = False) -> None:
    """What one arm reached on validation, and on test images where there are any; where the classifier lies."""
    row = training.row
    if not brief:
        console.print()
        examples = f"{training.noun}s"
        scored = f"validation accuracy {_percent(row, 'validation', examples)}"
        if "test_accuracy" in row:
            scored += f", test accuracy {_percent(row, 'test', examples)}"
        say(console, f"{safe(row['strategy'])}: {scored}")
        if "test_accuracy" not in row:
            say(console, f"Validation chose and calibrates this classifier, so new {examples} will do a little worse.")
    point(console, "Classifier:", training.classifier)


def trained_generator(console: Console, folder: Path, run: Path, brief: bool = False) -> None:
    """Where a generator and its sample grids lie, and how to draw from it."""
    if not brief:
        console.print()
        point(console, "Samples:", folder / "samples")
        point(console, "Draw from it with: ganlift generate", run)
    point(console, "Generator:", folder)


def _percent(row: Mapping[str, Any], part: str, examples: str) -> str:
    return f"{100 * row[f'{part}_accuracy']:.1f} % of {row[f'{part}_n']} {examples}"
