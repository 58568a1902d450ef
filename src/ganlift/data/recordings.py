"""Long recordings, and sound that is still coming in, as windows of a clip's length, read block by block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from ganlift.data.reading import Sound
from ganlift.data.sound import Floats, blocks, clip_of, soundfile

BLOCK = 1 << 16
"""Samples of a file, or bytes of a stream, that are read at once."""


class Stream(Protocol):
    """Bytes that come in: 16-bit samples, little-endian, mono."""

    def read1(self, size: int, /) -> bytes:
        """At most ``size`` bytes as soon as there are any; none at the end."""
        ...


@dataclass(frozen=True)
class Window:
    """A stretch of a recording from ``start`` to ``end`` (s): ``wave`` (samples,) float32, as a file of it would be."""

    start: float
    end: float
    wave: Floats


def windows_of(source: Path | Stream, sound: Sound, every: float) -> Iterator[Window]:
    """The windows of ``sound``'s length that begin ``every`` seconds, as long as they are whole; of a shorter one all.

    A file has its own rate and channels, and each window becomes what `read_clip` makes of a file of it; a stream has
    ``sound``'s rate. No more than a window and a block is held.

    Raises:
        soundfile.LibsndfileError, OSError: it can't be read.
        ValueError: a window has values that are not finite.
    """
    with _opened(source, sound) as (rate, blocks):
        for start, taken in cut(blocks, round(sound.seconds * rate), every * rate):
            if not np.isfinite(taken).all():
                raise ValueError(f"values that are not finite from {start / rate:g} s on")
            yield Window(start / rate, (start + len(taken)) / rate, clip_of(taken, rate, sound))


def cut(pieces: Iterable[Floats], length: int, step: float) -> Iterator[tuple[int, Floats]]:
    """Where each window of ``length`` begins, and its samples (length, channels), of ``pieces`` (n, channels) in a row.

    Window i begins at the sample nearest to i · ``step``, so that no error adds up.
    """
    held, begun, number = np.zeros((0, 1), np.float32), 0, 0
    for block in pieces:
        held = np.concatenate([held, block]) if len(held) else block
        while (start := round(number * step)) + length <= begun + len(held):
            yield start, held[start - begun : start - begun + length]
            number += 1
        gone = min(start - begun, len(held))
        held, begun = held[gone:], begun + gone
    if not number and len(held):
        yield 0, held


@contextmanager
def _opened(source: Path | Stream, sound: Sound) -> Iterator[tuple[int, Iterator[Floats]]]:
    """The sample rate of ``source``, and its blocks (n, channels)."""
    if not isinstance(source, Path):
        yield sound.rate, _of_stream(source)
        return
    with soundfile().SoundFile(source) as file:
        yield file.samplerate, blocks(file, BLOCK)


def _of_stream(stream: Stream) -> Iterator[Floats]:
    left = b""
    while came := stream.read1(BLOCK):
        data = left + came
        whole = len(data) // 2 * 2
        left = data[whole:]
        samples = np.frombuffer(data[:whole], "<i2").astype(np.float32)
        yield samples[:, None] / np.float32(32768)
