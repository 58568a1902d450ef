"""Images from an ``.npz``, in one of three forms.

- ``train`` and ``test``, each a pair ``(x, y)`` (an object array, read through `safe_pickle`);
- ``x_train``, ``y_train``, ``x_test``, ``y_test`` (Keras), the test pair optional;
- ``train_images``, ``train_labels``, ``val_...``, ``test_...`` (MedMNIST).

What the arrays may be is in `arrays`. Classes are named by ``class_names`` where the file has it.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from ganlift.data.arrays import Pair, from_pairs
from ganlift.data.reading import AS_FOUND, Reading
from ganlift.data.safe_pickle import load_arrays
from ganlift.data.types import ImageSet
from ganlift.errors import DataError

_KEYS = (("x_train", "y_train", "train"), ("x_val", "y_val", "val"), ("x_test", "y_test", "test"))


def load_npz(file: Path, reading: Reading = AS_FOUND) -> ImageSet:
    """The images in ``file``, read as ``reading`` asks.

    Raises:
        DataError: another form, several labels an image, values that do not tell black and white, or arrays that do
            not fit together.
    """
    arrays = _read(file)
    pairs = _pairs(arrays, file)
    names = [str(name) for name in np.asarray(arrays["class_names"]).reshape(-1)] if "class_names" in arrays else None
    return from_pairs({"": pairs["train"]} if set(pairs) == {"train"} else pairs, names, str(file), reading)


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
