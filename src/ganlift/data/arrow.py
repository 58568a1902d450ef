"""Parquet, and any table of Arrow, whose columns are numbers or lists of numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ganlift.data.findings import shown
from ganlift.data.reading import Reading
from ganlift.data.tables import BESIDE, COLUMN, Roles, Table, refuse_missing, refuse_nothing, refuse_texts, roles_of
from ganlift.errors import ConfigError, DataError

if TYPE_CHECKING:
    import pyarrow as pa

SUFFIXES = (".parquet", ".pq")


def read_parquet(file: Path, reading: Reading, *, labelled: bool = True) -> Table:
    """The numbers in ``file``; columns that are not learned from are not read.

    Raises:
        ConfigError: pyarrow is not installed.
        DataError: it is no Parquet, or as `of_arrow`.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise ConfigError(f"{file} is Parquet, which pyarrow reads; pip install 'ganlift[parquet]'.") from None
    if not file.is_file():
        raise DataError(f"There is no file {file}; check the path.")
    try:
        schema = parquet.read_schema(file)
        roles = arrow_roles(schema, reading, str(file), labelled=labelled)
        columns = parquet.read_table(file, columns=[*roles.numbers, *roles.beside.values()])
    except (pa.ArrowException, OSError, UnicodeDecodeError) as fault:
        raise DataError(f"{file} is not a whole Parquet file ({fault}).") from None
    return of_arrow(columns, roles, str(file))


def arrow_roles(
    schema: pa.Schema,
    reading: Reading,
    source: str,
    *,
    labelled: bool = True,
    called: Mapping[str, tuple[str, ...]] = BESIDE,
) -> Roles:
    """`roles_of` the columns of ``schema``; a lone column of lists is what is learned from where no other has numbers.

    Raises:
        DataError: as `roles_of`; columns are no numbers, or lists and numbers lie side by side and nobody said which.
    """
    roles = roles_of(schema.names, reading, source, labelled=labelled, called=called)
    types = {name: schema.field(name).type for name in roles.numbers}
    lists = [name for name, kind in types.items() if is_list(kind)]
    plain = [name for name, kind in types.items() if is_number(kind)]
    others = [name for name in types if name not in lists and name not in plain]
    if lists and not (reading.column or reading.learned_columns):
        if plain or len(lists) > 1:
            raise DataError(
                f"{source} has lists of numbers ({shown(lists)}) beside other columns of numbers "
                f"({shown(plain) or 'none'}); name what to learn from with {COLUMN} {lists[0]}."
            )
        return replace(roles, numbers=(lists[0],), passed=(*roles.passed, *others))
    refuse_texts([(name, str(types[name])) for name in others], source)
    return roles


def of_arrow(columns: pa.Table, roles: Roles, source: str) -> Table:
    """The numbers in ``columns``, side by side.

    Raises:
        DataError: a cell has no finite number, or lists differ in length.
    """
    places = [f"{source}, row {row}" for row in range(columns.num_rows)]
    refuse_nothing(source, len(places), len(roles.numbers))
    blocks = [_values(columns.column(name), name, source) for name in roles.numbers]
    texts = {role: texts_of(columns.column(name), name, source) for role, name in roles.beside.items()}
    return Table(source, roles, np.concatenate(blocks, axis=1), texts, places)


def is_number(kind: Any) -> bool:
    """Whether cells of the Arrow type ``kind`` are numbers."""
    import pyarrow.types as of

    return any(test(kind) for test in (of.is_integer, of.is_floating, of.is_boolean, of.is_decimal))


def is_list(kind: Any) -> bool:
    """Whether cells of the Arrow type ``kind`` are lists of numbers."""
    import pyarrow.types as of

    lists = of.is_list(kind) or of.is_large_list(kind) or of.is_fixed_size_list(kind)
    return bool(lists and is_number(kind.value_type))


def _values(column: pa.ChunkedArray, name: str, source: str) -> NDArray[np.float64]:
    """(n, d) float64 of a column of numbers, for which d is 1, or of lists of d numbers."""
    import pyarrow.compute as pc

    whole = column.combine_chunks()
    _refuse_nulls(whole, name, source)
    width = 1
    if is_list(whole.type):
        lengths = pc.list_value_length(whole).to_numpy(zero_copy_only=False)
        width = int(lengths[0])
        if (lengths != width).any():
            row = int((lengths != width).argmax())
            raise DataError(
                f"{source}, row {row}, column '{name}' has {lengths[row]} numbers, and row 0 has {width}; give each "
                "row as many."
            )
        whole = whole.flatten()
        if whole.null_count:
            whole = whole.fill_null(float("nan"))
    values = np.asarray(_floats(whole)).reshape(len(column), width)
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        row, place = bad[0].tolist()
        inside = f"{name}[{place}]" if width > 1 else name
        refuse_missing(f"{source}, row {row}", inside, str(values[row, place]))
    return values


def _floats(values: Any) -> NDArray[np.float64]:
    import pyarrow as pa

    if pa.types.is_boolean(values.type):
        values = values.cast(pa.int8())
    found: NDArray[np.float64] = values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return found


def _refuse_nulls(values: Any, name: str, source: str) -> None:
    if values.null_count:
        row = int(values.is_null().to_numpy(zero_copy_only=False).argmax())
        refuse_missing(f"{source}, row {row}", name, "empty")


def texts_of(column: pa.ChunkedArray, name: str, source: str) -> NDArray[np.str_]:
    """(n,) of str: cells as text, whole numbers without a point, "" where empty or not a number.

    Raises:
        DataError: the cells are no texts and no numbers.
    """
    import pyarrow as pa

    try:
        if pa.types.is_floating(column.type):
            values = column.to_numpy()
            kept = values[~np.isnan(values)]
            plain = np.int64 if bool((kept == kept.round()).all()) else np.float64
            return np.array(["" if np.isnan(value) else str(plain(value)) for value in values], np.str_)
        cells = column.cast(pa.string()).fill_null("").to_pylist()
    except (pa.ArrowException, UnicodeDecodeError) as fault:
        raise DataError(f"{source}: the column '{name}' cannot be read as text ({fault}).") from None
    return np.array([cell.strip() for cell in cells], np.str_)
