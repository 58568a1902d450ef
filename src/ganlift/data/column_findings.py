"""What `check` finds in the columns of rows: those that never change, and scales that are far apart."""

from __future__ import annotations

import numpy as np

from ganlift.data.findings import Finding, shown
from ganlift.data.types import VectorSet

APART = 1000.0
"""How many times the smallest spread of a column the largest one is, where scales are called unequal."""


def about_columns(rows: VectorSet) -> list[Finding]:
    """Findings about the columns of all ``rows``, which are counted from 0 where they have no names of their own."""
    called = rows.columns if len(rows.columns) == rows.width else [str(place) for place in range(rows.width)]
    constant = (rows.vectors == rows.vectors[0]).all(0)
    spread, varied, findings = rows.vectors.std(0), np.flatnonzero(~constant), []
    if constant.any():
        names = tuple(f"column {called[column]}" for column in np.flatnonzero(constant))
        said = f"{len(names)} column(s) have one value throughout: {shown(names)}."
        findings.append(Finding("constant-column", said, len(names), names))
    if len(varied) > 1:
        widest, narrowest = varied[spread[varied].argmax()], varied[spread[varied].argmin()]
        if spread[widest] > APART * spread[narrowest]:
            said = (
                f"Column {called[widest]} has a spread of {spread[widest]:.3g} and column {called[narrowest]} of "
                f"{spread[narrowest]:.3g}."
            )
            names = (f"column {called[widest]}", f"column {called[narrowest]}")
            findings.append(Finding("unequal-scales", said, len(varied), names))
    return findings
