"""Whether images are photographs, as a network that was trained on photographs knows them."""

from __future__ import annotations

import numpy as np

from ganlift.data.types import ImageSet, SoundSet

SIDE = 96
"""Pixels of the shorter side from which coloured pictures count as photographs."""


def unlike_photographs(images: ImageSet) -> str:
    """Why most of ``images`` are no photographs, in a few words; "" where they are.

    It goes by the files' own sizes and colours where there are files, else by the pixels that are held.
    """
    if isinstance(images, SoundSet):
        return "they are pictures of sound"
    used = [file for file in images.files if not file.fault]
    sides = [min(file.width, file.height) for file in used] or [images.size]
    side = int(np.median(sides))
    if side < SIDE:
        return f"{side} px are small"
    grey = 2 * sum(file.grey for file in used) >= len(used) if used else images.channels == 1
    return "they are grey" if grey else ""
