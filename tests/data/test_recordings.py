"""Windows of recordings: where each begins, what it holds, and that a long file is not held as a whole."""

from __future__ import annotations

import io
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from ganlift.data.reading import Sound
from ganlift.data.recordings import cut, windows_of
from ganlift.data.sound import read_clip

soundfile = pytest.importorskip("soundfile")
RATE = 8000


def ramp(samples: int) -> np.ndarray:
    return np.arange(samples, dtype=np.float32)[:, None]


@pytest.mark.parametrize("block", [1, 3, 7, 100])
def test_windows_begin_where_they_should_however_samples_come(block: int) -> None:
    """20 samples, windows of 5, 3.5 apart: at 0, 3.5, 7, 10.5 and 14, halves to even; 17.5 would end at 23."""
    blocks = [ramp(20)[start : start + block] for start in range(0, 20, block)]
    found = [(start, taken[:, 0].tolist()) for start, taken in cut(blocks, 5, 3.5)]
    assert [start for start, _ in found] == [0, 4, 7, 10, 14]
    assert all(values == list(range(start, start + 5)) for start, values in found)


@pytest.mark.parametrize("block", [1, 4, 100])
def test_windows_further_apart_than_long_leave_gaps(block: int) -> None:
    blocks = [ramp(20)[start : start + block] for start in range(0, 20, block)]
    assert [(start, int(taken[0, 0]), len(taken)) for start, taken in cut(blocks, 2, 9)] == [
        (0, 0, 2),
        (9, 9, 2),
        (18, 18, 2),
    ]


def test_what_is_shorter_than_a_window_is_one() -> None:
    assert [(start, len(taken)) for start, taken in cut([ramp(3)], 5, 1)] == [(0, 3)]
    assert list(cut([], 5, 1)) == []


def test_a_window_is_what_a_file_of_the_same_stretch_is(tmp_path: Path) -> None:
    """Stereo at 11,025 Hz for a classifier at 8,000 Hz: 0.3 s are 3,308 samples, 0.25 s are 2,756."""
    wave = np.random.default_rng(0).uniform(-0.5, 0.5, (11025, 2)).astype(np.float32)
    soundfile.write(tmp_path / "long.wav", wave, 11025, "FLOAT")
    sound = Sound(RATE, 0.3)
    found = list(windows_of(tmp_path / "long.wav", sound, 0.25))
    assert [round(one.start, 4) for one in found] == [0.0, 0.25, 0.5]
    assert [round(one.end - one.start, 4) for one in found] == [0.3, 0.3, 0.3]
    for one, start in zip(found, (0, 2756, 5512), strict=True):
        soundfile.write(tmp_path / "cut.wav", wave[start : start + 3308], 11025, "FLOAT")
        assert (one.wave == read_clip(tmp_path / "cut.wav", sound)[0]).all()


class Dribble(io.BytesIO):
    """Gives at most seven bytes at once, so that samples are torn."""

    def read1(self, size: int | None = -1, /) -> bytes:
        return self.read(7)


def test_a_stream_is_16_bit_samples_and_may_tear_them() -> None:
    values = np.arange(-500, 500, dtype="<i2") * 32
    (found,) = windows_of(Dribble(values.tobytes() + b"\0"), Sound(1000, 1.0), 1.0)
    assert (found.wave == values / np.float32(32768)).all()


def test_values_that_are_not_finite_end_a_recording(tmp_path: Path) -> None:
    wave = np.zeros(RATE, np.float32)
    wave[6000] = np.nan
    soundfile.write(tmp_path / "a.wav", wave, RATE, "FLOAT")
    windows = windows_of(tmp_path / "a.wav", Sound(RATE, 0.5), 0.5)
    assert next(windows).start == 0
    with pytest.raises(ValueError, match=r"not finite from 0\.5 s on"):
        next(windows)


def test_ten_minutes_are_never_held_as_a_whole(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "long.flac", np.zeros(600 * RATE, np.int16), RATE)  # 19 MB as float32
    tracemalloc.start()
    try:
        assert sum(1 for _ in windows_of(tmp_path / "long.flac", Sound(RATE, 1.0), 60)) == 10
        assert tracemalloc.get_traced_memory()[1] < 3e6
    finally:
        tracemalloc.stop()
