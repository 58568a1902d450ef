"""Which files below a folder are images or sound, told by their content, or by their name where that tells nothing.

Links to folders are followed, once each. Hidden files and those that systems leave behind are not worth a word; run
folders of ganlift hold images that are no data, and are passed over.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ganlift.data import sound
from ganlift.data.decode import SUFFIXES
from ganlift.data.starts import begins_as_image, begins_as_sound, start_of
from ganlift.data.types import FileFacts
from ganlift.runs.folder import is_run
from ganlift.runs.layout import config_file

CLUTTER = {"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "__macosx", "@eadir"}
"""What Windows, macOS and storage servers leave in folders, in lower case."""


@dataclass
class Level:
    """What lies directly in a folder, each sorted by name.

    Attributes:
        images: files that are images by name or content, whether or not they can be read.
        passed: files that are not ("other-file"), run folders ("run-folder"), and the folder itself where it may not
            be looked into ("unreadable").
        folders: the other folders, links to folders last.
    """

    images: list[Path] = field(default_factory=list)
    passed: list[FileFacts] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)


def look(folder: Path) -> Level:
    """What lies directly in ``folder``."""
    level, links = Level(), list[Path]()
    try:
        with os.scandir(folder) as entries:
            found = sorted((entry for entry in entries if not _hidden(entry.name)), key=lambda entry: entry.name)
    except OSError:
        return Level(passed=[FileFacts(folder, "unreadable")])
    for entry in found:
        path = folder / entry.name
        if not _is_folder(entry):
            named = os.path.splitext(entry.name)[1].lower() in SUFFIXES | sound.SUFFIXES
            level.images.append(path) if named or _begins_as_one(path) else level.passed.append(
                FileFacts(path, "other-file")
            )
        elif holds_run(path):
            level.passed.append(FileFacts(path, "run-folder"))
        else:
            (links if entry.is_symlink() else level.folders).append(path)
    level.folders += links
    return level


def walk(folder: Path) -> Iterator[FileFacts]:
    """The images below ``folder`` (``fault`` is "") and what is passed over, files before folders, sorted by name.

    A folder that links lead to twice, or that ``folder`` itself lies in, is gone through no second time.
    """
    if holds_run(folder):
        yield FileFacts(folder, "run-folder")
        return
    root = os.path.realpath(folder)
    seen, waiting = set[str](), [folder]
    while waiting:
        here = waiting.pop()
        real = os.path.realpath(here)
        if real in seen or root.startswith(os.path.join(real, "")):
            continue
        seen.add(real)
        level = look(here)
        yield from map(FileFacts, level.images)
        yield from level.passed
        waiting += reversed(level.folders)


def image_files(folder: Path) -> tuple[list[Path], list[FileFacts]]:
    """The images below ``folder``, in the order of `walk`, and what is passed over."""
    found = list(walk(folder))
    return [one.path for one in found if not one.fault], [one for one in found if one.fault]


def holds_run(folder: Path) -> bool:
    """Whether ``folder`` is a run folder; one that may not be looked into is none."""
    return os.path.isfile(config_file(folder)) and is_run(folder)


def lies_in(path: Path, folder: Path) -> bool:
    """Whether ``path`` is ``folder`` or below it, links followed; it need not be there."""
    return folder.is_dir() and path.resolve().is_relative_to(folder.resolve())


def _hidden(name: str) -> bool:
    return name.startswith(".") or name.lower() in CLUTTER


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder or leads to one; a link in a circle does not."""
    return os.path.isdir(entry.path) if entry.is_symlink() else entry.is_dir()


def _begins_as_one(path: Path) -> bool:
    start = start_of(path)
    return begins_as_image(start) or begins_as_sound(start)
