"""``ganlift check``: what is in the data, and what will go wrong with it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganlift.cli import options
from ganlift.cli.words import safe

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from ganlift.data.decode import OnProgress

EXAMPLE = "Example: ganlift check photos/ --unlabelled more-photos/ --html check.html --strict"
MOST_CLASSES = 20
_STYLES = {"error": "bold red", "warning": "yellow", "info": "cyan"}


def check(
    context: typer.Context,
    data: Annotated[
        str,
        typer.Argument(
            help=options.DATA_HELP,
            show_default=False,
        ),
    ],
    unlabelled: Annotated[Path | None, typer.Option(metavar="PATH", help="Examples without labels.")] = None,
    image_size: options.ImageSize = None,
    value_range: options.ValueRange = None,
    colours: options.Colours = None,
    orientation: options.Orientation = None,
    fit: options.Fit = None,
    flips: options.Flips = None,
    rate: options.Rate = None,
    seconds: options.Seconds = None,
    frames: options.Frames = None,
    parts: options.Parts = None,
    classes: options.Classes = None,
    groups: options.Groups = None,
    files: options.Files = None,
    column: options.Column = None,
    leave_out: options.LeaveOut = None,
    label_column: options.LabelColumn = None,
    labels: options.Labels = None,
    features: Annotated[
        str, typer.Option(metavar="NETWORK", help="Judge labels by this network's features, or by pixels.")
    ] = "pixels",
    data_dir: Annotated[Path | None, typer.Option(help="Where data sets lie or are downloaded to.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 where there is an error or a warning.")] = False,
    html: Annotated[Path | None, typer.Option(metavar="PATH", help="Write a page as well.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Say what is in the data and what will go wrong with it; docs/check.md explains each finding."""
    from rich.console import Console

    from ganlift.api import check as run_check
    from ganlift.cli import show

    with _reading() as tell:
        found = run_check(
            data,
            unlabelled=unlabelled,
            **options.of_images(context.params),
            features=features,
            data_dir=data_dir,
            on_progress=tell,
        )
    facts = found.to_json()
    if html:
        from ganlift.report import render_check

        render_check(facts, html)
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False))
    else:
        _print(Console(width=None if show.is_terminal() else 80), facts, html)
    if strict and not found.ok:
        raise typer.Exit(1)


@contextmanager
def _reading() -> Iterator[OnProgress]:
    """A bar on standard error while files are read, where a person looks at it."""
    from rich.console import Console
    from rich.progress import Progress

    bars: dict[str, Any] = {}
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:

        def tell(name: str, done: int, total: int) -> None:
            if name not in bars:
                bars[name] = progress.add_task(safe(name), total=total)
            progress.update(bars[name], completed=done, total=total)

        yield tell


def _print(console: Console, facts: Mapping[str, Any], html: Path | None) -> None:
    from rich.text import Text

    from ganlift.cli.show import say
    from ganlift.report.check import fact_lines, headline

    for name, fact in fact_lines(facts):
        say(console, f"{name + ':':<13}{safe(fact)}", indent=13)
    console.print()
    console.print(_classes(facts))
    console.print()
    for note in facts["notes"]:
        say(console, f"Note: {safe(note)}", indent=6)
    if facts["findings"]:
        console.print(_findings(facts["findings"]))
        console.print()
    say(console, f"{headline(facts)} docs/check.md explains every finding.")
    if html:
        console.print(Text(f"Page: {safe(html)}"), soft_wrap=True)


def _classes(facts: Mapping[str, Any]) -> Table:
    """One line a class; of more than `MOST_CLASSES` the smallest ones."""
    from rich.table import Table
    from rich.text import Text

    from ganlift.report.check import class_lines

    lines = class_lines(facts)
    if len(lines) > MOST_CLASSES:
        lines = sorted(lines, key=lambda line: sum(line[1]))[:MOST_CLASSES]
    some = f" (the {len(lines)} smallest)" if len(lines) < len(facts["classes"]) else ""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    shown.add_column(f"{len(facts['classes'])} classes{some}", overflow="fold")
    for part in facts["per_class_and_part"]:
        shown.add_column(part or f"{facts['noun']}s", justify="right", no_wrap=True)
    for name, counts in lines:
        shown.add_row(Text(safe(name)), *(f"{count:,}" for count in counts))
    return shown


def _findings(findings: list[Mapping[str, Any]]) -> Table:
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=None, pad_edge=False, header_style="bold")
    shown.add_column("severity", no_wrap=True)
    shown.add_column("finding and what to do", overflow="fold")
    for one in findings:
        words = Text.assemble((one["code"], "bold"), f": {safe(one['message'])} {safe(one['advice'])}")
        shown.add_row(Text(one["severity"], _STYLES[one["severity"]]), words)
    return shown
