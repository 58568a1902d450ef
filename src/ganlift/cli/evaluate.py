"""``ganlift evaluate``: options in, tables out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganlift.cli import options
from ganlift.cli.words import safe

if TYPE_CHECKING:
    from rich.table import Table

    from ganlift.inference.evaluate import Evaluation

EXAMPLE = "Example: ganlift evaluate runs/photos photos-of-another-year/ --part all"
_SHOWN = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy (macro recall)",
    "auroc": "area under the ROC curve",
    "ece": "expected calibration error",
    "nll": "negative log-likelihood, nats",
}
_IN_PERCENT = {"accuracy", "balanced_accuracy", "ece"}
_MATRIX, _LINES = 10, 20
"""Classes up to which the whole confusion matrix fits, and lines of the longer lists."""


def evaluate(
    run: Annotated[
        Path, typer.Argument(help="A run folder, its classifier/, or an exported .onnx file.", show_default=False)
    ],
    data: Annotated[
        str | None, typer.Argument(help=f"{options.DATA_HELP[:-1]}; the run's own test images if not given.")
    ] = None,
    part: Annotated[
        str | None, typer.Option(metavar="test|val|train|all", help="Of DATA; test or val where it has one, else all.")
    ] = None,
    group_column: Annotated[
        str | None, typer.Option(metavar="NAME", help="A manifest's column: figures for each of its values too.")
    ] = None,
    data_dir: options.DataDir = None,
    device: options.Device = None,
    as_json: options.AsJson = False,
) -> None:
    """Score a classifier: accuracy, recall, confusion and calibration, with 95 % intervals over images."""
    from ganlift.api import evaluate as score

    found = score(run, data, part=part, group_column=group_column, data_dir=data_dir, device=device or "auto")
    if as_json:
        from ganlift.runs.files import plain

        typer.echo(json.dumps(plain(asdict(found)), ensure_ascii=False))
        return
    from rich.console import Console

    from ganlift.cli.show import is_terminal, say

    console = Console(width=None if is_terminal() else 80)
    say(console, f"{found.images} images of {safe(found.data)}, part '{found.part}'")
    for table in (_headlines(found), _classes(found), _confusion(found), _groups(found)):
        if table is not None:
            console.print()
            console.print(table)
    console.print()
    for note in found.notes:
        say(console, f"Note: {safe(note)}", indent=6)


def _headlines(found: Evaluation) -> Table:
    lines = [
        [words, _number(name, found.measures[name]), _interval(name, found.measures[name])]
        for name, words in _SHOWN.items()
        if name in found.measures
    ]
    return _table(["measure", "value", "95 % interval"], lines)


def _classes(found: Evaluation) -> Table:
    lines = [
        [one["name"], str(one["images"]), _share(one["recall"]), _share(one["precision"])] for one in found.per_class
    ]
    return _table(["class", "images", "recall", "precision"], lines)


def _confusion(found: Evaluation) -> Table | None:
    """The matrix, or the commonest confusions where it would not fit."""
    names = found.class_names
    if len(names) <= _MATRIX:
        lines = [[f"{index} {names[index]}", *map(str, counts)] for index, counts in enumerate(found.confusion)]
        return _table(["is, predicted as", *map(str, range(len(names)))], lines)
    wrong = [
        (count, names[own], names[other])
        for own, counts in enumerate(found.confusion)
        for other, count in enumerate(counts)
        if own != other and count
    ]
    lines = [[own, other, str(count)] for count, own, other in sorted(wrong, reverse=True)[:_LINES]]
    return _table(["is", "predicted as", "images"], lines, words=2) if lines else None


def _groups(found: Evaluation) -> Table | None:
    if not found.groups:
        return None
    lines = [
        [
            one["group"] or "(none)",
            str(one["images"]),
            _number("accuracy", one["accuracy"]),
            _interval("accuracy", one["accuracy"]),
            _number("balanced_accuracy", one["balanced_accuracy"]),
        ]
        for one in found.groups[:_LINES]
    ]
    more = len(found.groups) - len(lines)
    title = f"the {_LINES} worst of {len(found.groups)} groups" if more else "group"
    return _table([title, "images", "accuracy", "95 % interval", "balanced"], lines)


def _table(head: Sequence[str], lines: Sequence[Sequence[str]], words: int = 1) -> Table:
    """A table whose first ``words`` columns are text and may be cut; the others are numbers."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for index, name in enumerate(head):
        is_text = index < words
        table.add_column(name, justify="left" if is_text else "right", no_wrap=not is_text, overflow="fold")
    for line in lines:
        table.add_row(*(Text(safe(value)) for value in line))
    return table


def _number(name: str, line: dict[str, Any]) -> str:
    return f"{100 * line['value']:.1f} %" if name in _IN_PERCENT else f"{line['value']:.3f}"


def _interval(name: str, line: dict[str, Any]) -> str:
    low, high = line["low"], line["high"]
    return f"{100 * low:.1f} to {100 * high:.1f} %" if name in _IN_PERCENT else f"{low:.3f} to {high:.3f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"
