"""A folder of class folders, flat or with train/, val/ and test/ above them."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from ganlift.data.build import content_hashes
from ganlift.data.decode import SUFFIXES, OnProgress, decode
from ganlift.data.types import UNLABELLED, ImageSet
from ganlift.errors import DataError

PARTS = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}


def load_folder(folder: Path, image_size: int | None = None, on_progress: OnProgress | None = None) -> ImageSet:
    """Images of ``folder``: one sub-folder a class, or ``train/`` (with ``val/``, ``test/``) above the classes.

    Raises:
        DataError: no class folders, one class only, or a class without a usable image.
    """
    files, notes = _class_files(folder)
    class_names = sorted({name for _, name, _ in files})
    if len(class_names) < 2:
        raise DataError(
            f"{folder} has {len(class_names)} class folder(s) with images and at least 2 are needed: "
            "one folder a class, each with its images inside (or train/ and test/ with such folders)."
        )
    found = decode([path for path, _, _ in files], image_size, on_progress=on_progress)
    kept = [files[index] for index in found.kept]
    _no_class_empties(class_names, kept, folder)
    return ImageSet(
        pixels=found.pixels,
        labels=np.array([class_names.index(name) for _, name, _ in kept], np.int64),
        class_names=tuple(class_names),
        parts=np.array([part for _, _, part in kept], "<U10"),
        hashes=content_hashes(found.pixels),
        names=np.array([str(path.relative_to(folder)) for path, _, _ in kept]),
        source=str(folder),
        notes=(*notes, *found.notes()),
    )


def load_pictures(folder: Path, image_size: int | None = None, on_progress: OnProgress | None = None) -> ImageSet:
    """Every image below ``folder``, without labels.

    Raises:
        DataError: no such folder, or no usable image in it.
    """
    paths, _ = image_files(existing(folder))
    found = decode(paths, image_size, on_progress=on_progress)
    if not found.kept:
        raise DataError(f"{folder} holds no usable image; give a folder with PNG, JPEG, WebP or BMP files.")
    n = len(found.kept)
    return ImageSet(
        pixels=found.pixels,
        labels=np.full(n, UNLABELLED, np.int64),
        class_names=(),
        parts=np.full(n, "unlabelled", "<U10"),
        hashes=content_hashes(found.pixels),
        names=np.array([str(paths[index].relative_to(folder)) for index in found.kept]),
        source=str(folder),
        notes=tuple(found.notes()),
    )


def has_classes(folder: Path) -> bool:
    """Whether at least two sub-folders of ``folder``, or of its ``train/``, hold images."""
    train = [path for path in _folders(folder) if PARTS.get(path.name.lower()) == "train"]
    roots = train or [folder]
    return any(sum(bool(image_files(own)[0]) for own in _folders(root)) >= 2 for root in roots)


def add_unlabelled(images: ImageSet, folder: Path, on_progress: OnProgress | None = None) -> ImageSet:
    """``images`` with every image below ``folder`` as an unlabelled one, at the same size and colours.

    Raises:
        DataError: no such folder, or no usable image in it.
    """
    paths, others = image_files(existing(folder))
    found = decode(paths, images.size, images.channels, on_progress)
    if not found.kept:
        raise DataError(
            f"--unlabelled {folder} holds no usable image; give a folder with PNG, JPEG, WebP or BMP files."
        )
    n = len(found.kept)
    notes = [f"{others} file(s) in {folder} are not images and are passed over."] if others else []
    return replace(
        images,
        pixels=np.concatenate([images.pixels, found.pixels]),
        labels=np.concatenate([images.labels, np.full(n, UNLABELLED, np.int64)]),
        parts=np.concatenate([images.parts, np.full(n, "unlabelled", "<U10")]),
        hashes=np.concatenate([images.hashes, content_hashes(found.pixels)]),
        names=np.concatenate([images.names, [str(paths[index]) for index in found.kept]]),
        groups=None if images.groups is None else np.concatenate([images.groups, np.full(n, "")]),
        notes=(*images.notes, *notes, *found.notes()),
    )


def existing(folder: Path) -> Path:
    """``folder``, or a DataError that says what is there instead."""
    if not folder.exists():
        raise DataError(f"There is no folder {folder}; check the path.")
    if not folder.is_dir():
        raise DataError(f"{folder} is a file and a folder of images was expected.")
    return folder


def image_files(folder: Path) -> tuple[list[Path], int]:
    """Image files below ``folder``, sorted, and how many others there are; links to folders are not followed."""
    images, others = [], 0
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.startswith("."):
                continue
            if Path(name).suffix.lower() in SUFFIXES:
                images.append(Path(parent) / name)
            else:
                others += 1
    return images, others


def _class_files(folder: Path) -> tuple[list[tuple[Path, str, str]], list[str]]:
    """(path, class, part) of every image file; and notes."""
    top = _folders(existing(folder))
    in_parts = {name: PARTS[name.name.lower()] for name in top if name.name.lower() in PARTS}
    if "train" not in in_parts.values():
        in_parts = {}
    roots = list(in_parts.items()) or [(folder, "")]
    files: list[tuple[Path, str, str]] = []
    notes: list[str] = []
    passed = 0
    for root, part in roots:
        for class_folder in _folders(root):
            paths, others = image_files(class_folder)
            passed += others
            if not paths:
                raise DataError(f"Class folder {class_folder} holds no image; add images or remove the folder.")
            files += [(path, class_folder.name, part) for path in paths]
    missing = _missing_from_train(files) if in_parts else set()
    if missing:
        raise DataError(
            f"Class(es) {', '.join(sorted(missing))} of {folder} have no training image; add some to train/."
        )
    if passed:
        notes.append(f"{passed} file(s) in {folder} are not images and are passed over.")
    return files, notes


def _missing_from_train(files: list[tuple[Path, str, str]]) -> set[str]:
    return {name for _, name, _ in files} - {name for _, name, part in files if part == "train"}


def _no_class_empties(class_names: list[str], kept: list[tuple[Path, str, str]], folder: Path) -> None:
    for name in class_names:
        if all(own != name for _, own, _ in kept):
            raise DataError(f"No image of class '{name}' in {folder} can be read; mend or replace its files.")


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
