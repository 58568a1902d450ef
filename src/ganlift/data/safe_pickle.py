"""Pickles of NumPy arrays, and of nothing else: no code of the file's choosing can run.

A pickle names functions to call. This unpickler knows the handful that NumPy's own arrays need, and refuses
every other name before anything is called.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np

from ganlift.errors import DataError


def _latin1(text: str, encoding: str) -> bytes:
    """What `_codecs.encode` does in array pickles of protocol 2: bytes written as latin-1 text."""
    if encoding != "latin1":
        raise pickle.UnpicklingError("unexpected encoding")
    return text.encode("latin1")


class _Fixed:
    """A function that a pickle may call, and not change: the pickle's BUILD would set attributes of a plain one."""

    __slots__ = ("_function",)
    _function: Callable[..., Any]

    def __init__(self, function: Callable[..., Any]) -> None:
        object.__setattr__(self, "_function", function)

    def __call__(self, *arguments: Any) -> Any:
        return self._function(*arguments)

    def __setattr__(self, name: str, value: object) -> None:
        raise pickle.UnpicklingError("it changes a function")


def _allowed() -> dict[tuple[str, str], Callable[..., Any]]:
    names: dict[tuple[str, str], Callable[..., Any]] = {
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
        ("_codecs", "encode"): _Fixed(_latin1),
    }
    for core in ("numpy.core", "numpy._core"):
        names[f"{core}.multiarray", "_reconstruct"] = np._core.multiarray._reconstruct  # type: ignore[attr-defined]
        names[f"{core}.multiarray", "scalar"] = np._core.multiarray.scalar  # type: ignore[attr-defined]
        names[f"{core}.numeric", "_frombuffer"] = _Fixed(np._core.numeric._frombuffer)  # type: ignore[attr-defined]
    return names


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Callable[..., Any]:
        found = _allowed().get((module, name))
        if found is None:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return found


def load_arrays(data: bytes, where: str) -> Any:
    """The lists, dicts, strings, numbers and arrays pickled in ``data``; ``where`` is named in messages.

    Strings that Python 2 wrote come as bytes.

    Raises:
        DataError: the pickle holds anything else, or is damaged.
    """
    try:
        return _ArrayUnpickler(io.BytesIO(data), encoding="bytes").load()
    except Exception as fault:  # a damaged pickle can raise nearly anything; none of it is code of the file's
        raise DataError(
            f"{where} holds pickled objects that are not plain NumPy arrays ({fault}); it was not loaded. "
            "Save x_train, y_train, x_test and y_test as plain arrays instead."
        ) from fault
