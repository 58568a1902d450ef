"""Files, and what is held like a file in a cell of a saved data set: one way to open both.

A cell's path is ``SPLIT/COLUMN[ROW]``, with a sound's suffix where it is sound, as if it lay in the split's folder.
"""

from __future__ import annotations

import io
import re
from pathlib import Path

from ganlift.data.saved import is_split, open_saved
from ganlift.errors import GanliftError

_CELL = re.compile(r"(.+)\[(\d+)\](\.\w+)?")


def cell_path(split: Path, column: str, row: int, suffix: str = "") -> Path:
    """What the bytes in ``column`` of ``row`` are called."""
    return split / f"{column}[{row}]{suffix}"


def readable(path: Path) -> Path | io.BytesIO:
    """What Pillow and soundfile open: ``path``, or the bytes of the cell that it names.

    Raises:
        OSError: there is no such cell any more.
    """
    found = _cell(path)
    if found is None:
        return path
    try:
        held = open_saved(path.parent).cell(*found)["bytes"]
        return io.BytesIO(held.as_buffer())
    except (GanliftError, KeyError, IndexError, AttributeError, TypeError) as fault:
        raise OSError(f"{path} is no file and no cell of a saved data set") from fault


def opened(path: Path) -> io.BufferedIOBase:
    """``path`` open for reading, whatever holds it; raises OSError where nothing does."""
    found = readable(path)
    return found.open("rb") if isinstance(found, Path) else found


def size_of(path: Path) -> int:
    """Bytes; raises OSError where nothing is there."""
    found = readable(path)
    return found.stat().st_size if isinstance(found, Path) else found.getbuffer().nbytes


def is_cell(path: Path) -> bool:
    """Whether ``path`` is no file and names a cell; whether there is such a cell is seen when it is read."""
    return _cell(path) is not None


def is_there(path: Path) -> bool:
    """Whether ``path`` is a file or a folder, or names a cell."""
    try:
        found = readable(path)
        return found.exists() if isinstance(found, Path) else True
    except (OSError, ValueError):  # ValueError: a name that can't be one
        return False


def _cell(path: Path) -> tuple[str, int] | None:
    """The column and the row that ``path`` names, where it is no file but lies in a saved split."""
    found = _CELL.fullmatch(path.name)
    if found is None or path.exists() or not is_split(path.parent):
        return None
    return found[1], int(found[2])
