"""The report's sections about generated images: samples, nearest real ones, the filter, what was chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from markupsafe import Markup

from ganlift.report import numbers, pictures, plots, tables, words
from ganlift.report.pictures import Fit, Frame, Picture
from ganlift.report.read import Row, Run, mapping
from ganlift.report.sections import MOST_ROWS, Plot


@dataclass(frozen=True)
class Samples:
    """Sample grids of the arms that share them, by images seen; ``rows`` are class names where a row is a class."""

    strategies: list[str]
    seed: int
    frames: list[Frame]
    real: Picture | None
    rows: list[str]


@dataclass(frozen=True)
class Neighbours:
    """Generated images with their nearest real ones, and both distributions of distances."""

    strategy: str
    seed: int
    picture: Picture | None
    plot: Markup | None
    note: str


@dataclass(frozen=True)
class Filter:
    """What the filter let through, how varied samples are, and the shares of generated images that were tried."""

    strategy: str
    plots: list[Plot]
    candidates: list[tables.Candidate]


def samples(run: Run, fit: Fit) -> list[Samples]:
    """The grids of each arm's first seed that has some; arms with the same grids stand together."""
    groups: dict[str, list[tuple[str, int]]] = {}
    for name, rows in run.rows.items():
        for row in rows:
            files = pictures.grid_files(run, name, row["seed"])
            if files:
                groups.setdefault(pictures.fingerprint(files), []).append((name, row["seed"]))
                break
    found = []
    for group in groups.values():
        name, seed = group[0]
        shown = pictures.frames(pictures.grid_files(run, name, seed), fit)
        facts = [run.facts(*one) for one in group]
        real = [
            pictures.beside(run, *one, fact.get("real_png"), fit.side) for one, fact in zip(group, facts, strict=True)
        ]
        by_class = any(fact.get("acceptance") or fact.get("diversity") for fact in facts)
        if shown:
            rows_said = run.class_names if by_class and _grid_rows(shown[-1].picture) == len(run.class_names) else []
            found.append(Samples([one[0] for one in group], seed, shown, next(filter(None, real), None), rows_said))
    return found


def _grid_rows(grid: Picture, columns: int = 8) -> int:
    """Rows of a grid whose square tiles lie a pixel apart."""
    return round((grid.height + 1) * columns / (grid.width + 1))


def neighbours(run: Run, fit: Fit) -> list[Neighbours]:
    """Of each arm's first seed that has distances or a picture."""
    found = []
    for name, rows in run.rows.items():
        for row in rows:
            facts = run.facts(name, row["seed"])
            image = pictures.beside(run, name, row["seed"], facts.get("neighbours_png"), fit.side)
            lists = mapping(facts.get("neighbours"))
            generated, real = (_floats(lists.get(key)) for key in ("generated_to_real", "real_to_real"))
            if image or (generated and real):
                plot = plots.distances(generated, real, run.made) if generated and real else None
                note = _copying(generated, real, run.made) if generated and real else ""
                found.append(Neighbours(name, row["seed"], image, plot, note))
                break
    return found


def _copying(generated: Sequence[float], real: Sequence[float], made: str) -> str:
    """How many generated images lie nearer to a real one than nearly all real images lie to one another."""
    edge = float(np.quantile(real, 0.05))
    share = sum(value < edge for value in generated) / len(generated)
    return (
        f"{words.percent(share, 0)} of the generated {made}s lie nearer to a real {made} than 95 % of real {made}s "
        "do to one another; about 5 % is what chance gives, much more means that the generator copies."
    )


def filters(run: Run) -> list[Filter]:
    """Acceptance, diversity and candidates of the arms that noted any."""
    found, decimal = [], partial(words.decimal, digits=2)
    for name, rows in run.rows.items():
        facts = {row["seed"]: run.facts(name, row["seed"]) for row in rows}
        shown = [
            *_per_class(run, facts, "acceptance", "Let through by the filter", partial(words.percent, digits=0), 1.0),
            *_per_class(run, facts, "diversity", f"Diversity of samples, real {run.made}s being 1", decimal),
            *_per_class(run, facts, "pool_diversity", f"Diversity of what passed, real {run.made}s being 1", decimal),
        ]
        tried = tables.candidates(facts, run.made)
        if shown or tried:
            found.append(Filter(name, shown, tried))
    return found


def _per_class(
    run: Run, facts: dict[int, Row], key: str, title: str, said: Callable[[float], str], limit: float | None = None
) -> list[Plot]:
    """Bars of a fact that is a list a class, averaged over the seeds."""
    lists = [fact[key] for fact in facts.values() if isinstance(fact.get(key), list)]
    kept = [one for one in lists if len(one) == len(run.class_names)]
    if not kept:
        return []
    columns = [_floats(list(column)) for column in zip(*kept, strict=True)]
    named = [(name, numbers.mean(column)) for name, column in zip(run.class_names, columns, strict=True)][:MOST_ROWS]
    values = [(name, value) for name, value in named if value is not None]
    if not values:
        return []
    names, means = zip(*values, strict=True)
    return [Plot(title, plots.bars(title, names, means, said, limit=limit))]


def _floats(value: Any) -> list[float]:
    found = [words.number(one) for one in value] if isinstance(value, list) else []
    return [one for one in found if one is not None]
