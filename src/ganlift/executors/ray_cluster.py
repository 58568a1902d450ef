"""A Ray cluster from outside: whether it answers, what room it has, and being connected to it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ganlift.errors import ConfigError
from ganlift.executors.base import Place

REACH_S = 20.0
"""Seconds that a cluster gets to answer."""


def connect(place: Place) -> bool:
    """Be connected to a cluster; whether that was done here, to be undone at the end.

    Raises:
        ConfigError: Ray is not installed, or the address does not answer, or not as a cluster does.
    """
    ray = _ray()
    if ray.is_initialized():
        return False
    reach(place.address)
    alone = {"address": "local", "num_cpus": place.workers, "num_gpus": len(place.gpus), "include_dashboard": False}
    where = {"address": place.address} if place.address else alone
    with _signals_kept(), _told(place.address):
        ray.init(**where, log_to_driver=False, logging_level="ERROR")
    _say_nothing()
    return True


def _say_nothing() -> None:
    """Keep Ray's words on workers that ended from standard output, where ``--json`` writes; no public switch does."""
    from ray._private import worker

    worker._worker_logs_enabled = False


def room(address: str, threads: int, gpu_share: float) -> int | None:
    """Jobs that the cluster has room for, each with ``threads`` CPUs and ``gpu_share`` of a GPU; None without address.

    Raises:
        ConfigError: as `connect`.
    """
    if not address:
        return None
    ray = _ray()
    connected = connect(Place(run=Path(), address=address))
    try:
        found = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    finally:
        if connected:
            ray.shutdown()
    by_cpu = sum(int(one.get("CPU", 0.0) // threads) for one in found)
    by_gpu = sum(int(one.get("GPU", 0.0) / gpu_share + 1e-6) for one in found) if gpu_share else by_cpu
    return min(by_cpu, by_gpu)


def reach(address: str) -> None:
    """See to it that a Ray cluster answers at ``address``; to ask Ray for it would take minutes where none does.

    Raises:
        ConfigError: it does not, or wants a token.
    """
    _ray()
    if address in ("", "auto"):
        return
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal() or "/" in host:
        raise ConfigError(f"--executor ray:{address}: an address is HOST:PORT, as 'ray start --head' says it, or auto.")
    silent = (
        f"--executor ray:{address}: no Ray cluster answers there; is 'ray start --head' running, and its port open?"
    )
    try:
        socket.create_connection((host, int(port)), REACH_S).close()
        command = [sys.executable, "-c", "from ray.scripts.scripts import main; main()", "health-check"]
        asked = subprocess.run([*command, "--address", address], capture_output=True, text=True, timeout=REACH_S)
    except (OSError, OverflowError, subprocess.TimeoutExpired):
        raise ConfigError(silent) from None
    if "AuthenticationError" in asked.stderr:
        token = "set RAY_AUTH_MODE=token, and RAY_AUTH_TOKEN_PATH to the file of the cluster's token"
        raise ConfigError(f"--executor ray:{address}: the cluster wants a token; {token}.")
    if asked.returncode:
        raise ConfigError(silent)


def _ray() -> Any:
    try:
        import ray
    except ImportError as fault:
        raise ConfigError(f"--executor ray needs a package ({fault}): pip install 'ganlift[ray]'.") from None
    return ray


@contextmanager
def _told(address: str) -> Iterator[None]:
    """What Ray says of a cluster that it can't use, in one sentence."""
    try:
        yield
    except (OSError, RuntimeError, ValueError) as fault:
        name, reason = ":".join(filter(None, ["ray", address])), str(fault).strip().partition("\n")[0].rstrip(".")
        raise ConfigError(f"--executor {name} can't be used: {reason}.") from None


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Ray ends the process on SIGTERM; whoever heard of it before does so again."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)
