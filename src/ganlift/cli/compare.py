"""``ganlift compare``: options in, words out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganlift.cli import options

if TYPE_CHECKING:
    from ganlift.config import CompareConfig

EXAMPLE = (
    "Example: ganlift compare photos/ --unlabelled more-photos/ --labels-per-class 50 "
    "--strategies augment,fixmatch,sgan --budget 20m --out runs/photos"
)


def compare(
    context: typer.Context,
    data: options.Data = None,
    unlabelled: options.Unlabelled = None,
    labels_per_class: options.LabelsPerClass = None,
    imbalance: options.Imbalance = None,
    measure: options.Measure = None,
    strategies: Annotated[
        str | None, typer.Option(metavar="A,B,...", help="Names from 'list strategies', auto or all.")
    ] = None,
    seeds: options.Seeds = None,
    thorough: options.Thorough = None,
    margin: options.Margin = None,
    equal: options.Equal = None,
    budget: Annotated[
        str | None,
        typer.Option(
            metavar="STEPS|TIME",
            help="Classifier steps an arm, or 5m for the whole comparison; 500 steps, 300 on features alone.",
        ),
    ] = None,
    generator_budget: options.GeneratorBudget = None,
    batch_size: options.BatchSize = None,
    classifier: options.Classifier = None,
    features: options.Features = None,
    generator: options.Generator = None,
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
    data_dir: options.DataDir = None,
    search: options.Search = None,
    out: options.Out = None,
    device: options.Device = None,
    precision: options.Precision = None,
    jobs: options.Jobs = None,
    jobs_per_gpu: options.JobsPerGpu = None,
    executor: options.Executor = None,
    launch: options.Launch = None,
    threads: options.Threads = None,
    checkpoint_every: options.CheckpointEvery = None,
    on_alarm: options.OnAlarm = None,
    trackers: options.Trackers = None,
    config: options.ConfigFile = None,
    settings: options.Settings = None,
    as_json: options.AsJson = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print the verdicts and nothing else.")] = False,
) -> None:
    """Train every strategy on every seed, judge each, and say in a sentence whether it helped."""
    from ganlift.config import CompareConfig

    run(options.configured(context.params, CompareConfig), as_json, quiet)


def run(asked: CompareConfig, as_json: bool, quiet: bool) -> None:
    """Run the comparison and show what it found."""
    from ganlift.api import compare as run_comparison
    from ganlift.cli import outcomes, show

    with show.session(asked.out, as_json, quiet) as (console, tell):
        comparison = run_comparison(asked, on_event=tell)
    if as_json:
        typer.echo(json.dumps(_plain(comparison), ensure_ascii=False))
    else:
        outcomes.outcome(console, comparison, brief=quiet)


def _plain(comparison: Any) -> Any:
    from ganlift.runs.files import plain

    return plain(
        {
            "rows": comparison.rows,
            "verdicts": [verdict.to_json() for verdict in comparison.verdicts],
            "best": comparison.best,
            "report_path": comparison.report_path,
            "run": comparison.run,
            "measure": comparison.measure,
        }
    )
