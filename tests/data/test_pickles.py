"""Row 12: pickles of arrays, and what else a pickle could ask for."""

from __future__ import annotations

import pickle
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from ganlift.data.safe_pickle import load_arrays
from ganlift.errors import DataError


@pytest.mark.parametrize("protocol", range(6))
def test_arrays_come_back(protocol: int) -> None:
    held = {"x": np.arange(6, dtype=np.uint8).reshape(2, 3), "y": [1, "two"]}
    found = load_arrays(pickle.dumps(held, protocol), "here")
    assert found["x"].tolist() == held["x"].tolist()
    assert found["y"][0] == 1


def building(trap: str) -> dict[str, bytes]:
    """Pickles that make ``trap``, one for each opcode that builds an object."""
    text = b"V" + trap.encode() + b"\n"
    memmap, values = b"cnumpy\nmemmap\n", text + b"Vuint8\nVw+\nI0\nI1\n"
    return {
        "REDUCE": b"cos\nmkdir\n(" + text + b"tR.",
        "INST": b"(" + text + b"ios\nmkdir\n.",
        "OBJ": b"(cos\nmkdir\n" + text + b"o.",
        "STACK_GLOBAL": b"\x80\x04\x8c\x02os\x8c\x05mkdir\x93(" + text + b"tR.",
        "NEWOBJ": b"\x80\x02" + memmap + b"(" + values + b"t\x81.",
        "NEWOBJ_EX": b"\x80\x04" + memmap + b"(" + values + b"t}\x92.",
        "BUILD": b"clogging\nFileHandler\n(" + text + b"tR}b.",
    }


@pytest.mark.parametrize("opcode", building(""))
def test_no_opcode_builds_what_the_file_asks_for(tmp_path: Path, opcode: str) -> None:
    """Row 12: nothing is made; the counter-test is pickle itself, which makes it."""
    trap = tmp_path / "trap"
    evil = building(str(trap))[opcode]
    with pytest.raises(DataError, match="not plain NumPy arrays"):
        load_arrays(evil, "evil")
    assert not trap.exists()
    with suppress(TypeError):  # what cannot be called so has been found by then
        pickle.loads(evil)
    assert trap.exists()


@pytest.mark.parametrize(
    "evil",
    [
        pytest.param(b"\x82\x01.", id="EXT1"),
        pytest.param(b"\x83\x01\x00.", id="EXT2"),
        pytest.param(b"Pelsewhere\n.", id="PERSID"),
        pytest.param(b"\x80\x02c_codecs\nencode\n(N}X\x0c\x00\x00\x00__defaults__(I1\ntstb.", id="BUILD of attributes"),
        pytest.param(b"\x80\x02c_codecs\nencode\n}X\x01\x00\x00\x00aI1\nsb.", id="BUILD of a dictionary"),
        pytest.param(b"\x80\x04\x8c\x05numpy\x8c\x0bndarray.fill\x93.", id="a name with dots"),
    ],
)
def test_no_opcode_reaches_beyond_what_arrays_need(evil: bytes) -> None:
    """Row 12: registered extensions, objects by reference, and changing the functions that arrays are made by."""
    with pytest.raises(DataError, match="not plain NumPy arrays"):
        load_arrays(evil, "evil")
