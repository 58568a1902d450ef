"""Row 4: the disk is full at any write, a quota is used up, the folder is read-only.

A command on such a disk ends with exit code 2 and one sentence that says what to do. What is finished stays, and the
same command goes on from it where there is room, to the very rows of a run that never stopped.
"""

from __future__ import annotations

import random
import subprocess
import sys
from itertools import count
from pathlib import Path
from typing import Any

import pytest

ROOM = "Make room and run the same command again"
SHORT_SIZES = [300, 3000]
"""KB: in the middle of what a comparison begins with, and of the checkpoints of a generator."""
SHORT_KINDS = ["open run/.plan.json.#-#.tmp", "os.rename run/arms/augment/#/.predictions.npz.#-#.tmp"]


def refused(code: int, said: str, sentence: str = ROOM) -> bool:
    """Whether a command ended as it should where it can't write; False where it came to its end."""
    assert code in (0, 2), said
    assert "Traceback" not in said
    assert code == 0 or said.count("Error: ") == 1
    assert code == 0 or sentence in said, said
    return code == 2


def finished(run: Path) -> dict[Path, int]:
    """When the row of each finished arm was written."""
    return {path: path.stat().st_mtime_ns for path in run.glob("arms/*/*/row.json")}


def assert_kept(run: Path, before: dict[Path, int]) -> dict[Path, int]:
    """The arms that are finished now; those that were are as they were."""
    after = finished(run)
    assert before.items() <= after.items()
    return after


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=[pytest.mark.full, pytest.mark.timeout(3600)])])
def test_a_small_disk_that_grows(
    every: bool, ask_with_mounts: Any, go: Any, assert_same: Any, unbroken: tuple[Path, list[str]], tmp_path: Path
) -> None:
    """A real file system that is full; the full form has 64 to 256 KB more each time, until they suffice."""
    ask, disk, said = ask_with_mounts, tmp_path / "disk", tmp_path / "said"
    disk.mkdir()
    size, chance = SHORT_SIZES[0], random.Random(0)
    assert ask(shell=f"mount -t tmpfs -o size={size}k none {disk}") == 0
    done: dict[str, int] = {}
    full = 0
    while refused(*go(ask, disk, said)):
        full += 1
        done = {**done, **listing(ask, disk, tmp_path, done)}
        size = size + chance.choice([64, 128, 256]) if every else [*SHORT_SIZES, 40_000][full]
        assert size < 100_000
        assert ask(shell=f"mount -o remount,size={size}k {disk}") == 0
    listing(ask, disk, tmp_path, done)
    print(f"full {full} times, up to {size} KB; lost: 0")
    assert full >= (10 if every else 2)
    assert ask(shell=f"mount -o remount,ro {disk}") == 0
    assert refused(*go(ask, disk, said), "Choose a folder that you may write to with --out")
    assert ask(shell=f"cp -r {disk}/run {tmp_path}/run && umount {disk}") == 0
    assert_same(tmp_path / "run", unbroken[0])


def listing(ask: Any, disk: Path, folder: Path, before: dict[str, int]) -> dict[str, int]:
    """When each finished arm's row was written, as the name space sees it; those of ``before`` are as they were."""
    assert ask(shell=f"cd {disk} && find . -name row.json -printf '%p %T@\\n' > {folder}/rows") == 0
    lines = [line.split() for line in (folder / "rows").read_text().splitlines()]
    found = {path: round(float(seconds) * 1000) for path, seconds in lines}
    assert before.items() <= found.items()
    return found


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=[pytest.mark.full, pytest.mark.timeout(3600)])])
def test_every_kind_of_write_finds_the_disk_full_once(
    every: bool, ask: Any, go: Any, assert_same: Any, unbroken: tuple[Path, list[str]], tmp_path: Path
) -> None:
    """One after the other, in the order in which a run first does them, in one folder that goes on each time."""
    said, seen, homes = tmp_path / "said", tmp_path / "seen", count()
    home = tmp_path / str(next(homes))
    done: dict[Path, int] = {}
    stopped, went_on = 0, []
    for kind in [kind for kind in unbroken[1] if every or kind.endswith(tuple(SHORT_KINDS))]:
        for _ in range(2):  # what ends before it came to this kind of write has no more of it: once more from nothing
            seen.unlink(missing_ok=True)
            writes = {"below": str(home), "seen": str(seen), "fail": kind}
            if is_stopped := refused(*go(ask, home, said, writes=writes)):
                done = assert_kept(home / "run", done)
            else:
                assert_same(home / "run", unbroken[0])
                home, done = tmp_path / str(next(homes)), {}
            if kind in seen.read_text().splitlines():
                break
        else:
            pytest.fail(f"no run does '{kind}'")
        stopped += is_stopped
        went_on += [] if is_stopped else [kind]
    print(
        f"{stopped + len(went_on)} kinds of write, {stopped} ended with a sentence; the run went on without: {went_on}"
    )
    code, last = go(ask, home, said)
    assert code == 0, last
    assert_kept(home / "run", done)
    assert_same(home / "run", unbroken[0])
    assert stopped >= (20 if every else 2)


@pytest.mark.parametrize(
    "sizes",
    [[20_000, 400_000], pytest.param([600, 2000, 10_000, 30_000, 100_000, 300_000, 10**6], marks=pytest.mark.full)],
)
def test_no_file_may_be_larger(
    sizes: list[int], ask: Any, go: Any, assert_same: Any, unbroken: tuple[Path, list[str]], tmp_path: Path
) -> None:
    """A quota for each file (RLIMIT_FSIZE), more each time; what a run needs most is a generator's checkpoint."""
    home, said = tmp_path / "all", tmp_path / "said"
    done: dict[Path, int] = {}
    for size in sizes:
        assert refused(*go(ask, home, said, limits={"RLIMIT_FSIZE": size})), size
        done = assert_kept(home / "run", done)
    assert go(ask, home, said)[0] == 0
    assert_kept(home / "run", done)
    assert_same(home / "run", unbroken[0])


def test_output_that_goes_to_a_full_disk_is_told() -> None:
    """Row 4, for what a command says itself."""
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "ganlift", "list", "strategies"]
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == 2
    assert ROOM in " ".join(ended.stderr.split())
