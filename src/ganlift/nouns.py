"""What the examples of a set are called in sentences, as a set, a plan and a check tell it: images, clips or rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

IMAGE, CLIP = "image", "clip"
EXAMPLE = "example"
"""What one is called where nothing tells yet what it is."""


def noun_of(plan: Mapping[str, Any]) -> str:
    """What a plan calls an example; plans from before there was anything but images have no word for it."""
    return str(plan.get("noun") or ("row" if plan.get("space") == "rows" else IMAGE))


def with_article(noun: str) -> str:
    """``an image``, ``a clip``."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
