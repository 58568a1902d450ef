"""``ganlift report``: make a run's report again from its records."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ganlift.cli.words import safe

EXAMPLE = "Example: ganlift report runs/demo"


def report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Run folders.", show_default=False)],
) -> None:
    """Make report.html of each run again from the records in its folder."""
    from ganlift.report import render

    for run in runs:
        typer.echo(safe(render(run)))
