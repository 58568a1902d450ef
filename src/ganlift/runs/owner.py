"""Who holds a run folder: what is written of a process, so that others can tell whether it still lives."""

from __future__ import annotations

import json
import os
import socket
import uuid
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

STALE_S = 120.0
"""Seconds without a sign of life after which a holder on another machine counts as dead. A client of NFS may see a
file as it was a minute ago; this is twice that."""


@dataclass(frozen=True)
class Owner:
    """A process that holds a folder.

    Attributes:
        started: when the process began, in the system's own ticks; a number that is given to another process has
            another one. 0 where the system does not tell.
        machine: the boot of the machine and the processes' namespace that ``pid`` is a number in; "" where the system
            does not tell. Containers may have one host name and not the same processes.
        token: of this hold alone.
    """

    host: str
    pid: int
    started: int
    machine: str
    token: str

    @property
    def words(self) -> str:
        return f"process {self.pid} on {self.host}"

    @property
    def is_near(self) -> bool:
        """Whether its number means something among the processes here."""
        return bool(self.machine) and (self.host, self.machine) == (socket.gethostname(), _machine())

    @property
    def is_dead(self) -> bool:
        """Whether a process that `is_near` has ended."""
        return _started(self.pid) != self.started

    def to_text(self) -> str:
        return json.dumps(asdict(self)) + "\n"


def this_process() -> Owner:
    """The owner that stands for one hold of this process."""
    return Owner(socket.gethostname(), os.getpid(), _started(os.getpid()), _machine(), uuid.uuid4().hex)


def owner_from(text: str) -> Owner | None:
    """The owner that `to_text` wrote; None where ``text`` is cut off, as of one that is just writing it."""
    try:
        return Owner(**json.loads(text))
    except (ValueError, TypeError):
        return None


def _started(pid: int) -> int:
    """When ``pid`` began, in ticks since the boot; 0 where there is no such process, or it only waits to be buried."""
    with suppress(OSError, ValueError, IndexError):
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()  # a program's name may hold spaces
        return 0 if words[0] == "Z" else int(words[19])
    return 0


def _machine() -> str:
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    return ""
