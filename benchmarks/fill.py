"""Puts the tables that the kept records make into the pages that show them.

    python benchmarks/fill.py

Each lies between marks, ``start:NAME`` and ``end:NAME``; the lines of its table are replaced, and nothing else is. The
tests in ``tests/docs/test_numbers.py`` say which page is not in step.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from map import TABLES, folders, shown_as

HERE = Path(__file__).parent
RESULTS = HERE / "results"
PAGE, MAP = HERE / "README.md", HERE.parent / "docs" / "map.md"
FEATURES = ("hymenoptera-1", "hymenoptera-2", "hymenoptera-5", "hymenoptera-10", "fashion-10", "pneumonia-20")
TABLES_OF = {
    "features": ["--across", *(RESULTS / "features" / name for name in FEATURES)],
    "matrix": ["--across", *sorted(path.parent for path in RESULTS.glob("matrix/*/results.jsonl"))],
    "texts": ["--across", *sorted(path.parent for path in RESULTS.glob("texts/*/results.jsonl"))],
    **{f"every-{path.parent.name}": [path.parent] for path in sorted(RESULTS.glob("every/*/results.jsonl"))},
    **{
        f"generators-{path.parent.name}": ["--generators", path.parent]
        for path in sorted(RESULTS.glob("generators/*/generators.json"))
    },
}
"""What `table.py` is asked for, by the marks of its table."""


def made(words: list[str | Path]) -> str:
    run = subprocess.run([sys.executable, HERE / "table.py", *words], capture_output=True, text=True, check=True)
    return "\n".join(line for line in run.stdout.splitlines() if line.startswith("|"))


def filled(text: str, name: str, table: str) -> str:
    """``text`` with ``table`` in place of the one between the marks ``name``."""
    start, end = (f"<!-- --8<-- [{which}:{name}] -->" for which in ("start", "end"))
    before, found, rest = text.partition(start)
    between, _, after = rest.partition(end)
    if not found:
        raise SystemExit(f"There is no mark {start}.")
    lines = re.compile(r"(?:^\|.*\n)+", re.MULTILINE)
    return f"{before}{start}{lines.sub(lambda old: table.rstrip() + chr(10), between, count=1)}{end}{after}"


def main() -> None:
    for page, tables in (
        (MAP, {name: shown_as(name, folders()) for name in TABLES}),
        (PAGE, {name: made(words) for name, words in TABLES_OF.items()}),
    ):
        text = page.read_text(encoding="utf-8")
        for name, table in tables.items():
            text = filled(text, name, table)
        page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
