"""Which folders of a data folder are classes, which are parts of the data, and which are not used."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ganlift.data.parts import is_wrapped, pictures_and_answers, told
from ganlift.data.reading import Guess
from ganlift.data.types import FileFacts
from ganlift.data.walking import Level, image_files, look
from ganlift.errors import DataError

OPTION = "--parts FOLDER=PART,..."
_AS = {
    "train": "for training",
    "val": "for validation",
    "test": "the test set",
    "unlabelled": "images without labels",
}
PARTS = (*_AS, "skip")


@dataclass
class Layout:
    """The folders of a data folder.

    Attributes:
        classes: the class folders, each with its part, "" where there are no parts.
        unlabelled: folders of images without labels.
        passed: what lies outside of these and is not used; a folder as a whole, with the number of its images.
        guesses: what nobody said.
    """

    classes: list[tuple[Path, str]] = field(default_factory=list)
    unlabelled: list[Path] = field(default_factory=list)
    passed: list[FileFacts] = field(default_factory=list)
    guesses: list[Guess] = field(default_factory=list)


def lay_out(folder: Path, parts: Mapping[str, str] | None = None) -> Layout:
    """Tell the folders of ``folder`` apart: as ``parts`` says (`Reading.parts`), the others by their names.

    Raises:
        DataError: it is not sure which folders are classes, nothing is for training, or ``parts`` names what is not
            there.
    """
    if parts is not None and not parts:
        level = look(folder)
        return Layout([(path, "") for path in level.folders], passed=_beside_classes(level))
    above = _single(folder, parts or {})
    base = above.pop()
    level = look(base)
    names = told(path.name for path in level.folders)
    said = asked_parts(parts or {}, [path.name for path in level.folders], str(base))
    taken = {**names.parts, **said}
    if "train" in taken.values() or {"val", "test"} & set(said.values()):
        layout = _of_parts(base, level, taken, said)
    else:
        layout = _of_classes(base, level, taken, said, names.doubtful)
        if above:
            words = f"the folders of {base.relative_to(folder)}/, which has nothing beside it"
            layout.guesses.append(Guess("classes", words, "--parts none"))
    layout.passed += [one for path in above for one in look(path).passed]
    return layout


def wraps(folder: Path) -> Path:
    """The innermost of the single folders inside one another, ``folder`` the first."""
    return _down(folder, lambda path: True)[-1]


def _single(folder: Path, parts: Mapping[str, str]) -> list[Path]:
    """``folder`` and the single folders inside one another that wrap its folders."""
    return _down(folder, lambda path: path.name not in parts and not told([path.name]).parts and _has_folders(path))


def _down(folder: Path, goes_on: Callable[[Path], bool]) -> list[Path]:
    """``folder`` and the single folders inside one another, with no image beside them, as far as ``goes_on`` holds.

    A circle of links ends where the system follows no more of them.
    """
    gone = [folder]
    while not (level := look(gone[-1])).images and len(level.folders) == 1 and goes_on(level.folders[0]):
        gone.append(level.folders[0])
    return gone


def _has_folders(path: Path) -> bool:
    return bool(look(path).folders)


def asked_parts(parts: Mapping[str, str], there: Sequence[str], source: str, what: str = "folder") -> Mapping[str, str]:
    """``parts``, where all of it can be; ``what`` is what ``source`` has ``there``.

    Raises:
        DataError: there is no such one, or no such part.
    """
    for name, part in parts.items():
        if name not in there:
            raise DataError(f"--parts names '{name}', and {source} has no such {what}; it has {listed(there)}.")
        if part not in PARTS:
            raise DataError(f"--parts {name}={part}: a part is one of {', '.join(PARTS)}.")
    return parts


def _of_parts(folder: Path, level: Level, taken: Mapping[str, str], said: Mapping[str, str]) -> Layout:
    """The layout where folders are parts, as ``taken`` has it, some of which the user ``said``.

    Raises:
        DataError: nothing with class folders is for training.
    """
    of = {path: taken.get(path.name, "unused") for path in level.folders}
    inside = {path: _class_level(path) for path, part in of.items() if part in ("train", "val", "test")}
    labelled = [path for path, found in inside.items() if found.folders]
    if not any(of[path] == "train" for path in labelled):
        raise DataError(_no_training(folder, [path.name for path in inside if of[path] == "train"]))
    unsaid = taken.keys() - said.keys()
    instead = val_as_test({path.name: of[path] for path in labelled}, unsaid)
    of.update({path: "test" for path in labelled if path.name in instead})
    passed = [_whole(path, "no-class-folders") for path, found in inside.items() if not found.folders]
    passed += [_whole(path, "unused-folder") for path, part in of.items() if part == "unused"]
    return Layout(
        [(inner, of[path]) for path in labelled for inner in inside[path].folders],
        [path for path, part in of.items() if part == "unlabelled"],
        [*_beside_classes(level), *passed, *(one for path in labelled for one in _beside_classes(inside[path]))],
        unsaid_parts({path.name: of[path] for path in of if path.name in unsaid}, instead),
    )


def _class_level(part: Path) -> Level:
    """What lies where the class folders of a part are: in it, or in a folder of its name, such as train/train/."""
    return look(_down(part, lambda path: is_wrapped(path.name, part.name))[-1])


def val_as_test(labelled: Mapping[str, str], unsaid: Container[str]) -> list[str]:
    """The names of the validation parts to test on: those of which nobody said so, where no other part is for testing.

    ``labelled`` has the part of each name with labels.
    """
    if "test" in labelled.values():
        return []
    return [name for name, part in labelled.items() if part == "val" and name in unsaid]


def unsaid_parts(parts: Mapping[str, str], instead: Sequence[str]) -> list[Guess]:
    """What was made of names that are not plainly a part's; ``instead`` are validation folders made the test set."""
    words = []
    for name, part in parts.items():
        if name in instead:
            words.append(
                f"{name}/ is the test set, as no other folder is, and validation images are drawn from training"
            )
        elif name.lower() != part or part == "unlabelled":
            words.append(f"{name}/ is {_AS[part]}")
    option = f"--parts {instead[0]}=val" if instead else OPTION
    return [Guess("parts", "; ".join(words), option)] if words else []


def _of_classes(
    folder: Path, level: Level, taken: Mapping[str, str], said: Mapping[str, str], doubtful: Sequence[str]
) -> Layout:
    """The layout where each folder is a class, but for those of unlabelled images and those to skip.

    Raises:
        DataError: folders have names that are no classes'.
    """
    unlabelled = [path for path in level.folders if taken.get(path.name) == "unlabelled"]
    classes = [path for path in level.folders if path.name not in taken]
    held_out = [name for name, part in taken.items() if part in ("val", "test")]
    if held_out or doubtful:
        raise DataError(
            f"{listed(held_out or doubtful)} of {folder} read like parts of a data set, and it is not sure what is "
            f"for training: say so with {OPTION}, or put the class folders into train/ and test/ inside it; "
            f"--parts none takes each folder as a class.{_without_labels(held_out, unlabelled)}"
        )
    if strange := pictures_and_answers([path.name for path in classes]):
        raise DataError(
            f"{listed(strange)} of {folder} read like images with their masks or annotations, and ganlift needs one "
            "folder a class: sort the images into such folders, or list them in a CSV; --parts none takes each folder "
            "as a class."
        )
    below = told(path.name for path in look(classes[0]).folders).parts if classes else {}
    if {"train", "test"} <= set(below.values()) or {"train", "val"} <= set(below.values()):
        raise DataError(
            f"{classes[0]} has {listed(below)} inside, and parts belong above the classes: make "
            f"{folder / 'train' / classes[0].name} of it and so on; --parts none takes all its images as one class."
        )
    words = [f"{path.name}/ is {_AS['unlabelled']}" for path in unlabelled if path.name not in said]
    guesses = [Guess("parts", ", ".join(words), "--parts none")] if words else []
    return Layout([(path, "") for path in classes], unlabelled, _beside_classes(level), guesses)


def _without_labels(held_out: Sequence[str], unlabelled: Sequence[Path]) -> str:
    """What may be wanted where there are images without labels, and labelled ones to be held out alone."""
    if not held_out or not unlabelled:
        return ""
    labelled = unlabelled[0].with_name(held_out[0])
    return (
        f" To learn from images without labels alone: ganlift compare {labelled} --unlabelled {unlabelled[0]} "
        "--labels-per-class 0."
    )


def _no_training(folder: Path, flat: list[str]) -> str:
    if not flat:
        return f"No folder of {folder} is for training: name one, such as --parts NAME=train."
    return (
        f"{listed(flat)} of {folder} has no class folders, and nothing else is for training: make each class a folder "
        "inside it, or say --parts none where the folders beside it are classes, and it is one as well. Without any "
        f"label a generator alone can learn: ganlift train-generator {folder / flat[0]}."
    )


def _beside_classes(level: Level) -> list[FileFacts]:
    return [*level.passed, *(FileFacts(path, "loose-image") for path in level.images)]


def _whole(folder: Path, fault: str) -> FileFacts:
    return FileFacts(folder, fault, count=len(image_files(folder)[0]))


def listed(names: Iterable[str]) -> str:
    """The first of ``names``, each in quotes."""
    first = list(names)
    quoted = [f"'{name}'" for name in first[:5]]
    return " and ".join(filter(None, [", ".join(quoted[:-1]), *quoted[-1:]])) + (", ..." if first[5:] else "")
