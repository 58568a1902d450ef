"""Images, or rows of numbers, from an ``.npz`` in one of three forms.

- ``train`` and ``test``, each a pair ``(x, y)`` (an object array, read through `safe_pickle`);
- ``x_train``, ``y_train``, ``x_test``, ``y_test`` (Keras), the test pair optional;
- ``train_images``, ``train_labels``, ``val_...``, ``test_...`` (MedMNIST).

``x`` and ``y`` (and ``ids``) alone are those of ``train``: whoever saves a set in one piece calls them so.

Beside them may lie ``x_unlabelled`` (or ``unlabelled_images``), which has no labels. Rows are told by their two
dimensions; ``ids_train`` (``ids_test``, ...) tell each of them apart. What the arrays may be is in `arrays` and `rows`.
Classes are named by ``class_names`` where there are some.
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
from ganlift.data.rows import from_rows
from ganlift.data.safe_pickle import load_arrays
from ganlift.data.types import UNLABELLED, ImageSet, VectorSet
from ganlift.errors import DataError

_UNLABELLED = ("x_unlabelled", "unlabelled_images")
_TRAINING = {"x": "x_train", "y": "y_train", "ids": "ids_train", "id": "ids_train"}
_KEYS = (("x_train", "y_train", "train"), ("x_val", "y_val", "val"), ("x_test", "y_test", "test"))


def load_npz(file: Path, reading: Reading = AS_FOUND, *, labelled: bool = True) -> ImageSet | VectorSet:
    """The images, or the rows of numbers, in ``file``, read as ``reading`` asks.

    Args:
        labelled: whether there must be labels.

    Raises:
        DataError: another form, several labels an image, values that do not tell black and white, or arrays that do
            not fit together.
    """
    arrays = _plain(read_arrays(file))
    arrays = arrays if labelled else _with_labels(arrays)
    pairs = _pairs(arrays, file)
    names = [str(name) for name in np.asarray(arrays["class_names"]).reshape(-1)] if "class_names" in arrays else None
    parted = {"": pairs["train"]} if set(pairs) == {"train"} else pairs
    if pairs["train"][0].ndim == 2:
        ids = {part: arrays[f"ids_{part or 'train'}"] for part in parted if f"ids_{part or 'train'}" in arrays}
        return from_rows(parted, names, str(file), reading, ids)
    return from_pairs(parted, names, str(file), reading)


def read_arrays(file: Path) -> dict[str, Any]:
    """Every member of the archive: plain arrays by NumPy, object arrays by the restricted unpickler."""
    if not file.is_file():
        raise DataError(f"There is no file {file}; check the path.")
    found: dict[str, Any] = {}
    try:
        with zipfile.ZipFile(file) as archive:
            for name in archive.namelist():
                found[name.removesuffix(".npy")] = _member(archive.read(name), f"{file}, '{name}'")
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, UnicodeError) as fault:
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
            "x and y, or train_images, train_labels (test_...), or train and test as (x, y) pairs."
        )
    alone = next((arrays[key] for key in _UNLABELLED if key in arrays), None)
    if alone is not None:
        pairs["unlabelled"] = (alone, _no_labels(len(alone), pairs["train"][1]))
    return pairs


def _plain(arrays: dict[str, Any]) -> dict[str, Any]:
    """``arrays``, of which ``x``, ``y`` and ``ids`` train where nothing else does."""
    if "x" not in arrays or {"x_train", "train", "train_images"} & set(arrays):
        return arrays
    return {_TRAINING.get(name, name): array for name, array in arrays.items()}


def _with_labels(arrays: dict[str, Any]) -> dict[str, Any]:
    """``arrays`` with labels that say that there is none, for those of rows that have no labels."""
    lacking = [(x, y) for x, y, part in _KEYS if x in arrays and not {y, f"{part}_labels"} & set(arrays)]
    return {y: np.full(len(arrays[x]), UNLABELLED) for x, y in lacking} | arrays


def _no_labels(count: int, like: Any) -> Any:
    """(count,) of what says that there is no label, among such as ``like``."""
    return np.full(count, "") if np.asarray(like).dtype.kind in "US" else np.full(count, UNLABELLED)
