"""Starts ``ganlift`` many times, each within milliseconds: forks of one process that has imported everything.

Each is a process of its own, with its number, signals and exit code, as one from the shell is. A line of JSON in asks
for one thing, a line of JSON out answers: ``start`` (words of the command; with ``said``, the file that takes what it
says, and where asked ``env``, ``limits``, bytes by the name of a resource, and ``writes``, see `watch_writes`) gives
its number; ``wait`` (a number) its exit code; ``shell`` (a command) the exit code of that.
"""

from __future__ import annotations

import errno
import json
import os
import re
import resource
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from pkgutil import walk_packages
from typing import Any, NoReturn

import ganlift
from ganlift.cli.main import main

IMPORTED = (
    *(one.name for one in walk_packages(ganlift.__path__, "ganlift.") if not one.name.endswith("__main__")),
    *("lightning_fabric", "torch._dynamo", "torchmetrics", "scipy.stats", "sklearn.metrics", "sklearn.datasets"),
)


def run(asked: Mapping[str, Any]) -> NoReturn:
    """Become ``ganlift START``."""
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for stream in (1, 2):
        os.dup2(os.open(asked["said"], os.O_CREAT | os.O_WRONLY | os.O_APPEND), stream)
    os.environ.update(asked.get("env", {}))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # as Python has it from its start, so that a write says EFBIG
    for name, size in asked.get("limits", {}).items():
        resource.setrlimit(getattr(resource, name), (size, size))
    if "writes" in asked:
        watch_writes(**asked["writes"])
    sys.argv = ["ganlift", *asked["start"]]
    code: object = 1
    try:
        main()
        code = 0
    except SystemExit as end:
        code = end.code or 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)


def watch_writes(below: str, seen: str, fail: str) -> None:
    """Note in the file ``seen`` the kind of each file opened for writing, rename and new folder ``below``, and let the
    first of the kind ``fail`` find the disk full.

    A kind is what is done and the name, all numbers being alike.
    """
    notes = os.open(seen, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    left = [fail]

    def look(event: str, details: tuple[Any, ...]) -> None:
        if event not in ("open", "os.mkdir", "os.rename"):
            return
        name, flags = details[0], details[2]
        writes = event != "open" or (isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR))
        if not writes or not isinstance(name, str | os.PathLike) or not os.path.abspath(name).startswith(below):
            return
        kind = re.sub(r"[0-9a-f]{16,}|[0-9]+", "#", f"{event} {os.path.relpath(name, below)}")
        os.write(notes, f"{kind}\n".encode())
        if kind in left:
            left.remove(kind)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), os.fspath(name))

    sys.addaudithook(look)


def serve() -> None:
    """Answer each line."""
    for name in IMPORTED:
        with suppress(ModuleNotFoundError):  # a tracker's own library, which need not be there
            import_module(name)
    for line in sys.stdin:
        asked = json.loads(line)
        answer = 0
        if "start" in asked:
            if not (answer := os.fork()):
                run(asked)
        elif "wait" in asked:
            answer = os.waitstatus_to_exitcode(os.waitpid(asked["wait"], 0)[1])
        elif "shell" in asked:
            answer = os.waitstatus_to_exitcode(os.system(asked["shell"]))
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    serve()
    sys.stdout.flush()
    os._exit(0)  # at once, without the tidying up of all that was imported
