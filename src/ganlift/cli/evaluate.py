"""``ganlift evaluate``: options in, tables out."""

from __future__ import annotations

import json
import string
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganlift.cli import options, privacy, quality
from ganlift.cli.tables import table
from ganlift.cli.words import safe, shortened

if TYPE_CHECKING:
    from rich.table import Table

    from ganlift.inference.evaluate import Evaluation
    from ganlift.inference.generator_quality import GeneratorEvaluation
    from ganlift.inference.privacy import PrivacyEvaluation

EXAMPLE = "Example: ganlift evaluate runs/photos photos-of-another-year/ --part all"
_SHOWN = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy (macro recall)",
    "auroc": "area under the ROC curve",
    "ece": "expected calibration error",
    "nll": "negative log-likelihood, nats",
}
_IN_PERCENT = {"accuracy", "balanced_accuracy", "ece"}
_WHAT = "classifier|generator|privacy"
_OF_PRIVACY = {"--generator", "--images"}
_NETWORKS = "own|efficientnet-lite0|inception|timm:NAME"
_MATRIX, _LINES = 10, 20
"""Classes up to which the whole confusion matrix fits, and lines of the longer lists."""
_CORNER = "is, predicted as"
_ROW, _GAP = 20, 2
"""Columns of a terminal that a row's name may take before it is folded, and that lie between two numbers."""


def evaluate(
    context: typer.Context,
    run: Annotated[
        Path,
        typer.Argument(
            help="A run folder, its classifier/, or an exported .onnx or .safetensors file.", show_default=False
        ),
    ],
    data: Annotated[
        str | None, typer.Argument(help=f"{options.DATA_HELP[:-1]}; the run's own test examples if not given.")
    ] = None,
    part: Annotated[
        str | None, typer.Option(metavar="test|val|train|all", help="Of DATA; test or val where it has one, else all.")
    ] = None,
    group_column: Annotated[
        str | None, typer.Option(metavar="NAME", help="A manifest's column: figures for each of its values too.")
    ] = None,
    value_range: options.ValueRange = None,
    parts: options.Parts = None,
    classes: options.Classes = None,
    groups: options.Groups = None,
    files: options.Files = None,
    column: options.Column = None,
    leave_out: options.LeaveOut = None,
    label_column: options.LabelColumn = None,
    labels: options.Labels = None,
    what: Annotated[
        str,
        typer.Option(metavar=_WHAT, help="Which of the two the run made, or what both give away of their training."),
    ] = "classifier",
    generator: Annotated[str | None, typer.Option(help="Which of the run's generators.")] = None,
    network: Annotated[
        str | None,
        typer.Option(metavar=_NETWORKS, help="What samples are looked at through; own if not given."),
    ] = None,
    weights: Annotated[Path | None, typer.Option(help="The weights of inception or timm:NAME.")] = None,
    download: Annotated[bool, typer.Option("--download", help="Fetch weights that are not here.")] = False,
    images: Annotated[int | None, typer.Option(help="Examples on either side, at most; 2000 if not given.")] = None,
    at_infinity: Annotated[
        bool, typer.Option("--at-infinity", help="Extrapolate the Fréchet distance to infinitely many samples.")
    ] = False,
    data_dir: options.DataDir = None,
    device: options.Device = None,
    as_json: options.AsJson = False,
) -> None:
    """Score a classifier, a generator (distance, variety, copies) or what both give away (privacy), with intervals."""
    from ganlift.api import evaluate as score
    from ganlift.api import evaluate_generator, evaluate_privacy

    of_data = options.of_images(context.params)
    of_generators = {
        "--generator": generator, "--network": network, "--weights": weights, "--download": download or None,
        "--images": images, "--at-infinity": at_infinity or None,
    }  # fmt: skip
    _refuse_the_other_ones(what, of_generators, group_column or of_data)
    found: Evaluation | GeneratorEvaluation | PrivacyEvaluation
    if what == "privacy":
        found = evaluate_privacy(
            run,
            data,
            part=part,
            generator=generator,
            images=2000 if images is None else images,
            data_dir=data_dir,
            device=device or "auto",
        )
    elif what == "generator":
        found = evaluate_generator(
            run,
            data,
            part=part,
            generator=generator,
            network=network or "own",
            weights=weights,
            download=download,
            images=2000 if images is None else images,
            at_infinity=at_infinity,
            data_dir=data_dir,
            device=device or "auto",
        )
    else:
        found = score(
            run,
            data,
            part=part,
            group_column=group_column,
            **of_data,
            data_dir=data_dir,
            device=device or "auto",
        )
    if as_json:
        from ganlift.runs.files import plain

        typer.echo(json.dumps(plain(asdict(found)), ensure_ascii=False))
    else:
        _show(found)


def _refuse_the_other_ones(what: str, of_generators: Mapping[str, Any], of_classifiers: Any) -> None:
    """Refuse options that are about the other one of what a run makes.

    Raises:
        ConfigError: such an option, or ``what`` is neither.
    """
    from ganlift.errors import ConfigError

    if what not in ("classifier", "generator", "privacy"):
        raise ConfigError(f"--what {what}: expected classifier, generator or privacy.")
    given = [name for name, value in of_generators.items() if value is not None]
    if what == "privacy":
        given = [name for name in given if name not in _OF_PRIVACY]
        if given:
            raise ConfigError(f"{given[0]} is about how good a generator is; add --what generator.")
    if what == "classifier" and given:
        also = " or --what privacy" if given[0] in _OF_PRIVACY else ""
        raise ConfigError(f"{given[0]} is about generators; add --what generator{also}.")
    if what != "classifier" and of_classifiers:
        raise ConfigError(
            "--group-column, --value-range, --parts, --classes, --groups and --files are about classifiers; leave "
            f"--what {what} out."
        )


def _show(found: Evaluation | GeneratorEvaluation | PrivacyEvaluation) -> None:
    from rich.console import Console

    from ganlift.cli.show import is_terminal, say
    from ganlift.inference.generator_quality import GeneratorEvaluation
    from ganlift.inference.privacy import PrivacyEvaluation

    console = Console(width=None if is_terminal() else 80)
    if isinstance(found, GeneratorEvaluation):
        lines, tables = quality.head(found), quality.tables(found)
    elif isinstance(found, PrivacyEvaluation):
        lines, tables = privacy.head(found), privacy.tables(found)
    else:
        lines = [f"{found.images} {found.noun}s of {safe(found.data)}, part '{found.part}'"]
        confusion = _confusion(found, console.width)
        tables = [one for one in (_headlines(found), _classes(found), confusion, _groups(found)) if one]
    for line in lines:
        say(console, line)
    for one in tables:
        console.print()
        console.print(one)
    console.print()
    for note in found.notes:
        say(console, f"Note: {safe(note)}", indent=6)


def _headlines(found: Evaluation) -> Table:
    lines = [
        [words, _number(name, found.measures[name]), _interval(name, found.measures[name])]
        for name, words in _SHOWN.items()
        if name in found.measures
    ]
    return table(["measure", "value", "95 % interval"], lines)


def _classes(found: Evaluation) -> Table:
    lines = [
        [one["name"], str(one["images"]), _share(one["recall"]), _share(one["precision"])] for one in found.per_class
    ]
    return table(["class", f"{found.noun}s", "recall", "precision"], lines)


def _confusion(found: Evaluation, width: int) -> Table | None:
    """The matrix, or the commonest confusions where ``width`` columns of a terminal would not do."""
    names = found.class_names
    if len(names) <= _MATRIX:
        rows, heads = _headings(names, width)
        lines = [[row, *map(str, counts)] for row, counts in zip(rows, found.confusion, strict=True)]
        return table([_CORNER, *heads], lines)
    wrong = [
        (count, names[own], names[other])
        for own, counts in enumerate(found.confusion)
        for other, count in enumerate(counts)
        if own != other and count
    ]
    lines = [[own, other, str(count)] for count, own, other in sorted(wrong, reverse=True)[:_LINES]]
    return table(["is", "predicted as", f"{found.noun}s"], lines, words=2) if lines else None


def _headings(names: Sequence[str], width: int) -> tuple[Sequence[str], Sequence[str]]:
    """What the rows and the columns of a matrix are called: a letter, where the names do not fit above the columns."""
    names = [safe(name) for name in names]
    first = min(_ROW, max(map(len, [_CORNER, *names])))
    heads = shortened(names, (width - first) // len(names) - _GAP)
    if heads:
        return names, heads
    letters = [f"({letter})" for letter in string.ascii_uppercase[: len(names)]]
    return [f"{letter} {name}" for letter, name in zip(letters, names, strict=True)], letters


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
    return table([title, f"{found.noun}s", "accuracy", "95 % interval", "balanced"], lines)


def _number(name: str, line: dict[str, Any]) -> str:
    return f"{100 * line['value']:.1f} %" if name in _IN_PERCENT else f"{line['value']:.3f}"


def _interval(name: str, line: dict[str, Any]) -> str:
    low, high = line["low"], line["high"]
    return f"{100 * low:.1f} to {100 * high:.1f} %" if name in _IN_PERCENT else f"{low:.3f} to {high:.3f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"
