"""Features of all images, of which only those are computed that nobody has computed before.

Each of a few threads takes a small batch through everything: reading, views, network. So files are decoded while the
network works on others, and cores that have other work besides never wait for one another within an operation: two
threads to an operation take twice as long as one where another process wants the cores as well.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from ganlift.cores import most_threads
from ganlift.data.download import users_cache
from ganlift.data.keeping import Use, make_room, use
from ganlift.errors import ConfigError, RunFolderError
from ganlift.events import Event, Listener
from ganlift.features.networks import Network
from ganlift.features.sources import Source
from ganlift.features.store import Half, Index, Store
from ganlift.features.views import Recipe

BLOCK = 64
"""Images that are written at once, and lost where a writer is killed."""
TOGETHER = 8
"""Images that a thread takes at once."""

AHEAD = 32
"""Batches that are being made, or wait to be written, at most."""

T = TypeVar("T")
U = TypeVar("U")


def embed(
    source: Source,
    hashes: Sequence[str] | NDArray[np.str_],
    network: Network,
    recipe: Recipe,
    *,
    folder: Path | None = None,
    on_progress: Listener | None = None,
) -> Half:
    """Features (n, views, width) float16 of all images of ``source``; rows that are new are kept for the next time.

    Args:
        hashes: (n,) of str, equal for equal images alone; an image's random views are drawn from it.
        folder: where features are kept; ``features`` in the user's cache where None.
        on_progress: told events ``embedding`` with ``network``, ``done`` and ``total`` (of images that were not there
            yet), ``images_per_s`` and ``seconds_left`` (None before the first rate), and a ``note`` where another
            process that makes the same features has to end first.

    Returns:
        A view of a file, not to be written to, where the rows lie in it one after another; else an array.

    Raises:
        ConfigError: features are not finite, or beyond what 16 bits hold.
        DataError: an image can't be read.
        RunFolderError: the folder can't be written, or the disk is full.
    """
    keys = [str(key) for key in hashes]
    if len(keys) != len(source):
        raise ValueError(f"{len(source)} images have {len(keys)} hashes")
    store = Store(store_folder(source, network, recipe, folder), recipe.views, network.width)
    found = store.find(keys)
    keep = None if folder else _use(store, network, int((found < 0).sum()))
    if (found < 0).any():
        tell = on_progress or (lambda event: None)
        note = {"type": "note", "message": f"Another process makes features in {store.folder}; waiting for it."}
        with store.writer(lambda: tell(note)):
            _fill(store, source, keys, network, recipe, tell)
            found = store.find(keys)
    rows = store.rows(found)  # a map outlasts the file's name
    del keep
    return rows


def _use(store: Store, network: Network, more: int) -> Use | None:
    """Room in the user's cache for ``more`` rows, and what says that the store is in use for as long as it lives.

    None where nothing can be written there: what is there can be read all the same.
    """
    try:
        keep = use(store.folder, {"kind": "features", "what": f"{network.name}, {network.version}"})
    except RunFolderError:
        return None
    if more:
        make_room(more * store.row_bytes, store.folder)
    return keep


def store_folder(source: Source, network: Network, recipe: Recipe, folder: Path | None = None) -> Path:
    """Where those rows are: a folder a network and version, in it one a recipe and way of reading images."""
    root = users_cache() / "features" if folder is None else folder
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", network.name)[-60:].strip(".-")
    told = hashlib.sha256(f"{network.name} {network.version} {network.size} {network.width}".encode()).hexdigest()
    return root / f"{plain}-{told[:12]}" / f"{recipe.name}-{source.how}"


def _fill(store: Store, source: Source, keys: Sequence[str], network: Network, recipe: Recipe, tell: Listener) -> None:
    """Compute and keep the rows that are not there; looked up again, since another process may have made them."""
    missing = np.flatnonzero(store.find(keys) < 0)
    _, first = np.unique(np.array(keys)[missing], return_index=True)
    missing = missing[np.sort(first)]  # equal images have one row

    def rows(index: Index) -> Half:
        return _rows(source, index, [keys[one] for one in index], network, recipe)

    pace, waiting, done = Pace(len(missing), network.name), list[Half](), 0
    tell(pace.event(0))
    with one_thread_each(network.device) as pool:
        parts = [missing[start : start + TOGETHER] for start in range(0, len(missing), TOGETHER)]
        for part in in_order(pool, rows, parts):
            waiting.append(part)
            ready = sum(map(len, waiting))
            if ready >= BLOCK or done + ready == len(missing):
                store.add([keys[one] for one in missing[done : done + ready]], np.concatenate(waiting))
                done, waiting = done + ready, []
            tell(pace.event(done + sum(map(len, waiting))))


def _rows(source: Source, index: Index, keys: Sequence[str], network: Network, recipe: Recipe) -> Half:
    """The rows (n, views, width) of the images at ``index``."""
    views = recipe.make(source.read(index, network.size), keys)
    found = network(views.reshape(-1, *views.shape[2:])).reshape(*views.shape[:2], -1)
    with np.errstate(over="ignore"):  # said below
        rows = found.astype(np.float16)
    bad = np.flatnonzero(~np.isfinite(rows).all((1, 2)))
    if len(bad):
        whole = np.isfinite(found[bad[0]]).all()
        what = "beyond 65,504, the largest that 16 bits hold" if whole else "not finite"
        raise ConfigError(
            f"The network {network.name} gives features that are {what}, for {source.name(int(index[bad[0]]))} first; "
            "take another network."
        )
    return rows


class Pace:
    """How fast it goes, over the last few seconds: decoding large photographs and a busy machine change that."""

    WINDOW_S = 20.0

    def __init__(self, total: int, network: str) -> None:
        self._total = total
        self._network = network
        self._seen: deque[tuple[float, int]] = deque()

    def event(self, done: int) -> Event:
        """The event after ``done`` images."""
        now = time.perf_counter()
        self._seen.append((now, done))
        while len(self._seen) > 2 and now - self._seen[1][0] > self.WINDOW_S:
            self._seen.popleft()
        since, before = self._seen[0]
        rate = (done - before) / (now - since) if done > before else None
        left = None if rate is None else (self._total - done) / rate
        amounts = {"done": done, "total": self._total, "images_per_s": rate, "seconds_left": left}
        return {"type": "embedding", "network": self._network, **amounts}


@contextmanager
def one_thread_each(device: torch.device) -> Iterator[ThreadPoolExecutor]:
    """A thread a core, of which each computes alone; at least two, so that one reads while another computes."""
    before = torch.get_num_threads()
    alone: Callable[[], None] | None = (lambda: torch.set_num_threads(1)) if device.type == "cpu" else None
    pool = ThreadPoolExecutor(max(2, most_threads()), "features", initializer=alone)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(before)


def in_order(pool: ThreadPoolExecutor, work: Callable[[T], U], parts: Sequence[T]) -> Iterator[U]:
    """``work`` of each part, in their order; what runs ahead is a few parts, whatever their number."""
    ahead: deque[Future[U]] = deque()
    for part in parts:
        ahead.append(pool.submit(work, part))
        if len(ahead) > AHEAD:
            yield ahead.popleft().result()
    while ahead:
        yield ahead.popleft().result()
