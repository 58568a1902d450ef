"""A classifier's figures: on the test images that its run recorded, or on other data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganlift.data import load, load_examples
from ganlift.data.decode import hear
from ganlift.data.manifest import read_column
from ganlift.data.names import looking_like
from ganlift.data.reading import Reading
from ganlift.data.recorded import as_hashed
from ganlift.data.types import UNLABELLED, Examples, ImageSet, SoundSet, VectorSet
from ganlift.errors import ConfigError, DataError, RunFolderError
from ganlift.inference.facts import ClassifierFacts, Inputs, read_facts
from ganlift.inference.model import Model, locate
from ganlift.inference.predict_rows import fitting_rows, of_block
from ganlift.measures.calibration import temper
from ganlift.measures.evaluation import confusion, headlines, per_class
from ganlift.runs import layout
from ganlift.runs.files import read_json, read_npz

PARTS = ("test", "val", "train", "all")
TOLD = ("values", "parts", "labels", "label column")
"""What is guessed of the data that can make its figures others."""


@dataclass(frozen=True)
class Evaluation:
    """What `evaluate` found.

    Attributes:
        data: where the images came from, and ``part`` which of them.
        measures: ``accuracy``, ``balanced_accuracy``, ``macro_recall``, ``ece``, ``nll`` and, of two classes,
            ``auroc``; each with ``value``, ``low`` and ``high``.
        per_class: ``name``, ``images``, ``recall`` and ``precision`` of each class.
        confusion: (K, K) counts; the row is the image's class, the column the one predicted.
        groups: ``group``, ``images``, and ``accuracy`` and ``balanced_accuracy`` as in ``measures``.
        overlap: how many of the images the run itself used, by what for; None where that is unknown.
        notes: sentences that belong to the figures.
        noun: what one example is called: "image", "clip" or "row".
    """

    model: str
    data: str
    part: str
    images: int
    class_names: tuple[str, ...]
    temperature: float
    measures: dict[str, dict[str, float]]
    per_class: list[dict[str, Any]]
    confusion: list[list[int]]
    groups: list[dict[str, Any]] = field(default_factory=list)
    overlap: dict[str, int] | None = None
    notes: list[str] = field(default_factory=list)
    noun: str = "image"


def evaluate_recorded(path: Path) -> Evaluation:
    """The figures of the test predictions that the run wrote down; no image is read.

    Raises:
        RunFolderError: there is no run, or it kept no test images.
    """
    if path.is_file():
        raise RunFolderError(f"{path} alone holds no test images; name the data after it.")
    folder, run = locate(path)
    facts = read_facts(folder)
    if run is None:
        raise RunFolderError(f"{path} lies outside of its run, which has the test images; name the data after it.")
    recorded = read_npz(layout.predictions_file(run, facts.strategy, facts.seed))
    probabilities, labels = recorded["probabilities"], recorded["labels"]
    if not len(labels):
        raise RunFolderError(f"{run} kept no test {facts.noun}s back; name data after it that it was not trained on.")
    note = f"These are the run's own {len(labels)} test {facts.noun}s, as predicted when it was trained."
    return _evaluation(str(path), facts, temper(probabilities, facts.temperature), labels, facts.data, "test", [note])


def evaluate_data(
    model: Model,
    data: str,
    part: str | None,
    group_column: str | None,
    data_dir: Path | None,
    reading: Reading | None = None,
) -> Evaluation:
    """The figures on ``part`` of ``data``, whose classes are matched by name; read as the model's images were.

    Raises:
        DataError: the data can't be read, has no such part, or classes that the classifier doesn't know.
        ConfigError: ``part`` is no part, or ``group_column`` is given for data without columns.
    """
    facts, reading = model.facts, reading or model.facts.reading()
    images, given = given_of(model, data, reading, data_dir)
    told = [one for one in images.guesses if one.about in TOLD or "turned into grey" in one.taken]
    notes = [*images.notes, *(f"{one.about.capitalize()}: {one.taken}." for one in told)]
    to_model = match_classes(images, facts.class_names, notes)
    part, chosen = choose_part(images, part)
    overlap = _overlap(model, _known_by(model, images, data, reading, data_dir)[chosen], notes, images.noun)
    labels = to_model[images.labels[chosen]]
    probabilities = model.probabilities_of(given, chosen)
    found = _evaluation(str(model.source), facts, probabilities, labels, data, part, notes)
    groups = _groups_of(images, chosen, group_column)
    return replace(found, overlap=overlap, groups=_by_group(groups, probabilities, labels))


def given_of(
    model: Model, data: str, reading: Reading, data_dir: Path | None
) -> tuple[Examples, Callable[[NDArray[np.int64]], Inputs]]:
    """The examples of ``data``, and what gives those at some places as the model takes them.

    Raises:
        DataError: it can't be read, or has images where the classifier takes rows, or the other way round.
    """
    if model.facts.columns is None:
        images = load(data, reading, data_dir=data_dir, to_train=False)
        if isinstance(images, SoundSet) != (model.facts.sound is not None):
            kinds = ("sound", "images") if isinstance(images, SoundSet) else ("images", "sound")
            raise DataError(
                f"{data} has {kinds[0]}, and this classifier is of {kinds[1]}; give it what it learned from."
            )
        return images, partial(_waves, images, reading) if model.facts.waves else images.batch
    rows = load_examples(data, reading, data_dir=data_dir, to_train=False)
    if not isinstance(rows, VectorSet):
        raise DataError(f"{data} has images, and this classifier takes {model.facts.takes}; give such rows.")
    return rows, fitting_rows(model, of_block(model, rows).vectors, data).__getitem__


def _waves(clips: ImageSet, reading: Reading, index: NDArray[np.int64]) -> NDArray[np.float32]:
    """The samples of the clips at ``index``, for a classifier that makes the pictures itself."""
    assert clips.paths is not None
    heard = [hear(Path(clips.paths[place]), reading)[0] for place in index]
    return np.stack([wave for wave in heard if wave is not None])


def _evaluation(
    model: str,
    facts: ClassifierFacts,
    probabilities: NDArray[np.floating[Any]],
    labels: NDArray[np.int64],
    data: str,
    part: str,
    notes: list[str],
) -> Evaluation:
    counts = confusion(probabilities, labels)
    classes = [{"name": name, **line} for name, line in zip(facts.class_names, per_class(counts), strict=True)]
    return Evaluation(
        model=model,
        data=data,
        part=part,
        images=len(labels),
        class_names=facts.class_names,
        temperature=facts.temperature,
        measures=headlines(probabilities, labels),
        per_class=classes,
        confusion=counts.tolist(),
        notes=notes,
        noun=facts.noun,
    )


def match_classes(
    images: Examples, class_names: tuple[str, ...], notes: list[str], model: str = "classifier"
) -> NDArray[np.int64]:
    """The index that the ``model`` (its kind, for messages) of these classes has for each class of ``images``.

    Raises:
        DataError: it does not know one of them.
    """
    there = [name for label, name in enumerate(images.class_names) if np.any(images.labels == label)]
    extra = [name for name in there if name not in class_names]
    missing = [name for name in class_names if name not in there]
    if extra:
        lacks = f", and lacks {_quoted(missing)}" if missing else ""
        alike = "".join(f"; {words}" for words in looking_like(extra, missing))
        how = "Rename them or leave them out with --classes" if model == "classifier" else "Rename or remove them"
        raise DataError(
            f"The classes do not match: {images.source} has {_quoted(extra)}, which the {model} does not know"
            f"{lacks}. {how}; names are compared exactly{alike}."
        )
    if missing:
        notes.append(f"The data has {len(there)} of {len(class_names)} classes; without {_quoted(missing)}.")
    own = [class_names.index(name) if name in class_names else UNLABELLED for name in images.class_names]
    return np.array(own, np.int64)


def choose_part(images: Examples, part: str | None) -> tuple[str, NDArray[np.int64]]:
    """The part's name and its labelled images: ``part``, or the first of test and val that there is, else all.

    Raises:
        ConfigError: there is no such part.
        DataError: the images have none of it.
    """
    if part is not None and part not in PARTS:
        raise ConfigError(f"There is no part '{part}'; --part takes {', '.join(PARTS)}.")
    labelled = np.flatnonzero(images.labels != UNLABELLED)
    there = {str(name) for name in np.unique(images.parts[labelled])}
    part = part or next((name for name in ("test", "val") if name in there), "all")
    chosen = labelled if part == "all" else labelled[images.parts[labelled] == part]
    if not len(chosen):
        has = ", ".join(sorted(there - {""})) or "none; use --part all"
        raise DataError(f"{images.source} names no labelled {images.noun}s as part '{part}'; its parts: {has}.")
    return part, chosen


def _known_by(model: Model, images: Examples, data: str, reading: Reading, data_dir: Path | None) -> NDArray[np.str_]:
    """The content hashes (n,) that ``images`` have at the run's own size, which may be smaller than the network's."""
    if model.run is None or not isinstance(images, ImageSet):
        return images.hashes
    own = as_hashed(model.run, reading)
    return images.hashes if own == reading else load(data, own, data_dir=data_dir, to_train=False).hashes


def _overlap(model: Model, hashes: NDArray[np.str_], notes: list[str], noun: str) -> dict[str, int] | None:
    """How many images the run used itself, told by content; and a warning where that flatters."""
    if model.run is None:
        notes.append(f"Whether the classifier was trained on some of these {noun}s is not known: its run is not here.")
        return None
    arm = (model.facts.strategy, model.facts.seed)
    parts = read_json(layout.split_file(model.run, arm[1]))["parts"]
    if not read_json(layout.row_file(model.run, *arm))["uses_unlabelled"]:
        parts["unlabelled"]["hashes"] = []
    found = {
        name: int(np.isin(hashes, parts[name]["hashes"]).sum()) for name in ("labelled", "validation", "unlabelled")
    }
    used = {"labelled": "trained on with labels", "validation": "validated with", "unlabelled": "had without labels"}
    said = [
        f"{found[name]} it was {words}" if name != "unlabelled" else f"{found[name]} it {words}"
        for name, words in used.items()
        if found[name]
    ]
    if said:
        notes.append(
            f"Of these {len(hashes)} {noun}s the classifier knows some: {'; '.join(said)}. That flatters these figures."
        )
    return found


def _groups_of(images: Examples, chosen: NDArray[np.int64], column: str | None) -> Sequence[str] | None:
    """Each chosen image's group; None where there are none."""
    if column is None:
        return None if images.groups is None else [str(group) for group in images.groups[chosen]]
    if Path(images.source).suffix.lower() != ".csv" or isinstance(images, VectorSet):
        raise ConfigError(
            f"--group-column {column}: only of a CSV manifest columns can be named, and {images.source} is none; in a "
            "table of numbers the column is called group."
        )
    values = read_column(Path(images.source), column)
    return [values.get(str(name), "") for name in images.names[chosen]]


def _by_group(
    groups: Sequence[str] | None, probabilities: NDArray[np.float32], labels: NDArray[np.int64]
) -> list[dict[str, Any]]:
    """The figures of each group, the worst first."""
    if groups is None:
        return []
    which, found = np.array(groups), []
    for name in np.unique(which):
        own = which == name
        lines = headlines(probabilities[own], labels[own])
        figures = {key: lines[key] for key in ("accuracy", "balanced_accuracy")}
        found.append({"group": str(name), "images": int(own.sum()), **figures})
    return sorted(found, key=lambda one: (one["accuracy"]["value"], one["group"]))


def _quoted(names: Sequence[str], most: int = 5) -> str:
    return ", ".join(f"'{name}'" for name in names[:most]) + (
        f" and {len(names) - most} more" if len(names) > most else ""
    )
