"""The page about scikit-learn says what happens: its snippets run, in order."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "scikit-learn.md"


def test_the_snippets_run() -> None:
    *snippets, _checks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    for snippet in snippets:  # the last one's checks are run by test_checks.py
        exec(compile(snippet, str(PAGE), "exec"), names)
    assert len(snippets) == 7
