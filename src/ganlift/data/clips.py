"""Clips: films, animations and folders of frames, of which a few frames evenly spaced over their length are taken.

Films (MP4, WebM, MKV, MOV, AVI, ...) are read through PyAV, the extra ``video``; animated GIF and WebP through Pillow.
A clip is never held as a whole: its frames' times are read first, then the frames that are wanted, each brought to its
size before the next; what lies between two of them is skipped where a key frame allows it and the format tells exactly
where that is.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from ganlift.data.colours import is_grey
from ganlift.data.decode import MAX_PIXELS, read_file
from ganlift.data.reading import FRAMES, Reading
from ganlift.data.sizes import as_square
from ganlift.data.types import FileFacts
from ganlift.data.walking import look
from ganlift.errors import ConfigError

WITHOUT = "Films are read through PyAV, which is not installed here; install it with: pip install 'ganlift[video]'."

ANIMATIONS = ("GIF", "WEBP")
LEAPING = ("mov", "matroska")
"""Formats (MP4 and MOV, MKV and WebM) in which seeking ends at the key frame asked for; in others it may pass it."""

LISTS = ("concat", "concatf", "hls", "dash", "imf")
"""What FFmpeg reads as films and is a list of other files."""

UNSAID_MS = 100
"""How long a frame of a GIF is shown that says nothing of it, as browsers do it."""

Bytes = NDArray[np.uint8]
Pictures = Callable[[Sequence[int]], Iterator[tuple[Image.Image, bool]]]
"""The frames at these places, which rise, each upright, and whether it was stored turned."""


class _Fault(Exception):  # noqa: N818 - it says what is wrong with a file, and is caught where that is read
    """Why a clip is left out, a key of `ganlift.data.decode.FAULTS`."""


@dataclass(frozen=True)
class Track:
    """A clip that is open.

    Attributes:
        starts: (n,) when each frame begins to be shown, in ticks of the clip's own clock, which rise.
        end: the tick from which on the last one is not shown any more.
        pictures: what gives the frames.
        facts: the clip's form as it lies on disk.
    """

    starts: Sequence[int]
    end: int
    pictures: Pictures
    facts: FileFacts


def spread(starts: Sequence[int], end: int, count: int) -> list[int]:
    """Which of the frames shown from ``starts`` on are shown in the middles of ``count`` equal stretches up to ``end``.

    The middle of stretch j is at (j + ½) / count of the length; a clip of fewer frames repeats some.
    """
    length = end - starts[0]
    middles = [starts[0] + (2 * place + 1) * length // (2 * count) for place in range(count)]
    return [max(0, bisect_right(starts, at) - 1) for at in middles]


def read_clip(path: Path, reading: Reading, size: int) -> tuple[Bytes | None, FileFacts]:
    """The frames of a clip (k, size, size, 3) uint8, or None where it is left out, and its facts.

    ``path`` is a film, an animation, or a folder of frames in the order of their names, numbers by their value.

    Raises:
        ConfigError: PyAV is needed and not installed.
    """
    facts = FileFacts(path)
    try:
        if path.is_file() and not path.stat().st_size:
            return None, replace(facts, fault="empty-file")
        with opened(path, reading, size) as track:
            facts = track.facts
            if facts.width * facts.height > MAX_PIXELS:
                return None, replace(facts, fault="huge-image")
            wanted = spread(track.starts, track.end, reading.frames or FRAMES)
            places, turned, frames = sorted(set(wanted)), False, list[Bytes]()
            for picture, was_turned in track.pictures(places):
                frames.append(np.asarray(as_square(picture, size, reading.fit), np.uint8))
                turned |= was_turned
            clip = np.stack([frames[places.index(one)] for one in wanted])
            return clip, replace(facts, turned=turned, grey=all(map(is_grey, frames)))
    except ConfigError:
        raise
    except _Fault as fault:
        return None, replace(facts, fault=str(fault))
    except UnidentifiedImageError:
        return None, replace(facts, fault="not-a-clip")
    except Exception:  # decoders raise many kinds on broken files; none may end the run
        return None, replace(facts, fault="unreadable")


def form_of_clip(path: Path) -> tuple[int, int] | None:
    """Width and height of a clip as stored; None where it can't be read.

    Raises:
        ConfigError: PyAV is needed and not installed.
    """
    try:
        with opened(path, Reading(value_range=(0.0, 65535.0)), None) as track:  # of the form no scale tells
            return track.facts.width, track.facts.height
    except ConfigError:
        raise
    except Exception:  # what is broken is left out, and said, where it is read
        return None


@contextmanager
def opened(path: Path, reading: Reading, size: int | None) -> Iterator[Track]:
    """The clip at ``path``; frames that are files come at ``size``."""
    if path.is_dir():
        yield _folder(path, reading, size)
    elif is_animation(path):
        with Image.open(path, formats=ANIMATIONS) as picture:
            yield _animation(path, picture)
    else:
        with _container(path) as container:
            yield _film(path, container, upright=reading.orientation == "exif")


def is_animation(path: Path) -> bool:
    """Whether the file begins as a GIF does, or as an animated WebP."""
    try:
        with path.open("rb") as file:
            head = file.read(21)
    except OSError:
        return False
    return head[:4] == b"GIF8" or (head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8X" and bool(head[20] & 2))


def by_number(path: Path) -> list[Any]:
    """For sorting: ``frame10`` comes after ``frame9``."""
    return [(len(part.lstrip("0")), part) if part.isdigit() else (0, part) for part in re.split(r"(\d+)", path.name)]


def _folder(path: Path, reading: Reading, size: int | None) -> Track:
    files = sorted(look(path).images, key=by_number)
    if not files:
        raise _Fault("no-frames")
    _, first = read_file(files[0], reading, size or 8)
    if first.fault:
        raise _Fault(first.fault)

    def pictures(places: Sequence[int]) -> Iterator[tuple[Image.Image, bool]]:
        for place in places:
            image, facts = read_file(files[place], replace(reading, image_size=size))
            if image is None:
                raise _Fault(facts.fault)
            yield Image.fromarray(image), facts.turned

    facts = replace(first, path=path, format="frames", frames=len(files))
    return Track(range(len(files)), len(files), pictures, facts)


def _animation(path: Path, picture: Image.Image) -> Track:
    starts, end = list[int](), 0
    for place in range(getattr(picture, "n_frames", 1)):
        picture.seek(place)
        picture.load()  # which is when WebP tells how long it is shown
        starts.append(end)
        end += round(picture.info.get("duration", 0)) or UNSAID_MS

    def pictures(places: Sequence[int]) -> Iterator[tuple[Image.Image, bool]]:
        for place in places:
            picture.seek(place)
            shown = picture.convert("RGBA")
            yield Image.alpha_composite(Image.new("RGBA", shown.size, "white"), shown).convert("RGB"), False

    form = FileFacts(path, "", picture.format or "", "RGB", picture.width, picture.height, frames=len(starts))
    return Track(starts, end, pictures, replace(form, seconds=end / 1000))


def _film(path: Path, container: Any, *, upright: bool) -> Track:
    """The first stream of pictures of a film; cover pictures of songs are none."""
    streams = [one for one in container.streams.video if "attached_pic" not in str(one.disposition)]
    if not streams:
        raise _Fault("no-picture")
    stream = streams[0]
    stream.codec_context.thread_count = 1  # clips are read side by side
    name = container.format.name.split(",")[0]
    stamps, keys, last, leaps = list[int](), list[int](), 0, name in LEAPING
    for packet in container.demux(stream):
        stamp = packet.dts if packet.pts is None else packet.pts
        if packet.size and stamp is not None and not packet.is_discard:
            stamps.append(stamp)
            last = max(last, stamp + (packet.duration or 0))
            keys += [stamp] if packet.is_keyframe else []
            leaps &= packet.pts is not None
    if not stamps:
        raise _Fault("no-frames")
    stamps, unit = sorted(stamps), float(stream.time_base)
    gaps = [later - sooner for sooner, later in pairwise(stamps)]
    end = max(last, stamps[-1] + (int(np.median(gaps)) if gaps else 1))

    def pictures(places: Sequence[int]) -> Iterator[tuple[Image.Image, bool]]:
        if leaps and keys:
            frames = _leaping(container, stream, [stamps[place] for place in places], sorted(keys))
        else:
            frames = _in_order(path, stream.index, places)
        for frame in frames:
            turn = frame.rotation if upright else 0
            yield frame.to_image().rotate(turn, expand=True), bool(turn)

    mode = "L" if (stream.codec_context.pix_fmt or "").startswith("gray") else "RGB"
    form = FileFacts(path, "", name.upper(), mode, stream.width, stream.height, frames=len(stamps))
    return Track(stamps, end, pictures, replace(form, seconds=unit * (end - stamps[0])))


def _leaping(container: Any, stream: Any, wanted: Sequence[int], keys: Sequence[int]) -> Iterator[Any]:
    """The frame shown at each of the stamps ``wanted``, which rise; of ``keys`` decoding can begin.

    It goes on from frame to frame, and leaps where a key frame lies between. A stamp that the decoder gives no frame
    for, at the end of a film that was cut off, has the last one there is.
    """
    coming: Iterator[Any] = iter(())
    frame, at = None, None
    for stamp in wanted:
        key = keys[max(0, bisect_right(keys, stamp) - 1)]
        if at is None or key > at:
            container.seek(key, stream=stream, backward=True)
            coming = container.decode(stream)
        while at is None or at < stamp:
            following = next(coming, None)
            if following is None:
                break
            frame, at = following, following.dts if following.pts is None else following.pts
        if frame is None:
            raise _Fault("no-frames")
        yield frame


def _in_order(path: Path, stream: int, places: Sequence[int]) -> Iterator[Any]:
    """The frames at ``places``, which rise, counted from the beginning of the film; past its end the last one."""
    frame, at = None, -1
    with _container(path) as container:
        coming = container.decode(container.streams[stream])
        for place in places:
            while at < place and (following := next(coming, None)) is not None:
                frame, at = following, at + 1
            if frame is None:
                raise _Fault("no-frames")
            yield frame


def _container(path: Path) -> Any:
    """The open film; nothing but this very file is read, whatever its name or its content would have FFmpeg open."""
    av = _library()
    try:
        container = av.open(f"file:{path}", options={"protocol_whitelist": "file"})
    except av.error.InvalidDataError:
        raise _Fault("not-a-clip") from None
    if container.format.name in LISTS:
        container.close()
        raise _Fault("not-a-clip")
    return container


def _library() -> Any:
    try:
        import av
    except ImportError as fault:
        raise ConfigError(WITHOUT) from fault
    return av
