"""Sound files as pictures: time to the right, frequency upwards, level as brightness (a log-mel spectrogram).

A clip of a set has one sample rate and one length, found from all files: the commonest rate, at most 16 kHz, and what
19 of 20 clips do not exceed, at most 10 s. Channels become their mean; what is longer gives its loudest stretch, what
is shorter has silence on both sides. Then, with samples s of a clip:

    P[f, t] = |Σ_n w[n] s[t·hop + n] exp(−2πi f n / N)|²      windows of 25 ms (Hann), 10 ms apart
    M[b, k] = Σ_f mel[b, f] Σ_t pool[t, k] P[f, t]            triangles on the mel scale, equal stretches of time
    picture = 255 · (1 + 10 log₁₀(M / max M) / 80), 0 for what lies more than 80 dB below the clip's own maximum

The mel scale is HTK's, 2595 log₁₀(1 + f / 700) (Young et al., The HTK Book, section 5.4). As the reference is the
clip's own maximum, nothing is learned from other clips, so that nothing leaks from test clips, and a clip at another
level is the same picture. soundfile reads WAV, FLAC, OGG and MP3.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import gcd
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganlift.data.generated import SOUND_STATEMENT
from ganlift.data.held import readable
from ganlift.data.reading import Guess, Reading, Sound
from ganlift.data.starts import begins_as_image, begins_as_sound, start_of
from ganlift.data.types import FileFacts
from ganlift.errors import ConfigError, DataError

FORMATS = {
    ".wav": ("WAV", "WAVEX", "RF64"),
    ".flac": ("FLAC", "OGG"),
    ".ogg": ("OGG",),
    ".oga": ("OGG",),
    ".mp3": ("MP3", "MPEG"),
    ".aif": ("AIFF",),
    ".aiff": ("AIFF",),
}
"""What soundfile calls the content that a suffix promises."""
SUFFIXES = set(FORMATS)
VERSION = 1
"""Goes up with every change of the pictures."""
DEFAULT_SIZE = 32
"""Bands, and stretches of time, of what arms learn from, where nobody asks for others: a quarter of the time of 64."""
WINDOW_S, HOP_S, LOWEST_HZ = 0.025, 0.010, 20.0
RANGE_DB = 80.0
QUIET = 1e-8
"""Mean power (full scale is 1) below which a band counts as silent: 80 dB below a sine of full scale."""
MOST_RATE, MOST_SECONDS, COVERED = 16_000, 10.0, 0.95
FULL_SCALE, CLIPPED = 0.999, 0.001
UNKNOWN_LENGTH = 0x7FFF0000
"""Bytes from which a WAV file's header is that of a program that did not know the length yet."""
"""Above which a sample is at full scale, and the share of such samples above which a clip counts as clipped."""

Floats = NDArray[np.float32]


def is_sound(path: Path) -> bool:
    """Whether ``path`` is sound by its first bytes; by its name where these are of nothing known."""
    start = start_of(path)
    return begins_as_sound(start) or (path.suffix.lower() in SUFFIXES and not begins_as_image(start))


def settle_sound(paths: Sequence[Path], reading: Reading) -> tuple[Sound, list[Guess]]:
    """The rate and the length that the clips at ``paths`` are brought to, and what was taken for them.

    Raises:
        ConfigError: soundfile is not installed.
        DataError: none of the files can be read.
    """
    library = soundfile()
    heads: list[tuple[int, float]] = []
    for path in paths:
        try:
            head = library.info(readable(path))
        except Exception:  # what can't be read is left out, and said, where it is decoded
            continue
        if head.samplerate > 0 and head.frames > 0:
            heads.append((int(head.samplerate), head.frames / head.samplerate))
    if not heads:
        raise DataError(f"None of the {len(paths)} sound files can be read; give WAV, FLAC, OGG or MP3 files.")
    rates = Counter(rate for rate, _ in heads)
    rate = reading.rate or min(max(rates, key=lambda one: (rates[one], one)), MOST_RATE)
    lengths = np.sort([seconds for _, seconds in heads])
    common = float(lengths[min(len(lengths) - 1, int(np.ceil(COVERED * len(lengths))) - 1)])
    seconds = reading.seconds or float(f"{min(max(common, WINDOW_S), MOST_SECONDS):.3g}")
    longer = int((lengths > seconds * 1.005).sum())
    span = f"{lengths[0]:.2g} to {lengths[-1]:.2g} s"
    cut = f"; of {longer} longer ones the loudest stretch" if longer else ""
    mixed = "" if len(rates) == 1 else f" ({len(rates)} rates between {min(rates):,} and {max(rates):,} Hz)"
    return Sound(rate, seconds), [
        Guess("rate", f"{rate:,} Hz{mixed}{', as asked' if reading.rate else ''}", "--rate"),
        Guess("length", f"{seconds:g} s of clips of {span}{cut}{', as asked' if reading.seconds else ''}", "--seconds"),
    ]


def read_clip(path: Path, sound: Sound) -> tuple[Floats | None, FileFacts]:
    """The clip at ``path`` as (samples,) float32 in [-1, 1] at the rate and of the length of ``sound``, and its facts.

    None where it has no samples, ends before it should, or has values that are not finite.

    Raises:
        soundfile.LibsndfileError, OSError: it can't be read.
    """
    with soundfile().SoundFile(readable(path)) as file:
        rate, whole = file.samplerate, len(file)
        wanted = round(sound.seconds * rate)
        start, there = _loudest(file, wanted) if whole > wanted else (0, None)
        file.seek(start)
        taken = file.read(min(whole, wanted), dtype="float32", always_2d=True)
        made = file.comment == SOUND_STATEMENT
        facts = FileFacts(path, "", str(file.format), f"{file.channels} × {rate:,} Hz", grey=True, generated=made)
        # Of a WAV file that ends early libsndfile gives what there is, and says so in its log alone.
        announced = re.search(r"^ ?(?:data|SSND) : (\d+) \(should be \d+\)", file.extra_info, re.MULTILINE)
    if not whole:
        return None, replace(facts, fault="empty-file")
    missing = whole - (len(taken) if there is None else there)
    if missing > rate or (announced and int(announced[1]) < UNKNOWN_LENGTH):
        return None, replace(facts, fault="truncated")
    if not np.isfinite(taken).all():
        return None, replace(facts, fault="unreadable")
    peaks = float((np.abs(taken) >= FULL_SCALE).mean())
    facts = replace(facts, rate=rate, seconds=whole / rate, clipped=peaks > CLIPPED)
    return clip_of(taken, rate, sound), facts


def clip_of(taken: Floats, rate: int, sound: Sound) -> Floats:
    """Samples (n, channels) at ``rate`` as (samples,): one channel, at the rate and of the length of ``sound``."""
    return fitted(_resampled(taken.mean(1), rate, sound.rate), sound.samples)


def blocks(file: Any, size: int) -> Iterator[Floats]:
    """What is left of an open sound file, (n, channels) float32 at a time, n at most ``size``.

    It ends where the file does: the length that a damaged one announces may be days.
    """
    while len(block := file.read(size, dtype="float32", always_2d=True)):
        yield block


def _loudest(file: Any, wanted: int) -> tuple[int, int]:
    """Where the loudest stretch of ``wanted`` samples of an open sound file begins, to an eighth of its length, and how
    many samples there are."""
    step = max(1, wanted // 8)
    found = [(float(np.square(block).sum()), len(block)) for block in blocks(file, step)]
    power, lengths = [one for one, _ in found], [length for _, length in found]
    windows = np.convolve(power, np.ones(8), "valid") if len(power) >= 8 else np.zeros(1)
    return min(int(windows.argmax()) * step, len(file) - wanted), sum(lengths)


def fitted(wave: Floats, samples: int) -> Floats:
    """``wave`` (n,) as (samples,): its middle, or with silence on both sides."""
    if len(wave) >= samples:
        start = (len(wave) - samples) // 2
        return wave[start : start + samples]
    before = (samples - len(wave)) // 2
    return np.pad(wave, (before, samples - len(wave) - before))


def _resampled(wave: Floats, rate: int, wanted: int) -> Floats:
    if rate == wanted:
        return wave
    from scipy.signal import resample_poly

    shared = gcd(rate, wanted)
    found: Floats = resample_poly(wave, wanted // shared, rate // shared).astype(np.float32)
    return found


@dataclass(frozen=True)
class Front:
    """The constants of the module's equations for clips of one rate and length, and pictures of one size.

    Attributes:
        hop: samples between windows.
        window: (window,) float32, Hann's.
        basis: (2 F, window) float32, the windowed cosines, then the sines; a sine of full scale has power 1.
        mel: (size, F) float32, highest band first.
        pool: (windows, size) float32, columns that sum to one.
    """

    hop: int
    window: Floats
    basis: Floats
    mel: Floats
    pool: Floats


@cache
def front(sound: Sound, size: int) -> Front:
    """The constants for ``sound`` and pictures of ``size`` bands and stretches."""
    window, hop = round(WINDOW_S * sound.rate), round(HOP_S * sound.rate)
    narrowest = float(np.diff(_edges(sound.rate, size))[0])
    points = 1 << int(np.ceil(np.log2(max(window, 2 * sound.rate / narrowest))))  # so that no band falls between two
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    turns = 2 * np.pi * np.outer(np.arange(points // 2 + 1), np.arange(window)) / points
    basis = np.concatenate([np.cos(turns), np.sin(turns)]) * hann * (2 / hann.sum())
    windows = 1 + (sound.samples - window) // hop
    return Front(
        hop,
        hann.astype(np.float32),
        basis.astype(np.float32),
        mel_bands(sound.rate, points, size)[::-1].astype(np.float32),
        _pool(windows, size).astype(np.float32),
    )


def mel_bands(rate: int, points: int, bands: int) -> NDArray[np.float64]:
    """(bands, points // 2 + 1): triangles of height 1, evenly spaced on the mel scale from 20 Hz to half the rate."""
    edges = _edges(rate, bands)
    frequencies = np.arange(points // 2 + 1) * rate / points
    rising = (frequencies - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - frequencies) / np.diff(edges)[1:, None]
    found: NDArray[np.float64] = np.maximum(0.0, np.minimum(rising, falling))
    return found


def _edges(rate: int, bands: int) -> NDArray[np.float64]:
    """Hertz at which the triangles begin, stand and end, (bands + 2,)."""
    low, high = (2595 * np.log10(1 + hertz / 700) for hertz in (LOWEST_HZ, rate / 2))
    found: NDArray[np.float64] = 700 * (10 ** (np.linspace(low, high, bands + 2) / 2595) - 1)
    return found


def _pool(windows: int, size: int) -> NDArray[np.float64]:
    """(windows, size): the share of each window in each of ``size`` equal stretches of time."""
    starts, stretches = np.arange(windows)[:, None], np.arange(size) * windows / size
    overlap = np.minimum(starts + 1, stretches + windows / size) - np.maximum(starts, stretches)
    found: NDArray[np.float64] = np.maximum(overlap, 0) * size / windows
    return found


def picture(wave: Floats, sound: Sound, size: int) -> NDArray[np.uint8]:
    """The spectrogram (size, size) uint8 of a clip (samples,), high bands at the top; black where it is silent."""
    own = front(sound, size)
    frames = np.lib.stride_tricks.sliding_window_view(wave, own.basis.shape[1])[:: own.hop]
    cosines, sines = np.split(frames @ own.basis.T, 2, axis=1)
    power = own.mel @ (cosines**2 + sines**2).T @ own.pool
    loudest = max(float(power.max()), QUIET)
    level = 1 + 10 * np.log10(np.maximum(power / loudest, 1e-12)) / RANGE_DB
    found: NDArray[np.uint8] = (255 * level.clip(0, 1)).round().astype(np.uint8)
    return found


def preparation(sound: Sound, size: int) -> str:
    """How clips become pictures, in words."""
    return (
        f"mono at {sound.rate:,} Hz, {sound.seconds:g} s (the loudest stretch, or silence on both sides); power in "
        f"windows of 25 ms, {size} mel bands × {size} stretches of time, 80 dB below the clip's own maximum to 0 as 0 "
        "to 255"
    )


def soundfile() -> Any:
    """The module of that name.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        import soundfile as library
    except (ImportError, OSError) as fault:  # OSError: its library is missing
        raise ConfigError(f"Reading sound needs soundfile ({fault}): pip install 'ganlift[audio]'.") from fault
    return library
