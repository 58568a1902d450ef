"""Names of classes that a person would read as one."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from ganlift.data.findings import SHOWN, Finding


def alike_names(class_names: Sequence[str]) -> list[Finding]:
    """Whether classes have names that a person would read as one."""
    groups: dict[str, list[str]] = {}
    for name in class_names:
        groups.setdefault(_spaced(_composed(name)).casefold(), []).append(name)
    alike = [names for names in groups.values() if len(names) > 1]
    if not alike:
        return []
    told = [f"{_quoted(names)} differ by {_difference(names)} alone" for names in alike]
    more = f"; so do {len(told) - SHOWN} more" if len(told) > SHOWN else ""
    examples = tuple(name for names in alike for name in names)
    return [Finding("alike-names", f"Classes {'; '.join(told[:SHOWN])}{more}.", len(examples), examples)]


def _quoted(names: Sequence[str]) -> str:
    return " and ".join(f"'{name}'" for name in names)


def _difference(names: Sequence[str]) -> str:
    alike = {"how accents are stored": _composed, "upper and lower case": str.casefold, "spaces": _spaced}
    return next((what for what, by in alike.items() if len(set(map(by, names))) == 1), "case and spaces")


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _spaced(name: str) -> str:
    return " ".join(name.split())
