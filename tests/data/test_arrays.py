"""npz, IDX, CIFAR-10, pickles that want to run code."""

from __future__ import annotations

import gzip
import hashlib
import os
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest

from ganlift.data import load, load_examples
from ganlift.data.cifar10 import load_cifar10
from ganlift.data.download import md5_of
from ganlift.data.types import VectorSet
from ganlift.errors import DataError

X = np.random.default_rng(0).integers(0, 256, (12, 28, 28), dtype=np.uint8)
Y = np.arange(12) % 3


def pair(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    found = np.empty(2, dtype=object)
    found[:] = [x, y]
    return found


def test_npz_in_its_three_forms(tmp_path: Path) -> None:
    np.savez(tmp_path / "pairs.npz", train=pair(X[:9], Y[:9]), test=pair(X[9:], Y[9:]))
    np.savez(tmp_path / "keras.npz", x_train=X[:9], y_train=Y[:9], x_test=X[9:], y_test=Y[9:])
    column = Y[:, None]
    np.savez(
        tmp_path / "med.npz", train_images=X[:9], train_labels=column[:9], test_images=X[9:], test_labels=column[9:]
    )
    hashes = []
    for name in ("pairs", "keras", "med"):
        images = load(str(tmp_path / f"{name}.npz"))
        assert images.pixels.shape == (12, 28, 28, 1)
        assert images.class_names == ("class 0", "class 1", "class 2")
        assert images.parts.tolist() == ["train"] * 9 + ["test"] * 3
        hashes.append(images.hashes.tolist())
    assert hashes[0] == hashes[1] == hashes[2]


def test_x_and_y_alone_are_what_there_is_to_train_on(tmp_path: Path) -> None:
    np.savez(tmp_path / "plain.npz", x=X, y=Y)
    np.savez(tmp_path / "keras.npz", x_train=X, y_train=Y)
    np.savez(tmp_path / "rows.npz", x=X.reshape(12, -1), y=Y, ids=np.arange(12) + 5)
    plain, keras = (load(str(tmp_path / f"{name}.npz")) for name in ("plain", "keras"))
    assert plain.hashes.tolist() == keras.hashes.tolist()
    assert plain.labels.tolist() == Y.tolist()
    rows = load_examples(str(tmp_path / "rows.npz"))
    assert isinstance(rows, VectorSet)
    assert rows.ids.tolist() == [str(number) for number in range(5, 17)]


def test_npz_shapes_floats_and_names(tmp_path: Path) -> None:
    planes = np.random.default_rng(1).random((6, 3, 20, 16)).astype(np.float32)
    np.savez(
        tmp_path / "f.npz",
        x_train=planes,
        y_train=np.array([7, 9] * 3),
        class_names=np.array(["x"] * 7 + ["cat", "y", "dog"]),
    )
    images = load(str(tmp_path / "f.npz"))
    assert images.pixels.shape == (6, 16, 16, 3)
    assert images.class_names == ("cat", "dog")
    assert "0 is black and 1 is white (float32" in images.guesses[0].taken


def test_npz_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "multi.npz", x_train=X, y_train=np.ones((12, 4), int))
    np.savez(tmp_path / "keys.npz", pictures=X)
    np.savez(tmp_path / "rows.npz", x_train=X.reshape(12, -1), y_train=Y)
    np.savez(tmp_path / "short.npz", x_train=X, y_train=Y[:5])
    (tmp_path / "torn.npz").write_bytes((tmp_path / "keys.npz").read_bytes()[:2000])
    for name, words in (
        ("multi", "several labels"),
        ("keys", "pictures"),
        ("rows", "rows of 784 numbers, and images are wanted here"),
        ("short", "12 whole"),
        ("torn", "not a whole"),
    ):
        with pytest.raises(DataError, match=words):
            load(str(tmp_path / f"{name}.npz"))


class Payload:
    """Unpickled by Python's own pickle, it would make a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)


def test_a_payload_in_an_npz_does_not_run(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    np.savez(tmp_path / "evil.npz", train=pair(X, Payload(trap)), test=pair(X, Y))
    with pytest.raises(DataError, match="not plain NumPy arrays"):
        load(str(tmp_path / "evil.npz"))
    assert not trap.exists()
    pickle.loads(pickle.dumps(Payload(trap)))
    assert trap.exists()  # the counter-test: the payload works where nothing stops it


def test_a_payload_in_a_python_batch_does_not_run(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    (tmp_path / "data_batch_1").write_bytes(pickle.dumps({b"data": Payload(trap)}))
    sums = {"data_batch_1": md5_of(tmp_path / "data_batch_1")}
    with pytest.raises(DataError, match="not plain NumPy arrays"):
        load_cifar10(tmp_path, {}, sums)
    assert not trap.exists()


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


def test_idx_packed_or_not(tmp_path: Path) -> None:
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(X)))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(Y))
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(idx(X[:3]))
    (tmp_path / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(Y[:3])))
    images = load(str(tmp_path))
    assert images.parts.tolist() == ["train"] * 12 + ["test"] * 3
    assert np.array_equal(images.pixels[:12, ..., 0], X)
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(X)[:-5]))
    with pytest.raises(DataError, match="cut off"):
        load(f"idx:{tmp_path}")


def test_cifar10_in_both_forms(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    rows, labels = rng.integers(0, 256, (2, 4, 3072), dtype=np.uint8), rng.integers(0, 10, (2, 4))
    sets = []
    for form, suffix in (("bin", ".bin"), ("py", "")):
        folder = tmp_path / form / f"cifar-10-batches-{form}"
        folder.mkdir(parents=True)
        for name, x, y in (("data_batch_1", rows[0], labels[0]), ("test_batch", rows[1], labels[1])):
            batch = {b"data": x, b"labels": y.tolist(), b"filenames": [b"a.png"] * 4}
            binary = np.concatenate([y[:, None].astype(np.uint8), x], axis=1).tobytes()
            (folder / f"{name}{suffix}").write_bytes(binary if suffix else pickle.dumps(batch, protocol=2))
        sums = {path.name: md5_of(path) for path in folder.iterdir()}
        given = (sums, {}) if suffix else ({}, sums)
        sets.append(load_cifar10(tmp_path / form, *given))
        with pytest.raises(DataError, match="not the official file"):
            load_cifar10(tmp_path / form, *(dict.fromkeys(one, "0" * 32) for one in given))
        with pytest.raises(DataError, match="official"):  # such a folder is known without being told
            load(str(tmp_path / form))
    assert np.array_equal(sets[0].pixels, sets[1].pixels)
    assert np.array_equal(sets[0].labels, labels.reshape(-1))
    assert sets[0].image(0)[0, 0].tolist() == rows[0, 0, [0, 1024, 2048]].tolist()
    with pytest.raises(DataError, match="holds no CIFAR-10 batches"):
        load(f"cifar10:{tmp_path}")


def test_fashion_mini_is_what_its_script_makes(tmp_path: Path) -> None:
    from importlib.resources import files

    data = (files("ganlift.data") / "bundled" / "fashion-mini.npz").read_bytes()
    assert hashlib.sha256(data).hexdigest() == "28d1696c8d8b916e22ba415d0dd83a4a8cc7687612a8436909f49d0c251c846a"
    images = load("fashion-mini")
    assert np.bincount(images.labels[images.parts == "train"]).tolist() == [600] * 10
    assert np.bincount(images.labels[images.parts == "test"]).tolist() == [200] * 10
    source = os.environ.get("GANLIFT_FASHION")
    if source is None:
        pytest.skip("set GANLIFT_FASHION to the folder of the official files to make the excerpt again")
    import subprocess
    import sys

    script = Path(__file__).parents[2] / "scripts" / "make_fashion_mini.py"
    subprocess.run([sys.executable, script, source, "--out", tmp_path / "again.npz"], check=True)
    assert (tmp_path / "again.npz").read_bytes() == data
