"""The page about scikit-learn says what happens: its snippets run, in order, and its tally is the one they find."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "scikit-learn.md"


def test_the_snippets_run() -> None:
    *snippets, _checks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    for snippet in snippets:  # the last is what test_checks.py runs
        exec(compile(snippet, str(PAGE), "exec"), names)
    assert len(snippets) == 4
