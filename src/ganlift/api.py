"""What the command line does, from Python.

What trains is imported by the verb that trains: a report is made without torch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganlift.config import CompareConfig, build_config
from ganlift.errors import GanliftError
from ganlift.report import render, render_many
from ganlift.runs import folder as run_folder
from ganlift.runs.lock import run_lock

if TYPE_CHECKING:
    from ganlift.comparison.executors import Report
    from ganlift.data import Check
    from ganlift.data.findings import Finding
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


def compare(data: str | Path | CompareConfig, *, on_event: Report | None = None, **settings: Any) -> Comparison:
    """Train every strategy on every seed, judge each GAN arm, and write the report.

    The same call with the same ``out`` continues a run that was interrupted, and repeats no finished arm.

    Args:
        data: a folder, manifest, npz or the name of a data set; or a whole configuration.
        on_event: called with plain mappings as things happen (``type`` is plan, progress, arm, note, ...).
        settings: any field of `ganlift.config.CompareConfig`, such as ``strategies``, ``labels_per_class``,
            ``seeds``, ``budget`` or ``out``.

    Raises:
        GanliftError: bad data, a bad option or a run folder in the way; the message says what to do.
        Interrupted: SIGINT or SIGTERM came; the state is saved.
    """
    from ganlift.comparison.run import conclude, prepare, run_comparison

    config = data if isinstance(data, CompareConfig) else build_config({"data": str(data), **_plain(settings)})
    tell = on_event or (lambda event: None)
    prepared = prepare(config, tell)
    with run_lock(config.out):
        run = run_folder.open_run(config.out, config.identity(), lambda text: tell({"type": "note", "message": text}))
        try:
            run_comparison(prepared, run, tell)
        except GanliftError:
            run_folder.discard_unplanned(run)
            raise
        verdicts, winner = conclude(prepared, run)
        page = render(run)
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
