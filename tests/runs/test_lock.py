"""One process at a time in a run folder: tried with real processes."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

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


def pretend(folder: Path, **changed: Any) -> dict[str, Any]:
    """Change what the holder's file says, and its age where ``age_s`` is given; what it says then."""
    path, age_s = layout.holder_file(folder), changed.pop("age_s", None)
    said = {**json.loads(path.read_text()), **changed}
    path.write_text(json.dumps(said))
    if age_s is not None:
        os.utime(path, (time.time() - age_s,) * 2)
    return said


def test_a_holder_on_another_machine_is_refused_by_name_until_it_was_silent_for_two_minutes(tmp_path: Path) -> None:
    with other_process(tmp_path) as holder:
        pretend(tmp_path, host="far-17", machine="another boot", age_s=110)
        with pytest.raises(RunFolderError) as refused, run_lock(tmp_path):
            pass
        assert f"process {holder.pid} on far-17" in str(refused.value)
        assert "free 120 s after its last sign of life" in str(refused.value)
        pretend(tmp_path, age_s=130)
        with run_lock(tmp_path):
            assert json.loads(layout.holder_file(tmp_path).read_text())["pid"] == os.getpid()


def test_a_number_that_another_process_has_now_is_no_holder(tmp_path: Path) -> None:
    with other_process(tmp_path):
        said = json.loads(layout.holder_file(tmp_path).read_text())
        pretend(tmp_path, started=said["started"] - 1)
        with run_lock(tmp_path):
            pass


def test_a_living_holder_here_is_kept_however_old_its_last_sign(tmp_path: Path) -> None:
    """As after a laptop has slept."""
    with other_process(tmp_path):
        pretend(tmp_path, age_s=10_000)
        with pytest.raises(RunFolderError, match="in use by process"), run_lock(tmp_path):
            pass


def test_a_holder_that_is_just_writing_its_name_is_refused(tmp_path: Path) -> None:
    layout.holder_file(tmp_path).write_text('{"host": "fa')
    with pytest.raises(RunFolderError, match="in use by another process"), run_lock(tmp_path):
        pass


def test_of_two_that_take_over_one_wins(tmp_path: Path) -> None:
    """Both start the race at a line of input; twenty rounds, dead here and silent elsewhere in turn."""
    with racing() as one, racing() as two:
        for number in range(20):
            folder = tmp_path / str(number)
            with other_process(folder) as holder:
                holder.kill()
                holder.wait()
            if number % 2:
                pretend(folder, machine="another boot", age_s=200)
            said = []
            for racer in (one, two):
                print(folder, file=racer.stdin, flush=True)
            for racer in (one, two):
                assert racer.stdout
                said.append(racer.stdout.readline())
            assert sorted(said) == ["held\n", "refused\n"], number
            assert [path.name for path in folder.iterdir()] == [".lock.json"]


RACE = """
import sys
from contextlib import ExitStack
from pathlib import Path
from ganlift.errors import RunFolderError
from ganlift.runs.lock import run_lock
with ExitStack() as held:
    print("here", flush=True)
    for line in sys.stdin:
        try:
            held.enter_context(run_lock(Path(line.strip())))
            print("held", flush=True)
        except RunFolderError:
            print("refused", flush=True)
"""


@contextmanager
def racing() -> Iterator[subprocess.Popen[str]]:
    """A process that tries to hold each folder it is told, and keeps what it got."""
    with subprocess.Popen(
        [sys.executable, "-c", RACE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "here\n"
        try:
            yield process
        finally:
            process.kill()


WRITE = """
import sys
from pathlib import Path
from ganlift.runs import held
held.BEAT_S = 0.5
from ganlift.runs.lines import append_line
from ganlift.runs.lock import run_lock
with run_lock(Path(sys.argv[1])):
    print("held", flush=True)
    for line in sys.stdin:
        append_line(Path(sys.argv[1]) / ".results.jsonl", {"seed": int(line)})
        print("written", flush=True)
"""


def test_a_holder_that_wakes_up_to_another_one_writes_nothing_more(tmp_path: Path) -> None:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", WRITE, str(tmp_path)], text=True, **pipes) as sleeper:
        assert sleeper.stdout
        assert sleeper.stdin
        assert sleeper.stdout.readline() == "held\n"
        print(1, file=sleeper.stdin, flush=True)
        assert sleeper.stdout.readline() == "written\n"
        try:
            sleeper.send_signal(signal.SIGSTOP)
            pretend(tmp_path, host="far", machine="another boot", age_s=200)
            with run_lock(tmp_path):
                before = (tmp_path / ".results.jsonl").read_bytes()
                print(2, file=sleeper.stdin, flush=True)  # it lies there when it wakes up
                time.sleep(1.5)
                sleeper.send_signal(signal.SIGCONT)
                _, said = sleeper.communicate(timeout=20)
                assert f"was taken over by process {os.getpid()} on {socket.gethostname()}" in said
                assert (tmp_path / ".results.jsonl").read_bytes() == before
                assert json.loads(layout.holder_file(tmp_path).read_text())["pid"] == os.getpid()
        finally:
            sleeper.kill()


def test_a_held_file_stays_young(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganlift.runs.held.BEAT_S", 0.2)
    with run_lock(tmp_path):
        pretend(tmp_path, age_s=1000)
        end = time.monotonic() + 10
        while time.time() - layout.holder_file(tmp_path).stat().st_mtime > 900:
            assert time.monotonic() < end
            time.sleep(0.05)
