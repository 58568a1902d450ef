"""IDX files, the form of the MNIST family: a folder with train- and t10k- images and labels, packed or not."""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganlift.data.arrays import from_pairs
from ganlift.data.reading import AS_FOUND, Reading
from ganlift.data.types import ImageSet
from ganlift.errors import DataError

_PARTS = {"train": "train", "test": "t10k"}


def is_idx_folder(folder: Path) -> bool:
    """Whether ``folder`` holds training images in IDX form."""
    return folder.is_dir() and _file(folder, "train-images") is not None


def load_idx(folder: Path, reading: Reading = AS_FOUND) -> ImageSet:
    """The images of an IDX folder; classes are named by their numbers, unless ``reading`` names them.

    Raises:
        DataError: a file is missing, damaged, or does not fit the others.
    """
    parts = {}
    for part, prefix in _PARTS.items():
        images, labels = (_file(folder, f"{prefix}-{kind}") for kind in ("images", "labels"))
        if images is None or labels is None:
            if part == "test":
                continue
            raise DataError(f"{folder} lacks {prefix}-images-idx3-ubyte or {prefix}-labels-idx1-ubyte (.gz or not).")
        x, y = read_idx(images), read_idx(labels)
        if x.ndim != 3 or y.ndim != 1 or len(x) != len(y):
            raise DataError(f"{images} and {labels} do not fit together: {x.shape} and {y.shape}.")
        parts[part if _file(folder, "t10k-images") else ""] = (x, y)
    return from_pairs(parts, None, str(folder), reading, stem="")


def read_idx(file: Path) -> NDArray[np.uint8]:
    """The array in an IDX file of unsigned bytes.

    Raises:
        DataError: it is damaged or of another kind.
    """
    data = file.read_bytes()
    try:
        data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    except (OSError, EOFError, zlib.error) as fault:
        raise DataError(f"{file} is damaged ({fault}); download it again.") from fault
    if len(data) < 4 or data[:3] != b"\x00\x00\x08":
        raise DataError(f"{file} is not an IDX file of unsigned bytes.")
    start = 4 + 4 * data[3]
    if len(data) < start:
        raise DataError(f"{file} is cut off before its {data[3]} sizes; download it again.")
    shape = tuple(int(n) for n in np.frombuffer(data[4:start], ">u4"))
    if len(data) - start != math.prod(shape):
        raise DataError(f"{file} is cut off: {len(data) - start} bytes of {math.prod(shape)}; download it again.")
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def _file(folder: Path, start: str) -> Path | None:
    found = sorted(folder.glob(f"{start}*ubyte*")) if folder.is_dir() else []
    return found[0] if found else None
