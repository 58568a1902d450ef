"""Clips to one uint8 array of frames; what cannot be used is listed, as `decode` does with images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

from ganlift.cores import most_threads
from ganlift.data.clips import form_of_clip, read_clip
from ganlift.data.decode import READING, Decoded, OnProgress, Read, gathered, size_for, some_of
from ganlift.data.reading import AS_FOUND, FRAMES, Reading
from ganlift.nouns import CLIP

FRAMES_OPTION = "--frames N"
AHEAD = 16
"""Clips that are decoded and not yet taken, at most."""

SAMPLE = 50
"""Clips that are looked at for their size, at most."""


def of_frames(reading: Reading) -> str:
    """Which frames of a clip are taken, in words."""
    count = reading.frames or FRAMES
    return f"{count} a clip, the middles of {count} equal stretches of its length"


def decode_clips(paths: Sequence[Path], reading: Reading = AS_FOUND, on_progress: OnProgress | None = None) -> Decoded:
    """Read the clips at ``paths`` into pixels (n, k, size, size, c) uint8, as ``reading`` asks; see `decode`.

    Raises:
        ConfigError: PyAV is needed and not installed.
    """
    size = reading.image_size or default_clip_size(paths)
    found = read_clips(paths, replace(reading, image_size=size), on_progress)
    return gathered(found, np.empty((len(paths), reading.frames or FRAMES, size, size, 3), np.uint8), reading)


def default_clip_size(paths: Sequence[Path]) -> int:
    """`ganlift.data.decode.default_size` of clips."""
    forms = (form_of_clip(path) for path in some_of(paths, SAMPLE))
    return size_for([min(form) for form in forms if form])


def read_clips(paths: Sequence[Path], reading: Reading, on_progress: OnProgress | None = None) -> Iterator[Read]:
    """Each clip's frames (k, size, size, 3) uint8 at ``reading``'s size, or None where it is left out, and its facts.

    Raises:
        ConfigError: PyAV is needed and not installed.
    """
    size = reading.image_size or default_clip_size(paths)
    tell = on_progress or (lambda name, done, total: None)
    with ThreadPoolExecutor(min(8, most_threads())) as pool:
        for start in range(0, len(paths), AHEAD):
            batch = paths[start : start + AHEAD]
            for index, found in enumerate(pool.map(lambda path: read_clip(path, reading, size), batch), start + 1):
                yield found
                tell(READING[CLIP], index, len(paths))
