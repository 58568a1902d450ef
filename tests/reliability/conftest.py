"""What the tests of this room share: a process that starts ``ganlift`` fast, and what of a run must be the same."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

STARTER = Path(__file__).parent / "starter.py"

Ask = Callable[..., int]
"""Asks the starter for one thing (`starter`), and gives its answer."""


@contextmanager
def started(before: list[str]) -> Iterator[Ask]:
    """A starter, run by the command ``before``."""
    command = [*before, sys.executable, str(STARTER)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def ask(**asked: Any) -> int:
            assert process.stdin
            assert process.stdout
            print(json.dumps(asked, default=str), file=process.stdin, flush=True)
            answer: int = json.loads(process.stdout.readline())
            return answer

        try:
            yield ask
        finally:
            assert process.stdin
            process.stdin.close()  # it leaves


@pytest.fixture(scope="session")
def ask() -> Iterator[Ask]:
    """The starter of all tests of a session."""
    with started([]) as ask:
        yield ask


@pytest.fixture(scope="session")
def ask_with_mounts() -> Iterator[Ask]:
    """A starter that may mount what nobody else sees; the test is skipped where that is not permitted."""
    apart = ["unshare", "--map-root-user", "--mount"]
    try:
        subprocess.run([*apart, "mount", "-t", "tmpfs", "-o", "size=64k", "none", "/mnt"], check=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        pytest.skip("no name space of one's own, or no mounting in it, is permitted here")
    with started(apart) as ask:
        yield ask


@pytest.fixture
def ask_traced(tmp_path: Path) -> Iterator[Ask]:
    """A starter whose system calls about files go to ``calls.NUMBER`` in the test's folder, a file a thread."""
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    calls = "openat,write,writev,pwrite64,fsync,fdatasync,rename,renameat,renameat2"
    with started(["strace", "-ff", "-y", "-ttt", "-s", "0", "-e", f"trace={calls}", "-o", f"{tmp_path}/calls"]) as ask:
        yield ask


@pytest.fixture(scope="session")
def words(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A comparison of two arms, one with a generator, a few steps each, on files; ``--out`` is to be added."""
    folder, digits = tmp_path_factory.mktemp("data"), load_digits()
    for label in (0, 1):
        (folder / str(label)).mkdir()
        for index, image in enumerate(digits.images[digits.target == label][:20]):
            Image.fromarray(np.uint8(image * 255 / 16)).save(folder / str(label) / f"{index}.png")
    options = "--labels-per-class 4 --seeds 1 --budget 4 --batch-size 4 --strategies augment,gan-augment --jobs 1"
    more = "--checkpoint-every 0.001 --precision fp32 --threads 1 --set options.gan-augment.pool=4"
    return ["compare", str(folder), *options.split(), *more.split()]


@pytest.fixture(scope="session")
def digits_as_rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The two classes of `words` as rows of numbers, in an .npz."""
    file, (x, y) = tmp_path_factory.mktemp("rows") / "rows.npz", load_digits(n_class=2, return_X_y=True)
    np.savez(file, x_train=x[:80], y_train=y[:80])
    return file


@pytest.fixture(scope="session")
def unbroken(ask: Ask, go: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A run that never stopped, and the kinds of its writes in the order in which each was first done."""
    folder = tmp_path_factory.mktemp("unbroken")
    writes = {"below": str(folder / "all"), "seen": str(folder / "seen"), "fail": ""}
    code, said = go(ask, folder / "all", folder / "said", writes=writes)
    assert code == 0, said
    return folder / "all" / "run", list(dict.fromkeys((folder / "seen").read_text().splitlines()))


@pytest.fixture(scope="session")
def begin(words: list[str]) -> Callable[..., int]:
    """Starts the comparison with its folder and the user's cache in ``home``, and more words; the process's number."""

    def begin(ask: Ask, home: Path, said: Path, *own: str, data: object = words[1], **more: Any) -> int:
        said.unlink(missing_ok=True)
        env, command = {"GANLIFT_DATA": str(home / "cache")}, [words[0], str(data), *words[2:], *own]
        return ask(start=[*command, "--out", str(home / "run")], said=said, env=env, **more)

    return begin


@pytest.fixture(scope="session")
def go(begin: Callable[..., int]) -> Callable[..., tuple[int, str]]:
    """Does as `begin` does, to the end: the exit code and what it said."""

    def go(ask: Ask, home: Path, said: Path, *own: str, **more: Any) -> tuple[int, str]:
        code = ask(wait=begin(ask, home, said, *own, **more))
        return code, " ".join(said.read_text().split())

    return go


@pytest.fixture(scope="session")
def assert_same() -> Callable[[Path, Path], None]:
    """Holds a run against one that never stopped: rows but for seconds, and probabilities to the bit."""
    return _assert_same


def _assert_same(run: Path, unbroken: Path) -> None:
    assert rows(run) == rows(unbroken)
    for path in unbroken.rglob("predictions.npz"):
        ours, theirs = np.load(run / path.relative_to(unbroken)), np.load(path)
        assert all(np.array_equal(ours[name], theirs[name]) for name in theirs.files)


def rows(run: Path) -> dict[str, Any]:
    found = [json.loads(line) for line in (run / "results.jsonl").read_text().splitlines()]
    assert len({row["strategy"] for row in found}) == len(found)
    return {row["strategy"]: without_seconds(row) for row in found}


def without_seconds(value: Any) -> Any:
    """``value`` without what tells of time, or holds it."""
    if isinstance(value, dict):
        timed = ("elapsed", "seconds", "_s", "ratio", "sha256", "memory", "peak_bytes", "rate", "finished", "warnings")
        return {key: without_seconds(item) for key, item in value.items() if not any(one in key for one in timed)}
    return [without_seconds(item) for item in value] if isinstance(value, list) else value
