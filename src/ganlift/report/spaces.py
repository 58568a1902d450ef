"""What arms learn from: pixels, or the features of frozen networks; and what a reader must know of that at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from ganlift.report import numbers, words

if TYPE_CHECKING:
    from ganlift.report.read import Row, Run

MOST_NAMES = 3
"""Arms that share the highest mean on validation; more are counted."""
LEFT_OUT = ("control", "in-time")
"""Kinds of arms that are no candidates for the best classifier."""


def shared_network(rows: Iterable[Mapping[str, Any]]) -> str:
    """The network whose features all arms of ``rows`` learn from; "" where they learn in several spaces, or pixels."""
    found = list(rows)
    networks = {row["features"] for row in found if isinstance(row.get("features"), str)}
    network = networks.pop() if len(networks) == 1 else ""
    return network if network and all(f"@{network}" in row["strategy"] for row in found) else ""


def without(value: Any, part: str) -> Any:
    """``value`` as it is in JSON, every text in it without ``part``."""
    if isinstance(value, str):
        return value.replace(part, "") if part else value
    if isinstance(value, list):
        return [without(one, part) for one in value]
    if isinstance(value, dict):
        return {without(key, part): without(one, part) for key, one in value.items()}
    return value


def space_of(rows: list[Row]) -> str:
    """The network whose features an arm of these rows learned from; "" for pixels."""
    return str(rows[0].get("features") or "") if rows else ""


def in_space_of(run: Run, arm: str, strategy: str) -> str:
    """What ``strategy`` is called in the space of ``arm``."""
    space = space_of(run.rows.get(arm, []))
    return f"{strategy}@{space}" if space and not run.network else strategy


BASELINES = ("augment", "linear-probe", "kmeans-pixels", "kmeans")


def baseline(run: Run, arm: str) -> str:
    """What every arm in the space of ``arm`` is shown against: the first of `BASELINES` that is there."""
    found = [in_space_of(run, arm, name) for name in BASELINES]
    return next((name for name in found if name in run.rows), found[0])


def baseline_words(run: Run) -> str:
    """The baseline's name, or a word for those of several spaces."""
    named = {baseline(run, arm).partition("@")[0] for arm in run.rows}
    return named.pop() if len(named) == 1 else "the baseline"


def said(run: Run) -> list[str]:
    """Sentences for the page's head; none where all arms learn from pixels."""
    if run.of_rows:
        rows = f"All arms learn from rows of numbers ({run.plan.get('image', words.NONE)}), their columns standardised."
        blocks = sorted({f"@{name.partition('@')[2]}" for name in run.rows if "@" in name})
        return [rows, f"One named {' or '.join(blocks)} sees that block of them alone."] if blocks else [rows]
    if run.network:
        return [f"All arms learn from features of {run.network}, a frozen network."]
    spaces = sorted({space_of(rows) for rows in run.rows.values()})
    networks = [space for space in spaces if space]
    if not networks:
        return []
    named = words.listed([f"{one} (arms named @{one})" for one in networks])
    pixels = "pixels and from " if "" in spaces else ""
    frozen = "a frozen network" if len(networks) == 1 else "frozen networks"
    judged = "An arm with a GAN is judged against the arms without one in its own space: on features against those on "
    judged += "the same features" + (", on pixels against those on pixels." if "" in spaces else ".")
    return [f"Arms learn from {pixels}features of {named}, {frozen}.", judged, *_best(run), *_ready(run)]


def breakable(name: str) -> Markup:
    """``name`` as HTML that may break before its network."""
    first, at, network = name.partition("@")
    whole = Markup('<wbr><span class="whole">{}</span>').format(at + network) if at else ""
    return escape(first) + whole


def solved(run: Run) -> list[str]:
    """Arms on features whose classifier is solved for, without steps."""
    vectors = {name: rows for name, rows in run.rows.items() if space_of(rows) or run.of_rows}
    return [name for name, rows in vectors.items() if all(row.get("steps") == 0 for row in rows)]


def _ready(run: Run) -> list[str]:
    """Whose classifier a user finds in the run."""
    strategy, seed = run.winner.get("strategy"), words.count(run.winner.get("seed"))
    return [f"Laid ready is {strategy}, seed {seed}."] if isinstance(strategy, str) else []


def _best(run: Run) -> list[str]:
    """The highest mean on validation of all spaces, over the seeds that all candidates have where there are such."""
    candidates = {name: rows for name, rows in run.rows.items() if rows[0].get("kind") not in LEFT_OUT}
    seeds = [{row["seed"] for row in rows} for rows in candidates.values()]
    common = set.intersection(*seeds) if seeds else set()
    means: dict[str, float] = {}
    for name, rows in candidates.items():
        own = [row for row in rows if row["seed"] in common] or rows
        if (mean := numbers.mean(numbers.values(own, run.measure.validation))) is not None:
            means[name] = mean
    if not means:
        return []
    most = max(means.values())
    first = [name for name, mean in means.items() if mean == most]
    who = words.listed(first) if len(first) <= MOST_NAMES else f"{len(first)} arms alike"
    return [f"Best of all on validation: {who}, mean {run.measure.words} {words.percent(most)}."]
