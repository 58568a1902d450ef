"""Clips through a frozen network: each frame is an image to it, and a clip's vector is the moments of its frames'."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ganlift.data.clips import read_clip
from ganlift.data.colours import to_grey
from ganlift.data.decode import FAULTS
from ganlift.data.file_hashes import clip_hash
from ganlift.data.reading import FRAMES, Reading
from ganlift.errors import DataError
from ganlift.features.sources import Bytes, Files, Index
from ganlift.features.views import OF_CLIP
from ganlift.layers.moments import moments

TOGETHER = 256
"""Clips whose moments are computed at once."""


@dataclass(frozen=True)
class ClipFrames:
    """The frames of clips one after another, k of each, decoded at the size that is asked for.

    Frames are images to whoever embeds them; `keys` tell them apart, and say which are of one clip.
    """

    paths: Sequence[Path]
    reading: Reading

    @property
    def frames(self) -> int:
        """k."""
        return self.reading.frames or FRAMES

    @property
    def how(self) -> str:
        return f"clips-{self.frames}-{Files(self.paths, self.reading).how}"

    def __len__(self) -> int:
        return self.frames * len(self.paths)

    def read(self, index: Index, size: int) -> Bytes:
        """As `Source` has it; a clip is decoded once for all of its frames that are asked for.

        Raises:
            DataError: a clip is gone or can't be read any more.
        """
        clips, frames = np.divmod(index, self.frames)
        found = np.empty((len(index), size, size, 3), np.uint8)
        for clip in np.unique(clips):
            own = clips == clip
            found[own] = self._clip(self.paths[clip], size)[frames[own]]
        return found.transpose(0, 3, 1, 2)

    def name(self, index: int) -> str:
        return str(self.paths[index // self.frames])

    def keys(self) -> NDArray[np.str_]:
        """The hash of each frame's clip, and its place there, (n · k,).

        Raises:
            DataError: a clip can't be read.
        """
        hashes = [clip_hash(path) for path in self.paths]
        return np.array([f"{one}{OF_CLIP}{place}" for one in hashes for place in range(self.frames)])

    def _clip(self, path: Path, size: int) -> Bytes:
        clip, facts = read_clip(path, self.reading, size)
        if clip is None:
            raise DataError(f"{path} can't be read any more ({FAULTS[facts.fault]}); remove it or put it back.")
        return np.stack([to_grey(frame) for frame in clip]) if self.reading.channels == 1 else clip


def of_clips(frames: NDArray[np.float16], count: int) -> NDArray[np.float16]:
    """`moments` of features (n · k, v, d) of the frames of clips, ``count`` of each: (n, v, 2d)."""
    n, views, width = len(frames) // count, *frames.shape[1:]
    found = np.empty((n, views, 2 * width), np.float16)
    for start in range(0, n, TOGETHER):
        part = np.array(frames[count * start : count * (start + TOGETHER)], np.float32)
        found[start : start + TOGETHER] = moments(torch.from_numpy(part).unflatten(0, (-1, count))).numpy()  # type: ignore[no-untyped-call]
    return found


def frames_of(rows: Index, count: int) -> Index:
    """The places of all frames of the clips at ``rows`` (n,), (n · k,)."""
    return (count * rows[:, None] + np.arange(count)).reshape(-1)
