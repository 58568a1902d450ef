"""Make `fashion-mini`, the excerpt of Fashion-MNIST that ganlift ships, from the official IDX files.

    python scripts/make_fashion_mini.py FOLDER [--out src/ganlift/data/bundled/fashion-mini.npz]

FOLDER holds train-images-idx3-ubyte.gz and its three companions (https://github.com/zalandoresearch/fashion-mnist).
600 training and 200 test images a class, chosen with a fixed seed and kept in their official order. The result is the
same byte for byte wherever it is made: an npz whose members have fixed times.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import sys
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

MD5 = {  # of the unpacked bytes: gzip headers differ between mirrors
    "train-images-idx3-ubyte.gz": "f4a8712d7a061bf5bd6d2ca38dc4d50a",
    "train-labels-idx1-ubyte.gz": "9018921c3c673c538a1fc5bad174d6f9",
    "t10k-images-idx3-ubyte.gz": "8181f5470baa50b63fa0f6fddb340f0a",
    "t10k-labels-idx1-ubyte.gz": "15d484375f8d13e6eb1aabb0c3f46965",
}
A_CLASS = {"train": 600, "test": 200}
PREFIX = {"train": "train", "test": "t10k"}
SEED = 2017


def read(folder: Path, name: str) -> bytes:
    """The unpacked bytes of an official file, checked."""
    data = gzip.decompress((folder / name).read_bytes())
    if hashlib.md5(data).hexdigest() != MD5[name]:
        sys.exit(f"{folder / name}: these are not the official bytes; download the file again.")
    return data


def excerpt(folder: Path, part: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Images (n, 28, 28) and labels (n,) of one part of the excerpt."""
    images = np.frombuffer(read(folder, f"{PREFIX[part]}-images-idx3-ubyte.gz"), np.uint8, offset=16)
    labels = np.frombuffer(read(folder, f"{PREFIX[part]}-labels-idx1-ubyte.gz"), np.uint8, offset=8)
    rng = np.random.Generator(np.random.PCG64(SEED))
    chosen = [rng.permutation(np.flatnonzero(labels == label))[: A_CLASS[part]] for label in range(10)]
    index = np.sort(np.concatenate(chosen))
    return images.reshape(-1, 28, 28)[index], labels[index]


def npy(array: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version=(1, 0), allow_pickle=False)
    return buffer.getvalue()


def pack(folder: Path) -> bytes:
    """The excerpt as one npz with fixed times, so that equal input gives equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for part in A_CLASS:
            for name, array in zip(("x", "y"), excerpt(folder, part), strict=True):
                entry = zipfile.ZipInfo(f"{name}_{part}.npy", date_time=(2017, 8, 25, 0, 0, 0))
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, npy(array))
    return buffer.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=Path("src/ganlift/data/bundled/fashion-mini.npz"))
    arguments = parser.parse_args()
    data = pack(arguments.folder)
    arguments.out.write_bytes(data)
    print(f"{arguments.out}: {len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}")


if __name__ == "__main__":
    main()
