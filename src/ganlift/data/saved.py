"""Data sets that Hugging Face's `datasets` saved to disk: their splits, columns and features, read through pyarrow.

A folder with ``dataset_info.json`` and ``state.json`` is one split; one with ``dataset_dict.json`` has one a split.
``state.json`` names the files of Arrow's stream format, which are memory-mapped: a cell is read when it is asked for.
Nothing is unpickled and no code of the data set runs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ganlift.errors import ConfigError, DataError

if TYPE_CHECKING:
    import pyarrow as pa

_SPLITS, _INFO, _STATE = "dataset_dict.json", "dataset_info.json", "state.json"


def is_saved(folder: Path) -> bool:
    """Whether ``folder`` is a saved data set, of one split or of several."""
    return (folder / _SPLITS).is_file() or is_split(folder)


def is_split(folder: Path) -> bool:
    """Whether ``folder`` is one saved split."""
    return all((folder / name).is_file() for name in (_INFO, _STATE))


def split_folders(root: Path) -> dict[str, Path]:
    """The folder of each split of the saved data set ``root`` by its name; "" where it is one split itself.

    Raises:
        DataError: a split is not there, or the list of splits can't be read.
    """
    if not (root / _SPLITS).is_file():
        return {"": root}
    names = _read_json(root / _SPLITS).get("splits")
    if not isinstance(names, list) or not names:
        raise DataError(f"{root / _SPLITS} names no split; save the data set again with save_to_disk.")
    folders = {str(name): root / _plain(name, root / _SPLITS) for name in names}
    for name, folder in folders.items():
        if not is_split(folder):
            raise DataError(
                f"{root} has no whole split '{name}', which its {_SPLITS} names ({_INFO} and {_STATE} belong in "
                f"{folder}); copy the folder again, or save the data set again."
            )
    return folders


@dataclass(frozen=True)
class Saved:
    """One split.

    Attributes:
        table: its columns, memory-mapped.
        features: what `datasets` says of each column, such as ``{"_type": "Image"}``, by its name.
        rows: (n,) int64, the rows of ``table`` that the split has, in its order; None for all as they lie.
    """

    folder: Path
    table: pa.Table
    features: Mapping[str, Mapping[str, Any]]
    rows: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return self.table.num_rows if self.rows is None else len(self.rows)

    def feature(self, column: str) -> str:
        """What kind of feature ``column`` is, such as "Image"; "" where nothing says."""
        found = self.features.get(column)
        return str(found.get("_type", "")) if isinstance(found, Mapping) else ""

    def column(self, name: str) -> pa.ChunkedArray:
        """The cells of a column, in the split's order."""
        return self.ordered(self.table.column(name))

    def ordered(self, cells: pa.ChunkedArray) -> pa.ChunkedArray:
        """``cells``, one a row of the table, in the split's order."""
        return cells if self.rows is None else cells.take(self.rows)

    def cell(self, column: str, row: int) -> Any:
        """One cell, as pyarrow's scalar."""
        return self.table.column(column)[row if self.rows is None else int(self.rows[row])]


def open_saved(folder: Path) -> Saved:
    """The split in ``folder``.

    Raises:
        ConfigError: pyarrow is not installed.
        DataError: a file is missing, or can't be read.
    """
    try:
        return _opened(folder, (folder / _STATE).stat().st_mtime_ns)
    except OSError as fault:
        raise DataError(f"{folder} can't be read any more ({fault.strerror}).") from None


@lru_cache(maxsize=32)
def _opened(folder: Path, changed: int) -> Saved:
    """As `open_saved`; ``changed`` tells a split that was saved anew from the one before."""
    state, info = _read_json(folder / _STATE), _read_json(folder / _INFO)
    table = _table(folder, state.get("_data_files"), "_data_files")
    indices = state.get("_indices_data_files")
    rows = _rows(_table(folder, indices, "_indices_data_files"), table, folder) if indices else None
    features = info.get("features")
    return Saved(folder, table, features if isinstance(features, dict) else _of_schema(table.schema), rows)


def _table(folder: Path, listed: Any, key: str) -> pa.Table:
    """The Arrow files that ``listed`` names, one after the other."""
    try:
        import pyarrow as pa
    except ImportError:
        raise ConfigError(f"{folder} is saved as Arrow, which pyarrow reads; pip install 'ganlift[parquet]'.") from None
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed) or not listed:
        raise DataError(f"{folder / _STATE} has no list of files under {key}; save the data set again.")
    files = [folder / _plain(one.get("filename"), folder / _STATE) for one in listed]
    tables = [_read(file) for file in files]
    try:
        return pa.concat_tables(tables)
    except pa.ArrowException as fault:
        raise DataError(f"The Arrow files of {folder} do not fit together ({_first_line(fault)}).") from None


def _read(file: Path) -> pa.Table:
    import pyarrow as pa

    if not file.is_file():
        raise DataError(f"{file} is missing, and {_STATE} beside it names it; copy the folder again.")
    try:
        with pa.memory_map(str(file)) as mapped:
            table = pa.ipc.open_stream(mapped).read_all()
        table.validate(full=True)  # a cell of a damaged file would else be read from beyond its end
        _decode_names(table.schema)
    except (pa.ArrowException, OSError, ValueError) as fault:  # ValueError: a name that is no UTF-8
        raise DataError(f"{file} is not a whole Arrow file ({_first_line(fault)}); copy it again.") from None
    return table


def _decode_names(fields: Iterable[pa.Field]) -> None:
    """Raise a ValueError where a name, one inside a struct too, is no UTF-8; pyarrow decodes it when asked."""
    import pyarrow as pa

    for field in fields:
        str(field.name)
        if pa.types.is_struct(field.type):
            _decode_names(field.type)


def _rows(indices: pa.Table, table: pa.Table, folder: Path) -> NDArray[np.int64]:
    """The rows that ``select``, ``shuffle`` or ``filter`` left, as an older `datasets` keeps them."""
    try:
        rows: NDArray[np.int64] = indices.column(0).to_numpy().astype(np.int64)
    except (IndexError, ValueError, TypeError):
        rows = np.array([-1])
    if ((rows < 0) | (rows >= table.num_rows)).any():
        raise DataError(
            f"The indices of {folder} point to rows that its {table.num_rows} are not; save the data set again, "
            "after .flatten_indices()."
        )
    return rows


def _of_schema(schema: pa.Schema) -> Mapping[str, Any]:
    """The features as they stand in the Arrow files, where ``dataset_info.json`` has none."""
    try:
        found = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))["info"]["features"]
    except (ValueError, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def _read_json(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        raise DataError(f"{file} can't be read ({fault}); copy it again, or save the data set again.") from None
    if not isinstance(found, dict):
        raise DataError(f"{file} is not what save_to_disk writes; save the data set again.")
    return found


def _plain(name: Any, file: Path) -> str:
    """``name``, where it is that of a file beside others and leads nowhere else."""
    if not isinstance(name, str) or name in ("", ".", "..") or Path(name).name != name:
        raise DataError(f"{file} names {name!r}, which is no plain name; save the data set again with save_to_disk.")
    return name


def _first_line(fault: BaseException) -> str:
    return (str(fault).splitlines() or [type(fault).__name__])[0]
