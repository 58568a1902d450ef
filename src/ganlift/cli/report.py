"""``ganlift report``: make the page of a run again from its records."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ganlift.cli.words import safe

EXAMPLE = "Example: ganlift report runs/demo"


def report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Run folders.", show_default=False)],
    out: Annotated[Path | None, typer.Option(help="The page; in the run folder, or ./report.html of several.")] = None,
) -> None:
    """Make report.html of a run again from its records, or one page of several runs."""
    from ganlift.api import report as make_report

    typer.echo(safe(make_report(runs, out)))
