"""The options that several verbs share, each said once, and how they become a configuration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ganlift.config import Config

DATA_HELP = (
    "A folder of class folders (images, sound or clips), a CSV manifest, a table of numbers (CSV, Parquet), an .npz "
    "(images or rows), a folder that Hugging Face's datasets saved, or a name from 'list datasets'."
)

Data = Annotated[str | None, typer.Argument(help=DATA_HELP)]
Unlabelled = Annotated[str | None, typer.Option(metavar="PATH|rest|none", help="Examples without labels.")]
LabelsPerClass = Annotated[
    int | None, typer.Option(help="Labelled examples a class; all if not given; 0 for clusters.")
]
Imbalance = Annotated[
    str | None, typer.Option(metavar="exp:RATIO|step:RATIO", help="Thin out the labelled examples to a long tail.")
]
Measure = Annotated[
    str | None, typer.Option(metavar="auto|accuracy|macro-recall", help="What arms are judged by.", show_default=False)
]
Seeds = Annotated[
    str | None,
    typer.Option(metavar="auto|N|S,S,...", help="Planned looks at 3, 5 and 7 seeds; or how many; or their numbers."),
]
Thorough = Annotated[
    bool | None, typer.Option("--thorough", help="Looks at 5, 10 and 20 seeds instead.", show_default=False)
]
Margin = Annotated[float | None, typer.Option(metavar="POINTS", help="The least gain worth having.")]
Equal = Annotated[
    str | None,
    typer.Option(metavar="both|steps|time", help="What arms get the same of; both: a claim must hold in either."),
]
GeneratorBudget = Annotated[
    str | None, typer.Option(metavar="STEPS|TIME", help="A generator's own steps, or the time each one gets.")
]
BatchSize = Annotated[int | None, typer.Option(help="Labelled examples a step.")]
Classifier = Annotated[str | None, typer.Option(help="A name from 'list classifiers', timm:NAME, or module:factory.")]
Features = Annotated[
    str | None,
    typer.Option(
        help="Spaces to learn in: auto, or by commas pixels, efficientnet-lite0, timm:NAME, onnx:PATH, module:factory."
    ),
]
Generator = Annotated[
    str | None, typer.Option(help="A name from 'list generators'; chosen by the space where not given.")
]
_IMAGES = "What the images are"
ImageSize = Annotated[
    int | None,
    typer.Option(
        help="Pixels, a multiple of 4; chosen from the data if not given.",
        rich_help_panel=_IMAGES,
        show_default=False,
    ),
]
ValueRange = Annotated[
    str | None,
    typer.Option(
        metavar="LOW,HIGH", help="Black and white in arrays and 16-bit files, if not as found.", rich_help_panel=_IMAGES
    ),
]
Colours = Annotated[
    str | None, typer.Option(metavar="auto|grey|rgb", help="One channel or three.", rich_help_panel=_IMAGES)
]
Orientation = Annotated[
    str | None,
    typer.Option(metavar="exif|stored", help="Photographs set upright, or as stored.", rich_help_panel=_IMAGES),
]
Fit = Annotated[
    str | None,
    typer.Option(
        metavar="crop|pad|stretch",
        help="How images become square: the middle, black beside, stretched.",
        rich_help_panel=_IMAGES,
    ),
]
Flips = Annotated[
    str | None,
    typer.Option(metavar="auto|on|off", help="Whether a mirrored image keeps its class.", rich_help_panel=_IMAGES),
]
Rate = Annotated[
    int | None,
    typer.Option(metavar="HERTZ", help="Of sound: samples a second, if not as found.", rich_help_panel=_IMAGES),
]
Seconds = Annotated[
    float | None,
    typer.Option(metavar="SECONDS", help="Of sound: length of a clip, if not as found.", rich_help_panel=_IMAGES),
]
Frames = Annotated[
    int | None,
    typer.Option(help="Frames taken of each clip; 8 if not given.", rich_help_panel=_IMAGES, show_default=False),
]
Parts = Annotated[
    str | None,
    typer.Option(
        metavar="FOLDER=PART,...|none",
        help="What folders are: train, val, test, unlabelled, skip; none: classes.",
        rich_help_panel=_IMAGES,
    ),
]
Classes = Annotated[
    str | None,
    typer.Option(
        metavar="NAME,NAME,...",
        help="The classes to use; or the names of labels that are numbers.",
        rich_help_panel=_IMAGES,
    ),
]
Groups = Annotated[
    str | None,
    typer.Option(
        metavar="PATTERN",
        help="A regular expression for the group (patient, camera) in a path.",
        rich_help_panel=_IMAGES,
    ),
]
Files = Annotated[
    str | None,
    typer.Option(metavar="PATTERN,...", help="Names of files to use, such as '*.png'.", rich_help_panel=_IMAGES),
]
_ROWS = "What rows of numbers are"
Column = Annotated[
    str | None,
    typer.Option(
        metavar="NAME,...",
        help="The columns of a table or a saved data set to learn from, or patterns; all numbers if not given.",
        rich_help_panel=_ROWS,
        show_default=False,
    ),
]
LeaveOut = Annotated[
    str | None,
    typer.Option(
        metavar="NAME,...",
        help="A table's columns not to learn from, or patterns.",
        rich_help_panel=_ROWS,
        show_default=False,
    ),
]
LabelColumn = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="A table's column of classes; label if not given.", rich_help_panel=_ROWS),
]
Labels = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="Labels of the rows of an .npy: .npy, CSV or text.", rich_help_panel=_ROWS),
]
DataDir = Annotated[Path | None, typer.Option(help="Where data sets lie or are downloaded to.")]
Search = Annotated[int | None, typer.Option(help="Trials an arm, to choose options on validation.")]
Out = Annotated[Path | None, typer.Option(help="The run folder; the same command continues it.")]
Device = Annotated[str | None, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")]
Precision = Annotated[str | None, typer.Option(help="auto, fp32 or bf16.")]
Jobs = Annotated[int | None, typer.Option(help="Jobs side by side.")]
JobsPerGpu = Annotated[
    str | None, typer.Option(metavar="auto|N", help="Jobs that share a GPU; auto: as many as its memory holds.")
]
Executor = Annotated[
    str | None,
    typer.Option(metavar="NAME[:ADDRESS]", help="Where jobs run: in-process, local-processes, ...; 'ganlift list'."),
]
Launch = Annotated[
    str | None, typer.Option(metavar="WORDS", help="What starts each worker, such as 'srun -n1 --exact'.")
]
Threads = Annotated[int | None, typer.Option(help="Threads a job; one, unless more are clearly faster.")]
OnAlarm = Annotated[
    str | None,
    typer.Option(metavar="warn|rollback|stop", help="When training goes wrong: say so, go back, or stop that arm."),
]
CheckpointEvery = Annotated[float | None, typer.Option(help="Seconds between checkpoints.")]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="A YAML file with these options; the command line wins.")
]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Such as options.sgan.lr=0.001; repeatable.")
]
Trackers = Annotated[
    str | None, typer.Option("--tracker", metavar="A,B", help="tensorboard, wandb, mlflow: hear the run as it goes.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]

_NOT_CONFIG = {"config", "settings", "as_json", "quiet"}


def of_images(given: Mapping[str, Any]) -> dict[str, Any]:
    """What ``given`` says of the images, checked, as the Python API takes it.

    Raises:
        ConfigError: it can't be read.
    """
    from ganlift.config import build_config
    from ganlift.config_images import ImagesConfig

    said = {key: value for key, value in given.items() if key in ImagesConfig.model_fields and value is not None}
    asked = build_config(said, ImagesConfig)
    return {key: getattr(asked, key) for key in said}


def configured(given: Mapping[str, Any], model: type[Config]) -> Config:
    """The file's values, then what the command line gives, then ``--set``."""
    from ganlift.config import apply_sets, build_config, read_config

    values = read_config(given["config"]) if given["config"] else {}
    values |= {key: value for key, value in given.items() if key not in _NOT_CONFIG and value is not None}
    return build_config(apply_sets(values, given["settings"] or []), model)
