"""What a tracker is, and how one listens beside whoever listens already.

A tracker's ``open(run)`` is called once the run folder is there, and gives back what takes each event
(`docs/events.md`) and a function that ends it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ganlift.errors import ConfigError

Event = dict[str, Any]
Tell = Callable[[Event], None]
Opened = tuple[Tell, Callable[[], None]]

NAMES = ("tensorboard", "wandb")


@contextmanager
def tracked(names: Sequence[str], run: Path, tell: Tell) -> Iterator[Tell]:
    """``tell``, with the trackers ``names`` hearing everything too, from the plan on.

    A tracker that raises is noted once and heard no more: a comparison of hours does not end for a lost connection.

    Raises:
        ConfigError: there is no such tracker, or its package is not installed.
    """
    openers = {name: _opener(name) for name in names}
    opened: dict[str, Opened] = {}

    def guarded(name: str, what: Callable[[], Any]) -> Any:
        try:
            return what()
        except Exception as fault:  # whatever a foreign library raises
            openers.pop(name, None)
            opened.pop(name, None)
            tell({"type": "note", "message": f"The tracker {name} is off: {type(fault).__name__}: {fault}."})
            return None

    def heard(event: Event) -> None:
        tell(event)
        if event["type"] == "plan":
            for name, open_tracker in list(openers.items()):
                if name not in opened:
                    found = guarded(name, lambda open_tracker=open_tracker: open_tracker(run))  # type: ignore[misc]
                    opened.update({name: found} if found else {})
        for name, (track, _) in list(opened.items()):
            guarded(name, lambda track=track: track(event))  # type: ignore[misc]

    try:
        yield heard
    finally:
        for name, (_, close) in list(opened.items()):
            guarded(name, close)


def _opener(name: str) -> Callable[[Path], Opened]:
    if name not in NAMES:
        raise ConfigError(f"There is no tracker '{name}'; known: {', '.join(NAMES)}.")
    try:
        module = importlib.import_module(f"ganlift.trackers.{name}_tracker")
    except ImportError as fault:
        raise ConfigError(f"The tracker {name} needs a package ({fault}): pip install 'ganlift[{name}]'.") from fault
    opener: Callable[[Path], Opened] = module.open_tracker
    return opener


def numbers(event: Event) -> dict[str, float]:
    """The metrics of a ``metrics`` event: its numbers, without those that say when it was."""
    when = ("seed", "step", "images_seen", "elapsed_s")
    return {
        key: float(value)
        for key, value in event.items()
        if key not in when and isinstance(value, int | float) and not isinstance(value, bool)
    }


def grids(run: Path, strategy: str, seed: int) -> list[Path]:
    """An arm's sample grids, each named by the images seen."""
    from ganlift.runs import layout

    return sorted(layout.samples_folder(run, strategy, seed).glob("*.png"))
