"""Image files to uint8 arrays of one size; what cannot be used is listed, never fatal by itself.

PNG, JPEG, WebP and BMP, told by their content and not by their name. EXIF rotation is applied unless it is asked not
to. Palette and CMYK become RGB, transparency is laid on white, 16-bit grey is brought to 8 bits by the scale of the
whole set (`deep.scale_of`). Left out, with the reason: animated, truncated, empty and unreadable files, and pictures of
more than 100 million pixels. What is not square becomes so as `sizes.as_square` says; resizing is antialiased.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from ganlift.cores import most_threads
from ganlift.data.colours import is_grey, settle_colours, to_grey
from ganlift.data.generated import is_generated
from ganlift.data.held import readable, size_of
from ganlift.data.reading import AS_FOUND, Reading
from ganlift.data.sizes import as_square
from ganlift.data.sound import DEFAULT_SIZE, is_sound, picture, read_clip
from ganlift.data.types import FileFacts
from ganlift.data.values import to_bytes
from ganlift.nouns import CLIP, IMAGE

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"}
FORMATS = ("PNG", "JPEG", "WEBP", "BMP")
MAX_PIXELS = 100_000_000
SIZES = (28, 32, 48, 64)

FAULTS = {
    "empty-file": "empty",
    "truncated": "truncated",
    "unreadable": "unreadable",
    "huge-image": "larger than 100 million pixels",
    "no-scale": "16 bits a pixel, and the scale of these is not known; give it with --value-range LOW,HIGH",
    "animated": "animated",
    "not-an-image": "not a PNG, JPEG, WebP or BMP image",
    "not-a-sound": "not a WAV, FLAC, OGG or MP3 file",
    "not-a-clip": "no film or animation that can be read",
    "no-picture": "without a picture stream",
    "no-frames": "without any frame",
    "missing-file": "listed and not there",
    "other-file": "no {}s by name or content",
    "loose-image": "beside the class folders and so without a label",
    "unused-folder": "of which nobody said what they are",
    "no-class-folders": "without class folders in them and so without labels",
    "unused-class": "not named by --classes",
    "unmatched-file": "of a name that --files does not match",
    "run-folder": "made by ganlift and no data",
}
"""Why a file, or a folder as a whole, is left out. From "missing-file" on it is found while listing.

The place in the words is for what the others are called."""

BATCH = 256
"""Images that are decoded and not yet taken, at most."""
READING = {noun: f"reading {noun}s" for noun in (IMAGE, CLIP)}

Read = tuple[NDArray[np.uint8] | None, FileFacts]
"""What a file holds, (h, w, 3) or frames (k, h, w, 3), or None where it is left out; and its facts."""

OnProgress = Callable[[str, int, int], None]
"""Told what is done (a download's name, or one of `READING`), how far, of how much."""


@dataclass(frozen=True)
class Decoded:
    """``pixels`` (n, size, size, c) uint8 of the files at ``kept`` (indices into the list), and all files' facts."""

    pixels: NDArray[np.uint8]
    kept: list[int]
    files: list[FileFacts]

    @property
    def skipped(self) -> list[tuple[Path, str]]:
        """The files left out, each with the reason in words."""
        return [(facts.path, FAULTS[facts.fault]) for facts in self.files if facts.fault]


def decode(paths: Sequence[Path], reading: Reading = AS_FOUND, on_progress: OnProgress | None = None) -> Decoded:
    """Read ``paths`` into one array, as ``reading`` asks.

    Its size is chosen from the data where it has none (`default_size`), its colours are settled by `settle_colours`;
    16-bit files are left out where it has no range for them.
    """
    size = reading.image_size or default_size(paths)
    found = read_images(paths, replace(reading, image_size=size), on_progress)
    return gathered(found, np.empty((len(paths), size, size, 3), np.uint8), reading)


def gathered(found: Iterable[Read], pixels: NDArray[np.uint8], reading: Reading) -> Decoded:
    """What was ``found``, in the colours of the set.

    Args:
        pixels: (n, ..., h, w, 3), where what is found is put as it comes, so that nothing is held twice; n is at least
            as many as there are.
    """
    kept: list[int] = []
    files: list[FileFacts] = []
    for index, (item, facts) in enumerate(found):
        files.append(facts)
        if item is not None:
            pixels[len(kept)] = item
            kept.append(index)
    pixels = pixels[: len(kept)]
    channels, _ = settle_colours(all_grey=all(files[index].grey for index in kept), reading=reading)
    if channels == 3:
        return Decoded(pixels, kept, files)
    grey = np.empty((*pixels.shape[:-1], 1), np.uint8)
    for place in np.ndindex(pixels.shape[:-3]):
        grey[place] = to_grey(pixels[place])
    return Decoded(grey, kept, files)


def read_images(paths: Sequence[Path], reading: Reading, on_progress: OnProgress | None = None) -> Iterator[Read]:
    """Each file's image (size, size, 3) uint8 at ``reading``'s size, or None where it is left out, and its facts.

    At most `BATCH` images wait decoded, whatever the length of ``paths``.
    """
    tell, doing = on_progress or (lambda name, done, total: None), READING[CLIP if reading.sound else IMAGE]
    with ThreadPoolExecutor(min(8, most_threads())) as pool:
        for start in range(0, len(paths), BATCH):
            batch = paths[start : start + BATCH]
            for index, found in enumerate(pool.map(lambda path: read_file(path, reading), batch), start + 1):
                yield found
                tell(doing, index, len(paths))


def default_size(paths: Sequence[Path], sample: int = 200) -> int:
    """The largest of 28, 32, 48 and 64 px that the median image's shorter side reaches; that side if it is smaller.

    Pictures of sound have their own.
    """
    if paths and is_sound(paths[0]):
        return DEFAULT_SIZE
    shorter = []
    for path in some_of(paths, sample):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                with Image.open(readable(path), formats=FORMATS) as picture:
                    shorter.append(min(picture.size))
        except Exception:
            continue
    return size_for(shorter)


def some_of(paths: Sequence[Path], sample: int) -> Sequence[Path]:
    """About ``sample`` of ``paths``, evenly spread over them."""
    return paths[:: max(1, len(paths) // sample)]


def size_for(shorter: Sequence[int]) -> int:
    """The size for pictures of these ``shorter`` sides; see `default_size`."""
    median = int(np.median(shorter)) if shorter else SIZES[0]
    fitting = [size for size in SIZES if size <= median]
    return fitting[-1] if fitting else max(8, median - median % 4)


def read_file(path: Path, reading: Reading, sketch: int | None = None) -> tuple[NDArray[np.uint8] | None, FileFacts]:
    """One file's image (size, size, 3) uint8 at ``reading``'s size, or None where it is left out, and its facts.

    Args:
        sketch: the size instead; then a JPEG file is decoded at the smallest of its own scales that leaves twice that
            size, which is much faster for large ones, and not the same to the last bit.
    """
    size = sketch or reading.image_size
    if reading.sound:
        return _read_sound(path, reading, size)
    facts = FileFacts(path)
    try:
        if not size_of(path):
            return None, replace(facts, fault="empty-file")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(readable(path), formats=FORMATS) as picture:
                facts = FileFacts(path, "", picture.format or "", picture.mode, picture.width, picture.height)
                if picture.width * picture.height > MAX_PIXELS:
                    return None, replace(facts, fault="huge-image")
                if getattr(picture, "n_frames", 1) > 1:
                    return None, replace(facts, fault="animated")
                turned = picture.getexif().get(ExifTags.Base.Orientation, 1) in range(2, 9)
                if is_deep(picture.mode) and reading.value_range is None:
                    return None, replace(facts, fault="no-scale")
                if sketch:
                    picture.draft(None, (2 * sketch, 2 * sketch))
                upright = ImageOps.exif_transpose(picture) if reading.orientation == "exif" else picture
                side = size or min(upright.size)
                image = np.asarray(as_square(_rgb(upright, reading), side, reading.fit), np.uint8)
                made = is_generated(picture.info)
                return image, replace(facts, turned=turned, grey=is_grey(image), generated=made)
    except Image.DecompressionBombError:
        fault = "huge-image"
    except UnidentifiedImageError:
        fault = "not-an-image"
    except OSError as error:
        fault = "truncated" if "truncated" in str(error) else "unreadable"
    except Exception:  # Pillow's decoders raise many kinds on broken files; none may end the run
        fault = "unreadable"
    return None, replace(facts, fault=fault)


def _read_sound(path: Path, reading: Reading, size: int | None) -> tuple[NDArray[np.uint8] | None, FileFacts]:
    """As `read_file`, of a sound file: its spectrogram, in three equal channels."""
    wave, facts = hear(path, reading)
    if wave is None or reading.sound is None:
        return None, facts
    side = size or DEFAULT_SIZE
    shown = picture(wave, reading.sound, side)
    return np.repeat(shown[..., None], 3, axis=2), replace(facts, width=side, height=side)


def hear(path: Path, reading: Reading) -> tuple[NDArray[np.float32] | None, FileFacts]:
    """The samples of a sound file as ``reading`` has them, (samples,) float32, or None where it is left out; its facts.

    ``reading`` is of sound; where it is of images, every sound is left out.
    """
    facts = FileFacts(path)
    if reading.sound is None:
        return None, replace(facts, fault="not-an-image")
    try:
        if not size_of(path):
            return None, replace(facts, fault="empty-file")
        if not is_sound(path):
            return None, replace(facts, fault="not-a-sound")
        return read_clip(path, reading.sound)
    except (OSError, ValueError, RuntimeError):  # soundfile's own errors are RuntimeErrors
        return None, replace(facts, fault="unreadable")


def is_deep(mode: str) -> bool:
    """Whether Pillow's ``mode`` holds more than 8 bits a pixel."""
    return mode.startswith("I") or mode == "F"


def _rgb(picture: Image.Image, reading: Reading) -> Image.Image:
    if is_deep(picture.mode) and reading.value_range:
        picture = Image.fromarray(to_bytes(np.asarray(picture), *reading.value_range))
    if "A" in picture.getbands() or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture)
    return picture.convert("RGB")
