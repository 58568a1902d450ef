"""``ganlift compare-generators``: a comparison of which the arms are generators."""

from __future__ import annotations

from typing import Annotated

import typer

from ganlift.cli import compare as comparing
from ganlift.cli import options

EXAMPLE = (
    "Example: ganlift compare-generators fashion-mini --generators sngan,vae,gaussian "
    "--generator-budget 40s --out runs/generators"
)


def compare_generators(
    context: typer.Context,
    data: options.Data = None,
    generators: Annotated[
        str, typer.Option(metavar="A,B,...", help="Names from 'list generators', or all.", show_default=True)
    ] = "all",
    features: Annotated[
        str, typer.Option(help="What is generated: pixels, or features, by their network: efficientnet-lite0, ...")
    ] = "pixels",
    unlabelled: options.Unlabelled = None,
    labels_per_class: options.LabelsPerClass = None,
    imbalance: options.Imbalance = None,
    measure: options.Measure = None,
    seeds: options.Seeds = None,
    thorough: options.Thorough = None,
    margin: options.Margin = None,
    equal: options.Equal = None,
    budget: Annotated[
        str | None, typer.Option(metavar="STEPS|TIME", help="Classifier steps an arm, or 5m for the whole comparison.")
    ] = None,
    generator_budget: options.GeneratorBudget = None,
    batch_size: options.BatchSize = None,
    classifier: options.Classifier = None,
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
    """Train generators at equal steps or equal time: how good are their samples, and what does a classifier gain?

    --generator-budget 500 gives each as many steps, so as many samples; --generator-budget 40s as much time.
    """
    from ganlift.comparison.generator import generator_arms
    from ganlift.config import CompareConfig

    given = {key: value for key, value in context.params.items() if key != "generators"}
    asked = options.configured({**given, "strategies": generator_arms(generators)}, CompareConfig)
    comparing.run(asked, as_json, quiet)
