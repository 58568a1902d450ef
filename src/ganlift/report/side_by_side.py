"""Generators side by side: what each took, how good its images are, and what a classifier gains by them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ganlift.report import answers, numbers, words
from ganlift.report.read import Row, Run, mapping
from ganlift.report.spaces import in_space_of

HEAD = [
    ("Steps", "of the generator's own phase"),
    ("Time", "of that phase"),
    ("Memory", "at most in that phase: what the process grew by, or what the GPU's tensors took"),
    ("{Made}s/s", "real {made}s that it trains on in a second"),
    ("Fréchet", "distance to held-out {made}s, on what is named under Quality; lower is better"),
    ("Recall", "share of real {made}s that lie among generated ones: low where modes are missing"),
    ("C_T", "three-sample test of copying: below -3 tells of copies"),
    ("CAS, %", "test score of a classifier trained on generated {made}s alone"),
    ("Beside real ones, %", "test score of a classifier that has real and generated {made}s"),
    ("Gain, points", "of the latter over the arm that decides its verdict, with the 95 % interval"),
    ("Verdict", "over all generators, corrected for their number"),
]


@dataclass(frozen=True)
class Line:
    """A generator's cells, in the order of `head`."""

    name: str
    cells: list[str]


def head(run: Run) -> list[tuple[str, str]]:
    """The columns' names and what they are."""
    called = {"made": run.made, "Made": run.made.capitalize()}
    return [(name.format(**called), hint.format(**called)) for name, hint in HEAD]


def side_by_side(run: Run) -> list[Line]:
    """A line for each generator that arms were run with by name, the nearest to the real images first."""
    by_generator: dict[str, list[Row]] = {}
    for rows in run.rows.values():
        for row in rows:
            if row.get("generator"):
                by_generator.setdefault(in_space_of(run, row["strategy"], str(row["generator"])), []).append(row)
    measured = {name: _measured(run, _alone(rows) or rows) for name, rows in by_generator.items()}
    order = sorted(by_generator, key=lambda name: measured[name].get("frechet", float("inf")))
    return [Line(name, _cells(run, by_generator[name], measured[name])) for name in order]


def _measured(run: Run, rows: list[Row]) -> dict[str, float]:
    """Means over the generators of ``rows``, one a seed."""
    keys = dict.fromkeys(str(run.facts(row["strategy"], row["seed"]).get("generator", "")) for row in rows)
    found: dict[str, list[float]] = {}
    for key in keys:
        kept = run.measures.get(key, {})
        values: dict[str, Any] = {
            name: mapping(mapping(kept.get("generated")).get(name)).get("value") for name in ("frechet", "recall")
        }
        values["copies"] = mapping(kept.get("copying")).get("statistic")
        for name, value in values.items():
            if words.number(value) is not None:
                found.setdefault(name, []).append(float(value))
    return {name: sum(values) / len(values) for name, values in found.items()}


def _alone(rows: list[Row]) -> list[Row]:
    """Those of arms of generated images alone: their generator was told every labelled image, and halved no class."""
    return [row for row in rows if row["kind"] == "control"]


def _cells(run: Run, rows: list[Row], measured: dict[str, float]) -> list[str]:
    alone = _alone(rows)
    beside = [row for row in rows if row["kind"] == "gan"]
    verdict = next((one for one in run.verdicts if beside and one["strategy"] == beside[0]["strategy"]), {})
    # arms that share a generator each carry the time of its one training
    elapsed, seen = numbers.typical(rows, "generator_elapsed_s"), numbers.typical(rows, "generator_images_seen")
    gain = answers.deciding(verdict)
    return [
        words.count(round(numbers.average(rows, "generator_steps"))),
        words.seconds(elapsed),
        words.memory(max(numbers.values(rows, "generator_peak_bytes"), default=None)),
        words.count(round(seen / elapsed)) if elapsed and seen else words.NONE,
        words.decimal(measured.get("frechet"), 2),
        words.decimal(measured.get("recall"), 2),
        words.decimal(measured.get("copies"), 1),
        words.percent(numbers.average(alone, run.measure.test)) if alone else words.NONE,
        words.percent(numbers.average(beside, run.measure.test)) if beside else words.NONE,
        gain.said if gain else words.NONE,
        str(verdict.get("verdict") or words.NONE),
    ]
