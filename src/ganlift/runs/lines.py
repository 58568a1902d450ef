"""Files of JSON lines that only grow: each line is synced and sealed; one that was cut off is noticed and dropped."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ganlift.errors import DamagedFileError
from ganlift.runs.files import make_folder, plain, read_bytes, sync_folder, writing

_SEAL = "sha256"


def append_line(path: Path, value: Mapping[str, Any]) -> None:
    """Add ``value`` as one JSON line that is on the disk when this returns, with a checksum under ``sha256``.

    What an earlier, cut-off append left behind is removed first; after a failure the file is as before.

    Raises:
        RunFolderError: the disk is full or the file can't be written.
    """
    row = plain(value)
    line = json.dumps({**row, _SEAL: _seal(row)}, ensure_ascii=False) + "\n"
    with writing(path):
        make_folder(path.parent)
        is_new = not path.exists()
        with open(path, "ab+", buffering=0) as file:
            end = _end_of_last_line(file)
            file.truncate(end)
            try:
                _write_all(file, line.encode("utf-8", "backslashreplace"))
                os.fsync(file.fileno())
            except BaseException:
                file.truncate(end)
                raise
        if is_new:
            sync_folder(path.parent)


def read_jsonl(path: Path, warn: Callable[[str], None] | None = None) -> list[dict[str, Any]]:
    """The objects of a file of JSON lines; none where there is no file.

    A last line that was cut off, and a line whose checksum fails, are left out and told to ``warn``.

    Raises:
        DamagedFileError: a line is broken and ``warn`` is None, or the file can't be read.
    """
    rows = []
    for number, row, fault in _lines(path):
        if row is not None:
            rows.append(row)
        elif warn:
            warn(f"{path}, line {number}: {fault}; the line is left out.")
        elif fault != CUT_OFF:
            raise DamagedFileError(f"{path}, line {number}: {fault}; mend or remove that line.")
    return rows


_TAIL = 1 << 16
CUT_OFF = "the line was cut off while it was written"


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any] | None, str]]:
    """Number, object and fault of each line; the object is None where there is a fault."""
    if not path.exists():
        return
    lines = read_bytes(path).split(b"\n")
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            if not isinstance(row, dict):
                raise ValueError("not an object")
        except ValueError as fault:
            yield number, None, CUT_OFF if number == len(lines) else f"not a JSON object ({fault})"
            continue
        seal = row.pop(_SEAL, None)
        # the seal stands last: what looks like one under another name has been damaged itself
        if seal is None and row and re.fullmatch("[0-9a-f]{16}", str(list(row.values())[-1])):
            seal = ""
        if seal is not None and seal != _seal(row):
            yield number, None, "its checksum does not match"
        else:
            yield number, row, ""


def _seal(row: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()[:16]


def _end_of_last_line(file: io.FileIO) -> int:
    """Where the last whole line ends. A line without a newline that is whole JSON was put there by hand: keep it."""
    end = size = file.seek(0, os.SEEK_END)
    rest = b""
    while end and b"\n" not in rest:  # from the end on: a long file grows by many lines
        begin = max(0, end - _TAIL)
        file.seek(begin)
        rest = file.read(end - begin) + rest
        end = begin
    begin = end + rest.rfind(b"\n") + 1
    try:
        json.loads(rest[rest.rfind(b"\n") + 1 :])
    except ValueError:
        return begin
    file.seek(0, os.SEEK_END)
    file.write(b"\n")
    return size + 1


def _write_all(file: io.FileIO, data: bytes) -> None:
    """An unbuffered write may take only a part, on a nearly full disk for one; go on until all is taken or it fails."""
    while data:
        data = data[file.write(data) :]
