"""The verbs that train: `compare`, `train`, `train_generator`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganlift.config import CompareConfig, GeneratorConfig, RunConfig, TrainConfig, build_config
from ganlift.errors import GanliftError
from ganlift.events import Event, Listener
from ganlift.factories import refuse_while_imported
from ganlift.nouns import IMAGE
from ganlift.report import render
from ganlift.runs import folder as run_folder
from ganlift.runs.lock import run_lock
from ganlift.trackers import tracked

if TYPE_CHECKING:
    from ganlift.comparison.prepared import Prepared
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
        measure: what the arms were judged by: ``accuracy`` or ``macro-recall``.
    """

    rows: list[dict[str, Any]]
    verdicts: list[Verdict]
    best: dict[str, Any] | None
    report_path: Path
    run: Path
    measure: str = "accuracy"


@dataclass(frozen=True)
class Training:
    """What ``train`` made.

    Attributes:
        row: as in ``results.jsonl``; the columns about test images are absent where there are none.
        classifier: the folder it lies in, ready to use.
        run: the run folder.
        noun: what one example is called: "image", "clip" or "row".
    """

    row: dict[str, Any]
    classifier: Path
    run: Path
    noun: str = IMAGE


def compare(data: str | Path | CompareConfig, *, on_event: Listener | None = None, **settings: Any) -> Comparison:
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
    from ganlift.comparison.prepared import prepare
    from ganlift.comparison.run import conclude
    from ganlift.comparison.winner import clear_cache
    from ganlift.data import ImageSet
    from ganlift.inference.generator_quality import measure_generators
    from ganlift.inference.privacy import measure_privacy

    refuse_while_imported("compare")
    config = data if isinstance(data, CompareConfig) else build_config({"data": str(data), **_plain(settings)})
    with tracked(config.trackers, config.out.resolve(), on_event or _silent) as tell:
        prepared = prepare(config, tell)
        with _arms_done(prepared, tell) as run:
            verdicts, winner = conclude(prepared, run, tell)
            if isinstance(prepared.images, ImageSet):
                measure_generators(run, prepared.images.stills, config.device, tell)
            measure_privacy(run, prepared.images, config.device, tell)
            clear_cache(run)
            page = render(run)
        for verdict in verdicts:
            tell({"type": "verdict", **verdict.to_json()})
    best = None
    if winner:
        best = {key: winner[key] for key in ("strategy", "seed", "validation_accuracy", "test_accuracy")}
        best["classifier"] = str(run / "classifier")
    return Comparison(run_folder.rows(run), verdicts, best, page, run, prepared.measure.name)


def train(data: str | Path | TrainConfig, *, on_event: Listener | None = None, **settings: Any) -> Training:
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
    from ganlift.comparison.prepared import prepare
    from ganlift.comparison.run import finish_training

    refuse_while_imported("train")
    config = data
    if not isinstance(config, TrainConfig):
        config = build_config({"data": str(data), **_plain(settings)}, TrainConfig)
    with tracked(config.trackers, config.out.resolve(), on_event or _silent) as tell:
        prepared = prepare(config, tell)
        with _arms_done(prepared, tell) as run:
            row = finish_training(prepared, run)
    return Training(dict(row), run / "classifier", run, prepared.images.noun)


def train_generator(data: str | Path | GeneratorConfig, *, on_event: Listener | None = None, **settings: Any) -> Path:
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
    from ganlift.generators.base import generators, resolve

    refuse_while_imported("train_generator")
    config = data
    if not isinstance(config, GeneratorConfig):
        config = build_config({"data": str(data), **_plain(settings)}, GeneratorConfig)
    resolve(config.generator, "pixels")
    with tracked(config.trackers, config.out.resolve(), on_event or _silent) as tell:
        for problem in generators.problems():
            tell({"type": "note", "message": problem})
        images = load_for_generator(config, tell)
        with _opened(config, tell) as run:
            return run_generator(config, images, run, tell)


@contextmanager
def _arms_done(prepared: Prepared, tell: Listener) -> Iterator[Path]:
    """The run folder with every arm trained, still locked."""
    from ganlift.comparison.run import run_arms

    with _opened(prepared.config, tell) as run:
        run_arms(prepared, run, tell)
        yield run


@contextmanager
def _opened(config: RunConfig, tell: Listener) -> Iterator[Path]:
    """The run folder, opened and locked; nothing is left of a run that could not be planned."""
    with run_lock(config.out):
        run = run_folder.open_run(config.out, config.identity(), lambda text: tell({"type": "note", "message": text}))
        try:
            yield run
        except GanliftError:
            run_folder.discard_unplanned(run)
            raise


def _silent(event: Event) -> None:
    """Where nobody listens."""


def _plain(settings: dict[str, Any]) -> dict[str, Any]:
    return {key: str(value) if isinstance(value, Path) else value for key, value in settings.items()}
