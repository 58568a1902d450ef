"""``ganlift compare``: options in, words out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganlift.cli.crash import logged_in

if TYPE_CHECKING:
    from ganlift.config import CompareConfig

EXAMPLE = (
    "Example: ganlift compare photos/ --unlabelled more-photos/ --labels-per-class 50 "
    "--strategies augment,fixmatch,sgan --seeds 5 --budget 20m --out runs/photos"
)
_NOT_CONFIG = {"config", "settings", "as_json", "quiet"}


def compare(
    context: typer.Context,
    data: Annotated[
        str | None,
        typer.Argument(help="A folder of class folders, a CSV manifest, an .npz, or a name from 'list datasets'."),
    ] = None,
    unlabelled: Annotated[str | None, typer.Option(metavar="PATH|rest|none", help="Images without labels.")] = None,
    labels_per_class: Annotated[int | None, typer.Option(help="Labelled images a class; all if not given.")] = None,
    strategies: Annotated[str | None, typer.Option(metavar="A,B,...", help="Names from 'list strategies'.")] = None,
    seeds: Annotated[str | None, typer.Option(metavar="N|S,S,...", help="How many seeds, or their numbers.")] = None,
    budget: Annotated[
        str | None, typer.Option(metavar="STEPS|TIME", help="Classifier steps an arm, or 5m for the whole comparison.")
    ] = None,
    generator_budget: Annotated[int | None, typer.Option(help="A generator's own steps.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Labelled images a step.")] = None,
    classifier: Annotated[str | None, typer.Option(help="A name from 'list classifiers'.")] = None,
    generator: Annotated[str | None, typer.Option(help="A name from 'list generators'.")] = None,
    image_size: Annotated[int | None, typer.Option(help="Pixels; chosen from the data if not given.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Where data sets lie or are downloaded to.")] = None,
    search: Annotated[int | None, typer.Option(help="Trials an arm, to choose options on validation.")] = None,
    out: Annotated[Path | None, typer.Option(help="The run folder; the same command continues it.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")] = None,
    precision: Annotated[str | None, typer.Option(help="auto, fp32 or bf16.")] = None,
    jobs: Annotated[int | None, typer.Option(help="Processes side by side.")] = None,
    checkpoint_every: Annotated[float | None, typer.Option(help="Seconds between checkpoints.")] = None,
    config: Annotated[Path | None, typer.Option(help="A YAML file with these options; the command line wins.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Such as options.sgan.lr=0.001; repeatable.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print the verdicts and nothing else.")] = False,
) -> None:
    """Train every strategy on every seed, judge each, and say in a sentence whether it helped."""
    asked = _config(context.params)
    from rich.console import Console

    from ganlift.api import compare as run_comparison
    from ganlift.cli import show

    console = Console(stderr=as_json, width=None if show.is_terminal(as_json) else 80)
    with logged_in(asked.out), show.following(console, silent=quiet or (as_json and not console.is_terminal)) as tell:
        comparison = run_comparison(asked, on_event=tell)
    if as_json:
        typer.echo(json.dumps(_plain(comparison), ensure_ascii=False))
    else:
        show.outcome(console, comparison, brief=quiet)


def _config(given: dict[str, Any]) -> CompareConfig:
    """The file's values, then what the command line gives, then ``--set``."""
    from ganlift.config import apply_sets, build_config, read_config

    values = read_config(given["config"]) if given["config"] else {}
    values |= {key: value for key, value in given.items() if key not in _NOT_CONFIG and value is not None}
    return build_config(apply_sets(values, given["settings"] or []))


def _plain(comparison: Any) -> Any:
    from ganlift.runs.files import plain

    return plain(
        {
            "rows": comparison.rows,
            "verdicts": [verdict.to_json() for verdict in comparison.verdicts],
            "best": comparison.best,
            "report_path": comparison.report_path,
            "run": comparison.run,
        }
    )
