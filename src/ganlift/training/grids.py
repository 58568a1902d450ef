"""Sample grids as PNG files, one class a row, named by the images seen."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from torch import Tensor

from ganlift.runs.files import write_bytes
from ganlift.training.phase import Phase
from ganlift.training.pixels import to_uint8


def tile(images: Tensor, columns: int) -> Image.Image:
    """Images (n, c, h, w) in [-1, 1] as one picture, ``columns`` a row, a pixel apart.

    The gaps are transparent, so that the picture suits a light page and a dark one.
    """
    n, channels, height, width = images.shape
    rows = -(-n // columns)
    canvas = np.zeros((rows * (height + 1) - 1, columns * (width + 1) - 1, channels + 1), np.uint8)
    for index, image in enumerate(to_uint8(images).permute(0, 2, 3, 1).cpu().numpy()):
        top, left = (index // columns) * (height + 1), (index % columns) * (width + 1)
        canvas[top : top + height, left : left + width, :channels] = image
        canvas[top : top + height, left : left + width, channels] = 255
    return Image.fromarray(canvas)


def write_png(path: Path, picture: Image.Image, text: PngInfo | None = None) -> None:
    """Write ``picture``, with ``text`` as its metadata."""
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", optimize=True, pnginfo=text)
    write_bytes(path, buffer.getvalue())


def write_grid(phase: Phase, folder: Path | None, images_seen: int, columns: int = 8) -> None:
    """Draw the phase's grid into ``folder``; the phase's modules stay in training mode."""
    if phase.grid is None or folder is None:
        return
    with torch.no_grad():
        images = phase.grid()
    for module in phase.modules.values():
        module.train()
    write_png(folder / f"{images_seen:08d}.png", tile(images, columns))
