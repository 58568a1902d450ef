"""``ganlift predict``: options in, answers out as they come."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganlift.cli import options
from ganlift.cli.words import cell, safe, some

if TYPE_CHECKING:
    from collections.abc import Callable

    from ganlift.api import Predictions
    from ganlift.data.recordings import Stream
    from ganlift.data.types import FileFacts
    from ganlift.inference.predict import Prediction

EXAMPLE = "Example: ganlift predict runs/photos new/ --top 3 --min-confidence 0.6"
UNSURE = "(unsure)"
_TIMES = ("start", "end")


class Format(StrEnum):
    """What the answers are written as."""

    table = "table"
    csv = "csv"
    json = "json"


@dataclass(frozen=True)
class Asked:
    """How answers are shown; ``out`` is None for standard output, ``windows`` says that they are of these."""

    model: Path
    names: tuple[str, ...]
    temperature: float
    top: int
    min_confidence: float
    batch: int
    out: Path | None
    windows: bool = False

    def best(self, one: Prediction) -> list[tuple[str, float]]:
        """The likeliest classes, as many as asked for, with their probabilities."""
        return [(self.names[index], float(one.probabilities[index])) for index in one.best(self.top)]

    def is_unsure(self, one: Prediction) -> bool:
        return one.confidence() < self.min_confidence


@dataclass
class Tally:
    """What has gone by: how many images were read, which files could not be, and what was passed over as no image."""

    read: int = 0
    unreadable: list[dict[str, str]] = field(default_factory=list)
    passed: list[FileFacts] = field(default_factory=list)


def predict(
    run: Annotated[
        Path,
        typer.Argument(
            help="A run folder, its classifier/, or an exported .onnx or .safetensors file.", show_default=False
        ),
    ],
    images: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...",
            help="Files, folders, patterns, saved data sets (of rows: .npz, tables); - reads a list from standard "
            "input, or with --every 16-bit mono samples.",
        ),
    ],
    output: Annotated[Format, typer.Option("--format", help="table, csv or json.")] = Format.table,
    top: Annotated[int, typer.Option(min=1, help="Classes to name for each answer.")] = 1,
    min_confidence: Annotated[
        float, typer.Option(min=0.0, max=1.0, help=f"Say {UNSURE} where the best class has a lower probability.")
    ] = 0.0,
    batch: Annotated[int, typer.Option(min=1, help="Files, rows or windows held at once.")] = 64,
    every: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="Of recordings: the class of each window, which begin so far apart."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write to this file.")] = None,
    value_range: options.ValueRange = None,
    column: options.Column = None,
    leave_out: options.LeaveOut = None,
    device: options.Device = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Name the class of images, sound, clips or rows, with calibrated probabilities.

    Files that cannot be read are listed on standard error and the rest is predicted. The exit code is 0 where all
    could be read, 1 where some could not, 2 where none could.
    """
    from ganlift.api import predict as ask
    from ganlift.errors import DataError

    live = every is not None and "-" in images
    given, batch = (_listed(images), batch) if every is None else (_heard(images), 1 if live else batch)
    about = options.of_images({"value_range": value_range, "column": column, "leave_out": leave_out})
    answers = ask(run, given, batch=batch, every=every, **about, device=device or "auto")
    asked = Asked(run, answers.class_names, answers.temperature, top, min_confidence, batch, out, every is not None)
    tally = Tally(passed=answers.passed)
    write = _WRITERS[Format.json if as_json else output]
    with _sink(out) as put:
        for piece in write(_readable(answers, tally), asked, tally):
            put(piece)
        for note in answers.notes:
            typer.echo(safe(note), err=True)
        if not tally.read:
            raise DataError(_none_read(tally, asked, answers.noun))
    what = "window" if asked.windows else answers.noun
    if out:
        typer.echo(f"{tally.read} {what}(s) → {safe(out)}", err=True)
    if tally.unreadable:
        could = f"{tally.read} window(s)" if asked.windows else tally.read
        typer.echo(f"{len(tally.unreadable)} file(s) could not be read; {could} could.", err=True)
        raise typer.Exit(1)


def _listed(images: Iterable[str]) -> Iterator[str]:
    """The arguments, with lines of standard input in place of ``-``."""
    for image in images:
        if image != "-":
            yield image
            continue
        for line in sys.stdin:
            if line.strip():
                yield line.rstrip("\r\n")


_WANTED = {
    "image": "PNG, JPEG, WebP or BMP (films or folders of frames to a classifier of clips)",
    "clip": "what it learned from: films or folders of frames, or WAV, FLAC, OGG or MP3",
    "row": "an .npz or a table with rows of numbers",
}
"""What a classifier of each kind takes."""


def _heard(images: Iterable[str]) -> Iterator[str | Stream]:
    """The arguments, with what comes from standard input in place of ``-``."""
    for image in images:
        yield sys.stdin.buffer if image == "-" else image  # type: ignore[misc]


def _none_read(tally: Tally, asked: Asked, noun: str) -> str:
    if not tally.unreadable:
        return f"No {noun} was named; the list is empty."
    reasons = dict.fromkeys(one["reason"] for one in tally.unreadable)
    wanted = "WAV, FLAC, OGG, MP3 or AIFF, or as - 16-bit mono samples" if asked.windows else _WANTED[noun]
    return f"None of {len(tally.unreadable)} file(s) could be read ({some(reasons, 3)}); give {wanted}."


@contextmanager
def _sink(out: Path | None) -> Iterator[Callable[[str], None]]:
    """What takes the text: standard output at once, or a file that is there when all is written."""
    if out is None:
        yield _show
        return
    from ganlift.runs.files import whole_file

    with whole_file(out) as file:

        def put(text: str) -> None:
            file.write(text.encode("utf-8", "backslashreplace"))

        yield put


def _show(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _readable(answers: Predictions, tally: Tally) -> Iterator[Prediction]:
    """The predictions; the other files are listed on standard error and in ``tally``."""
    from ganlift.inference.predict import Unreadable

    for one in answers:
        if isinstance(one, Unreadable):
            tally.unreadable.append({"file": str(one.file), "reason": one.reason})
            typer.echo(f"Cannot read {safe(one.file)}: {one.reason}", err=True)
        else:
            tally.read += 1
            yield one


def _as_json(found: Iterator[Prediction], asked: Asked, tally: Tally) -> Iterator[str]:
    """One object, written piece by piece."""

    def dumped(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False)

    head = {"model": str(asked.model), "class_names": asked.names, "temperature": asked.temperature}
    yield dumped(head)[:-1] + ', "predictions": ['
    for one in found:
        best = asked.best(one)
        yield (", " if tally.read > 1 else "") + dumped(
            {
                "file": str(one.file),
                **({} if one.span is None else {"start": one.span[0], "end": one.span[1]}),
                "class": None if asked.is_unsure(one) else best[0][0],
                "confidence": one.confidence(),
                "top": [{"class": name, "probability": value} for name, value in best],
                "probabilities": one.probabilities.tolist(),
            }
        )
    passed = [str(one.path) for one in tally.passed]
    yield f'], "unreadable": {dumped(tally.unreadable)}, "passed": {dumped(passed)}}}\n'


def _as_csv(found: Iterator[Prediction], asked: Asked, tally: Tally) -> Iterator[str]:
    """A line an image: file, class and confidence for each rank, then the probability of every class.

    A window has its start and its end in seconds behind the file.
    """
    ranks = ["", *(f"_{rank}" for rank in range(2, min(asked.top, len(asked.names)) + 1))]
    head = [f"{word}{rank}" for rank in ranks for word in ("class", "confidence")]
    yield _line(["file", *_TIMES[: 2 * asked.windows], *head, *(f"p({name})" for name in asked.names)])
    for one in found:
        (first, confidence), *others = asked.best(one)
        ranked = [(UNSURE if asked.is_unsure(one) else first, confidence), *others]
        cells = [part for name, value in ranked for part in (name, f"{value:.6f}")]
        yield _line([str(one.file), *_times(one), *cells, *(f"{value:.6f}" for value in one.probabilities)])


def _times(one: Prediction) -> list[str]:
    """Start and end of a window, as `_TIMES` names them; nothing of an image."""
    return [f"{seconds:.3f}" for seconds in one.span or ()]


def _line(values: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow([cell(value) for value in values])
    return text.getvalue()


def _as_table(found: Iterator[Prediction], asked: Asked, tally: Tally) -> Iterator[str]:
    """Columns of the same widths from the first batch to the last, so that nothing waits for what comes after."""
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from ganlift.cli.show import is_terminal

    on_screen = asked.out is None and is_terminal()
    console = Console(width=None if on_screen else 80, color_system="auto" if on_screen else None)
    widest = max(cell_len(safe(name)) for name in (*asked.names, UNSURE))
    widths = {**dict.fromkeys(_TIMES[: 2 * asked.windows], 10), "class": min(widest, 24), "probability": 11}
    widths = {"file": max(console.width - sum(widths.values()) - 2 * len(widths), 10), **widths}
    is_first = True
    while group := list(islice(found, asked.batch)):
        table = Table(box=None, pad_edge=False, header_style="bold", show_header=is_first)
        for name, width in widths.items():
            table.add_column(
                name, width=width, overflow="fold", justify="left" if name in ("file", "class") else "right"
            )
        for one in group:
            for rank, (name, value) in enumerate(_ranked(one, asked)):
                first = [safe(one.file), *_times(one)]
                table.add_row(*(Text("" if rank else part) for part in first), Text(safe(name)), value)
        with console.capture() as captured:
            console.print(table)
        yield captured.get()
        is_first = False


def _ranked(one: Prediction, asked: Asked) -> list[tuple[str, str]]:
    """An image's lines: `UNSURE` where the classifier abstains, and else, or where more were asked for, classes."""
    best = [(name, f"{100 * value:.1f} %") for name, value in asked.best(one)]
    if not asked.is_unsure(one):
        return best
    return [(UNSURE, best[0][1])] if asked.top == 1 else [(UNSURE, ""), *best]


_WRITERS = {Format.table: _as_table, Format.csv: _as_csv, Format.json: _as_json}
