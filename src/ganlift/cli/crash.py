"""Where the traceback of an unexpected fault goes: a file, not the user's terminal."""

from __future__ import annotations

import os
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LOG = "ganlift_log"


@contextmanager
def logged_in(run: Path) -> Iterator[None]:
    """A fault inside has its traceback written to the run's log."""
    try:
        yield
    except Exception as fault:
        setattr(fault, _LOG, run / "run.log")
        raise


def write(fault: BaseException) -> Path:
    """Append the traceback to the run's log where `logged_in` named one, else to a new temporary file."""
    text = "".join(traceback.format_exception(fault)).encode("utf-8", "backslashreplace")
    log: Path | None = getattr(fault, _LOG, None)
    if log is not None and os.path.isdir(log.parent):
        try:
            with open(log, "ab") as file:
                file.write(text)
            return log
        except OSError:  # such as a full disk, which may well be the fault
            pass
    with tempfile.NamedTemporaryFile(prefix="ganlift-", suffix=".log", delete=False) as temporary:
        temporary.write(text)
    return Path(temporary.name)
