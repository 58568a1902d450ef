"""A Ray cluster of several nodes on this machine, each with folders of its own for temporary files."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

RAY = [sys.executable, "-c", "from ray.scripts.scripts import main; main()"]


NODE = ["sh", "-c", '"$@" & cat; kill -9 0', "sh"]
"""Runs a command in a process group of its own, which ends when standard input does, as when the test is killed."""

START_S = 90.0
"""Seconds that a node gets to be there."""


class Cluster:
    """Nodes by number, the first of them the head."""

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
                [*NODE, *RAY, "start", *place, *more, "--node-ip-address", "127.0.0.1"],
                env={**os.environ, "TMPDIR": str(own), "PYTHONPATH": os.pathsep.join(sys.path)},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.nodes.append(node)
        end = time.monotonic() + START_S
        while b"Ray runtime started" not in (own / "log").read_bytes():
            assert time.monotonic() < end, (own / "log").read_text()
            time.sleep(0.1)
        return number

    def kill(self, number: int) -> None:
        """The node is gone, as when its machine is switched off."""
        node = self.nodes[number]
        assert node.stdin
        node.stdin.close()
        node.wait()


@pytest.fixture(scope="session")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Clusters take commands from these tests alone; Ray reads this when it is imported, so not before."""
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


LONG = ("local-processes, launched", "ray")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of executors that are started slowly the short suite sees the rows; `make test-all` sees all of the contract."""
    for item in items:
        name = (
            item.callspec.params.get("name") if isinstance(item, pytest.Function) and hasattr(item, "callspec") else ""
        )
        slow = name in LONG and ("to_the_bit" not in item.name or name == "ray")  # which test_ray.py compares anyway
        if item.path.name == "test_contract.py" and (slow or "falls_silent" in item.name):
            item.add_marker(pytest.mark.full)
