"""Names of classes and files that a person would read as one, though they are not: nothing is merged, it is said."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import cache

from ganlift.data.findings import SHOWN, Finding
from ganlift.data.types import FileFacts

_LIKE_LATIN = {
    "АВЕЅЗІЈКМНОРСТУХаеѕіјорсухһԁԛԝ": "ABES3IJKMHOPCTYXaesijopcyxhdqw",  # Cyrillic
    "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧανορ": "ABEZHIKMNOPTYXavop",  # Greek
    "օսԼՕՍ": "ouLOU",  # Armenian
    "‐‑‒–—−’‘ʼ": "------'''",
}
"""Letters and marks that most typefaces draw as Latin ones. O and 0, l and 1 are not here: those may be classes."""

_SAME_LETTER = {ord(odd): plain for row, likes in _LIKE_LATIN.items() for odd, plain in zip(row, likes, strict=True)}
_SAME_SHAPE = ("<wide>", "<narrow>", "<font>", "<noBreak>", "<compat>")
"""Kinds of compatibility characters that look like what they stand for, as a superscript does not."""


def alike_names(class_names: Sequence[str]) -> list[Finding]:
    """Whether classes have names that a person would read as one."""
    return _finding("alike-names", "Classes", _groups(class_names, _whole))


def alike_files(files: Sequence[FileFacts]) -> list[Finding]:
    """Whether files of one folder have such names: a disk that takes them for one would keep one of them."""
    paths = [str(file.path) for file in files if not file.fault]
    return _finding("alike-files", "Files", _groups(paths, os.path.basename, os.path.dirname))


def looking_like(names: Iterable[str], others: Sequence[str]) -> list[str]:
    """Words on each of ``names`` that a person would read as one of ``others``."""
    return [
        f"{_with_points(name, [other])} reads like {_with_points(other, [name])}"
        for name in names
        for other in others
        if name != other and read(name) == read(other)
    ]


def read(name: str) -> str:
    """What a person reads, the same for names that look alike."""
    return _spaced(_composed(_plain(name))).casefold()


def _groups(
    names: Sequence[str], own: Callable[[str], str], place: Callable[[str], object] = lambda name: None
) -> list[list[str]]:
    """Those of ``names`` of one place that read alike by their ``own`` part."""
    found: dict[tuple[object, str], list[str]] = {}
    for name in names:
        found.setdefault((place(name), read(own(name))), []).append(name)
    return [group for group in found.values() if len(set(group)) > 1]


def _finding(code: str, what: str, alike: Sequence[Sequence[str]]) -> list[Finding]:
    if not alike:
        return []
    told = [f"{_quoted(names)} differ by {_difference(names)} alone" for names in alike[:SHOWN]]
    more = f"; so do {len(alike) - SHOWN} more" if len(alike) > SHOWN else ""
    examples = tuple(name for names in alike for name in names)
    return [Finding(code, f"{what} {'; '.join(told)}{more}.", len(examples), examples)]


def _quoted(names: Sequence[str]) -> str:
    return " and ".join(_with_points(name, [other for other in names if other != name]) for name in names)


def _with_points(name: str, others: Sequence[str]) -> str:
    """``name`` with the code points that tell it from ``others``, where it can't be seen which they are."""
    apart = [c for c in dict.fromkeys(name) if any(c not in other for other in others)]
    hidden = not "".join([name, *others]).isascii()
    points = ", ".join(f"U+{ord(c):04X}" for c in apart[:SHOWN]) + (", ..." if len(apart) > SHOWN else "")
    return f"'{name}' ({points})" if hidden and points else f"'{name}'"


def _difference(names: Sequence[str]) -> str:
    alike = {
        "how accents are stored": _composed,
        "upper and lower case": str.casefold,
        "spaces": _spaced,
        "case and spaces": lambda name: _spaced(name).casefold(),
        "how a number is written": _whole,
    }
    return next((what for what, by in alike.items() if len(set(map(by, names))) == 1), "characters that look alike")


@cache
def _letter(c: str) -> str:
    """The plain letter that looks like ``c``; nothing where ``c`` is not drawn at all."""
    if unicodedata.category(c) == "Cf" or "\ufe00" <= c <= "\ufe0f":  # joiners, marks of direction, variants of emoji
        return ""
    kind = unicodedata.decomposition(c).partition(" ")[0]
    return _SAME_LETTER.get(ord(c), unicodedata.normalize("NFKC", c) if kind in _SAME_SHAPE else c)


def _plain(name: str) -> str:
    return name if name.isascii() else "".join(_letter(c) for c in name)


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _spaced(name: str) -> str:
    return " ".join(name.split())


def _whole(name: str) -> str:
    """1 for 1.0, which other programs make of it where a cell of the column is empty."""
    return re.sub(r"^(\d+)\.0+$", r"\1", name.strip())
