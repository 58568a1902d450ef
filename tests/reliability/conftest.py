"""What the tests of this room share: a process that starts ``ganlift`` fast, and what of a run must be the same."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

STARTER = Path(__file__).parent / "starter.py"

Ask = Callable[..., int]
"""Asks the starter for one thing (`starter`), and gives its answer."""


def asking(process: subprocess.Popen[str]) -> Ask:
    def ask(**asked: Any) -> int:
        assert process.stdin
        assert process.stdout
        print(json.dumps(asked, default=str), file=process.stdin, flush=True)
        answer: int = json.loads(process.stdout.readline())
        return answer

    return ask


@pytest.fixture(scope="session")
def ask() -> Iterator[Ask]:
    """The starter of all tests of a session."""
    command = [sys.executable, str(STARTER)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield asking(process)
        process.kill()


@pytest.fixture(scope="session")
def ask_with_mounts() -> Iterator[Ask]:
    """A starter that may mount what nobody else sees; the test is skipped where that is not permitted."""
    apart = ["unshare", "--map-root-user", "--mount"]
    try:
        subprocess.run([*apart, "mount", "-t", "tmpfs", "-o", "size=64k", "none", "/mnt"], check=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        pytest.skip("no name space of one's own, or no mounting in it, is permitted here")
    command = [*apart, sys.executable, str(STARTER)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield asking(process)
        process.kill()
