"""What the command line does, from Python.

What trains is imported by the verb that trains: a report is made without torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganlift.config import CompareConfig, GeneratorConfig, RunConfig, TrainConfig, build_config, nearest
from ganlift.errors import ConfigError, GanliftError
from ganlift.report import render, render_many
from ganlift.runs import folder as run_folder
from ganlift.runs.lock import run_lock
from ganlift.trackers import tracked

if TYPE_CHECKING:
    from ganlift.comparison.executors import Report
    from ganlift.comparison.run import Prepared
    from ganlift.data import Check
    from ganlift.data.findings import Finding
    from ganlift.inference.evaluate import Evaluation
    from ganlift.inference.export import Exported
    from ganlift.inference.predict import Prediction, Unreadable
    from ganlift.verdict import Verdict


@dataclass(frozen=True)
class Comparison:
    """What a comparison found.

    Attributes:
        rows: one mapping an arm and seed, as in ``results.jsonl``.
        verdicts: one for each GAN arm.
        best: the winner: ``strategy``, ``seed``, ``validation_accuracy``, ``test_accuracy`` and ``classifier``,
            the folder it lies in; None where no arm was done.
        report_path: the page.
        run: the run folder.
    """

    rows: list[dict[str, Any]]
    verdicts: list[Verdict]
    best: dict[str, Any] | None
    report_path: Path
    run: Path


@dataclass(frozen=True)
class Training:
    """What ``train`` made.

    Attributes:
        row: as in ``results.jsonl``; the columns about test images are absent where there are none.
        classifier: the folder it lies in, ready to use.
        run: the run folder.
    """

    row: dict[str, Any]
    classifier: Path
    run: Path


@dataclass(frozen=True)
class Generated:
    """What ``generate`` wrote: by which generator, which files, and the names of the run's other generators."""

    generator: str
    files: list[Path]
    others: list[str]


@dataclass(frozen=True)
class Predictions:
    """What ``predict`` answers: one item a file, in order, worked out while it is gone through (once).

    Attributes:
        class_names: what the probabilities' columns belong to.
        temperature: what calibrated them; 1 where nothing did.
    """

    class_names: tuple[str, ...]
    temperature: float
    items: Iterator[Prediction | Unreadable]

    def __iter__(self) -> Iterator[Prediction | Unreadable]:
        return self.items


def compare(data: str | Path | CompareConfig, *, on_event: Report | None = None, **settings: Any) -> Comparison:
    """Train every strategy on every seed, judge each GAN arm, and write the report.

    The same call with the same ``out`` continues a run that was interrupted, and repeats no finished arm.

    Args:
        data: a folder, manifest, npz or the name of a data set; or a whole configuration.
        on_event: called with plain mappings as things happen: ``docs/events.md`` lists them.
        settings: any field of `ganlift.config.CompareConfig`, such as ``strategies``, ``labels_per_class``,
            ``seeds``, ``budget`` or ``out``.

    Raises:
        GanliftError: bad data, a bad option or a run folder in the way; the message says what to do.
        Interrupted: SIGINT or SIGTERM came; the state is saved.
    """
    from ganlift.comparison.run import conclude, prepare

    config = data if isinstance(data, CompareConfig) else build_config({"data": str(data), **_plain(settings)})
    with tracked(config.trackers, config.out.resolve(), on_event or _silent) as tell:
        prepared = prepare(config, tell)
        with _arms_done(prepared, tell) as run:
            verdicts, winner = conclude(prepared, run)
            page = render(run)
        for verdict in verdicts:
            tell({"type": "verdict", **verdict.to_json()})
    best = None
    if winner:
        best = {key: winner[key] for key in ("strategy", "seed", "validation_accuracy", "test_accuracy")}
        best["classifier"] = str(run / "classifier")
    return Comparison(run_folder.rows(run), verdicts, best, page, run)


def check(
    data: str | Path,
    *,
    unlabelled: str | Path | None = None,
    image_size: int | None = None,
    data_dir: Path | None = None,
    on_progress: Callable[[str, int, int], None] | None = None,
) -> Check:
    """What is in the data, and what will go wrong with it; nothing is trained or written.

    Args:
        data: what `compare` takes.
        unlabelled: a folder of further images, without labels.
        image_size: pixels of each side; chosen from the data where None.
        data_dir: where data sets lie or are downloaded to.
        on_progress: told what is done, how far, of how much.

    Returns:
        Counts (``facts``), ``findings`` (`docs/check.md`), and what each strategy lacks (``strategies``).

    Raises:
        DataError: the data cannot be read at all.
    """
    from ganlift.data import check_survey, survey

    extra = None if unlabelled is None else str(unlabelled)
    found = survey(str(data), image_size=image_size, unlabelled=extra, data_dir=data_dir, on_progress=on_progress)
    checked = check_survey(found)
    return checked.with_more(*_strategies_lack(checked.facts))


def train(data: str | Path | TrainConfig, *, on_event: Report | None = None, **settings: Any) -> Training:
    """Train one strategy on all labels and lay its classifier ready.

    No test image is kept back, unless the data names some or ``keep_test`` asks for a share; a fifth of the labelled
    images validates. The same call with the same ``out`` continues a run that was interrupted.

    Args:
        data: as for `compare`; or a whole configuration.
        on_event: as for `compare`.
        settings: any field of `ganlift.config.TrainConfig`, such as ``strategy``, ``budget``, ``seed`` or ``out``.

    Raises:
        GanliftError: bad data, a bad option or a run folder in the way; the message says what to do.
        Interrupted: SIGINT or SIGTERM came; the state is saved.
    """
    from ganlift.comparison.run import finish_training, prepare

    config = data
    if not isinstance(config, TrainConfig):
        config = build_config({"data": str(data), **_plain(settings)}, TrainConfig)
    with tracked(config.trackers, config.out.resolve(), on_event or _silent) as tell:
        prepared = prepare(config, tell)
        with _arms_done(prepared, tell) as run:
            row = finish_training(prepared, run)
    return Training(dict(row), run / "classifier", run)


def train_generator(data: str | Path | GeneratorConfig, *, on_event: Report | None = None, **settings: Any) -> Path:
    """Train a generator, conditional where there are labels; the folder it lies in, with its sample grids.

    It sees no image of the data's own validation or test part. The same call with the same ``out`` continues a run
    that was interrupted.

    Args:
        data: as for `compare`, or a folder of images without labels; or a whole configuration.
        on_event: as for `compare`.
        settings: any field of `ganlift.config.GeneratorConfig`, such as ``generator``, ``budget`` or ``out``.

    Raises:
        GanliftError: bad data, a bad option or a run folder in the way; the message says what to do.
        Interrupted: SIGINT or SIGTERM came; the state is saved.
    """
    from ganlift.comparison.generator import load_for_generator, run_generator
    from ganlift.generators.base import generators

    config = data
    if not isinstance(config, GeneratorConfig):
        config = build_config({"data": str(data), **_plain(settings)}, GeneratorConfig)
    generators.get(config.generator)
    with tracked(config.trackers, config.out.resolve(), on_event or _silent) as tell:
        images = load_for_generator(config, tell)
        with _opened(config, tell) as run:
            return run_generator(config, images, run, tell)


def generate(
    run: Path,
    out: Path,
    *,
    generator: str | None = None,
    classes: Sequence[str] = (),
    latent_seeds: Sequence[int] = tuple(range(16)),
    path: int = 0,
    grid: bool = False,
) -> Generated:
    """Draw images from a generator of a run into the folder ``out``, each marked as generated, with a manifest.

    Args:
        run: a run folder of `compare`, `train` or `train_generator`.
        out: a new or empty folder, outside of the training images.
        generator: its name in the run; the first that knows classes where None.
        classes: names; all where empty.
        latent_seeds: one image a class each; the same seed gives the same image.
        path: make this many steps on the way from each latent seed to the next, in place of an image a seed.
        grid: write all images as ``grid.png`` too, one class a row.

    Raises:
        GanliftError: no such run, generator or class, or a folder in the way; the message says what to do.
    """
    from ganlift.inference.generate import plan_pictures, refuse_target, write_pictures
    from ganlift.inference.generator import generator_keys, load_generator

    kept = load_generator(run, generator)
    refuse_target(out, str(kept.record["data"]))
    labels = [_index(name, kept.class_names) for name in classes] or list(range(len(kept.class_names))) or None
    pictures = plan_pictures(kept, labels, latent_seeds, path)
    columns = len(pictures) // len(labels) if labels else 8
    files = write_pictures(kept, pictures, out, columns=columns if grid else None)
    return Generated(kept.key, files, [key for key in generator_keys(run) if key != kept.key])


def predict(run: str | Path, images: Iterable[str | Path], *, batch: int = 64, device: str = "auto") -> Predictions:
    """Calibrated class probabilities of image files; decoded as the training images were.

    Args:
        run: a run folder, its ``classifier/``, or an exported ``.onnx`` or ``.safetensors`` file.
        images: files, folders and patterns such as ``"photos/*.png"``.
        batch: files that are read and held at once.

    Raises:
        GanliftError: there is no usable classifier; the message says what to do. A file that is no image is an
            `Unreadable` among the answers.
    """
    from ganlift.inference.model import load_model
    from ganlift.inference.predict import find_images, predictions

    model = load_model(Path(run), device)
    return Predictions(model.facts.class_names, model.facts.temperature, predictions(model, find_images(images), batch))


def evaluate(
    run: str | Path,
    data: str | Path | None = None,
    *,
    part: str | None = None,
    group_column: str | None = None,
    data_dir: Path | None = None,
    device: str = "auto",
) -> Evaluation:
    """Accuracy, recall and calibration with 95 % intervals: on the run's own test images, or on other data.

    Args:
        run: as for `predict`.
        data: as for `compare`; None for the predictions that the run recorded of its test images.
        part: ``test``, ``val``, ``train`` or ``all`` of ``data``; where None, the first of test and val that it has,
            else all.
        group_column: a column of a manifest; the figures are also given for each of its values.

    Raises:
        GanliftError: no usable classifier or data, or classes that the classifier doesn't know.
    """
    from ganlift.inference.evaluate import evaluate_data, evaluate_recorded
    from ganlift.inference.model import load_model

    if data is None:
        if part or group_column:
            raise ConfigError("--part and --group-column are about DATA; name it after the run.")
        return evaluate_recorded(Path(run))
    return evaluate_data(load_model(Path(run), device), str(data), part, group_column, data_dir)


def export(run: str | Path, format: str = "onnx", out: Path | None = None) -> Exported:
    """Write a classifier as one file that stands alone, and a model card beside it.

    The file takes uint8 images (n, c, h, w) and gives calibrated probabilities; it is compared with the original on
    real images before it is kept.

    Args:
        run: a run folder or its ``classifier/``.
        format: ``onnx``, ``torchscript`` or ``safetensors`` (weights and facts alone).
        out: the file; in the run's folder ``export`` where None.

    Raises:
        GanliftError: there is no usable classifier, a library is missing, or the two differ by more than 1e-5
            (`ParityError`; nothing is written).
    """
    from ganlift.inference.export import export_model

    return export_model(Path(run), format, out)


def _index(name: str, class_names: Sequence[str]) -> int:
    if name not in class_names:
        known = f"Its classes: {', '.join(class_names)}." if class_names else "It was trained without classes."
        raise ConfigError(f"The generator has no class '{name}'.{nearest(name, class_names)} {known}")
    return class_names.index(name)


@contextmanager
def _arms_done(prepared: Prepared, tell: Report) -> Iterator[Path]:
    """The run folder with every arm trained, still locked."""
    from ganlift.comparison.run import run_arms

    with _opened(prepared.config, tell) as run:
        run_arms(prepared, run, tell)
        yield run


@contextmanager
def _opened(config: RunConfig, tell: Report) -> Iterator[Path]:
    """The run folder, opened and locked; nothing is left of a run that could not be planned."""
    with run_lock(config.out):
        run = run_folder.open_run(config.out, config.identity(), lambda text: tell({"type": "note", "message": text}))
        try:
            yield run
        except GanliftError:
            run_folder.discard_unplanned(run)
            raise


def _silent(event: Mapping[str, Any]) -> None:
    """Where nobody listens."""


def report(runs: Sequence[Path], out: Path | None = None) -> Path:
    """Make the page of one run again, or one page of several; its path.

    Raises:
        RunFolderError: a folder is not a run.
    """
    for run in runs:
        run_folder.run_config(run)
    if len(runs) == 1 and out is None:
        return render(runs[0])
    return render_many(list(runs), out or Path("report.html"))


def _strategies_lack(facts: dict[str, Any]) -> tuple[list[Finding], list[dict[str, Any]]]:
    """What each strategy needs that these data lack, as findings and as a line a strategy."""
    from ganlift.comparison.plan import FEW_A_CLASS
    from ganlift.data.findings import Finding
    from ganlift.strategies.base import strategies

    fewest = min(facts["training_per_class"], default=0)
    lines, without_labels, generating = [], [], []
    for name, entry in strategies:
        lacks = []
        if entry.unlabelled == "required" and not facts["unlabelled"]:
            without_labels.append(name)
            lacks.append("unlabelled images")
        if entry.needs_generator and fewest < FEW_A_CLASS:
            generating.append(name)
            lacks.append(f"{FEW_A_CLASS} training images a class")
        lines.append({"strategy": name, "kind": entry.kind, "lacks": lacks})
    found = []
    if without_labels:
        said = f"{', '.join(without_labels)}: there are no unlabelled images to learn from."
        found.append(Finding("no-unlabelled", said, len(without_labels), tuple(without_labels)))
    if generating:
        said = f"{', '.join(generating)}: the smallest class has {fewest} training images, fewer than {FEW_A_CLASS}."
        found.append(Finding("few-for-generator", said, len(generating), tuple(generating)))
    return found, lines


def _plain(settings: dict[str, Any]) -> dict[str, Any]:
    return {key: str(value) if isinstance(value, Path) else value for key, value in settings.items()}
