"""What a saved data set is learned from: which split is which part, which column is what, and each row's label."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ganlift.data.arrow import arrow_roles, is_list, is_number, texts_of
from ganlift.data.findings import shown
from ganlift.data.layout import asked_parts, listed, unsaid_parts, val_as_test
from ganlift.data.parts import told
from ganlift.data.reading import Guess, Reading
from ganlift.data.saved import Saved, open_saved, split_folders
from ganlift.data.tables import BESIDE, COLUMN, LABEL_COLUMN, Roles, parts_in, refuse_empty_words, roles_of
from ganlift.data.types import FileFacts
from ganlift.errors import DataError

Kind = Literal["Image", "Audio", "numbers"]
"""What is learned from: a column of images or of sound, as `datasets` calls these features, or columns of numbers."""

_FILES: tuple[Kind, ...] = ("Image", "Audio")
_CALLED = {**BESIDE, "group": (*BESIDE["group"], "speaker")}

Texts = NDArray[np.str_]


@dataclass(frozen=True)
class Split:
    """One split that is used.

    Attributes:
        name: "" where the data set is one split itself.
        parts, labels, groups: (n,) of str, "" where a row has none.
    """

    name: str
    saved: Saved
    parts: Texts
    labels: Texts
    groups: Texts

    def place(self, row: int) -> str:
        """One row in words, for messages."""
        return f"{self.saved.folder}, row {row}"


@dataclass(frozen=True)
class SavedSource:
    """A saved data set, of which no image or sound was looked at yet.

    Attributes:
        named: whether its labels are names by what `datasets` says, whatever they read like.
        passed: splits that are not used.
    """

    root: Path
    kind: Kind
    roles: Roles
    splits: tuple[Split, ...]
    named: bool
    passed: tuple[FileFacts, ...] = ()
    guesses: tuple[Guess, ...] = ()
    notes: tuple[str, ...] = ()


def saved_source(root: Path, reading: Reading) -> SavedSource:
    """The saved data set in ``root``, whose splits are parts by the rule for folders.

    Raises:
        ConfigError: pyarrow is not installed.
        DataError: it is damaged, has no split for training, or no column as ``reading`` asks or as it must have.
    """
    opened = {name: open_saved(folder) for name, folder in split_folders(root).items()}
    parts, unsaid = _parts_of(root, list(opened), reading.parts)
    used = [name for name in opened if parts[name] not in ("unused", "skip")]
    first = opened[next(name for name in used if parts[name] in ("", "train"))]
    kind, roles = use_of(first, reading)
    if len(used) > 1:
        roles = replace(roles, beside={role: name for role, name in roles.beside.items() if role != "part"})
    splits = [_split(name, opened[name], parts[name], roles, first) for name in used]
    has_labels = {split.name: parts[split.name] for split in splits if (split.labels != "").any()}
    instead = val_as_test(has_labels, unsaid)
    splits = [replace(one, parts=np.full(len(one.saved), "test")) if one.name in instead else one for one in splits]
    bare = [name for name in used if parts[name] in ("val", "test") and name not in has_labels]
    return SavedSource(
        root=root,
        kind=kind,
        roles=roles,
        splits=tuple(one for one in splits if one.name not in bare),
        named=any(one.saved.feature(roles.beside["label"]) == "ClassLabel" for one in splits),
        passed=tuple(FileFacts(Path(n), "unused-folder", count=len(opened[n])) for n in parts if parts[n] == "unused"),
        guesses=(*unsaid_parts({name: parts[name] for name in unsaid}, instead), *_without_rows(splits, roles)),
        notes=tuple(
            f"The split '{n}' of {root} has no labels and is left out; ganlift predict can use it." for n in bare
        ),
    )


def use_of(saved: Saved, reading: Reading, *, labelled: bool = True) -> tuple[Kind, Roles]:
    """What is learned from in ``saved``, and which column is what; ``labelled`` where there must be a label.

    Raises:
        DataError: columns that are asked for are not there or can't be learned from, or several can and none is asked.
    """
    source, schema = str(saved.folder), saved.table.schema
    reading = _with_files(saved, reading)
    roles = roles_of(schema.names, reading, source, labelled=labelled, called=_CALLED)
    files = [name for name in roles.numbers if saved.feature(name) in _FILES]
    asked = bool(reading.column or reading.learned_columns)
    if not files:
        return "numbers", arrow_roles(schema, reading, source, labelled=labelled, called=_CALLED)
    types = {name: schema.field(name).type for name in roles.numbers}
    numbers = [name for name, kind in types.items() if is_list(kind) or is_number(kind)]
    rest = list(roles.numbers) if asked else [*files, *numbers]
    if len(rest) > 1:
        raise DataError(
            f"{source} can be learned from by its columns {shown(rest)}, and images or sound come from one alone; name "
            f"it with {COLUMN} {files[0]}."
        )
    if "/" in files[0]:
        raise DataError(f"{source} has the column '{files[0]}', and a name with / is no path; rename the column.")
    kind: Kind = "Image" if saved.feature(files[0]) == "Image" else "Audio"
    others = tuple(name for name in roles.numbers if name not in files)
    return kind, replace(roles, numbers=(files[0],), passed=(*roles.passed, *others))


def _with_files(saved: Saved, reading: Reading) -> Reading:
    """``reading`` without the columns that a classifier learned from, where ``saved`` has others of images or sound."""
    names = saved.table.schema.names
    other = not set(reading.learned_columns) & set(names) and any(saved.feature(name) in _FILES for name in names)
    return replace(reading, learned_columns=()) if other else reading


def _parts_of(root: Path, names: list[str], asked: Mapping[str, str] | None) -> tuple[dict[str, str], set[str]]:
    """The part of each split, "unused" where nobody said; and of which splits it is told by the name alone."""
    if asked is not None and (not asked or names == [""]):
        raise DataError(f"--parts is about splits by their names, and {root} has {listed(names)}; leave it out.")
    if names == [""]:
        return {"": ""}, set()
    said = asked_parts(asked or {}, names, str(root), "split")
    by_name = told(names).parts
    parts = {name: {**by_name, **said}.get(name, "unused") for name in names}
    if "train" not in parts.values():
        one = next((name for name in names if name not in by_name), names[0])
        raise DataError(
            f"No split of {root} is for training (it has {listed(names)}): say which one is, such as "
            f"--parts {one}=train."
        )
    return parts, by_name.keys() - said.keys()


def _split(name: str, saved: Saved, part: str, roles: Roles, first: Saved) -> Split:
    """One split; ``first`` is that whose columns were chosen from.

    Raises:
        DataError: it lacks one of these, or has another kind there.
    """
    for column in roles.numbers:
        if column not in saved.table.schema.names or saved.feature(column) != first.feature(column):
            raise DataError(
                f"{saved.folder} has no column '{column}' such as {first.folder} has; give all splits the same columns."
            )
    places = [f"{saved.folder}, row {row}" for row in range(len(saved))]
    none = np.full(len(saved), "", np.str_)
    text = {role: _cells(saved, column) for role, column in roles.beside.items() if column in saved.table.schema.names}
    parts = parts_in(text["part"], places) if "part" in text else np.full(len(saved), part)
    labels = none if "label" not in text else np.where(parts == "unlabelled", "", text["label"])
    refuse_empty_words(labels, places)
    return Split(name, saved, parts, labels, text.get("group", none))


def _without_rows(splits: list[Split], roles: Roles) -> list[Guess]:
    """Which names of classes no row has; they are not counted as classes."""
    features = [one.saved.features.get(roles.beside["label"], {}) for one in splits]
    names = dict.fromkeys(str(name).strip() for feature in features for name in feature.get("names") or [])
    empty = [name for name in names if not any((one.labels == name).any() for one in splits)]
    told = f"{len(names) - len(empty)} of {len(names)} names have rows; without {shown(empty)}"
    return [Guess("classes", told, "rows of these")] if empty else []


def _cells(saved: Saved, column: str) -> Texts:
    """A column as texts: of class labels the classes' names, "" for -1 and where a cell is empty.

    Raises:
        DataError: it holds no texts and no whole numbers, or a label without a name.
    """
    texts = texts_of(saved.column(column), column, str(saved.folder))
    if saved.feature(column) != "ClassLabel":
        return np.where(texts == "-1", "", texts)
    names = [str(name) for name in saved.features[column].get("names") or []]
    table = {str(code): name.strip() for code, name in enumerate(names)} | {"-1": "", "": ""}
    for row, text in enumerate(texts.tolist()):
        if text not in table:
            raise DataError(
                f"{saved.folder}, row {row}: the {column} {text} is none of its {len(names)} class names; "
                f"save the data set with the right ones, or name another column with {LABEL_COLUMN}."
            )
    return np.array([table[text] for text in texts.tolist()], np.str_)
