"""Labels that look wrong, as a table, and what they mean for a verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ganlift.report import words
from ganlift.report.read import mapping, sequence

MOST = 100
"""Lines that a page shows."""


@dataclass(frozen=True)
class SuspectLine:
    """An example whose label looks wrong."""

    name: str
    part: str
    given: str
    likely: str
    confidence: str


@dataclass(frozen=True)
class Suspects:
    """The first of them, worst first, and how many more there are."""

    lines: list[SuspectLine]
    more: int


def suspects(check: Any) -> Suspects:
    """From what ``check.json`` holds, which may be of any form."""
    found = [one for one in sequence(mapping(mapping(check).get("labels")).get("suspects")) if isinstance(one, dict)]
    lines = [
        SuspectLine(
            str(one.get("name")),
            "test" if one.get("test") else str(one.get("part") or ""),
            str(one.get("given")),
            str(one.get("likely")),
            words.percent(words.number(one.get("confidence"))),
        )
        for one in found[:MOST]
    ]
    return Suspects(lines, len(found) - len(lines))


def test_sentence(check: Any) -> str:
    """What wrong labels of test examples mean for the verdict; empty where none were found."""
    findings = [one for one in sequence(mapping(check).get("findings")) if isinstance(one, dict)]
    said = [str(one.get("message")) for one in findings if one.get("code") == "test-label-errors"]
    return said[0] if said else ""
