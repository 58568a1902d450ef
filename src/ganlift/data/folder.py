"""A folder of class folders, flat or with train/, val/ and test/ above them; a folder of images without labels."""

from __future__ import annotations

import os
from pathlib import Path

from ganlift.data.decode import SUFFIXES
from ganlift.data.findings import Finding
from ganlift.data.listing import Entry, Listing
from ganlift.data.types import FileFacts
from ganlift.errors import DataError

PARTS = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}


def list_folder(folder: Path) -> Listing:
    """The files of ``folder``: one sub-folder a class, or ``train/`` (with ``val/``, ``test/``) above the classes.

    Raises:
        DataError: no such folder, no class folders, or one class only.
    """
    entries: list[Entry] = []
    others: list[Path] = []
    empty: list[Path] = []
    for root, part in _roots(existing(folder)):
        for class_folder in _folders(root):
            paths, passed = image_files(class_folder)
            others += passed
            empty += [] if paths else [class_folder]
            entries += [Entry(path, class_folder.name, part, "", str(path.relative_to(folder))) for path in paths]
    with_images = {entry.label for entry in entries}
    if len(with_images) < 2 and not (entries and empty):
        raise DataError(
            f"{folder} has {len(with_images)} class folder(s) with images and at least 2 are needed: "
            "one folder a class, each with its images inside (or train/ and test/ with such folders). Images without "
            "any label can be learned from (--unlabelled), but nothing can be scored without the labels of some."
        )
    return Listing(
        source=str(folder),
        entries=entries,
        class_names=tuple(sorted(with_images | {path.name for path in empty})),
        passed=tuple(FileFacts(path.relative_to(folder), "other-file") for path in others),
        refused=tuple(_refused(entries, empty, folder)),
    )


def has_classes(folder: Path) -> bool:
    """Whether at least two sub-folders of ``folder``, or of its ``train/``, hold images."""
    return any(sum(bool(image_files(own)[0]) for own in _folders(root)) >= 2 for root, _ in _roots(folder))


def list_unlabelled(folder: Path) -> Listing:
    """Every image file below ``folder``, as an unlabelled one.

    Raises:
        DataError: no such folder, or no image file in it.
    """
    paths, others = image_files(existing(folder))
    if not paths:
        raise DataError(f"{folder} holds no usable image; give a folder with PNG, JPEG, WebP or BMP files.")
    entries = [Entry(path, "", "unlabelled", "", str(path)) for path in paths]
    return Listing(str(folder), entries, (), tuple(FileFacts(path, "other-file") for path in others))


def existing(folder: Path) -> Path:
    """``folder``, or a DataError that says what is there instead."""
    if not folder.exists():
        raise DataError(f"There is no folder {folder}; check the path.")
    if not folder.is_dir():
        raise DataError(f"{folder} is a file and a folder of images was expected.")
    return folder


def image_files(folder: Path) -> tuple[list[Path], list[Path]]:
    """Image files below ``folder``, sorted, and the others; links to folders are not followed."""
    images: list[Path] = []
    others: list[Path] = []
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.startswith("."):
                continue
            kind = images if Path(name).suffix.lower() in SUFFIXES else others
            kind.append(Path(parent) / name)
    return images, others


def _roots(folder: Path) -> list[tuple[Path, str]]:
    """The folders that hold class folders, each with its part."""
    parts = [(path, PARTS[path.name.lower()]) for path in _folders(folder) if path.name.lower() in PARTS]
    return parts if any(part == "train" for _, part in parts) else [(folder, "")]


def _refused(entries: list[Entry], empty: list[Path], folder: Path) -> list[Finding]:
    found = []
    if empty:
        names = ", ".join(str(path) for path in empty[:3])
        found.append(
            Finding("empty-class", f"Class folder {names} holds no image.", len(empty), tuple(map(str, empty)))
        )
    in_train = {entry.label for entry in entries if entry.part in ("", "train")}
    missing = sorted({entry.label for entry in entries} - in_train)
    if missing:
        said = f"Class(es) {', '.join(missing)} of {folder} have no training image."
        found.append(Finding("class-not-in-train", said, len(missing), tuple(missing)))
    return found


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
