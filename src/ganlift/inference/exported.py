"""What `ganlift.export` gives back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Exported:
    """``file`` and its model ``card``; the probabilities differ by ``difference`` on ``images`` of ``source``."""

    file: Path
    card: Path
    sha256: str
    difference: float
    images: int
    source: str
