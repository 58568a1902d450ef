"""What tells one file from another by its bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path

from ganlift.data.held import opened
from ganlift.data.walking import look
from ganlift.errors import DataError


def file_hash(path: Path) -> str:
    """sha256 of a file's bytes, 16 hex digits; raises DataError where it can't be read."""
    try:
        with opened(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:16]
    except OSError as fault:
        raise DataError(f"{path} can't be read ({fault.strerror}); remove it from the data or put it back.") from fault


def clip_hash(path: Path) -> str:
    """Of a film's bytes, or of those of all files of a folder of frames, with their names; raises as `file_hash`."""
    if not path.is_dir():
        return file_hash(path)
    told = "\n".join(f"{file.name} {file_hash(file)}" for file in look(path).images)
    return hashlib.sha256(told.encode("utf-8", "surrogateescape")).hexdigest()[:16]
