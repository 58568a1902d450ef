"""Files that are whole or absent."""

import errno
import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganlift.errors import DamagedFileError, RunFolderError
from ganlift.runs import files, lines

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
NO_SEAL = st.dictionaries(st.text().filter(lambda key: key != "sha256"), PLAIN, max_size=4)


def limit_file_size() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))


def on_a_full_disk(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run Python in a process that can write no file beyond 1,000 bytes."""
    command = [sys.executable, "-c", f"from pathlib import Path\nfrom ganlift.runs import files, lines\n{code}"]
    return subprocess.run(command, cwd=folder, preexec_fn=limit_file_size, capture_output=True, text=True, check=False)


def test_write_makes_folders_replaces_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "x.txt"
    files.write_text(path, "one")
    files.write_text(path, "zwei ü")
    assert path.read_text(encoding="utf-8") == "zwei ü"
    assert [file.name for file in path.parent.iterdir()] == ["x.txt"]


def test_written_files_have_the_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    files.write_text(tmp_path / "ours", "")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_full_disk_keeps_the_old_file_and_says_what_to_do(tmp_path: Path) -> None:
    files.write_text(tmp_path / "x.bin", "old")
    ended = on_a_full_disk("files.write_bytes(Path('x.bin'), bytes(5000))", tmp_path)
    assert "RunFolderError: Cannot write x.bin: file too large. Make room and run the same command" in ended.stderr
    assert (tmp_path / "x.bin").read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["x.bin"]


def test_a_full_disk_leaves_a_log_as_it_was(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    lines.append_line(log, {"a": 1})
    before = log.read_bytes()
    ended = on_a_full_disk("lines.append_line(Path('log.jsonl'), {'a': 'x' * 5000})", tmp_path)
    assert "RunFolderError" in ended.stderr
    assert log.read_bytes() == before


def test_a_folder_without_permission_is_named(read_only: Path) -> None:
    with pytest.raises(RunFolderError, match=r"permission denied.*--out"):
        files.write_text(read_only / "x", "")


@pytest.mark.parametrize(
    ("number", "words"), [(errno.EACCES, "--out"), (errno.EROFS, "--out"), (errno.ENOSPC, "Make room")]
)
def test_every_failed_write_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(RunFolderError, match=words):
        files.write_text(tmp_path / "x", "")
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_synced_before_its_rename_and_the_folder_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    sync, replace = os.fsync, os.replace

    def record_sync(handle: int) -> None:
        calls.append("folder" if os.path.isdir(f"/proc/self/fd/{handle}") else "file")
        sync(handle)

    def record_replace(old: Path, new: Path) -> None:
        calls.append("rename")
        replace(old, new)

    monkeypatch.setattr(os, "fsync", record_sync)
    monkeypatch.setattr(os, "replace", record_replace)
    files.write_text(tmp_path / "x", "text")
    assert calls == ["file", "rename", "folder"]


def test_a_writer_killed_before_the_rename_leaves_the_old_file(tmp_path: Path) -> None:
    files.write_text(tmp_path / "x", "old")
    code = "import os, signal\nos.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
    ended = on_a_full_disk(code + "files.write_text(Path('x'), 'new')", tmp_path)
    assert ended.returncode == -signal.SIGKILL
    assert (tmp_path / "x").read_text() == "old"
    assert files.remove_leftovers(tmp_path) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["x"]


def test_json_is_plain_and_finite(tmp_path: Path) -> None:
    value = {"a": np.float32(0.5), "b": np.arange(3), "c": float("nan"), "d": (Path("p"), np.array([np.inf, 1.0]))}
    files.write_json(tmp_path / "x.json", value)
    assert files.read_json(tmp_path / "x.json") == {"a": 0.5, "b": [0, 1, 2], "c": None, "d": ["p", [None, 1.0]]}


def test_names_that_are_no_utf8_come_back(tmp_path: Path) -> None:
    value = {"name": os.fsdecode(b"caf\xe9")}
    files.write_json(tmp_path / "x.json", value)
    lines.append_line(tmp_path / "x.jsonl", value)
    assert files.read_json(tmp_path / "x.json") == value
    assert lines.read_jsonl(tmp_path / "x.jsonl") == [value]


def test_damaged_and_missing_json_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"a": ')
    with pytest.raises(DamagedFileError, match=r"x\.json is damaged"):
        files.read_json(tmp_path / "x.json")
    with pytest.raises(RunFolderError, match="no such file"):
        files.read_json(tmp_path / "y.json")


def test_npz_comes_back_and_damage_is_noticed_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    files.write_npz(path, {"p": np.linspace(0, 1, 500, dtype=np.float32), "i": np.arange(7)})
    assert files.read_npz(path)["i"].tolist() == list(range(7))
    whole = path.read_bytes()
    for end in range(0, len(whole), 97):
        path.write_bytes(whole[:end])
        with pytest.raises(DamagedFileError):
            files.read_npz(path)


def test_npz_loads_no_pickle(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", a=np.array([{"an": "object"}], dtype=object))
    with pytest.raises(DamagedFileError):
        files.read_npz(tmp_path / "x.npz")


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(NO_SEAL, min_size=1, max_size=4), data=st.data())
def test_a_log_cut_anywhere_loses_the_last_line_alone_and_goes_on(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, object]], data: st.DataObject
) -> None:
    log = tmp_path_factory.mktemp("log") / "log.jsonl"
    for row in rows[:-1]:
        lines.append_line(log, row)
    before = log.stat().st_size if log.exists() else 0
    lines.append_line(log, rows[-1])
    whole = log.read_bytes()
    assert lines.read_jsonl(log) == rows
    log.write_bytes(whole[: data.draw(st.integers(before, len(whole) - 2))])
    assert lines.read_jsonl(log) == rows[:-1]
    lines.append_line(log, rows[-1])
    assert log.read_bytes() == whole


def test_a_flipped_bit_in_a_log_is_noticed(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    lines.append_line(log, {"strategy": "a", "test_accuracy": 0.71})
    lines.append_line(log, {"strategy": "b", "test_accuracy": 0.72})
    log.write_text(log.read_text().replace("0.71", "0.79"))
    with pytest.raises(DamagedFileError, match="line 1: its checksum does not match"):
        lines.read_jsonl(log)
    told: list[str] = []
    assert [row["strategy"] for row in lines.read_jsonl(log, told.append)] == ["b"]
    assert len(told) == 1


def test_a_line_put_there_by_hand_without_a_newline_is_kept(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text('{"a": 1}')
    lines.append_line(log, {"b": 2})
    assert lines.read_jsonl(log) == [{"a": 1}, {"b": 2}]


def test_a_log_is_json_lines_for_any_program(tmp_path: Path) -> None:
    lines.append_line(tmp_path / "log.jsonl", {"a": float("nan"), "b": [1.5]})
    (line,) = (tmp_path / "log.jsonl").read_text().splitlines()
    assert json.loads(line)["a"] is None


def test_sha256(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc")
    assert files.sha256_file(tmp_path / "x") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_no_room_is_told_whoever_finds_it() -> None:
    with pytest.raises(RunFolderError, match=r"Cannot write run: .*Make room"), files.no_room_is_told(Path("run")):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with pytest.raises(OSError, match="Input/output"), files.no_room_is_told(Path("run")):
        raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_new_folders_are_synced_in_those_that_hold_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(files, "sync_folder", synced.append)
    files.make_folder(tmp_path / "a" / "b")
    assert set(synced) == {tmp_path, tmp_path / "a"}
    assert (tmp_path / "a" / "b").is_dir()
