"""Downloads that can be cut off: kept as ``.part``, resumed, checked before they get their name; and where they lie."""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from ganlift.errors import DataError, GanliftError
from ganlift.runs.files import sync_folder, writing

OnProgress = Callable[[str, int, int], None]
_BLOCK = 1 << 18


def users_cache() -> Path:
    """Where what outlasts a run is kept: ``$GANLIFT_DATA``, or ``ganlift`` in the user's cache."""
    return Path(os.environ.get("GANLIFT_DATA") or Path.home() / ".cache" / "ganlift")


def md5_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def download(
    url: str, path: Path, md5: str, on_progress: OnProgress | None = None, attempts: int = 3, timeout_s: float = 30.0
) -> Path:
    """Fetch ``url`` to ``path``, going on where an earlier try stopped; ``path`` appears only if the sum is right.

    Raises:
        DataError: the network or the sum fails; the message names the address and where to put the file by hand.
    """
    if path.is_file() and md5_of(path) == md5:
        return path
    part = path.with_name(path.name + ".part")
    by_hand = f"Download {url} by hand and put it at {path}, then run the same command again."
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        fault: Exception | None = None
        for _ in range(attempts):
            try:
                if _fetch(url, part, path.name, on_progress, timeout_s):
                    break
                fault = EOFError("the connection ended early")
            except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
                fault = error
        else:
            raise DataError(f"{path.name} could not be downloaded ({fault}); what came is kept. {by_hand}")
        found = md5_of(part)
        if found != md5:
            part.unlink()
            raise DataError(f"{path.name} from {url} has md5 {found} instead of {md5} and was removed. {by_hand}")
        part.replace(path)
        sync_folder(path.parent)
    return path


def _fetch(url: str, part: Path, name: str, on_progress: OnProgress | None, timeout_s: float) -> bool:
    """Append to ``part`` until the end; whether all of it came."""
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        answer = urllib.request.urlopen(request, timeout=timeout_s)
    except urllib.error.HTTPError as error:
        if error.code == 416:  # nothing is left to fetch
            return True
        raise
    with answer, part.open("ab" if answer.status == 206 else "wb") as file:
        done = have if answer.status == 206 else 0
        total = done + int(answer.headers.get("Content-Length", 0))
        while block := answer.read(_BLOCK):
            file.write(block)
            done += len(block)
            if on_progress:
                on_progress(name, done, total)
    return done >= total


def extract(archive: Path, folder: Path, most_bytes: int = 1 << 30) -> None:
    """Unpack the plain files of a tar archive below ``folder``, whole or not at all.

    Raises:
        DataError: a member is no plain file or folder, leads outside, or the whole is larger than ``most_bytes``.
    """
    staging = folder.with_name(f".{folder.name}.unpacking")
    shutil.rmtree(staging, ignore_errors=True)
    try:
        with tarfile.open(archive) as tar:
            members = tar.getmembers()
            for member in members:
                if member.name.startswith(("/", "\\")) or ".." in Path(member.name).parts:
                    raise DataError(f"{archive} holds '{member.name}', which leads outside; it was not unpacked.")
                if member.isfile() and not Path(member.name).parts:
                    raise DataError(f"{archive} holds a file without a name; it was not unpacked.")
                if not (member.isfile() or member.isdir()):
                    raise DataError(f"{archive} holds '{member.name}', which is no plain file; it was not unpacked.")
            if sum(member.size for member in members) > most_bytes:
                raise DataError(f"{archive} would unpack to more than {most_bytes} bytes; it was not unpacked.")
            with writing(folder):
                tar.extractall(staging, members, filter="data")
    except (tarfile.TarError, EOFError) as fault:
        shutil.rmtree(staging, ignore_errors=True)
        raise DataError(f"{archive} cannot be unpacked ({fault}); remove it and download it again.") from fault
    except GanliftError:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    for path in staging.iterdir():
        target = folder / path.name
        shutil.rmtree(target, ignore_errors=True)
        path.replace(target)
    staging.rmdir()
