"""Rows 13 and 17: downloads that break off, archives that lead elsewhere."""

from __future__ import annotations

import hashlib
import http.server
import io
import os
import tarfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganlift.data.cifar10 import fetch_cifar10
from ganlift.data.download import download, extract
from ganlift.errors import DataError, GanliftError


class Handler(http.server.BaseHTTPRequestHandler):
    body = b""
    cut_at: int | None = None
    ranges = True
    silent_s = 0.0

    def do_GET(self) -> None:
        asked = self.headers.get("Range") if self.ranges else None
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(self.body) - start))
        self.end_headers()
        end = len(self.body) if Handler.cut_at is None else Handler.cut_at
        self.wfile.write(self.body[start:end])
        Handler.cut_at = None
        if self.silent_s:
            wait, Handler.silent_s = self.silent_s, 0.0
            self.wfile.flush()
            time.sleep(wait)

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    Handler.cut_at, Handler.ranges, Handler.silent_s = None, True, 0.0
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{found.server_port}/file"
        found.shutdown()


@pytest.mark.parametrize("ranges", [True, False])
def test_a_download_cut_off_goes_on(tmp_path: Path, server: str, ranges: bool) -> None:
    Handler.body, Handler.cut_at, Handler.ranges = os.urandom(700_000), 300_000, ranges
    seen: list[int] = []
    path = download(
        server, tmp_path / "f", hashlib.md5(Handler.body).hexdigest(), lambda n, done, total: seen.append(done)
    )
    assert path.read_bytes() == Handler.body
    assert seen[-1] == 700_000
    assert not (tmp_path / "f.part").exists()


def test_a_wrong_sum_is_refused_and_removed(tmp_path: Path, server: str) -> None:
    Handler.body = b"something else"
    with pytest.raises(DataError, match="instead of"):
        download(server, tmp_path / "f", "0" * 32)
    assert list(tmp_path.iterdir()) == []


def test_no_network_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"by hand and put it at .*f, then run the same command again"):
        download("http://127.0.0.1:9/f", tmp_path / "f", "0" * 32, timeout_s=1)


def test_cifar10_is_fetched_and_unpacked(tmp_path: Path, server: str) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        entry = tarfile.TarInfo("cifar-10-batches-bin/data_batch_1.bin")
        entry.size = 3
        tar.addfile(entry, io.BytesIO(b"abc"))
    Handler.body = buffer.getvalue()
    root = fetch_cifar10(tmp_path, url=server, archive_md5=hashlib.md5(Handler.body).hexdigest())
    assert (root / "cifar-10-batches-bin" / "data_batch_1.bin").read_bytes() == b"abc"


CUTS = [0, 1, 699_999, *(round(700_000 * share / 17) for share in range(17))]


@pytest.mark.parametrize("cut", [350_001, *(pytest.param(cut, marks=pytest.mark.full) for cut in CUTS)])
def test_a_download_goes_on_wherever_it_was_cut_off(tmp_path: Path, server: str, cut: int) -> None:
    """Row 17. Nothing goes on by itself here: what came is kept, and the next call fetches the rest alone."""
    Handler.body, Handler.cut_at = os.urandom(700_000), cut
    md5 = hashlib.md5(Handler.body).hexdigest()
    with pytest.raises(DataError, match=r"by hand and put it at .*f, then run the same command again"):
        download(server, tmp_path / "f", md5, attempts=1)
    assert (tmp_path / "f.part").read_bytes() == Handler.body[:cut]
    assert not (tmp_path / "f").exists()
    fetched: list[int] = []
    path = download(server, tmp_path / "f", md5, lambda n, done, total: fetched.append(done), attempts=1)
    assert path.read_bytes() == Handler.body
    assert min(fetched) > cut


def test_a_server_that_falls_silent_is_asked_again(tmp_path: Path, server: str) -> None:
    """Row 17: slow is not for ever."""
    Handler.body, Handler.cut_at, Handler.silent_s = os.urandom(700_000), 100_000, 3.0
    path = download(server, tmp_path / "f", hashlib.md5(Handler.body).hexdigest(), timeout_s=0.3)
    assert path.read_bytes() == Handler.body


LINKS = {"link": tarfile.SYMTYPE, "hard link": tarfile.LNKTYPE, "device": tarfile.CHRTYPE, "pipe": tarfile.FIFOTYPE}
OUTSIDE = {"outside": "../out", "outside at last": "a/b/../../../out", "absolute": "/tmp/ganlift-out"}


@pytest.mark.parametrize("kind", [*OUTSIDE, *LINKS, "bomb", "through a link"])
def test_archives_that_lead_elsewhere_are_refused(tmp_path: Path, kind: str) -> None:
    """Row 13. A whole one beside it is unpacked: see `test_cifar10_is_fetched_and_unpacked`."""
    archive, folder = tmp_path / "a.tar", tmp_path / "in"
    with tarfile.open(archive, "w") as tar:
        entry = tarfile.TarInfo(OUTSIDE.get(kind, "x"))
        entry.type, entry.linkname = LINKS.get(kind, tarfile.REGTYPE), "/etc/passwd"
        if kind == "through a link":
            entry.type, entry.linkname = tarfile.SYMTYPE, str(tmp_path)
        entry.size = 2000 if kind == "bomb" else 0
        tar.addfile(entry, io.BytesIO(b"\0" * 2000) if kind == "bomb" else None)
        if kind == "through a link":
            tar.addfile(tarfile.TarInfo("x/out"))
    with pytest.raises(DataError):
        extract(archive, folder, most_bytes=1000)
    assert not (tmp_path / "out").exists()
    assert not Path("/tmp/ganlift-out").exists()
    assert not folder.exists() or not list(folder.iterdir())


@pytest.mark.full
@given(st.lists(st.sampled_from(["..", ".", "a", "b", "", "/", "\\"]), min_size=1, max_size=6))
def test_no_name_in_an_archive_leads_outside(tmp_path_factory: pytest.TempPathFactory, parts: list[str]) -> None:
    """Row 13, full form: refused, or inside."""
    home = tmp_path_factory.mktemp("home") / "a" / "b" / "c"
    (home / "in").mkdir(parents=True)
    with tarfile.open(home / "a.tar", "w") as tar:
        tar.addfile(tarfile.TarInfo("/".join(parts)))
    with suppress(GanliftError):
        extract(home / "a.tar", home / "in")
    inside = {path for path in home.parent.parent.parent.rglob("*") if (home / "in") in path.parents}
    others = set(home.parent.parent.parent.rglob("*")) - inside
    assert others <= {home.parent.parent, home.parent, home, home / "a.tar", home / "in"}
