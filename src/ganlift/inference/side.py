"""Some examples of a set, with the labels that they have for a model: what it was trained on, or what it never saw."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from ganlift.data.types import Examples

Index = NDArray[np.int64]

Set = TypeVar("Set", bound=Examples, covariant=True)


@dataclass(frozen=True)
class Side(Generic[Set]):
    """Examples at ``index`` (n,) of ``examples``, with labels (n,) int64 as the model numbers classes, -1 unknown."""

    examples: Set
    index: Index
    labels: Index

    def some(self, rows: Index) -> Side[Set]:
        return replace(self, index=self.index[rows], labels=self.labels[rows])
