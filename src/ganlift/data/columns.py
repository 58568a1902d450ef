"""Columns of numbers brought to one scale, by the rows that train alone."""

from __future__ import annotations

from collections.abc import Sequence
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
        mean, spread: (d,) float64. The spread is also divided by the weights of blocks (`block_weights`).
        names: of the columns of a table that they are of, one or several numbers each; empty where they have none.
        blocks: name and width of each of several sources side by side; empty where it is one.
        block: the one of these that it is of alone; "" where it is of all.
    """

    mean: NDArray[np.float64]
    spread: NDArray[np.float64]
    names: tuple[str, ...] = ()
    blocks: tuple[tuple[str, int], ...] = ()
    block: str = ""

    @property
    def width(self) -> int:
        """Values of a vector that `vectors` makes."""
        return len(self.mean) + 1

    def to_json(self) -> dict[str, Any]:
        """Plain values: ``mean`` and ``spread``, and of the others those that there are."""
        found: dict[str, Any] = {"mean": self.mean.tolist(), "spread": self.spread.tolist()}
        more = {"names": list(self.names), "blocks": [list(one) for one in self.blocks], "block": self.block}
        return found | {name: value for name, value in more.items() if value}

    def vectors(self, rows: NDArray[np.floating]) -> NDArray[np.float32]:
        """Rows (n, d) as items of one view (n, 1, d + 1) float32: columns standardised, and a 1 beside them.

        Arms see each vector scaled to one length. With the 1 no two rows become the same by that.
        """
        told = ((rows - self.mean) / self.spread).clip(-FAR, FAR)
        return np.concatenate([told, np.ones((len(rows), 1))], axis=1).astype(np.float32)[:, None]


def columns_of(rows: VectorSet, split: Split, block: str = "") -> Columns:
    """The columns as the rows that train in ``split`` have them, with labels or without; raises as `learn_columns`.

    Where ``block`` names one of the rows' blocks, they are its columns alone.
    """
    own = rows.block(block) if block else rows
    training = own.vectors[np.union1d(split.labelled, split.unlabelled)]
    learned = replace(learn_columns(training, rows.source), names=own.columns, blocks=own.blocks, block=block)
    weights = block_weights((training != training[0]).any(0), [width for _, width in own.blocks])
    return replace(learned, spread=learned.spread / weights)


def block_weights(varied: NDArray[np.bool_], widths: Sequence[int]) -> NDArray[np.float64]:
    """What standardised columns (d,) are multiplied by, so that blocks of these ``widths`` weigh the same.

    A row's squares then sum to as much in each block, on average, and in all to the number of columns that ``varied``.
    Of one block every weight is 1.
    """
    weights = np.ones(len(varied))
    blocks = np.split(np.arange(len(varied)), np.cumsum(widths)[:-1]) if len(widths) > 1 else []
    telling = [block for block in blocks if varied[block].any()]
    for block in telling:
        weights[block] = np.sqrt(varied.sum() / (len(telling) * varied[block].sum()))
    return weights


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
