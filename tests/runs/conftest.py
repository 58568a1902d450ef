"""What the tests of run folders share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

NOBODY = 65534


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A folder that this process may read and not write, and in it one, ``closed``, that it may not even look into.

    Root may do everything, so there the process is somebody else meanwhile.
    """
    (tmp_path / "closed" / "run").mkdir(parents=True)
    folders = [tmp_path, *tmp_path.parents]
    modes = {folder: folder.stat().st_mode for folder in (*folders, tmp_path / "closed")}
    is_root = os.geteuid() == 0
    if is_root:
        for folder in folders:
            if folder.stat().st_mode & 0o055 != 0o055:
                folder.chmod(folder.stat().st_mode | 0o055)
    (tmp_path / "closed").chmod(0)
    tmp_path.chmod(0o555)
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield tmp_path
    finally:
        if is_root:
            os.seteuid(0)
        for folder, mode in modes.items():
            if folder.stat().st_mode != mode:
                folder.chmod(mode)
