"""A sound for a generated spectrogram: a preview, since a picture has neither phases nor fine bands.

The equations of `ganlift.data.sound`, backwards, with M the bands' powers in each stretch of time, through all of
which P stays the same:

    power     P ← P · (melᵀ M) / (melᵀ mel P)      least squares with P ≥ 0 (Lee and Seung 2001, theorem 1)
    phases    X ← STFT(x), Y ← √P · X / |X|, x ← the signal whose transform is nearest to Y

nearest by the least squares of Griffin and Lim 1984 (equations 6 and 11), from phases drawn at random. The level is
made up, too: a picture has none.
"""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

from ganlift.data.reading import Sound
from ganlift.data.sound import RANGE_DB, Floats, front

UPDATES, ITERATIONS = 40, 40
PEAK = 0.5
"""Of full scale."""
FAINT = 1e-2
"""Share of the largest sum of windows, below which a sum is not divided by: a clip's first and last milliseconds."""


def sound_of(picture: NDArray[np.uint8], sound: Sound, rng: np.random.Generator) -> Floats:
    """The samples (samples,) float32 in [-1, 1] whose spectrogram is near ``picture`` (size, size) uint8.

    ``picture`` is as `ganlift.data.sound.picture` makes it; the same one, and the same draws of ``rng``, give the same
    samples. Of a black one they are zeros.
    """
    own = front(sound, picture.shape[0])
    power = np.where(picture > 0, 10 ** ((picture / 255.0 - 1) * RANGE_DB / 10), 0.0)
    spread = own.pool / own.pool.sum(1, keepdims=True)
    size = np.sqrt(_of_bands(own.mel.astype(float), power) @ spread.T)
    phases = np.exp(2j * np.pi * rng.random(size.shape))
    wave = _signal(size * phases, own.window, own.hop, sound.samples)
    for _ in range(ITERATIONS):
        turned = _transform(wave, own.window, own.hop, size.shape[0])
        wave = _signal(size * turned / np.maximum(np.abs(turned), 1e-12), own.window, own.hop, sound.samples)
    found: Floats = (PEAK * wave / max(float(np.abs(wave).max()), 1e-12)).astype(np.float32)
    return found


def _of_bands(mel: NDArray[np.float64], bands: NDArray[np.float64]) -> NDArray[np.float64]:
    """P (F, stretches), not negative, with ``mel`` (b, F) P near ``bands`` (b, stretches)."""
    wanted = mel.T @ bands
    found = wanted
    for _ in range(UPDATES):
        found = found * wanted / np.maximum(mel.T @ (mel @ found), 1e-12)
    return found


def _transform(wave: NDArray[np.float64], window: Floats, hop: int, bins: int) -> NDArray[np.complex128]:
    """(bins, windows): of each window, ``hop`` apart, as many bins as `Front.mel` has."""
    frames = np.lib.stride_tricks.sliding_window_view(wave, len(window))[::hop]
    found: NDArray[np.complex128] = np.fft.rfft(frames * window, 2 * (bins - 1), axis=1).T
    return found


def _signal(bins: NDArray[np.complex128], window: Floats, hop: int, samples: int) -> NDArray[np.float64]:
    """(samples,): the signal whose transform is nearest to ``bins``."""
    frames = np.fft.irfft(bins.T, axis=1)[:, : len(window)] * window
    places = hop * np.arange(len(frames))[:, None] + np.arange(len(window))
    total = np.bincount(places.ravel(), frames.ravel(), samples)
    weight = np.bincount(places.ravel(), np.tile(np.square(window), len(frames)), samples)
    found: NDArray[np.float64] = total / np.maximum(weight, FAINT * weight.max())
    return found


def wav(wave: Floats, rate: int, comment: str) -> bytes:
    """A WAV file of ``wave`` (samples,) in [-1, 1], 16 bits, mono, with ``comment`` in it, for players to show."""
    samples = (32767 * wave.clip(-1, 1)).round().astype("<i2").tobytes()
    said = comment.encode()
    form = struct.pack("<HHIIHH", 1, 1, rate, 2 * rate, 2, 16)
    body = b"WAVE" + _chunk(b"fmt ", form) + _chunk(b"LIST", b"INFO" + _chunk(b"ICMT", said)) + _chunk(b"data", samples)
    return _chunk(b"RIFF", body)


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
