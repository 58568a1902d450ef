"""The most memory that a phase held: of a CUDA device its own counters, else what the process grew by.

On a processor it is the peak of the process's resident memory from here on, less what was private to it before and less
the files that it has mapped (libraries, decoded images). So the weights and whatever else was there already do not
count; on a CUDA device they do.
"""

from __future__ import annotations

import ctypes
from pathlib import Path

import torch

STATUS = Path("/proc/self/status")
RESET = Path("/proc/self/clear_refs")
ONLY_THE_PEAK = "5"
"""What ``clear_refs`` is told to set the process's peak back to what it holds now, and to touch nothing else."""


class PeakMemory:
    """Bytes at most from here on, by `peak`: None where the system does not tell, which is to say beyond Linux."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._before: int | None = None
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
        elif device.type == "cpu":
            self._before = _begin()

    def peak(self) -> int | None:
        if self._device.type == "cuda":
            return torch.cuda.max_memory_allocated(self._device)
        if self._before is None:
            return None
        held = _held()
        return max(0, held["VmHWM"] - held["RssFile"] - held["RssShmem"] - self._before)


def _begin() -> int | None:
    """Bytes private to the process now that its peak is forgotten and free memory given back; None beyond Linux."""
    if not RESET.exists():
        return None
    if hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
        libc.malloc_trim(0)  # else what an earlier phase has freed is used again, and counts as nothing
    try:
        RESET.write_text(ONLY_THE_PEAK)
        return _held()["RssAnon"]
    except (OSError, KeyError):
        return None


def _held() -> dict[str, int]:
    """Resident memory of this process in bytes, by the names that Linux has for its parts and its peak."""
    lines = (line.partition(":") for line in STATUS.read_text().splitlines())
    return {name: 1024 * int(value.split()[0]) for name, _, value in lines if name.startswith(("Rss", "VmHWM"))}
