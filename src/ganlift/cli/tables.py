"""Tables of words and numbers on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ganlift.cli.words import safe

if TYPE_CHECKING:
    from rich.table import Table


def table(head: Sequence[str], lines: Sequence[Sequence[str]], words: int = 1) -> Table:
    """A table whose first ``words`` columns are text and may be cut; the others are numbers."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for index, name in enumerate(head):
        is_text = index < words
        table.add_column(name, justify="left" if is_text else "right", no_wrap=not is_text, overflow="fold")
    for line in lines:
        table.add_row(*(Text(safe(value)) for value in line))
    return table
