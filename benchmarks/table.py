"""The table and the verdicts of a run as Markdown, from its records.

    python benchmarks/table.py RUN [--keep benchmarks/results/NAME]
    python benchmarks/table.py --across RUN RUN ... [--draws N]
    python benchmarks/table.py --generators RUN [--keep benchmarks/results/generators/NAME]

``--keep`` also copies the records (results, verdicts, plan, environment, configuration) that the table is made from,
and states the canary (`canary.py`) that they were made under.
``--across`` has a line a strategy and a column a run; with ``--draws`` of their first N seeds alone, and no verdict,
which are about all of them. ``--generators`` is of a run of `ganlift compare-generators` and has a line a generator, as
in its report; what is kept are the figures, for they are made from more than the records.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from canary import VERDICT, marks

from ganlift.report import read_run, side_by_side
from ganlift.runs.files import read_json, write_json, write_text
from ganlift.runs.lines import read_jsonl
from ganlift.verdict.arms import IN_TIME, WITHOUT_GAN
from ganlift.verdict.types import decides, decisive
from ganlift.yardstick import Yardstick, named

SETTLED = ("helps", "hurts", "no gain worth having")
ROUNDING = 1e-9
"""Means of the same numbers of right answers differ by less."""
RECORDS = ("config.yaml", "environment.json", "plan.json", "results.jsonl", "verdict.json")


def spread(values: list[float]) -> str:
    """Mean ± standard deviation in percent."""
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{100 * statistics.fmean(values):.1f} ± {100 * deviation:.1f}"


@dataclass(frozen=True)
class Records:
    """What a run's table is made from: rows by strategy, verdicts by strategy, and what arms were judged by."""

    name: str
    rows: dict[str, list[dict[str, Any]]]
    verdicts: dict[str, dict[str, Any]]
    measure: Yardstick

    def mean(self, name: str) -> float:
        return statistics.fmean(row[self.measure.test] for row in self.rows[name])

    def cost(self, name: str) -> float:
        return statistics.median(row["elapsed_s"] for row in self.rows[name])

    def ratio(self, name: str) -> float | None:
        """Its cost as a multiple of augment's; None where that arm is not in the run."""
        return self.cost(name) / self.cost("augment") if "augment" in self.rows else None

    def kind(self, name: str) -> str:
        return str(self.rows[name][0]["kind"])


def read(run: Path) -> Records:
    """The records of a run folder, or of what ``--keep`` kept of one."""
    found = read_jsonl(run / "results.jsonl"), read_json(run / "verdict.json"), read_json(run / "plan.json")
    return records(run.name, *found)


def records(
    name: str, rows: Iterable[dict[str, Any]], verdicts: Iterable[dict[str, Any]], plan: Mapping[str, Any]
) -> Records:
    """The same from what stands in a run's files."""
    done: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if row["status"] == "done":
            done.setdefault(row["strategy"], []).append(row)
    return Records(name, done, {one["strategy"]: one for one in verdicts}, named(plan.get("measure")))


def of_draws(run: Records, most: int) -> Records:
    """Its rows of the seeds below ``most``."""
    rows = {name: [row for row in own if row["seed"] < most] for name, own in run.rows.items()}
    return replace(run, rows={name: own for name, own in rows.items() if own}, verdicts={})


def lines(run: Records) -> list[str]:
    """A Markdown table, best first; arms in another's time last."""
    table = [
        f"| arm | kind | {run.measure.words}, % | gain over its reference, points (95 %) | verdict | cost |",
        "|---|---|---|---|---|---|",
    ]
    for name in sorted(run.rows, key=lambda one: (run.kind(one) == IN_TIME, -run.mean(one), one)):
        verdict, ratio = run.verdicts.get(name), run.ratio(name)
        cells = [
            f"`{name}`",
            run.kind(name),
            spread([row[run.measure.test] for row in run.rows[name]]),
            "" if verdict is None else gain(verdict),
            verdict["verdict"] if verdict else "",
            f"{ratio:.1f} ×" if ratio else f"{run.cost(name):.0f} s",
        ]
        table.append("| " + " | ".join(cells) + " |")
    return table


def across(runs: list[Records]) -> list[str]:
    """A Markdown table with a line a strategy: its measure in each run, and for a GAN arm the gain that
    decides, with its interval.

    The best arm without a GAN of each run is in bold; so is a GAN arm that lies above it. The last column is the arm's
    time as a multiple of augment's, mean over the runs that have both.
    """
    head = [f"{run.name}, {run.measure.words}" for run in runs]
    table = [f"| arm | kind | {' | '.join(head)} | cost |", "|---|---|" + "---|" * (len(runs) + 1)]
    kinds = {name: run.kind(name) for run in runs for name in run.rows}
    order = ("baseline", "rival", "gan", "control", IN_TIME)
    best = [max(run.mean(name) for name in run.rows if run.kind(name) in WITHOUT_GAN) for run in runs]
    for name in sorted(kinds, key=lambda one: (order.index(kinds[one]), one)):
        cells = [_cell(run, name, top) for run, top in zip(runs, best, strict=True)]
        ratios = [ratio for run in runs if name in run.rows and (ratio := run.ratio(name))]
        cost = f"{statistics.fmean(ratios):.1f} ×" if ratios else ""
        table.append(f"| `{name}` | {kinds[name]} | {' | '.join(cells)} | {cost} |")
    return table


def _cell(run: Records, name: str, top: float) -> str:
    if name not in run.rows:
        return ""
    mean, kind = run.mean(name), run.kind(name)
    best = (kind in WITHOUT_GAN and mean >= top) or (kind == "gan" and mean > top + ROUNDING)
    mark = "**" if best else ""
    found = f"{mark}{spread([row[run.measure.test] for row in run.rows[name]])}{mark}"
    verdict = run.verdicts.get(name)
    if verdict is None or verdict["gain"] is None:
        return found
    told = verdict["verdict"] if verdict["verdict"] in SETTLED else ""
    return f"{found}; {interval(decisive(verdict))}{f', {told}' if told else ''}"


def interval(verdict: Mapping[str, Any]) -> str:
    """A gain in points with its interval, where it has one."""
    ends = "" if verdict["ci_low"] is None else f" ({100 * verdict['ci_low']:+.1f} to {100 * verdict['ci_high']:+.1f})"
    return f"{round(100 * verdict['gain'], 1) + 0.0:+.1f}{ends}"  # no -0.0


def gain(verdict: Mapping[str, Any]) -> str:
    """In words: the gain in points, its interval, and over what."""
    if verdict["gain"] is None:
        return ""
    over, timed = decisive(verdict), decides(verdict) == "in_time"
    return f"{interval(over)} over `{over['name']}`{' in the same time' if timed else ''}"


def generators(run: Path) -> dict[str, Any]:
    """``head`` and ``lines`` of the report's table of generators; of what was kept of it, as it was."""
    kept = run / "generators.json"
    if kept.exists():
        return dict(read_json(kept))
    found = read_run(run)
    lines = [[line.name, *line.cells] for line in side_by_side.side_by_side(found)]
    return {"head": ["generator", *(name for name, _ in side_by_side.head(found))], "lines": lines}


def generator_lines(found: Mapping[str, Any]) -> list[str]:
    """The same as a Markdown table."""
    rows = [[f"`{name}`", *cells] for name, *cells in found["lines"]]
    table = [found["head"], ["---"] * len(found["head"]), *rows]
    return ["| " + " | ".join(cells) + " |" for cells in table]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--across", action="store_true")
    parser.add_argument("--draws", type=int)
    parser.add_argument("--generators", action="store_true")
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    if arguments.across:
        runs = [read(run) for run in arguments.runs]
        print("\n".join(across([of_draws(run, arguments.draws) for run in runs] if arguments.draws else runs)))
        return
    (folder,) = arguments.runs
    found = generators(folder) if arguments.generators else None
    print("\n".join(generator_lines(found) if found else shown(read(folder))))
    if arguments.keep:
        arguments.keep.mkdir(parents=True, exist_ok=True)
        data = str(read_json(folder / "plan.json").get("data", ""))
        for name in RECORDS:  # which images, not where they lay on that machine
            text = (folder / name).read_text(encoding="utf-8")
            write_text(arguments.keep / name, text.replace(data, Path(data).name) if data else text)
        run = read(folder)
        write_json(arguments.keep / "canary.json", marks([*run.rows, *([VERDICT] if run.verdicts else [])]))
        if found:
            write_json(arguments.keep / "generators.json", found)


def shown(run: Records) -> list[str]:
    """The table, and a sentence for each verdict."""
    return [*lines(run), "", *(f"- {verdict['sentence']}" for verdict in run.verdicts.values())]


if __name__ == "__main__":
    main()
