"""Images from an ``.npz``, in one of three forms.

- ``train`` and ``test``, each a pair ``(x, y)`` (an object array, read through `safe_pickle`);
- ``x_train``, ``y_train``, ``x_test``, ``y_test`` (Keras), the test pair optional;
- ``train_images``, ``train_labels``, ``val_...``, ``test_...`` (MedMNIST).

Images are (n, h, w), (n, h, w, c) or (n, c, h, w), uint8 or floats in [0, 1] or [0, 255]; labels (n,) or (n, 1).
Classes are named by ``class_names`` where the file has it, else "class 0", "class 1", ...
"""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ganlift.data.build import from_arrays
from ganlift.data.safe_pickle import load_arrays
from ganlift.data.types import ImageSet
from ganlift.errors import DataError

Pair = tuple[NDArray[Any], NDArray[Any]]
_KEYS = (("x_train", "y_train", "train"), ("x_val", "y_val", "val"), ("x_test", "y_test", "test"))


def load_npz(file: Path, image_size: int | None = None) -> ImageSet:
    """The images in ``file``, resized to ``image_size`` where given (or made square where they are not).

    Raises:
        DataError: another form, several labels an image, or arrays that do not fit together.
    """
    arrays = _read(file)
    pairs = _pairs(arrays, file)
    notes: list[str] = []
    pixels = {part: _pixels(x, f"{file}, {part}", notes) for part, (x, _) in pairs.items()}
    raw = {part: _labels(y, len(pixels[part]), f"{file}, {part}") for part, (_, y) in pairs.items()}
    values = np.unique(np.concatenate(list(raw.values())))
    names = _class_names(arrays, values, file)
    if len(names) < 2:
        raise DataError(f"{file} holds {len(names)} class(es) and at least 2 are needed.")
    parts = {
        part: (square(pixels[part], image_size), np.searchsorted(values, raw[part]).astype(np.int64)) for part in pairs
    }
    if "test" not in parts:
        parts = {"": parts["train"]} if set(parts) == {"train"} else parts
    return from_arrays(parts, names, str(file), list(dict.fromkeys(notes)))


def _read(file: Path) -> dict[str, Any]:
    """Every member of the archive: plain arrays by NumPy, object arrays by the restricted unpickler."""
    if not file.is_file():
        raise DataError(f"There is no file {file}; check the path.")
    found: dict[str, Any] = {}
    try:
        with zipfile.ZipFile(file) as archive:
            for name in archive.namelist():
                found[name.removesuffix(".npy")] = _member(archive.read(name), f"{file}, '{name}'")
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, zlib.error) as fault:
        raise DataError(f"{file} is not a whole .npz file ({fault}).") from fault
    return found


def _member(data: bytes, where: str) -> Any:
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        _, _, dtype = read(stream)
        if not dtype.hasobject:
            return np.load(io.BytesIO(data), allow_pickle=False)
    except ValueError as fault:
        raise DataError(f"{where} is not a NumPy array ({fault}).") from fault
    return load_arrays(data[stream.tell() :], where)


def _pairs(arrays: dict[str, Any], file: Path) -> dict[str, Pair]:
    pairs: dict[str, Pair] = {}
    for x, y, part in _KEYS:
        if x in arrays and y in arrays:
            pairs[part] = (arrays[x], arrays[y])
        elif f"{part}_images" in arrays and f"{part}_labels" in arrays:
            pairs[part] = (arrays[f"{part}_images"], arrays[f"{part}_labels"])
        elif part in arrays and len(arrays[part]) == 2:
            pairs[part] = (np.asarray(arrays[part][0]), np.asarray(arrays[part][1]))
    if "train" not in pairs:
        raise DataError(
            f"{file} has the arrays {', '.join(sorted(arrays)) or 'none'}; expected x_train, y_train (x_test, y_test), "
            "or train_images, train_labels (test_...), or train and test as (x, y) pairs."
        )
    return pairs


def _pixels(x: NDArray[Any], where: str, notes: list[str]) -> NDArray[np.uint8]:
    """(n, h, w, c) uint8."""
    if x.ndim == 3:
        x = x[..., None]
    if x.ndim == 4 and x.shape[-1] not in (1, 3) and x.shape[1] in (1, 3):
        x = x.transpose(0, 2, 3, 1)
    if x.ndim != 4 or x.shape[-1] not in (1, 3) or not len(x):
        raise DataError(
            f"{where}: images have the shape {x.shape}; expected (n, h, w), (n, h, w, 1 or 3) or (n, 1 or 3, h, w)."
        )
    if x.dtype == np.uint8:
        return x
    if x.dtype.kind not in "iufb" or not np.isfinite(x).all() or x.min() < 0 or x.max() > 255:
        raise DataError(f"{where}: pixel values must be uint8, or numbers in [0, 1] or [0, 255].")
    scale = 255.0 if x.dtype.kind in "fb" and x.max() <= 1 else 1.0
    notes.append(f"Pixels of type {x.dtype} were turned into 8 bits{' from [0, 1]' if scale > 1 else ''}.")
    return np.round(x.astype(np.float64) * scale).astype(np.uint8)


def _labels(y: NDArray[Any], n: int, where: str) -> NDArray[np.int64]:
    y = np.asarray(y)
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim == 2 and set(np.unique(y)) <= {0, 1} and (y.sum(1) == 1).all():
        y = y.argmax(1)
    if y.ndim == 2:
        raise DataError(
            f"{where}: labels have {y.shape[1]} columns, several labels an image. "
            "ganlift compares classifiers with one label an image; give labels of shape (n,)."
        )
    whole = y.dtype.kind in "iu" or (y.dtype.kind == "f" and bool((y == y.round()).all()))
    if y.ndim != 1 or len(y) != n or not whole:
        raise DataError(f"{where}: labels have the shape {y.shape} and type {y.dtype}; expected {n} whole numbers.")
    return y.astype(np.int64)


def _class_names(arrays: dict[str, Any], values: NDArray[np.int64], file: Path) -> list[str]:
    if "class_names" in arrays:
        names = [str(name) for name in np.asarray(arrays["class_names"]).reshape(-1)]
        if values.max() >= len(names) or values.min() < 0:
            raise DataError(f"{file} has {len(names)} class_names and the label {values.max()}.")
        return [names[value] for value in values]
    return [f"class {value}" for value in values]


def square(x: NDArray[np.uint8], size: int | None) -> NDArray[np.uint8]:
    """(n, h, w, c) to (n, size, size, c): the shorter side resized, the longer cropped around its middle."""
    height, width = x.shape[1:3]
    size = size or min(height, width)
    if (height, width) == (size, size):
        return x
    out = np.empty((len(x), size, size, x.shape[3]), np.uint8)
    for index, image in enumerate(x):
        picture = Image.fromarray(image[..., 0] if image.shape[2] == 1 else image)
        fitted = np.asarray(ImageOps.fit(picture, (size, size), Image.Resampling.BICUBIC))
        out[index] = fitted if fitted.ndim == 3 else fitted[..., None]
    return out
