"""``ganlift train`` and ``ganlift train-generator``: options in, words out."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from ganlift.cli import options

EXAMPLE = "Example: ganlift train photos/ --strategy fixmatch --unlabelled more-photos/ --budget 10m --out runs/mine"
GENERATOR_EXAMPLE = "Example: ganlift train-generator photos/ --budget 20m --out runs/generator"

Quiet = Annotated[bool, typer.Option("--quiet", help="Print the folder and nothing else.")]
Seed = Annotated[int | None, typer.Option(help="Draws weights and order; the same seed gives the same numbers.")]


def train(
    context: typer.Context,
    data: options.Data = None,
    strategy: Annotated[str | None, typer.Option(help="A name from 'list strategies'; augment if not given.")] = None,
    unlabelled: options.Unlabelled = None,
    labels_per_class: options.LabelsPerClass = None,
    imbalance: options.Imbalance = None,
    measure: options.Measure = None,
    seed: Seed = None,
    budget: Annotated[str | None, typer.Option(metavar="STEPS|TIME", help="Steps, or a time such as 5m.")] = None,
    keep_test: Annotated[
        float | None, typer.Option(help="Share of the examples kept back for a test score; none if not given.")
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
    threads: options.Threads = None,
    checkpoint_every: options.CheckpointEvery = None,
    on_alarm: options.OnAlarm = None,
    trackers: options.Trackers = None,
    config: options.ConfigFile = None,
    settings: options.Settings = None,
    as_json: options.AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Train one strategy on all labels; the classifier lies ready in the run folder."""
    from ganlift.config import TrainConfig

    asked = options.configured(context.params, TrainConfig)
    from ganlift.api import train as run_training
    from ganlift.cli import outcomes, show
    from ganlift.runs.files import plain

    with show.session(asked.out, as_json, quiet) as (console, tell):
        trained = run_training(asked, on_event=tell)
    if as_json:
        found = {"row": trained.row, "classifier": trained.classifier, "run": trained.run}
        typer.echo(json.dumps(plain(found), ensure_ascii=False))
    else:
        outcomes.trained(console, trained, brief=quiet)


def train_generator(
    context: typer.Context,
    data: Annotated[str | None, typer.Argument(help=f"{options.DATA_HELP[:-1]}; or a folder without labels.")] = None,
    unlabelled: options.Unlabelled = None,
    generator: options.Generator = None,
    seed: Seed = None,
    budget: Annotated[str | None, typer.Option(metavar="STEPS|TIME", help="Steps, or a time such as 5m.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Real examples a step.")] = None,
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
    data_dir: options.DataDir = None,
    out: options.Out = None,
    device: options.Device = None,
    precision: options.Precision = None,
    threads: options.Threads = None,
    checkpoint_every: options.CheckpointEvery = None,
    on_alarm: options.OnAlarm = None,
    trackers: options.Trackers = None,
    config: options.ConfigFile = None,
    settings: options.Settings = None,
    as_json: options.AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Train a generator, conditional where there are labels; then draw from it with 'generate'."""
    from ganlift.config import GeneratorConfig

    asked = options.configured(context.params, GeneratorConfig)
    from ganlift.api import train_generator as run_training
    from ganlift.cli import outcomes, show

    with show.session(asked.out, as_json, quiet) as (console, tell):
        folder = run_training(asked, on_event=tell)
    if as_json:
        typer.echo(json.dumps({"generator": folder.name, "folder": str(folder), "run": str(asked.out.resolve())}))
    else:
        outcomes.trained_generator(console, folder, asked.out, brief=quiet)
