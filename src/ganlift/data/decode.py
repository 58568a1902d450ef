"""Image files to uint8 arrays of one size; what cannot be used is listed, never fatal by itself.

PNG, JPEG, WebP and BMP, told by their content and not by their name. EXIF rotation is applied. Palette and CMYK
become RGB, transparency is laid on white, 16-bit grey is scaled to 8 bits. Left out, with the reason: animated,
truncated, empty and unreadable files, and pictures of more than 100 million pixels. The shorter side is resized
(antialiased) and the longer one cropped around its middle.
"""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"}
FORMATS = ("PNG", "JPEG", "WEBP", "BMP")
MAX_PIXELS = 100_000_000
SIZES = (28, 32, 48, 64)

READING = "reading images"

OnProgress = Callable[[str, int, int], None]
"""Told what is done (a download's name, or `READING`), how far, of how much."""


@dataclass(frozen=True)
class Decoded:
    """``pixels`` (n, size, size, c) uint8 of the files at ``kept`` (indices into the list), and what was left out."""

    pixels: NDArray[np.uint8]
    kept: list[int]
    skipped: list[tuple[Path, str]]

    def notes(self) -> list[str]:
        """One sentence a reason, with the first few files."""
        reasons = Counter(reason for _, reason in self.skipped)
        notes = []
        for reason, count in sorted(reasons.items()):
            names = [str(path) for path, why in self.skipped if why == reason]
            shown = ", ".join(names[:3]) + (", ..." if count > 3 else "")
            notes.append(f"{count} file(s) left out, {reason}: {shown}.")
        return notes


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
    tell = on_progress or (lambda name, done, total: None)
    images: list[NDArray[np.uint8]] = []
    kept: list[int] = []
    skipped: list[tuple[Path, str]] = []
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for index, found in enumerate(pool.map(lambda path: _read(path, size), paths)):
            if isinstance(found, str):
                skipped.append((paths[index], found))
            else:
                images.append(found)
                kept.append(index)
            tell(READING, index + 1, len(paths))
    if channels is None:
        channels = 1 if all(_is_grey(image) for image in images) else 3
    pixels = np.empty((len(images), size, size, channels), np.uint8)
    for index, image in enumerate(images):
        pixels[index] = image if channels == 3 else to_grey(image)
    return Decoded(pixels, kept, skipped)


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


def _read(path: Path, size: int) -> NDArray[np.uint8] | str:
    """The image (size, size, 3), or the reason why there is none."""
    try:
        if not path.stat().st_size:
            return "empty"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=FORMATS) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    return "larger than 100 million pixels"
                if getattr(picture, "n_frames", 1) > 1:
                    return "animated"
                return np.asarray(_fit(_rgb(ImageOps.exif_transpose(picture)), size), np.uint8)
    except Image.DecompressionBombError:
        return "larger than 100 million pixels"
    except UnidentifiedImageError:
        return "not a PNG, JPEG, WebP or BMP image"
    except OSError as fault:
        return "truncated" if "truncated" in str(fault) else "unreadable"
    except Exception:  # Pillow's decoders raise many kinds on broken files; none may end the run
        return "unreadable"


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
