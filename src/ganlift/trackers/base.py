"""What a tracker is, and how one listens beside whoever listens already.

A tracker's ``open_tracker(run)`` is called once the run folder is there, and gives back what takes each event
(`docs/events.md`) and a function that ends it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from ganlift.config import nearest
from ganlift.errors import ConfigError
from ganlift.events import Event, Listener
from ganlift.runs import layout
from ganlift.yardstick import YARDSTICKS

T = TypeVar("T")
Opened = tuple[Listener, Callable[[], object]]

NAMES = ("tensorboard", "wandb", "mlflow")


@contextmanager
def tracked(names: Sequence[str], run: Path, tell: Listener) -> Iterator[Listener]:
    """``tell``, with the trackers ``names`` hearing everything too, from the plan on.

    A tracker that raises is noted once and heard no more: a comparison of hours does not end for a lost connection.

    Raises:
        ConfigError: there is no such tracker, or its package is not installed.
    """
    openers = {name: _opener(name) for name in names}
    opened: dict[str, Opened] = {}

    def guarded(name: str, what: Callable[..., T], *given: object) -> T | None:
        try:
            return what(*given)
        except Exception as fault:  # whatever a foreign library raises
            opened.pop(name, None)
            tell({"type": "note", "message": f"The tracker {name} is off: {type(fault).__name__}: {fault}."})
            return None

    def heard(event: Event) -> None:
        tell(event)
        if event["type"] == "plan":
            while openers:
                name, opener = openers.popitem()
                if found := guarded(name, opener, run):
                    opened[name] = found
        for name, (track, _) in list(opened.items()):
            guarded(name, track, event)

    try:
        yield heard
    finally:
        for name, (_, close) in list(opened.items()):
            guarded(name, close)


def _opener(name: str) -> Callable[[Path], Opened]:
    if name not in NAMES:
        raise ConfigError(f"There is no tracker '{name}'.{nearest(name, NAMES)} Known: {', '.join(NAMES)}.")
    try:
        module = importlib.import_module(f"ganlift.trackers.{name}_tracker")
    except ImportError as fault:
        raise ConfigError(f"The tracker {name} needs a package ({fault}): pip install 'ganlift[{name}]'.") from fault
    opener: Callable[[Path], Opened] = module.open_tracker
    return opener


def place(event: Event) -> str:
    """Whose event it is: STRATEGY/SEED."""
    return f"{event['strategy']}/{event['seed']}"


def numbers(event: Event) -> dict[str, float]:
    """The metrics of a ``metrics`` event: its numbers, without those that say when it was."""
    when = ("seed", "step", "images_seen", "elapsed_s")
    return {
        key: float(value)
        for key, value in event.items()
        if key not in when and isinstance(value, int | float) and not isinstance(value, bool)
    }


def scores(event: Event) -> dict[str, float]:
    """What a finished arm reached; nothing of any other event."""
    row = event["row"] if event["type"] == "arm" else {}
    columns = [column for one in YARDSTICKS.values() for column in (one.validation, one.test)]
    return {key: row[key] for key in (*columns, "ece", "elapsed_s") if key in row}


def grids(run: Path, event: Event) -> list[Path]:
    """The sample grids of the arm or the generator that is done, each named by the images seen; oldest first."""
    if event["type"] == "generator":
        return sorted((Path(event["folder"]) / "samples").glob("*.png"))
    if event["type"] == "arm":
        return sorted(layout.samples_folder(run, event["row"]["strategy"], event["row"]["seed"]).glob("*.png"))
    return []
