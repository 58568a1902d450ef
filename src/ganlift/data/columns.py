"""Columns of numbers brought to one scale, by the rows that train alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganlift.data.types import Split, VectorSet
from ganlift.errors import DataError

FAR = 1e4
"""Spreads from the mean beyond which a value is taken as that far."""


@dataclass(frozen=True)
class Columns:
    """Mean and spread of each column, as the training rows had them; a column without spread has 1 for it.

    Attributes:
        mean, spread: (d,) float64.
        names: of the columns of a table that they are of, one or several numbers each; empty where they have none.
    """

    mean: NDArray[np.float64]
    spread: NDArray[np.float64]
    names: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """Values of a vector that `vectors` makes."""
        return len(self.mean) + 1

    def to_json(self) -> dict[str, Any]:
        """Plain values: ``mean`` and ``spread``, and ``names`` where there are some."""
        found: dict[str, Any] = {"mean": self.mean.tolist(), "spread": self.spread.tolist()}
        return {**found, "names": list(self.names)} if self.names else found

    def vectors(self, rows: NDArray[np.floating]) -> NDArray[np.float32]:
        """Rows (n, d) as items of one view (n, 1, d + 1) float32: columns standardised, and a 1 beside them.

        Arms see each vector scaled to one length. With the 1 no two rows become the same by that.
        """
        told = ((rows - self.mean) / self.spread).clip(-FAR, FAR)
        return np.concatenate([told, np.ones((len(rows), 1))], axis=1).astype(np.float32)[:, None]


def columns_of(rows: VectorSet, split: Split) -> Columns:
    """The columns as the rows that train in ``split`` have them, with labels or without; raises as `learn_columns`."""
    learned = learn_columns(rows.vectors[np.union1d(split.labelled, split.unlabelled)], rows.source)
    return replace(learned, names=rows.columns)


def learn_columns(rows: NDArray[np.float64], where: str) -> Columns:
    """The columns of the training rows (n, d), n at least 1.

    Raises:
        DataError: values are so large that their squares are beyond what 64 bits hold.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        mean, spread = rows.mean(0), rows.std(0)
    bad = np.flatnonzero(~np.isfinite(spread))
    if len(bad):
        raise DataError(
            f"{where}: column {bad[0]} has values up to {np.abs(rows[:, bad[0]]).max():.3g}, too large to compute a "
            "spread of; scale it down."
        )
    alike = (rows == rows[0]).all(0)
    return Columns(mean, np.where(alike | (spread == 0), 1.0, spread))
