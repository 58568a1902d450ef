"""A folder of class folders, flat or with parts such as train/ and test/ above them; a folder without labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ganlift.data.choosing import also_grouped, chosen, grouped, of_classes, of_names, unused
from ganlift.data.findings import Finding
from ganlift.data.fitness import refuse, too_few
from ganlift.data.layout import lay_out, wraps
from ganlift.data.listing import PICTURES, Entry, Listing
from ganlift.data.reading import AS_FOUND, Reading
from ganlift.data.types import FileFacts
from ganlift.data.walking import holds_run, image_files, look
from ganlift.errors import DataError
from ganlift.nouns import CLIP, EXAMPLE

Find = Callable[[Path], tuple[list[Path], list[FileFacts]]]
"""What is used below a folder, and what is passed over: `image_files`, or `clip_files`."""


def list_folder(folder: Path, reading: Reading = AS_FOUND, find: Find = image_files) -> Listing:
    """The files of ``folder``: one sub-folder a class, or ``train/`` (with ``val/``, ``test/``) above the classes.

    ``find`` tells which files are used. ``reading`` says which folder is which part, which classes and files are used,
    and what tells groups.

    Raises:
        DataError: no such folder, no class folders, one class only, it is not sure which folders are classes, or
            ``reading`` asks for what is not there.
    """
    layout = lay_out(existing(folder), reading.parts)
    names = [path.name for path, _ in layout.classes]
    used = chosen(names, reading.classes, folder)
    entries: list[Entry] = []
    passed, left, empty = layout.passed, Counter[str](), list[Path]()
    for path, part in layout.classes:
        images, others = find(path)
        if path.name not in used:
            left[path.name] += len(images)
            continue
        passed += others
        entries += [_entry(image, path.name, part, folder) for image in images]
        if not images and not any(one.fault == "run-folder" for one in others):
            empty.append(path)
    with_images = {entry.label for entry in entries}
    class_names = tuple(sorted(with_images | {path.name for path in empty}))
    noun = _noun(Listing(str(folder), entries, class_names, clips=find is not image_files), reading)
    few = too_few(class_names if with_images else (), _few(len(with_images), folder, reading, noun), noun)
    if not with_images:
        refuse(few)
    for path in layout.unlabelled:
        images, others = find(path)
        passed += others
        entries += [_entry(image, "", "unlabelled", folder) for image in images]
    listing = Listing(
        source=str(folder),
        entries=entries,
        class_names=class_names,
        passed=tuple(replace(one, path=one.path.relative_to(folder)) for one in [*passed, *unused(left, folder)]),
        refused=(*few, *_refused(entries, empty, folder, noun)),
        guesses=(*layout.guesses, *of_classes(used, names, reading.classes)),
    )
    return grouped(of_names(listing.of_one_kind(), reading.files), reading.groups)


def _noun(listing: Listing, reading: Reading) -> str:
    """What a folder's examples are called: by its files, and where it has none by what is wanted of it."""
    return listing.noun if listing.entries or listing.clips else CLIP if reading.sound or reading.frames else EXAMPLE


def has_classes(folder: Path, parts: Mapping[str, str] | None = None) -> bool:
    """Whether at least two class folders of ``folder``, or of one of its parts, hold images.

    Raises:
        DataError: it is not sure which folders are classes.
    """
    if not look(wraps(folder)).folders:
        return False
    classes = lay_out(existing(folder), parts).classes
    return any(count >= 2 for count in Counter(part for path, part in classes if image_files(path)[0]).values())


def list_unlabelled(
    folder: Path, reading: Reading = AS_FOUND, find: Find = image_files, wanted: str = PICTURES
) -> Listing:
    """Every image file below ``folder`` of a name that ``reading`` asks for, as an unlabelled one.

    Args:
        wanted: what should be there, in words.

    Raises:
        DataError: no such folder, or no image file in it.
    """
    paths, passed = find(existing(folder))
    if not paths:
        raise DataError(f"{folder} holds no usable {wanted}.")
    entries = [Entry(path, "", "unlabelled", "", str(path), path.relative_to(folder).as_posix()) for path in paths]
    return of_names(Listing(str(folder), entries, (), tuple(passed)), reading.files)


def list_more(folder: Path, reading: Reading, find: Find = image_files, wanted: str = PICTURES) -> Listing:
    """What `list_unlabelled` finds in ``folder``, beside labelled images whose groups are theirs too."""
    return also_grouped(list_unlabelled(folder, reading, find, wanted), reading.groups)


def existing(folder: Path) -> Path:
    """``folder``, or a DataError that says what is there instead."""
    if not folder.exists():
        raise DataError(f"There is no folder {folder}; check the path.")
    if not folder.is_dir():
        raise DataError(f"{folder} is a file and a folder of examples was expected.")
    if holds_run(folder):
        raise DataError(f"{folder} is a run folder of ganlift and no data; name a folder of examples.")
    if look(folder).passed == [FileFacts(folder, "unreadable")]:
        raise DataError(f"{folder} may not be looked into; check its permissions.")
    return folder


def _few(count: int, folder: Path, reading: Reading, noun: str) -> str:
    if reading.classes:
        return f"--classes leaves {count} class(es) of {folder} with {noun}s, and at least 2 are needed."
    return (
        f"{folder} has {count} class folder(s) with {noun}s and at least 2 are needed: "
        f"one folder a class, each with its {noun}s inside (or train/ and test/ with such folders)."
    )


def _entry(image: Path, label: str, part: str, folder: Path) -> Entry:
    below = image.relative_to(folder)
    return Entry(image, label, part, "", str(below), below.as_posix())


def _refused(entries: list[Entry], empty: list[Path], folder: Path, noun: str) -> list[Finding]:
    found = []
    if empty:
        names = ", ".join(str(path) for path in empty[:3])
        said = f"Class folder {names} holds no {noun}."
        found.append(Finding("empty-class", said, len(empty), tuple(map(str, empty)), noun))
    return [*found, *not_in_train(entries, folder, noun)]


def not_in_train(entries: Sequence[Entry], source: object, noun: str = "image") -> list[Finding]:
    """That classes of ``source`` have no entry to train on, where there are such."""
    in_train = {entry.label for entry in entries if entry.part in ("", "train")}
    missing = sorted({entry.label for entry in entries if entry.part != "unlabelled"} - {"", *in_train})
    said = f"Class(es) {', '.join(missing)} of {source} have no training {noun}."
    return [Finding("class-not-in-train", said, len(missing), tuple(missing), noun)] if missing else []
