"""Files that are whole or absent: every write survives a kill, a full disk or a power cut.

A file is written under a temporary name beside its place, synced, renamed over it, and the folder is synced.
`lines` has logs that grow.
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import math
import os
import struct
import threading
import tokenize
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ganlift.errors import DamagedFileError, RunFolderError
from ganlift.runs.held import still_ours

_NPZ_SEAL = b"ganlift-sha256:"

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says where a disk or a quota is used up."""


def write_bytes(path: Path, data: bytes) -> None:
    """Put ``data`` at ``path`` atomically, making its folder where there is none.

    Raises:
        RunFolderError: the disk is full or the folder can't be written; what was at ``path`` is unharmed.
    """
    with whole_file(path) as file:
        file.write(data)


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file to write piece by piece, which is at ``path`` when the block ends, and not at all where it fails.

    Raises:
        RunFolderError: as `write_bytes`.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    with writing(path):
        make_folder(path.parent)
        try:
            with open(temporary, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def write_text(path: Path, text: str) -> None:
    """`write_bytes` of ``text`` as UTF-8; what has no place there (bytes of a file's name) is escaped as JSON does."""
    write_bytes(path, text.encode("utf-8", "backslashreplace"))


def write_json(path: Path, value: Any) -> None:
    """`write_text` of ``value`` as indented JSON; NumPy values become plain, non-finite numbers null."""
    write_text(path, json.dumps(plain(value), indent=1, ensure_ascii=False) + "\n")


def write_npz(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """`write_bytes` of the arrays as one compressed npz, with a checksum of the whole in the archive's comment.

    The archive has checksums of its members alone: a flipped bit in its directory would lose some unnoticed.
    """
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **dict(arrays))
    data = buffer.getvalue()
    seal = _NPZ_SEAL + hashlib.sha256(data).hexdigest().encode()
    write_bytes(path, data[:-2] + len(seal).to_bytes(2, "little") + seal)  # the comment's length, then the comment


def read_json(path: Path) -> Any:
    """The value in a JSON file.

    Raises:
        RunFolderError: there is no such file, or it can't be read.
        DamagedFileError: it is not whole JSON.
    """
    try:
        return json.loads(read_bytes(path))
    except ValueError as fault:
        raise DamagedFileError(f"{path} is damaged, not whole JSON ({fault}); remove it and run again.") from fault


NOT_AN_NPZ = (
    *(ValueError, OSError, EOFError, AttributeError, KeyError, OverflowError, SyntaxError, TypeError),
    *(RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error, struct.error, tokenize.TokenError),
)
"""What NumPy and zipfile raise over a damaged npz, by where the damage lies: in the archive, in the packed bytes, or in
an array's header, which is Python's notation of a dictionary."""


def read_npz(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of an npz; nothing pickled is loaded.

    Raises:
        RunFolderError: there is no such file, or it can't be read.
        DamagedFileError: it is not a whole npz of plain arrays.
    """
    data = read_bytes(path)
    try:
        _check_npz(data)
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            if not stored.files:
                raise ValueError("it holds no array")
            return {name: stored[name] for name in stored.files}
    except NOT_AN_NPZ as fault:
        raise DamagedFileError(f"{path} is damaged, not a whole npz ({fault}); remove it and run again.") from fault


def _check_npz(data: bytes) -> None:
    """Raise ValueError where `write_npz` wrote another archive; one without its comment is as it is."""
    body, tag, digest = data.rpartition(_NPZ_SEAL)
    if tag and hashlib.sha256(body[:-2] + b"\0\0").hexdigest().encode() != digest:
        raise ValueError("its checksum does not match")


def read_bytes(path: Path) -> bytes:
    """The bytes of a file, or a RunFolderError that says why not."""
    try:
        return path.read_bytes()
    except OSError as fault:
        raise RunFolderError(f"Cannot read {path}: {_reason(fault)}.") from fault


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's bytes, as 64 hex digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync_folder(folder: Path) -> None:
    """Make a rename or a new file in ``folder`` last through a power cut."""
    if os.name == "nt":  # Windows has no folder handles to sync; its renames are journalled
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as fault:
        if fault.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network file systems can't sync a folder
            raise
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Make ``folder``, and those above it that are not there, so that they last through a power cut."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for one in missing:
        sync_folder(one.parent)


def remove_leftovers(folder: Path) -> int:
    """Remove temporary files that killed processes left below ``folder``; how many there were."""
    leftovers = list(folder.rglob(".*.tmp"))
    for path in leftovers:
        path.unlink(missing_ok=True)
    return len(leftovers)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an OSError into a RunFolderError that says what could not be written, and what to do.

    Raises:
        RunFolderError: that; or another process took the folder over that ``path`` is in.
    """
    still_ours(path)
    try:
        yield
    except OSError as fault:
        raise cannot_write(path, fault) from fault


@contextmanager
def no_room_is_told(folder: Path) -> Iterator[None]:
    """Turn an OSError that any library raises because there is no room into a RunFolderError; of others it may be right
    that they end one arm alone.

    Raises:
        RunFolderError: that, naming ``folder`` where the error names no file.
    """
    try:
        yield
    except OSError as fault:
        if fault.errno not in NO_ROOM:
            raise
        raise cannot_write(fault.filename or folder, fault) from fault


def cannot_write(path: Path | str, fault: OSError) -> RunFolderError:
    """What to say of ``fault``, with what to do."""
    return RunFolderError(f"Cannot write {path}: {_reason(fault)}. {_remedy(fault)}")


def plain(value: Any) -> Any:
    """``value`` made of dicts, lists, strings and finite numbers; what is not finite becomes None."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _reason(fault: OSError) -> str:
    return (fault.strerror or str(fault)).lower()


def _remedy(fault: OSError) -> str:
    if fault.errno in NO_ROOM:
        return "Make room and run the same command again: what is finished is kept."
    if fault.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "Choose a folder that you may write to with --out."
    return "Check the folder, then run the same command again."
