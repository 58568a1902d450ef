"""Puts the tables that the kept records make into the pages that show them.

    python benchmarks/fill.py

Each lies between marks, ``start:NAME`` and ``end:NAME``; the lines of its table are replaced, and nothing else is. The
tests in ``tests/docs/test_numbers.py`` say which page is not in step.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from map import RESULTS, SHORT, TABLES, by_kind, folders, shown_as
from table import Records, across, generator_lines, generators, lines, read

HERE = Path(__file__).parent
PAGE = HERE / "README.md"
MAP, PHOTOGRAPHS, GENERATORS = (HERE.parent / "docs" / name for name in ("map.md", "photographs.md", "generators.md"))
FEATURES = ("hymenoptera-1", "hymenoptera-2", "hymenoptera-5", "hymenoptera-10", "fashion-10", "pneumonia-20")
PIXELS = ("fashion-1", "fashion-2", "fashion-5", "long-5")
SHOWN = (
    *("linear-probe", "gda", "label-spreading", "fixmatch", "fixmatch-mix", "neighbours", "neighbours-mix"),
    *("sgan", "sgan-fixmatch", "sgan-neighbours", "complement-gan"),
)
COLUMNS = {
    "hymenoptera-1": "photographs, 1 a class",
    "hymenoptera-2": "photographs, 2",
    "hymenoptera-5": "photographs, 5",
    "hymenoptera-10": "photographs, 10",
    "fashion-10": "garments, 28 px",
    "pneumonia-20": "chest X-rays, 28 px",
}
"""Of the page on photographs: arms, and records of features in words."""


OF_IMAGES = {"fashion-mini": "garments", "pneumoniamnist": "chest X-rays", "cifar10": "CIFAR-10"}
EQUAL = {"seconds": "30&nbsp;s", "images": "300&nbsp;steps"}
"""Of the page on generators: what their records are of, and what was equal, in words."""

ALONE = "synthetic-only-"


def means() -> str:
    """A line an arm of `SHOWN`, a column a record of `COLUMNS`."""
    arms = {f"{arm}@efficientnet-lite0": f"`{arm}`" for arm in SHOWN}
    return _means("arm", arms, {words: read(RESULTS / "features" / name) for name, words in COLUMNS.items()})


def alone() -> str:
    """A line a generator, a column a record: what a classifier learns from its samples alone, and first from images."""
    runs = {
        f"{words}, {amount}": read(RESULTS / "generators" / f"{name}-{equal}")
        for name, words in OF_IMAGES.items()
        for equal, amount in EQUAL.items()
    }
    found = {arm for run in runs.values() for arm in run.rows if arm.startswith(ALONE)}
    ranked = sorted(found, key=lambda arm: -sum(run.mean(arm) for run in runs.values() if arm in run.rows))
    return _means(
        "learned from", {"augment": "real images", **{arm: f"`{arm.removeprefix(ALONE)}`" for arm in ranked}}, runs
    )


def _means(of: str, arms: Mapping[str, str], runs: Mapping[str, Records]) -> str:
    """Mean accuracy in percent of ``arms``, by their names in ``runs``; – where one is not in it."""
    head = [of, *runs]
    rows = [head, ["---"] * len(head)]
    for name, words in arms.items():
        found = [f"{100 * run.mean(name):.1f}" if name in run.rows else "–" for run in runs.values()]
        rows.append([words, *found])
    return "\n".join(f"| {' | '.join(line)} |" for line in rows)


def of_records() -> dict[str, list[str]]:
    """The tables of benchmarks/README.md as lines, by their marks."""

    def all_in(group: str) -> list[Path]:
        return sorted(path.parent for path in RESULTS.glob(f"{group}/*/results.jsonl"))

    return {
        "features": across([read(RESULTS / "features" / name) for name in FEATURES]),
        **{group: across([read(run) for run in all_in(group)]) for group in ("matrix", "whole", "cifar10", "texts")},
        "pixels": across([read(RESULTS / "pixels" / name) for name in PIXELS]),
        **{f"{group}-{run.name}": lines(read(run)) for group in ("speech", "every") for run in all_in(group)},
        **{f"generators-{run.name}": generator_lines(generators(run)) for run in all_in("generators")},
    }


def filled(text: str, name: str, table: str) -> str:
    """``text`` with ``table`` in place of the one between the marks ``name``."""
    start, end = (f"<!-- --8<-- [{which}:{name}] -->" for which in ("start", "end"))
    before, found, rest = text.partition(start)
    between, _, after = rest.partition(end)
    if not found:
        raise SystemExit(f"There is no mark {start}.")
    whole = re.compile(r"(?:^\|.*\n)+", re.MULTILINE)
    return f"{before}{start}{whole.sub(lambda old: table.rstrip() + chr(10), between, count=1)}{end}{after}"


def pages() -> dict[Path, dict[str, str]]:
    """The tables of each page, by their marks."""
    return {
        MAP: {f"map-{name}": table for name, table in by_kind(folders()).items()}
        | {name: shown_as(name, folders()) for name in TABLES if name != "map"},
        PAGE: {name: "\n".join(table) for name, table in of_records().items()},
        PHOTOGRAPHS: {"means": means()},
        GENERATORS: {"alone": alone()},
        HERE.parent / "README.md": {"short": shown_as("short", [RESULTS / name for name in SHORT])},
    }


def main() -> None:
    for page, tables in pages().items():
        text = page.read_text(encoding="utf-8")
        for name, table in tables.items():
            text = filled(text, name, table)
        page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
