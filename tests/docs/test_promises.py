"""Nothing that the package makes or says is called anonymous, or private, as a promise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROMISE = re.compile(r"anonym|pseudonym|privacy[- ]preserving|匿名", re.IGNORECASE)
DENIED = re.compile(r"\b(not|no|never|nothing|nobody)\b", re.IGNORECASE)


def pages() -> Iterator[Path]:
    yield from (ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "benchmarks" / "README.md")
    yield from (ROOT / "docs").rglob("*.md")
    for ending in ("py", "j2", "js"):
        yield from (ROOT / "src").rglob(f"*.{ending}")


def promises(text: str) -> list[str]:
    """The sentences with such a word that do not deny it."""
    sentences = re.split(r"(?<=[.!?。])\s|\n\n", text)
    return [" ".join(one.split()) for one in sentences if PROMISE.search(one) and not DENIED.search(one)]


def test_no_page_and_no_message_promises_it() -> None:
    found = {str(page.relative_to(ROOT)): promises(page.read_text(encoding="utf-8")) for page in pages()}
    assert {name: said for name, said in found.items() if said} == {}


def test_a_promise_would_be_found() -> None:
    assert promises("Do not call them\nanonymous. The images are anonymised.") == ["The images are anonymised."]
    assert promises("A privacy-preserving generator.\n\nNothing here is anonymous.") == [
        "A privacy-preserving generator."
    ]
