"""How a run hears that it should stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ganlift.errors import Interrupted
from ganlift.events import Event, Listener
from ganlift.executors.base import ShouldStop
from ganlift.runs.held import still_ours


@contextmanager
def stop_requested() -> Iterator[ShouldStop]:
    """A function that returns 0, or the exit code of a SIGINT or SIGTERM that has come; a second one ends at once."""
    if threading.current_thread() is not threading.main_thread():
        yield lambda: 0
        return
    codes: list[int] = []

    def note(number: int, frame: object) -> None:
        if codes:
            raise KeyboardInterrupt
        codes.append(128 + number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: codes[0] if codes else 0
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def stopping(tell: Listener, should_stop: ShouldStop) -> Listener:
    """``tell``, but raising Interrupted once a stop was asked for: for work that keeps what it did, and tells often."""

    def told(event: Event) -> None:
        if code := should_stop():
            raise Interrupted(code)
        tell(event)

    return told


def while_held(run: Path, should_stop: ShouldStop) -> ShouldStop:
    """``should_stop``, but raising RunFolderError once another process has taken ``run`` over."""

    def asked() -> int:
        still_ours(run)
        return should_stop()

    return asked
