"""Paths as tables have them: written on another system, or without the suffix of the file."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from ganlift.data import sound
from ganlift.data.decode import SUFFIXES
from ganlift.data.findings import shown
from ganlift.errors import DataError

BACKSLASHES, NO_SUFFIX = "backslashes", "no suffix"


def finder(folder: Path) -> Callable[[str], tuple[Path, tuple[str, ...]]]:
    """What finds the file that a path relative to ``folder`` means, and what of it was not as written.

    That is `BACKSLASHES` where they stand between folders, and `NO_SUFFIX` where one image file alone has that name
    before its suffix; nothing where a file has that very path, and where none can be found.

    Raises:
        DataError: several image files have that name before their suffixes.
    """
    names: dict[Path, dict[str, list[str]]] = {}

    def find(text: str) -> tuple[Path, tuple[str, ...]]:
        path, turned = folder / text, folder / text.replace("\\", "/")
        if os.path.isfile(path):  # a path that is too long is none, and no error
            return path, ()
        mended = (BACKSLASHES,) if turned != path else ()
        if os.path.isfile(turned):
            return turned, mended
        if turned.parent not in names:
            names[turned.parent] = _by_stem(turned.parent)
        found = names[turned.parent].get(turned.name, [])
        if len(found) > 1:
            raise DataError(f"'{text}' may be any of {shown(found)}; write the suffix.")
        return (turned.with_name(found[0]), (*mended, NO_SUFFIX)) if found else (path, ())

    return find


def _by_stem(folder: Path) -> dict[str, list[str]]:
    """The names of the images and sound files in ``folder`` by what stands before their suffix."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.iterdir()) if os.path.isdir(folder) else []:
        if path.suffix.lower() in SUFFIXES | sound.SUFFIXES:
            found.setdefault(path.stem, []).append(path.name)
    return found
