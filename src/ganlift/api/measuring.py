"""Measuring what a run made: its classifier, its generators, and what both give away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ganlift.errors import ConfigError

if TYPE_CHECKING:
    from ganlift.inference.evaluate import Evaluation
    from ganlift.inference.generator_quality import GeneratorEvaluation
    from ganlift.inference.privacy import PrivacyEvaluation


def evaluate(
    run: str | Path,
    data: str | Path | None = None,
    *,
    part: str | None = None,
    group_column: str | None = None,
    value_range: tuple[float, float] | None = None,
    parts: Mapping[str, str] | None = None,
    classes: Sequence[str] | None = None,
    groups: str | None = None,
    files: Sequence[str] | None = None,
    column: Sequence[str] | None = None,
    leave_out: Sequence[str] | None = None,
    label_column: str | None = None,
    labels: str | None = None,
    data_dir: Path | None = None,
    device: str = "auto",
) -> Evaluation:
    """Accuracy, recall and calibration with 95 % intervals: on the run's own test images, or on other data.

    From ``value_range`` to ``labels`` everything is of ``data``, as `ganlift.data.Reading` has it; of a table those
    columns are taken that the classifier learned from where ``column`` is None.

    Args:
        run: as for `predict`.
        data: as for `compare`; None for the predictions that the run recorded of its test images.
        part: ``test``, ``val``, ``train`` or ``all`` of ``data``; where None, the first of test and val that it has,
            else all.
        group_column: a column of a manifest; the figures are also given for each of its values.

    Raises:
        GanliftError: no usable classifier or data, or classes that the classifier doesn't know.
    """
    from ganlift.data.reading import Reading
    from ganlift.inference.evaluate import evaluate_data, evaluate_recorded
    from ganlift.inference.model import load_model

    said = Reading(
        value_range=value_range,
        parts=parts,
        classes=None if classes is None else tuple(classes),
        groups=groups,
        files=None if files is None else tuple(files),
        column=None if column is None else tuple(column),
        leave_out=None if leave_out is None else tuple(leave_out),
        label_column=label_column,
        labels=labels,
    )
    if group_column and groups:
        raise ConfigError("--group-column and --groups both say what groups are; leave one of them out.")
    if data is None:
        if part or group_column or said != Reading():
            raise ConfigError(
                "--part, --group-column, --value-range, --parts, --classes, --groups, --files, --column, --leave-out, "
                "--label-column and --labels are about DATA; name it after the run."
            )
        return evaluate_recorded(Path(run))
    model = load_model(Path(run), device)
    return evaluate_data(model, str(data), part, group_column, data_dir, model.facts.reading(said))


def evaluate_generator(
    run: str | Path,
    data: str | Path | None = None,
    *,
    part: str | None = None,
    generator: str | None = None,
    network: str = "own",
    weights: Path | None = None,
    download: bool = False,
    images: int = 2000,
    at_infinity: bool = False,
    data_dir: Path | None = None,
    device: str = "auto",
) -> GeneratorEvaluation:
    """Distance, precision, recall, density, coverage, diversity, copying and the classification accuracy score.

    Generated images are measured against ones that the generator did not see, and real training images against the
    same as the floor.

    Args:
        run: a run folder of `compare`, `train` or `train_generator`.
        data: held-out images, as for `compare`; the run's own test images where None.
        part: of ``data``, as for `evaluate`.
        generator: its name in the run; the first that knows classes where None.
        network: what images are looked at through: ``own`` (a classifier of the run's labelled training images),
            ``efficientnet-lite0``, ``inception`` or ``timm:NAME``.
        weights: the file of weights, for ``inception`` and ``timm:NAME``.
        download: whether weights that are not on this machine may be fetched.
        images: images on either side, at most.
        at_infinity: whether to extrapolate the Fréchet distance to infinitely many images.

    Raises:
        GanliftError: no such run, generator or network, no weights, or too few images; the message says what to do.
    """
    from ganlift.inference.generator_quality import evaluate_generator as measured

    return measured(
        Path(run),
        None if data is None else str(data),
        part,
        generator,
        network,
        weights=weights,
        download=download,
        most=images,
        at_infinity=at_infinity,
        data_dir=data_dir,
        device=device,
    )


def evaluate_privacy(
    run: str | Path,
    data: str | Path | None = None,
    *,
    part: str | None = None,
    generator: str | None = None,
    images: int = 2000,
    data_dir: Path | None = None,
    device: str = "auto",
) -> PrivacyEvaluation:
    """Membership inference: how well it can be told from a run's models which examples they were trained on.

    The classifier is attacked by its loss, a generator by its discriminator and by the nearest of its images. Each
    attack has an area under the ROC curve with its 95 % interval, 0.5 being chance, and the share of members found at
    10 and 1 % of false alarms.

    Args:
        run: a run folder of `compare`, `train` or `train_generator`.
        data: examples that were not trained on, as for `compare`; the run's own test part where None.
        part: of ``data``, as for `evaluate`.
        generator: its name in the run; the first that knows classes where None.
        images: examples on either side, at most.

    Raises:
        GanliftError: no such run or generator, its data are not here, or too few were kept back; the message says what
            to do.
    """
    from ganlift.inference.privacy import evaluate_privacy as attacked

    return attacked(
        Path(run),
        None if data is None else str(data),
        part,
        generator,
        most=images,
        data_dir=data_dir,
        device=device,
    )
