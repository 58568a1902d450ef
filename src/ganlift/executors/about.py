"""What a worker says of itself before its first job, and whether that will do."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterable, Mapping
from importlib.machinery import PathFinder
from importlib.metadata import version
from typing import Any


def about(needs: Iterable[str]) -> dict[str, Any]:
    """Which ganlift this is, on which host, and what of ``needs`` is ``missing``, found without importing any."""
    places = [*sys.path, os.getcwd()]  # as `ganlift.factories` looks
    missing = [name for name in needs if name and PathFinder.find_spec(name, places) is None]
    return {"ganlift": version("ganlift"), "host": socket.gethostname(), "missing": missing}


def unlike(said: Mapping[str, Any]) -> str:
    """What is wrong with a worker that says so; nothing where it is of the same ganlift and lacks nothing."""
    here, host = version("ganlift"), said["host"]
    if said["ganlift"] != here:
        return f"A worker on {host} runs ganlift {said['ganlift']}, and this is {here}; install the same on both."
    if missing := ", ".join(said.get("missing", ())):
        return f"A worker on {host} lacks {missing}, which this run needs; install there what is installed here."
    return ""
