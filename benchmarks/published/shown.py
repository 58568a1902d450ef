"""Published numbers beside ours, as Markdown, from the recipes and the kept records."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import table
from published.recipes import Number, Recipe, Run, load, names, runs

from ganlift.runs.files import read_json
from ganlift.verdict.difference import critical

ROOT = Path(__file__).resolve().parents[2]
RECORDS = ROOT / "benchmarks" / "results" / "published"
PAGE = ROOT / "docs" / "published.md"
BEGINS, ENDS = "<!-- tables of the records: begin -->", "<!-- tables of the records: end -->"
HEAD = [
    "| run | arm | published, % | ours, % (95 %) | gain over its reference, points (95 %) | verdict | seeds | cost |",
    "|---|---|---|---|---|---|---|---|",
]

Record = Mapping[str, Any]


def interval(values: Sequence[float]) -> str:
    """Mean and 95 % interval (Student's t over the seeds) in percent; the mean alone of a single seed."""
    mean, count = statistics.fmean(values), len(values)
    if count < 2:
        return f"{100 * mean:.1f}"
    reach = critical(0.05, count - 1) * statistics.stdev(values) / count**0.5
    return f"{100 * mean:.1f} ({100 * (mean - reach):.1f} to {100 * (mean + reach):.1f})"


def result_table(pairs: Sequence[tuple[Run, Record | None]]) -> list[str]:
    """A line an arm of every run that has a record, one line for each other run."""
    lines = list(HEAD)
    for run, record in pairs:
        lines += _not_run(run) if record is None else _arms(run, record)
    return lines


def _arms(run: Run, record: Record) -> list[str]:
    recipe = load(run.recipe)
    found = table.records(run.name, record["rows"], record["verdicts"], record["plan"])
    machine = record["environment"]
    lines = []
    for name in sorted(found.rows, key=lambda one: (-found.mean(one), one)):
        rows, verdict = found.rows[name], found.verdicts.get(name)
        minutes = sum(row["elapsed_s"] for row in rows) * machine["threads"] / 60
        cells = [
            _called(run),
            f"`{name}`",
            "; ".join(_number(one, run.point) for one in recipe.of(name, run.point)),
            interval([row[found.measure.test] for row in rows]),
            table.gain(verdict) if verdict else "",
            verdict["verdict"] if verdict else "",
            str(len(rows)),
            f"{minutes:.1f} {'core' if machine['device'] == 'cpu' else 'GPU'}-minutes",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _not_run(run: Run) -> list[str]:
    recipe = load(run.recipe)
    arms = run.settings["strategies"]
    numbers = [f"`{arm}` {_number(one, run.point)}" for arm in arms for one in recipe.of(arm, run.point)]
    return [f"| {_called(run)} | {len(arms)} arms | {'; '.join(numbers)} | not run yet | | | | |"]


def _called(run: Run) -> str:
    return f"{run.form}, {run.point}" if run.point else run.form


def _number(number: Number, point: str) -> str:
    return f"{number.at(point):g}" + ("" if number.checked else " (not checked)")


def source_table(recipe: Recipe) -> list[str]:
    """The published numbers, each with where it stands and whether it was seen there."""
    lines = ["| in the paper | here | accuracy, % | where it stands | seen there |", "|---|---|---|---|---|"]
    for one in recipe.published:
        values = one.value if isinstance(one.value, dict) else {"": one.value}
        said = ", ".join(f"{point}: {value:g}".removeprefix(": ") for point, value in values.items())
        here = f"`{one.arm}`" if one.arm else "none"
        lines.append(f"| {one.called} | {here} | {said} | {one.source} | {'yes' if one.checked else 'no'} |")
    return lines


def kept(run: Run, folder: Path = RECORDS) -> Record | None:
    """The record of ``run``; None where none is kept."""
    path = folder / f"{run.name}.json"
    return read_json(path) if path.exists() else None


def page_part() -> str:
    """All that stands between the page's marks."""
    lines = []
    for name in names():
        recipe = load(name)
        forms = [f"- **{form}**: {said.says}" for form, said in recipe.runs.items()]
        results = result_table([(run, kept(run)) for run in runs(name)])
        source = f"From: {recipe.paper}."
        lines += [f"### {recipe.title}", "", source, "", recipe.protocol, "", "Here:", "", *forms, ""]
        lines += [*source_table(recipe), "", *results, ""]
    return "\n".join(lines)


def write_page(page: Path = PAGE) -> None:
    """Put the tables between the page's marks."""
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGINS)
    after = rest.partition(ENDS)[2]
    page.write_text(f"{before}{BEGINS}\n{page_part()}{ENDS}{after}", encoding="utf-8")
