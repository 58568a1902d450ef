"""The command ``ganlift``: its verbs, and the one door at which errors become words and exit codes."""

from __future__ import annotations

import errno
import os
import signal
import sys
from typing import Annotated, NoReturn

import typer

import ganlift
from ganlift.cli import (
    cache,
    check,
    compare,
    compare_generators,
    crash,
    evaluate,
    export,
    generate,
    predict,
    report,
    train,
)
from ganlift.cli import list as listing
from ganlift.cli.words import safe
from ganlift.cores import tell_libraries_of_the_quota
from ganlift.errors import GanliftError, Interrupted, lacks_memory

MENDABLE = {
    errno.ENAMETOOLONG: "Check the path.",
    errno.EACCES: "Choose a place that you may read, and write where something is written.",
    errno.EROFS: "Choose a place that you may write to.",
}
"""What a user can do about what the system refused, wherever it came up."""

app = typer.Typer(
    help="Would a GAN make my image classifier better, by how much, and am I fooling myself?",
    epilog="Example: ganlift compare fashion-mini --labels-per-class 10 --out runs/first",
    rich_markup_mode=None,  # plain help is there in half the time
    pretty_exceptions_enable=False,
)
app.command("check", short_help="What is in the data, and what will go wrong.", epilog=check.EXAMPLE)(check.check)
app.command("compare", short_help="Would a GAN help? Every strategy, judged.", epilog=compare.EXAMPLE)(compare.compare)
app.command(
    "compare-generators", short_help="Which generator, at equal steps or time.", epilog=compare_generators.EXAMPLE
)(compare_generators.compare_generators)
app.command("train", short_help="Train one strategy on all labels.", epilog=train.EXAMPLE)(train.train)
app.command("train-generator", short_help="Train a generator alone.", epilog=train.GENERATOR_EXAMPLE)(
    train.train_generator
)
app.command("generate", short_help="Draw from a trained generator.", epilog=generate.EXAMPLE)(generate.generate)
app.command("predict", short_help="Name the class of images, sound, clips or rows.", epilog=predict.EXAMPLE)(
    predict.predict
)
app.command("evaluate", short_help="Score a classifier, with intervals.", epilog=evaluate.EXAMPLE)(evaluate.evaluate)
app.command("export", short_help="Write a classifier as one file.", epilog=export.EXAMPLE)(export.export)
app.command("list", short_help="What there is to choose from.", epilog=listing.EXAMPLE)(listing.list_kind)
app.command("cache", short_help="What is kept between commands; --clear removes it.", epilog=cache.EXAMPLE)(cache.cache)
app.command("report", short_help="Make the page of a run again.", epilog=report.EXAMPLE)(report.report)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ganlift {ganlift.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    """What all verbs share."""


def main() -> None:
    """Run the command line.

    The process ends with 0 when done, 1 after a fault of ours, 2 where the user can mend it, 130 or 143 when stopped.
    """
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a name must not break the output
    tell_libraries_of_the_quota()
    stops: list[int] = []
    try:
        _hear_stops(stops)  # in here, since a signal may come as soon as it is heard
        app(sys.argv[1:] or ["--help"], prog_name="ganlift")
    except BrokenPipeError:  # the reader of our output, such as `head`, has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except BaseException as fault:
        if isinstance(fault, SystemExit) and fault.code not in (130, 143) and not stops:
            raise
        message, code = _words(fault, stops[0] if stops else 0)
        typer.echo(safe(" ".join(message.split())), err=True)
        sys.exit(code)


def _words(fault: BaseException, stop: int) -> tuple[str, int]:
    """What is said of ``fault``, and the exit code; ``stop`` is that of a signal that came before it, or 0."""
    if isinstance(fault, Interrupted):
        return "Interrupted. What is done is saved; the same command continues from there.", fault.exit_code
    if stop:  # whatever the fault: an import that is cut short ends in one of another name
        return "Interrupted.", stop
    if isinstance(fault, (SystemExit, KeyboardInterrupt)):  # a second Ctrl-C, while the first was being obeyed
        return "Interrupted.", int(getattr(fault, "code", 130))
    if isinstance(fault, GanliftError):
        return f"Error: {fault}", fault.exit_code
    if isinstance(fault, OSError) and fault.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        from ganlift.runs.files import cannot_write  # imported here, since every --help does without NumPy

        return f"Error: {cannot_write(fault.filename or 'to the disk', fault)}", 2
    if isinstance(fault, OSError) and fault.errno in MENDABLE:
        return f"Error: {fault.filename or 'a file'}: {(fault.strerror or '').lower()}. {MENDABLE[fault.errno]}", 2
    if lacks_memory(fault):
        return "Error: there is too little memory for this: use fewer images, a smaller --image-size or more memory.", 2
    log = crash.write(fault)
    reason = f"{type(fault).__name__}: {fault}" if str(fault) else type(fault).__name__
    return f"ganlift failed ({reason}). This is a fault of ours; its traceback is in {log}", 1


def _hear_stops(stops: list[int]) -> None:
    """SIGTERM unwinds as Ctrl-C does, and ``stops`` keeps the exit code, whatever the exception turns into."""

    def stop(number: int, frame: object) -> NoReturn:
        stops.append(128 + number)
        raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)

    signal.signal(signal.SIGTERM, stop)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not where the shell has it ignored
        signal.signal(signal.SIGINT, stop)
