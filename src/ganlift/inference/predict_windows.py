"""Predictions for the windows of long recordings, and of sound as it comes in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from ganlift.data.decode import FAULTS
from ganlift.data.reading import Sound
from ganlift.data.recordings import Stream, Window, windows_of
from ganlift.data.sound import is_sound
from ganlift.data.types import FileFacts
from ganlift.errors import ConfigError
from ganlift.inference.model import Model
from ganlift.inference.predict import Prediction, Unreadable, absence, find_images, groups
from ganlift.inference.real_images import heard

INCOMING = Path("stdin")
"""What a stream is called."""


def window_predictions(
    model: Model, given: Iterable[str | Path | Stream], every: float, batch: int, passed: list[FileFacts]
) -> Iterator[Prediction | Unreadable]:
    """One answer a window, with its ``span``, in the order of ``given`` and of time; ``batch`` windows are held.

    ``given`` are as `find_images` has them, which also fills ``passed``, and streams of 16-bit samples at the
    classifier's rate. What becomes of each is what `windows_of` says.

    Raises:
        ConfigError: the classifier is none of sound, or ``every`` is less than a sample.
    """
    sound = model.facts.sound
    if sound is None:
        noun = model.facts.noun
        raise ConfigError(
            f"--every cuts sound into windows, and this classifier takes {noun}s that are none; leave it out."
        )
    if not 1 / sound.rate <= every < float("inf"):
        raise ConfigError(f"--every {every:g}: give the seconds from window to window, such as 0.5.")
    return _answers(model, sound, _sources(given, passed), every, batch)


def _answers(
    model: Model, sound: Sound, sources: Iterable[Path | Stream], every: float, batch: int
) -> Iterator[Prediction | Unreadable]:
    probabilities = model.probabilities if model.facts.waves else heard(model)
    for source in sources:
        name = source if isinstance(source, Path) else INCOMING
        for group in groups(_read(source, name, sound, every), batch):
            whole = [one for one in group if isinstance(one, Window)]
            rows = probabilities(np.stack([one.wave for one in whole])) if whole else ()
            for window, row in zip(whole, rows, strict=True):
                yield Prediction(name, row, (window.start, window.end))
            yield from (one for one in group if isinstance(one, Unreadable))


def _sources(given: Iterable[str | Path | Stream], passed: list[FileFacts]) -> Iterator[Path | Stream]:
    for one in given:
        if isinstance(one, str | Path):
            yield from find_images([one], passed)
        else:
            yield one


def _read(source: Path | Stream, name: Path, sound: Sound, every: float) -> Iterator[Window | Unreadable]:
    """The windows of ``source``, and last why there are no more, where that is not its end."""
    if isinstance(source, Path) and not source.is_file():
        yield Unreadable(name, absence(source, "clip"))
        return
    if isinstance(source, Path) and not is_sound(source):
        yield Unreadable(name, FAULTS["not-a-sound"])
        return
    found = False
    try:
        for window in windows_of(source, sound, every):
            found = True
            yield window
    except ValueError as fault:
        yield Unreadable(name, str(fault))
    except (OSError, RuntimeError):  # soundfile's own errors are RuntimeErrors
        yield Unreadable(name, FAULTS["unreadable"])
    else:
        if not found:
            yield Unreadable(name, FAULTS["empty-file"])
