"""Sample grids and other pictures as data URIs, no larger than a report can hold."""

from __future__ import annotations

import base64
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from ganlift.report.read import Run
from ganlift.runs import layout

MOST_PIXELS = 40_000_000
"""A picture beyond this is left out unread: no grid of ours comes near."""


class Fit(NamedTuple):
    """How much of the pictures goes into a page: grids an arm, and pixels on a picture's longer side."""

    grids: int
    side: int


FITS = (Fit(10, 640), Fit(7, 480), Fit(5, 360), Fit(4, 240), Fit(2, 160), Fit(0, 0))
"""From all that is useful to none: a page takes the first with which it stays under its limit."""


@dataclass(frozen=True)
class Picture:
    """A PNG as a data URI, with its size in pixels as stored in the run."""

    uri: str
    width: int
    height: int


@dataclass(frozen=True)
class Frame:
    """A sample grid and the images that the generator had seen."""

    seen: int
    picture: Picture


def picture(path: Path, side: int) -> Picture | None:
    """The picture at ``path``, shrunk to ``side``; None where it is absent, unreadable or not wanted (side 0)."""
    if not side or not path.is_file():
        return None
    try:
        with Image.open(path) as image:
            width, height = image.size
            if width * height > MOST_PIXELS:
                return None
            small = image.convert("L" if image.mode in ("1", "L", "I;16") else "RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    small.thumbnail((side, side), Image.Resampling.BOX)
    buffer = io.BytesIO()
    small.save(buffer, format="PNG")
    return Picture(f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}", width, height)


def grid_files(run: Run, strategy: str, seed: int) -> list[Path]:
    """The arm's sample grids, by images seen."""
    found = [
        path
        for path in layout.samples_folder(run.path, run.called(strategy), seed).glob("*.png")
        if path.stem.isdigit()
    ]
    return sorted(found, key=lambda path: int(path.stem))


def frames(files: list[Path], fit: Fit) -> list[Frame]:
    """At most ``fit.grids`` of the grids, evenly spread, the first and the last among them."""
    most = min(fit.grids, len(files))
    chosen = [files[round(index * (len(files) - 1) / max(most - 1, 1))] for index in range(most)]
    if most == 1:
        chosen = files[-1:]
    found = [(int(path.stem), picture(path, fit.side)) for path in chosen]
    return [Frame(seen, one) for seen, one in found if one]


def fingerprint(files: list[Path]) -> str:
    """Equal for equal grids: arms that share a generator have the same ones."""
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.name.encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def beside(run: Run, strategy: str, seed: int, name: object, side: int) -> Picture | None:
    """The picture that ``facts.json`` names; only in the arm's own folder, whatever the name says."""
    if not isinstance(name, str) or not name:
        return None
    folder = layout.arm_folder(run.path, run.called(strategy), seed)
    path = (folder / name).resolve()
    return picture(path, side) if path.is_relative_to(folder.resolve()) else None
