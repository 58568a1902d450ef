"""Clips of a second from photographs, by pans and zooms: something to try `ganlift compare` on clips with.

python examples/clips_from_photographs.py PHOTOGRAPHS CLIPS [MOST]

PHOTOGRAPHS has a folder a class (or train/ and val/ with such folders); CLIPS gets class folders of MP4 files, one clip
a photograph, of at most MOST photographs a class (60). It needs PyAV: pip install 'ganlift[video]'.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageOps

SIDE, RATE, FRAMES = 160, 12, 12
LEAST = 0.55
"""Share of the photograph's shorter side that a frame shows at least."""


def windows(rng: np.random.Generator) -> Iterator[tuple[float, float, float]]:
    """A way from one window to another: side, left and top of each frame, in shorter sides of the photograph."""
    begin, end = (np.array([side, *rng.uniform(0, 1 - side, 2)]) for side in rng.uniform(LEAST, 1, 2))
    for place in np.linspace(0, 1, FRAMES):
        side, left, top = begin + place * (end - begin)
        yield float(side), float(left), float(top)


def write_clip(photograph: Path, target: Path, rng: np.random.Generator) -> None:
    """Write the clip of one photograph."""
    with Image.open(photograph) as picture:
        whole = ImageOps.exif_transpose(picture).convert("RGB")
    short = min(whole.size)
    target.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(target), "w") as file:
        stream = file.add_stream("libx264", rate=RATE)
        stream.width = stream.height = SIDE
        stream.pix_fmt = "yuv420p"
        for side, left, top in windows(rng):
            box = (short * left, short * top, short * (left + side), short * (top + side))
            frame = whole.resize((SIDE, SIDE), Image.Resampling.BICUBIC, box=box)
            file.mux(stream.encode(av.VideoFrame.from_image(frame)))
        file.mux(stream.encode())


def main(photographs: Path, clips: Path, most: int = 60) -> None:
    """Write a clip of each of the first ``most`` photographs of every class."""
    classes = sorted({path.parent.name for path in photographs.rglob("*.jpg")})
    for number, name in enumerate(classes):
        found = sorted(path for path in photographs.rglob("*.jpg") if path.parent.name == name)[:most]
        for place, path in enumerate(found):
            write_clip(path, clips / name / f"{path.stem}.mp4", np.random.default_rng([number, place]))
        print(f"{name}: {len(found)} clips")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:]))
