"""The report's section of how good generated images are, as measured when all arms were done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ganlift.report import numbers, words
from ganlift.report.read import Row, Run, mapping

HEAD = [
    (
        "Fréchet{looked_through}",
        "distance between generated and held-out {made}s as normal distributions of features; lower is better",
    ),
    ("in a class", "the same within each class, the mean over classes"),
    ("Kernel × 1000", "kernel distance: squared maximum mean discrepancy, cubic kernel; unbiased; lower is better"),
    ("Precision", "share of generated {made}s that lie among real ones"),
    ("Recall", "share of real {made}s that lie among generated ones: low where modes are missing"),
    ("Coverage", "share of real {made}s with a generated one near"),
    ("Diversity", "mean distance among generated {made}s over that among real ones"),
    ("C_T", "three-sample test of copying: below -3 tells of copies"),
    ("CAS", "test accuracy of a classifier trained on generated {made}s alone: the arm synthetic-only"),
]

DIRECTIONS = "directions"
"""The network's name where vectors were measured, which no further one looks at."""

Cell = tuple[str, str]


@dataclass(frozen=True)
class Line:
    """The generator of some arms, or real images: cells (text, range over seeds) in the order of the head."""

    name: str
    is_real: bool
    cells: list[Cell]


@dataclass(frozen=True)
class Quality:
    """What is shown: the table's head and lines, and what was measured on what, in words.

    ``made`` is what one of the samples is called, ``space`` the network whose features vectors are; "" of others.
    """

    made: str
    space: str
    head: list[tuple[str, str]]
    lines: list[Line]
    images: int
    training: int
    network: str
    about: str
    features: int


def quality(run: Run) -> list[Quality]:
    """A table for each network that samples were measured on, and one for vectors; none where nothing was."""
    groups: dict[tuple[tuple[int, str], ...], list[str]] = {}
    for name, rows in run.rows.items():
        keys = [(row["seed"], str(run.facts(name, row["seed"]).get("generator", ""))) for row in rows]
        kept = tuple((seed, key) for seed, key in keys if run.measures.get(key))
        if kept:
            groups.setdefault(kept, []).append(name)
    places = {
        keys: (names[0].partition("@")[2], run.measures[keys[0][1]].get("network")) for keys, names in groups.items()
    }
    return [
        _of_network(run, {keys: names for keys, names in groups.items() if places[keys] == place})
        for place in dict.fromkeys(places.values())
    ]


def _of_network(run: Run, groups: dict[tuple[tuple[int, str], ...], list[str]]) -> Quality:
    """A line an arm with a generator that was measured, those that share one together; real ones last."""
    measured = {key: run.measures[key] for keys in groups for _, key in keys}
    first = next(iter(measured.values()))
    network = str(first.get("network", ""))
    made, looked_through = ("vector", "") if network == DIRECTIONS else (run.made, f" ({network})")
    lines = [
        Line(words.listed(names), False, [*_cells([measured[key] for _, key in keys], "generated"), _cas(run, names)])
        for keys, names in groups.items()
    ]
    by_seed = {seed: measured[key] for keys in groups for seed, key in keys}
    lines.append(Line(f"real training {made}s", True, [*_cells(list(by_seed.values()), "real"), (words.NONE, "")]))
    return Quality(
        made=made,
        space=next(iter(groups.values()))[0].partition("@")[2] or run.network,
        head=[(name.format(looked_through=looked_through), hint.format(made=made)) for name, hint in HEAD],
        lines=lines,
        images=int(words.number(first.get("images")) or 0),
        training=int(words.number(first.get("training_images")) or 0),
        network=network,
        about=str(first.get("about", "")),
        features=int(words.number(first.get("features")) or 0),
    )


def _cells(found: list[Row], side: str) -> list[Cell]:
    """The measures of ``side`` ("generated" or "real"), without the last column."""
    within = "intra_class" if side == "generated" else "real_intra_class"
    of_side = [mapping(one.get(side)) for one in found]

    def cell(name: str, factor: float = 1) -> Cell:
        return _cell([mapping(one.get(name)).get("value") for one in of_side], factor)

    copied = [mapping(one.get("copying")).get("statistic") for one in found] if side == "generated" else []
    return [
        cell("frechet"),
        _cell([mapping(one.get(within)).get("frechet") for one in found]),
        cell("kernel", 1000),
        *(cell(name) for name in ("precision", "recall", "coverage", "diversity")),
        _cell(copied),
    ]


def _cell(values: list[Any], factor: float = 1) -> Cell:
    """Mean over seeds, and the range where there are several."""
    known = [value * factor for value in map(words.number, values) if value is not None]
    if not known:
        return words.NONE, ""
    spread = f"{_short(min(known))} to {_short(max(known))}" if len(known) > 1 else ""
    return _short(sum(known) / len(known)), spread


def _cas(run: Run, names: list[str]) -> Cell:
    rows = [row for name in names if name.startswith("synthetic-only") for row in run.rows[name]]
    return (words.percent(numbers.average(rows, "test_accuracy")), "") if rows else (words.NONE, "")


def _short(value: float) -> str:
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
