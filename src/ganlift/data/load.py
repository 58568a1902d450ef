"""From what a user types to an `ImageSet`: each kind of source has a file of its own."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path

from ganlift.data.bundled_sets import digits, fashion_mini
from ganlift.data.types import ImageSet
from ganlift.errors import DataError

NAMED: dict[str, Callable[[], ImageSet]] = {"fashion-mini": fashion_mini, "digits": digits}

OnProgress = Callable[[str, int, int], None]


def load(
    spec: str,
    *,
    image_size: int | None = None,
    unlabelled: str | None = None,
    data_dir: Path | None = None,
    on_progress: OnProgress | None = None,
) -> ImageSet:
    """The images that ``spec`` names.

    Raises:
        DataError: there is nothing of that name or at that path, or it cannot be used.
    """
    if spec in NAMED:
        return NAMED[spec]()
    near = difflib.get_close_matches(spec, NAMED, n=1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    raise DataError(f"There is no data set and no path '{spec}'.{hint} Known sets: {', '.join(NAMED)}.")
