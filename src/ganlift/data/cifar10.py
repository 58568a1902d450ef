"""CIFAR-10 in both official forms, binary and python, each checked against its md5 sums (Krizhevsky 2009)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganlift.data.build import from_arrays
from ganlift.data.download import OnProgress, download, extract, md5_of, users_cache
from ganlift.data.safe_pickle import load_arrays
from ganlift.data.types import ImageSet
from ganlift.errors import DataError

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
BINARY_MD5 = {
    "data_batch_1.bin": "5dd7e06a14cb22eb9f671a540d1b7c25",
    "data_batch_2.bin": "5ea93a67294ea407fff1d09f752e9692",
    "data_batch_3.bin": "942cd6a4bcdd0dd3c604fbe906cb4421",
    "data_batch_4.bin": "ae636b3ba5c66a11e91e8cb52e771fcb",
    "data_batch_5.bin": "53f37980c15c3d472c316c40844f3f0d",
    "test_batch.bin": "803d5f7f4d78ea53de84dbe85f74fb6d",
}
PYTHON_MD5 = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3b5",
    "test_batch": "40351d587109b95175f43aff81a1287e",
}
URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
ARCHIVE_MD5 = "c32a1d4ab5d03f1284b67883e8d87530"
_FOLDERS = ("", "cifar-10-batches-bin", "cifar-10-batches-py")
_RECORD = 1 + 3 * 32 * 32


def load_cifar10(
    folder: Path, binary_md5: Mapping[str, str] = BINARY_MD5, python_md5: Mapping[str, str] = PYTHON_MD5
) -> ImageSet:
    """The official batches in ``folder`` or in its ``cifar-10-batches-bin`` or ``-py``.

    Args:
        binary_md5, python_md5: name to md5 of the files of each form.

    Raises:
        DataError: no batches there, or a file that is missing or not the official one.
    """
    for name in _FOLDERS:
        for sums, read in ((binary_md5, _read_binary), (python_md5, _read_python)):
            place = folder / name
            if any((place / file).is_file() for file in sums):
                _check(place, sums)
                parts: dict[str, list[tuple[NDArray[np.uint8], NDArray[np.int64]]]] = {"train": [], "test": []}
                for file in sums:
                    parts["test" if file.startswith("test") else "train"].append(read(place / file))
                joined = {
                    part: (np.concatenate([x for x, _ in found]), np.concatenate([y for _, y in found]))
                    for part, found in parts.items()
                }
                return from_arrays(joined, CLASSES, "cifar10")
    raise DataError(f"{folder} holds no CIFAR-10 batches (data_batch_1.bin ... or data_batch_1 ...); check the path.")


def is_cifar10_folder(folder: Path) -> bool:
    """Whether `load_cifar10` would look for the batches there."""
    first = ("data_batch_1.bin", "data_batch_1")
    return folder.is_dir() and any((folder / name / file).is_file() for name in _FOLDERS for file in first)


def fetch_cifar10(
    data_dir: Path | None, on_progress: OnProgress | None = None, url: str = URL, archive_md5: str = ARCHIVE_MD5
) -> Path:
    """The folder with the batches: ``data_dir``, ``$GANLIFT_DATA`` or the user's cache; downloaded if not there."""
    root = data_dir or users_cache()
    if any((root / name).is_dir() for name in _FOLDERS[1:]) or (root / "data_batch_1.bin").is_file():
        return root
    archive = download(url, root / "cifar-10-binary.tar.gz", archive_md5, on_progress)
    extract(archive, root)
    return root


def _check(folder: Path, sums: Mapping[str, str]) -> None:
    for name, md5 in sums.items():
        path = folder / name
        if not path.is_file():
            raise DataError(
                f"{path} is missing; CIFAR-10 has {len(sums)} batch files. Unpack the official archive again."
            )
        if md5_of(path) != md5:
            raise DataError(f"{path} is not the official file (its md5 differs); unpack the official archive again.")


def _read_binary(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    data = np.fromfile(path, np.uint8)
    if data.size % _RECORD:
        raise DataError(f"{path} is cut off; unpack the official archive again.")
    records = data.reshape(-1, _RECORD)
    return _images(records[:, 1:]), records[:, 0].astype(np.int64)


def _read_python(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    batch = load_arrays(path.read_bytes(), str(path))
    try:
        return _images(np.asarray(batch[b"data"], np.uint8)), np.asarray(batch[b"labels"], np.int64)
    except (KeyError, TypeError, ValueError) as fault:
        raise DataError(f"{path} is not a CIFAR-10 batch ({fault!r}).") from fault


def _images(rows: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Rows of red, green and blue planes to (n, 32, 32, 3)."""
    return rows.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
