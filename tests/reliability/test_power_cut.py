"""Row 6: what a power cut may take. The system calls of all that writes are recorded, and their order is looked at.

A file that counts is written under another name, synced, renamed to its own, and its folder is synced; a log is
synced after each line. Nothing else may be written, but for what `PASSING` names, with the reason.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest

PASSING = {
    r"\.lock\.turn$": "empty, for the moment in which the holder changes",
    r"/\.?(keeping\.)?lock$": "empty, and locked by the system, which forgets it with the process",
    r"/used-by/.*\.json$": "says that a process lives, and means nothing once it has ended",
    r"/\.cache/": "what the workers of one command read; a command that goes on writes it anew",
    r"/images\.u8$": "blocks, each synced before the line that makes it count",
}
"""Files that are written in place, by a pattern of their names, and why they may be."""

CALL = re.compile(r"^(?P<time>[\d.]+) (?P<name>\w+)\((?P<rest>.*)\) += (?P<result>-?\d+)")


class Call(NamedTuple):
    """A system call that succeeded: when, which, and the one or two paths that it was about."""

    time: float
    name: str
    paths: tuple[str, ...]


def recorded(folder: Path, home: Path) -> list[Call]:
    """The calls about files below ``home`` that change or sync something, in their order."""
    found = []
    for path in folder.glob("calls.*"):
        for line in path.read_text(errors="replace").splitlines():
            call = CALL.match(line)
            if not call or int(call["result"]) < 0:
                continue
            name, rest = call["name"], call["rest"]
            if name == "openat" and not re.search(r"O_WRONLY|O_RDWR", rest):
                continue
            quoted = name == "openat" or name.startswith("rename")
            paths = tuple(re.findall(r'"([^"]*)"', rest) if quoted else re.findall(r"^\d+<([^>]*)>", rest))
            if paths and any(path.startswith(str(home)) for path in paths):
                name = "sync" if name in ("fsync", "fdatasync") else "rename" if name.startswith("rename") else name
                found.append(Call(float(call["time"]), "write" if "write" in name else name, paths))
    return sorted(found)


def fault_of(path: str, calls: list[Call]) -> str:
    """What is wrong with how the file that was opened at ``path`` was written; "" where nothing is."""
    own = [call for call in calls if path in call.paths]
    written = max((call.time for call in own if call.name in ("openat", "write")), default=0.0)
    synced = [call.time for call in own if call.name == "sync" and call.time >= written]
    if not synced:
        return "never synced after the last write"
    moved = [call for call in own if call.name == "rename" and call.paths[0] == path]
    if not moved:
        return "" if path.endswith((".jsonl", ".lock.json")) else "written in place"
    if moved[-1].time < synced[0]:
        return "renamed before it was synced"
    folder = str(Path(moved[-1].paths[1]).parent)
    after = [call for call in calls if call.name == "sync" and call.paths == (folder,) and call.time > moved[-1].time]
    return "" if after else "its folder is not synced after the rename"


@pytest.mark.full
def test_every_artefact_lasts_through_a_power_cut(ask_traced: Any, go: Any, tmp_path: Path) -> None:
    home, said = tmp_path / "all", tmp_path / "said"
    assert go(ask_traced, home, said)[0] == 0
    run = home / "run"
    for words in (
        ["export", str(run), "--format", "safetensors", "--out", str(home / "exported.safetensors")],
        ["generate", str(run), "-n", "2", "--grid", "--npz", "--out", str(home / "made")],
        ["report", str(run)],
    ):
        assert ask_traced(wait=ask_traced(start=words, said=said)) == 0, said.read_text()
    calls = recorded(tmp_path, home)
    opened = dict.fromkeys(call.paths[0] for call in calls if call.name == "openat")
    names = {path: call.paths[1] for call in calls if call.name == "rename" for path in call.paths[:1]}
    passing = {path for path in opened if any(re.search(one, path) for one in PASSING)}
    faults = {path: fault for path in opened if path not in passing and (fault := fault_of(path, calls))}
    assert not faults
    kept = [path for path in home.rglob("*") if path.is_file()]
    unseen = [path for path in kept if str(path) not in {*names.values(), *opened}]
    assert not unseen
    kinds = Counter(Path(names.get(path, path)).suffix for path in opened if path not in passing)
    print(f"{sum(kinds.values())} files written and synced as they should be {dict(kinds)}; {len(passing)} need not be")
    assert kinds[".safetensors"] > 5
    unused = [one for one in PASSING if not any(re.search(one, path) for path in opened)]
    assert not unused


def test_what_is_not_synced_is_noticed() -> None:
    """The counter-test: each of the four steps left out, or done too late."""
    whole = [
        *(Call(1, "openat", ("/d/.a.tmp",)), Call(2, "write", ("/d/.a.tmp",)), Call(3, "sync", ("/d/.a.tmp",))),
        *(Call(4, "rename", ("/d/.a.tmp", "/d/a")), Call(5, "sync", ("/d",))),
    ]
    assert fault_of("/d/.a.tmp", whole) == ""
    assert "never synced" in fault_of("/d/.a.tmp", [*whole[:2], *whole[3:]])
    assert "never synced" in fault_of("/d/.a.tmp", [*whole, Call(6, "write", ("/d/.a.tmp",))])
    assert "in place" in fault_of("/d/.a.tmp", whole[:3])
    assert "folder" in fault_of("/d/.a.tmp", whole[:4])
    late = Call(6, "sync", ("/d/.a.tmp",))
    assert "before" in fault_of("/d/.a.tmp", [*whole[:2], whole[3], late])
