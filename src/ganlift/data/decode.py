"""Image files to uint8 arrays of one size; what cannot be used is listed, never fatal by itself.

PNG, JPEG, WebP and BMP, told by their content and not by their name. EXIF rotation is applied. Palette and CMYK
become RGB, transparency is laid on white, 16-bit grey is scaled to 8 bits. Left out, with the reason: animated,
truncated, empty and unreadable files, and pictures of more than 100 million pixels. The shorter side is resized
(antialiased) and the longer one cropped around its middle.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from ganlift.data.types import FileFacts

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"}
FORMATS = ("PNG", "JPEG", "WEBP", "BMP")
MAX_PIXELS = 100_000_000
SIZES = (28, 32, 48, 64)

FAULTS = {
    "empty-file": "empty",
    "truncated": "truncated",
    "unreadable": "unreadable",
    "huge-image": "larger than 100 million pixels",
    "animated": "animated",
    "not-an-image": "not a PNG, JPEG, WebP or BMP image",
    "missing-file": "listed and not there",
    "other-file": "not named as images",
}
"""Why a file is left out. The last two are found while listing, before anything is opened."""

BATCH = 256
"""Images that are decoded and not yet taken, at most."""
READING = "reading images"

OnProgress = Callable[[str, int, int], None]
"""Told what is done (a download's name, or `READING`), how far, of how much."""


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


def decode(
    paths: Sequence[Path],
    size: int | None = None,
    channels: int | None = None,
    on_progress: OnProgress | None = None,
) -> Decoded:
    """Read ``paths`` into one array.

    Args:
        size: pixels of each side; chosen from the data where None (`default_size`).
        channels: 1 or 3; where None, 1 if every image is grey, even when stored as RGB.
    """
    size = size or default_size(paths)
    images: list[NDArray[np.uint8]] = []
    kept: list[int] = []
    files: list[FileFacts] = []
    for index, (image, facts) in enumerate(read_images(paths, size, on_progress)):
        files.append(facts)
        if image is not None:
            images.append(image)
            kept.append(index)
    if channels is None:
        channels = 1 if all(files[index].grey for index in kept) else 3
    pixels = np.empty((len(images), size, size, channels), np.uint8)
    for index, image in enumerate(images):
        pixels[index] = image if channels == 3 else to_grey(image)
    return Decoded(pixels, kept, files)


def read_images(
    paths: Sequence[Path], size: int, on_progress: OnProgress | None = None
) -> Iterator[tuple[NDArray[np.uint8] | None, FileFacts]]:
    """Each file's image (size, size, 3) uint8, or None where it is left out, and its facts; in order.

    At most `BATCH` images wait decoded, whatever the length of ``paths``.
    """
    tell = on_progress or (lambda name, done, total: None)
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for start in range(0, len(paths), BATCH):
            batch = paths[start : start + BATCH]
            for index, found in enumerate(pool.map(lambda path: _read(path, size), batch), start + 1):
                yield found
                tell(READING, index, len(paths))


def default_size(paths: Sequence[Path], sample: int = 200) -> int:
    """The largest of 28, 32, 48 and 64 px that the median image's shorter side reaches; that side if it is smaller."""
    shorter = []
    for path in paths[:: max(1, len(paths) // sample)]:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                with Image.open(path, formats=FORMATS) as picture:
                    shorter.append(min(picture.size))
        except Exception:
            continue
    median = int(np.median(shorter)) if shorter else SIZES[0]
    fitting = [size for size in SIZES if size <= median]
    return fitting[-1] if fitting else max(8, median - median % 4)


def _read(path: Path, size: int) -> tuple[NDArray[np.uint8] | None, FileFacts]:
    facts = FileFacts(path)
    try:
        if not path.stat().st_size:
            return None, replace(facts, fault="empty-file")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=FORMATS) as picture:
                facts = FileFacts(path, "", picture.format or "", picture.mode, picture.width, picture.height)
                if picture.width * picture.height > MAX_PIXELS:
                    return None, replace(facts, fault="huge-image")
                if getattr(picture, "n_frames", 1) > 1:
                    return None, replace(facts, fault="animated")
                turned = picture.getexif().get(ExifTags.Base.Orientation, 1) in range(2, 9)
                image = np.asarray(_fit(_rgb(ImageOps.exif_transpose(picture)), size), np.uint8)
                return image, replace(facts, turned=turned, grey=_is_grey(image))
    except Image.DecompressionBombError:
        fault = "huge-image"
    except UnidentifiedImageError:
        fault = "not-an-image"
    except OSError as error:
        fault = "truncated" if "truncated" in str(error) else "unreadable"
    except Exception:  # Pillow's decoders raise many kinds on broken files; none may end the run
        fault = "unreadable"
    return None, replace(facts, fault=fault)


def _rgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I") or picture.mode == "F":
        values = np.asarray(picture, np.float64)
        top = 65535.0 if values.max(initial=0) > 255 else 255.0
        picture = Image.fromarray(np.clip(values * (255.0 / top), 0, 255).round().astype(np.uint8))
    if "A" in picture.getbands() or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture)
    return picture.convert("RGB")


def _fit(picture: Image.Image, size: int) -> Image.Image:
    if picture.size == (size, size):
        return picture
    return ImageOps.fit(picture, (size, size), Image.Resampling.BICUBIC)


def _is_grey(image: NDArray[np.uint8]) -> bool:
    return bool((image[..., 0] == image[..., 1]).all() and (image[..., 1] == image[..., 2]).all())


def to_grey(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(h, w, 3) as (h, w, 1): the channel of a grey image, else the luminance."""
    if _is_grey(image):
        return image[..., :1]
    return np.asarray(Image.fromarray(image).convert("L"), np.uint8)[..., None]
