"""Numbers as a reader wants them: percentages, points, seconds; a dash where there is none."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

NONE = "–"
MINUS = "\N{MINUS SIGN}"


def number(value: Any) -> float | None:
    """``value`` as a finite float; None for anything else (a string, a missing key, NaN)."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def percent(value: Any, digits: int = 1) -> str:
    """0.7234 is ``72.3 %``."""
    share = number(value)
    return NONE if share is None else f"{100 * share:.{digits}f} %"


def points(value: Any, digits: int = 1) -> str:
    """A difference of fractions in percentage points, signed: 0.0123 is ``+1.2``."""
    difference = number(value)
    if difference is None:
        return NONE
    text = f"{100 * difference:+.{digits}f}"
    return text.replace("-", MINUS) if float(text) else f"{0:.{digits}f}"


def size(value: Any) -> str:
    """A size of a gain, without a sign: 0.01 is ``1 point``, 0.025 ``2.5 points``."""
    share = number(value)
    if share is None:
        return NONE
    text = f"{round(100 * share, 1):g}"
    return f"{text} {'point' if text == '1' else 'points'}"


def decimal(value: Any, digits: int = 3) -> str:
    """A plain number: 0.0421 is ``0.042``."""
    plain = number(value)
    return NONE if plain is None else f"{plain:.{digits}f}".replace("-", MINUS)


def count(value: Any) -> str:
    """6000 is ``6,000``."""
    plain = number(value)
    return NONE if plain is None else f"{plain:,.0f}"


def ratio(value: Any) -> str:
    """6.51 is ``6.5 ×``."""
    plain = number(value)
    return NONE if plain is None else f"{plain:.1f} ×"


def memory(value: Any) -> str:
    """Bytes: 85,200,000 is ``85 MB``, 2,140,000,000 is ``2.1 GB``."""
    held = number(value)
    if held is None:
        return NONE
    return f"{held / 1e6:.0f} MB" if held < 999.5e6 else f"{held / 1e9:.1f} GB"


def seconds(value: Any) -> str:
    """8.25 is ``8.2 s``, 75 is ``1 min 15 s``, 3700 is ``1 h 2 min``."""
    plain = number(value)
    if plain is None:
        return NONE
    if plain < 59.5:
        return f"{plain:.1f} s" if plain < 9.95 else f"{plain:.0f} s"
    whole = round(plain)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def probability(value: Any) -> str:
    """A p value: 0.0213 is ``0.021``, anything below a thousandth ``< 0.001``."""
    plain = number(value)
    if plain is None:
        return NONE
    return "< 0.001" if plain < 0.001 else f"{plain:.3f}"


def listed(words: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]])) if words else ""


def short(text: str, limit: int = 18) -> str:
    """One line of at most ``limit`` characters, cut with an ellipsis."""
    line = " ".join(text.split()) or "(no name)"
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def guessed(guesses: Iterable[Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    """Name and words of each thing about the images that nobody said, with what says otherwise."""
    for one in guesses:
        yield str(one["about"]).capitalize(), f"{one['taken']}; else {one['option']}"
