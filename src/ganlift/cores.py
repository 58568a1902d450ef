"""The cores that this process may use, how many threads that allows, and what it gets of one.

A machine's cores are not a process's own: affinity (``taskset``, a batch system) and the quota of a control group (a
container) may leave it fewer, and other processes may want the same ones.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator
from pathlib import Path

GROUPS, MOUNTS = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")
"""The file that names the control groups of this process, and the folder that their own files lie below (Linux)."""


def allowance() -> float:
    """The cores that this process may use, by affinity and by quota; a quota may leave it 1.5, or half a one."""
    return min([float(_by_affinity()), *_quotas()])


def cores() -> int:
    """`allowance` as a whole number, rounded up."""
    return math.ceil(allowance())


def most_threads() -> int:
    """Threads that this process may compute with: `cores`, and no more than OMP_NUM_THREADS where that is a number."""
    wanted = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()  # after a comma: threads of threads
    return min(cores(), int(wanted)) if wanted.isdecimal() and int(wanted) else cores()


def tell_libraries_of_the_quota() -> None:
    """Set OMP_NUM_THREADS where a quota leaves less than affinity does, since libraries count cores by affinity alone.

    Call it before any of them is loaded; a number that the user has set stays.
    """
    if cores() < _by_affinity():
        os.environ.setdefault("OMP_NUM_THREADS", str(cores()))


def share_of_a_core(seconds: float = 0.2) -> float:
    """What this thread gets of a core while it computes for ``seconds``: 1 where nothing else wants it."""
    begun, used = time.perf_counter(), time.thread_time()
    while time.perf_counter() - begun < seconds:
        pass
    return (time.thread_time() - used) / (time.perf_counter() - begun)


def _by_affinity() -> int:
    if hasattr(os, "sched_getaffinity"):  # not on every system
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quotas() -> Iterator[float]:
    """Cores by quota, of each control group that has one: version 2 in one file, version 1 in two."""
    for folder in _folders():
        for names in (("cpu.max",), ("cpu.cfs_quota_us", "cpu.cfs_period_us")):
            words = " ".join(_text(folder / name) for name in names).split()
            if len(words) == 2 and all(word.isdecimal() and int(word) for word in words):  # not "max", not -1
                yield int(words[0]) / int(words[1])


def _folders() -> Iterator[Path]:
    """Where the groups of this process have their files, and the groups around them, which bind it as well."""
    for line in _text(GROUPS).splitlines():
        kinds, _, path = line.partition(":")[2].partition(":")
        if kinds and "cpu" not in kinds.split(","):
            continue
        for mount in (MOUNTS / kinds, MOUNTS / ("cpu" if kinds else "unified")):
            own = mount / path.lstrip("/")
            yield from (folder for folder in (own, *own.parents) if folder.is_relative_to(mount))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
