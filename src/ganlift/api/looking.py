"""The verbs that train nothing: `check` before a run, `report` after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ganlift.report import render, render_many
from ganlift.runs import folder as run_folder

if TYPE_CHECKING:
    from ganlift.data import Check, Reading
    from ganlift.data.findings import Finding
    from ganlift.data.keeping import Kept
    from ganlift.data.label_findings import Evidence
    from ganlift.data.survey import Survey
    from ganlift.events import Event


def check(
    data: str | Path,
    *,
    unlabelled: str | Path | None = None,
    image_size: int | None = None,
    value_range: tuple[float, float] | None = None,
    colours: Literal["auto", "grey", "rgb"] = "auto",
    orientation: Literal["exif", "stored"] = "exif",
    fit: Literal["crop", "pad", "stretch"] = "crop",
    classes: Sequence[str] | None = None,
    groups: str | None = None,
    files: Sequence[str] | None = None,
    flips: Literal["auto", "on", "off"] = "auto",
    rate: int | None = None,
    seconds: float | None = None,
    frames: int | None = None,
    parts: Mapping[str, str] | None = None,
    column: Sequence[str] | None = None,
    leave_out: Sequence[str] | None = None,
    label_column: str | None = None,
    labels: str | None = None,
    features: str = "pixels",
    data_dir: Path | None = None,
    on_progress: Callable[[str, int, int], None] | None = None,
) -> Check:
    """What is in the data, and what will go wrong with it; nothing is trained or written.

    From ``image_size`` to ``labels`` everything is what `ganlift.data.Reading` says of each.

    Args:
        data: what `compare` takes.
        unlabelled: a folder of further images, without labels.
        features: what labels are judged by: "pixels", which is their coarse looks, or a feature network's name.
        data_dir: where data sets lie or are downloaded to.
        on_progress: told what is done, how far, of how much.

    Returns:
        Counts (``facts``), ``findings`` (`docs/check.md`), and what each strategy lacks (``strategies``).

    Raises:
        ConfigError: there is no such network, or it was named for rows.
        DataError: the data cannot be read at all.
    """
    from ganlift.data import Reading, check_survey, survey

    reading = Reading(
        image_size=image_size,
        value_range=value_range,
        colours=colours,
        orientation=orientation,
        fit=fit,
        classes=None if classes is None else tuple(classes),
        groups=groups,
        files=None if files is None else tuple(files),
        parts=parts,
        flips=flips,
        column=None if column is None else tuple(column),
        leave_out=None if leave_out is None else tuple(leave_out),
        label_column=label_column,
        labels=labels,
        rate=rate,
        seconds=seconds,
        frames=frames,
    )
    extra = None if unlabelled is None else str(unlabelled)
    found = survey(str(data), reading, unlabelled=extra, data_dir=data_dir, on_progress=on_progress)
    checked = check_survey(found).with_labels(found.images, _evidence(found, reading, features, on_progress))
    return checked.with_more(*_strategies_lack(checked.facts))


def _evidence(
    found: Survey, reading: Reading, features: str, on_progress: Callable[[str, int, int], None] | None
) -> Evidence:
    """What labels are judged by; torch is loaded where a network is asked for alone."""
    from ganlift.data.label_findings import by_looks

    if features == "pixels":
        return by_looks(found)
    from ganlift.comparison.label_errors import of_set

    def tell(event: Event) -> None:
        if on_progress and event["type"] == "embedding":
            on_progress(f"features of {event['network']}", event["done"], event["total"])

    return of_set(found, reading, features, tell)


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
    from ganlift.comparison.auto import FEW_A_CLASS
    from ganlift.data.findings import Finding
    from ganlift.strategies.base import strategies

    space, noun = "vectors" if "columns" in facts else "pixels", facts["noun"]
    files = facts.get("files", {})
    sound = "seconds" in files and "width" not in files
    fewest = min(facts["training_per_class"], default=0)
    lines, without_labels, generating = [], [], []
    for name, entry in strategies:
        if space not in entry.spaces or (sound and entry.geometry):
            continue
        lacks = []
        if entry.unlabelled == "required" and not facts["unlabelled"]:
            without_labels.append(name)
            lacks.append(f"unlabelled {noun}s")
        if entry.needs_generator and fewest < FEW_A_CLASS:
            generating.append(name)
            lacks.append(f"{FEW_A_CLASS} training {noun}s a class")
        lines.append({"strategy": name, "kind": entry.kind, "lacks": lacks})
    found = []
    if without_labels:
        said = f"{', '.join(without_labels)}: there are no unlabelled {noun}s to learn from."
        found.append(Finding("no-unlabelled", said, len(without_labels), tuple(without_labels)))
    if generating:
        said = f"{', '.join(generating)}: the smallest class has {fewest} training {noun}s, fewer than {FEW_A_CLASS}."
        found.append(Finding("few-for-generator", said, len(generating), tuple(generating)))
    return found, lines


def cached() -> list[Kept]:
    """The decoded images and the features that are kept from one command to the next, what was used last at the end."""
    from ganlift.data.keeping import kept

    return kept()


def clear_cache() -> tuple[list[Kept], list[Kept]]:
    """Remove all of `cached` that no running command uses: what was removed, and what stays.

    Raises:
        RunFolderError: it can't be removed.
    """
    from ganlift.data.keeping import clear

    return clear()
