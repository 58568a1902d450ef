"""One process at a time in a run folder: tried with real processes."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ganlift.errors import RunFolderError
from ganlift.runs import layout
from ganlift.runs.lock import run_lock

HOLD = """
import sys
from pathlib import Path
from ganlift.runs.lock import run_lock
with run_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def other_process(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock until it is told to end, or dies."""
    command = [sys.executable, "-c", HOLD, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_second_process_is_refused_naming_the_first(tmp_path: Path) -> None:
    with other_process(tmp_path) as holder:
        with pytest.raises(RunFolderError) as refused, run_lock(tmp_path):
            pass
        assert f"process {holder.pid} on {socket.gethostname()}" in str(refused.value)
        holder.communicate("end\n")
        with run_lock(tmp_path):
            pass


def test_the_lock_of_a_killed_process_is_taken_over(tmp_path: Path) -> None:
    with other_process(tmp_path) as holder:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        assert layout.holder_file(tmp_path).exists()
        with run_lock(tmp_path):
            assert f'"pid": {os.getpid()}' in layout.holder_file(tmp_path).read_text()
    assert not layout.holder_file(tmp_path).exists()


def test_the_same_process_may_enter_again_and_keeps_the_lock(tmp_path: Path) -> None:
    with run_lock(tmp_path):
        with run_lock(tmp_path / ".." / tmp_path.name):
            pass
        assert layout.holder_file(tmp_path).exists()
        held = subprocess.run([sys.executable, "-c", HOLD, str(tmp_path)], capture_output=True, text=True, check=False)
        assert f"in use by process {os.getpid()}" in held.stderr
    with other_process(tmp_path):
        pass


def test_the_lock_is_given_back_after_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), run_lock(tmp_path):
        raise ZeroDivisionError
    with other_process(tmp_path):
        pass


def test_a_folder_that_is_no_run_is_refused_untouched(tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_text("")
    with pytest.raises(RunFolderError, match="not a run"), run_lock(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["photo.png"]


@pytest.mark.parametrize("below", ["run", "run/below"])
def test_a_folder_without_permission_is_refused(read_only: Path, below: str) -> None:
    with pytest.raises(RunFolderError, match=r"permission denied.*--out"), run_lock(read_only / below):
        pass


def test_a_folder_that_may_not_be_looked_into_is_refused(read_only: Path) -> None:
    with pytest.raises(RunFolderError, match=r"permission denied.*--out"), run_lock(read_only / "closed" / "run"):
        pass
