"""A Ray cluster of several nodes on this machine, each with folders of its own for temporary files."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

RAY = [sys.executable, "-c", "from ray.scripts.scripts import main; main()"]


class Cluster:
    """Nodes by number, the first of them the head; nothing here ends a process that it did not start."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.nodes = folder, list[subprocess.Popen[bytes]]()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"

    def add(self, cpus: int) -> int:
        """Begin a node, and wait until it is in the cluster; its number."""
        number = len(self.nodes)
        own = self.folder / str(number)
        own.mkdir()
        port = self.address.rpartition(":")[2]
        place = ["--address", self.address] if self.nodes else ["--head", "--port", port, "--include-dashboard=false"]
        more = ["--num-cpus", str(cpus), "--object-store-memory", "80000000", "--disable-usage-stats", "--block"]
        with open(own / "log", "wb") as log:
            node = subprocess.Popen(
                [*RAY, "start", *place, *more, "--node-ip-address", "127.0.0.1"],
                env={**os.environ, "TMPDIR": str(own), "PYTHONPATH": os.pathsep.join(sys.path)},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.nodes.append(node)
        while b"Ray runtime started" not in (own / "log").read_bytes():
            assert node.poll() is None, (own / "log").read_text()
        return number

    def kill(self, number: int) -> None:
        """The node is gone, as when its machine is switched off."""
        for process in [*self.below(number), self.nodes[number].pid]:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self.nodes[number].wait()

    def below(self, number: int) -> list[int]:
        """The processes of a node."""
        listed = subprocess.run(["ps", "-e", "-o", "pid=,pgid="], capture_output=True, text=True).stdout
        family = str(self.nodes[number].pid)
        return [int(pid) for pid, group in map(str.split, listed.splitlines()) if group == family]


@pytest.fixture(scope="session")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Clusters of these tests take commands from these tests alone; Ray reads this when it is imported, so not before."""
    file = tmp_path_factory.mktemp("token") / "token"
    file.write_text(secrets.token_hex(32))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_MODE", "token")
        patch.setenv("RAY_AUTH_TOKEN_PATH", str(file))
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        pytest.importorskip("ray")
        yield


@pytest.fixture(scope="module")
def cluster(token: None) -> Iterator[Cluster]:
    """A head with two CPUs."""
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:  # a socket's path is short
        found = Cluster(Path(folder))
        try:
            found.add(cpus=2)
            yield found
        finally:
            for number in reversed(range(len(found.nodes))):
                found.kill(number)
