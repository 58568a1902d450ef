"""Words for the terminal: safe text, durations, numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def safe(text: object) -> str:
    """``text`` on one line with what could steer a terminal (escapes, newlines, direction marks) spelled out."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text))


def duration(seconds: float) -> str:
    """``41 s``, ``5 min``, ``1 h 20 min``."""
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def size(count: float) -> str:
    """Bytes in decimal units: ``163 MB``."""
    for unit in ("B", "kB", "MB"):
        if count < 999.5:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def some(names: Iterable[object], most: int = 10) -> str:
    """Names separated by commas, the first ``most`` of them."""
    listed = [safe(name) for name in names]
    return ", ".join(listed[:most]) + (f", ... ({len(listed)} in all)" if len(listed) > most else "")


def shortened(names: Sequence[str], width: int) -> list[str] | None:
    """Each of ``names`` in ``width`` columns of a terminal; None where their beginnings do not tell them apart."""
    from rich.cells import cell_len, set_cell_size

    short = [name if cell_len(name) <= width else set_cell_size(name, width - 1).rstrip() + "…" for name in names]
    return short if len(set(short)) == len(set(names)) else None


def cell(text: str) -> str:
    """``text`` for a cell of a CSV file: what a spreadsheet would take for a formula becomes text."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
