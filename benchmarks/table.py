"""The table and the verdicts of a run as Markdown, from its records.

    python benchmarks/table.py RUN [--keep benchmarks/results/NAME]

``--keep`` also copies the records (results, verdicts, plan, environment, configuration) that the table is made from.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
from pathlib import Path
from typing import Any

from ganlift.runs.files import read_json, read_jsonl

RECORDS = ("config.yaml", "environment.json", "plan.json", "results.jsonl", "verdict.json")


def spread(values: list[float]) -> str:
    """Mean ± standard deviation in percent."""
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{100 * statistics.fmean(values):.1f} ± {100 * deviation:.1f}"


def lines(rows: list[dict[str, Any]], verdicts: dict[str, dict[str, Any]]) -> list[str]:
    """A Markdown table, best accuracy first."""
    names = {row["strategy"] for row in rows}
    by_name = {name: [row for row in rows if row["strategy"] == name] for name in names}
    base = statistics.fmean(row["elapsed_s"] for row in by_name["augment"]) if "augment" in by_name else None
    table = [
        "| arm | kind | accuracy, % | gain over its reference, points (95 %) | verdict | cost |",
        "|---|---|---|---|---|---|",
    ]
    accuracy = {name: statistics.fmean(row["test_accuracy"] for row in own) for name, own in by_name.items()}
    for name in sorted(names, key=lambda one: (-accuracy[one], one)):
        own, verdict = by_name[name], verdicts.get(name)
        cost = statistics.fmean(row["elapsed_s"] for row in own)
        gain = "" if verdict is None else _gain(verdict)
        cells = [
            f"`{name}`",
            own[0]["kind"],
            spread([row["test_accuracy"] for row in own]),
            gain,
            verdict["verdict"] if verdict else "",
            f"{cost / base:.1f} ×" if base else f"{cost:.0f} s",
        ]
        table.append("| " + " | ".join(cells) + " |")
    return table


def _gain(verdict: dict[str, Any]) -> str:
    if verdict["gain"] is None:
        return ""
    interval = ""
    if verdict["ci_low"] is not None:
        interval = f" ({100 * verdict['ci_low']:+.1f} to {100 * verdict['ci_high']:+.1f})"
    return f"{100 * verdict['gain']:+.1f}{interval} over `{verdict['reference']}`"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    rows = [row for row in read_jsonl(arguments.run / "results.jsonl") if row["status"] == "done"]
    verdicts = {one["strategy"]: one for one in read_json(arguments.run / "verdict.json")}
    print("\n".join(lines(rows, verdicts)))
    print()
    for verdict in verdicts.values():
        print(f"- {verdict['sentence']}")
    if arguments.keep:
        arguments.keep.mkdir(parents=True, exist_ok=True)
        for name in RECORDS:
            shutil.copy(arguments.run / name, arguments.keep / name)


if __name__ == "__main__":
    main()
