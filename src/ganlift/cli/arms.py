"""The table of arms that ends a comparison: one a space, so that names need not say the space in every line."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from ganlift.cli.words import duration, safe
from ganlift.verdict.arms import TIME_OF
from ganlift.verdict.types import decides, decisive
from ganlift.yardstick import Yardstick

Row = Mapping[str, Any]

WIDTH = 80
LONGEST = 22
"""Characters of a name on one line, at most; where both columns of names do not fit beside the numbers, fewer."""


def tables(rows: Sequence[Row], verdicts: Sequence[Row], measure: Yardstick) -> list[tuple[str, Table]]:
    """A table for each space that arms learn in, and what stands above it: nothing where all learn from pixels."""
    spaces: dict[str, list[Row]] = {}
    for row in rows:
        spaces.setdefault(_space(row), []).append(row)
    headings = {space: f"Features of {safe(space)}" if space else "Pixels" * (len(spaces) > 1) for space in spaces}
    return [(headings[space], _table(mine, verdicts, measure, space)) for space, mine in spaces.items()]


def _space(row: Row) -> str:
    """The network whose features the arm of ``row`` learned from; its name tells where it failed. "" for none."""
    told = "" if "block" in row else row["strategy"].partition("@")[2]
    return str(row.get("features") or told)


def _table(rows: Sequence[Row], verdicts: Sequence[Row], measure: Yardstick, network: str) -> Table:
    """One line a strategy: ``measure`` in percent, gain in points of it with its interval, seconds."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    score = measure.words.replace(" ", "\n") + ", %"  # two short lines keep the table within WIDTH
    heads = ("strategy", "seeds", score, "gain, points (95 %)", "against", "an arm")
    for name in heads:
        shown.add_column(
            name,
            justify="left" if name in ("strategy", "against") else "right",
            no_wrap=name not in ("strategy", "against"),
            overflow="fold",
        )
    judged = {verdict["strategy"]: verdict for verdict in verdicts}
    lines = [_line([row for row in rows if row["strategy"] == one], judged.get(one), measure) for one in _names(rows)]
    lines = [[cell.replace(f"@{network}", "") if network else cell for cell in line] for line in lines]
    longest = _longest([list(heads), *lines])
    for line in lines:
        shown.add_row(*(Text(_folded(cell, longest)) for cell in line))
    return shown


def _names(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(row["strategy"] for row in rows))


def _line(mine: Sequence[Row], verdict: Row | None, measure: Yardstick) -> list[str]:
    """The cells of one strategy."""
    done = [row for row in mine if row.get("status") != "failed"]
    seeds = f"{len(done)}" if len(done) == len(mine) else f"{len(done)} of {len(mine)}"
    return [safe(mine[0]["strategy"]), seeds, _score(done, measure), *_gain(verdict), _seconds(done)]


def _longest(lines: Sequence[Sequence[str]]) -> int:
    """Characters of a name on one line, so that both columns of names fit beside the numbers."""
    name, *numbers, against, time = (max(_width(cell) for cell in column) for column in zip(*lines, strict=True))
    room = WIDTH - sum(numbers) - time - 2 * (len(lines[0]) - 1)
    return LONGEST if min(name, LONGEST) + min(against, LONGEST) <= room else max(1, room // 2, room - against)


def _width(cell: str) -> int:
    """Columns of the longest line of ``cell``; a name in the same time stands on lines of its own."""
    return max(map(len, cell.partition(TIME_OF)[0].partition(" in the same")[0].split("\n")))


def _folded(name: str, longest: int) -> str:
    """A long name on more lines, broken before an @ or behind a hyphen, so that the table keeps within `WIDTH`."""
    if TIME_OF in name:
        return name.replace(TIME_OF, f"-\n{TIME_OF[1:]}\n")
    long = " " not in name and len(name) > longest
    place = name.find("@") if "@" in name else name.rfind("-", 0, longest) + 1 if long else 0
    return f"{name[:place]}\n{name[place:]}" if place else name


def _score(rows: Sequence[Row], measure: Yardstick) -> str:
    values = [100 * row[measure.test] for row in rows]
    if not values:
        return "-"
    return f"{statistics.fmean(values):.1f}" + (f" ± {statistics.stdev(values):.1f}" if len(values) > 1 else "")


def _gain(verdict: Row | None) -> tuple[str, str]:
    if not verdict or verdict.get("gain") is None:
        return "", ""
    over = decisive(verdict)
    gain = f"{round(100 * over['gain'], 1) + 0.0:+.1f}"  # no -0.0
    if over.get("ci_low") is not None and over.get("ci_high") is not None:
        gain += f" ({100 * over['ci_low']:+.1f} to {100 * over['ci_high']:+.1f})"
    return gain, safe(over.get("name") or "") + (" in the same time" if decides(verdict) == "in_time" else "")


def _seconds(rows: Sequence[Row]) -> str:
    return duration(statistics.median(row["elapsed_s"] for row in rows)) if rows else "-"
