"""UT-Interaction's segmented clips as a folder of class folders for `ganlift compare`.

    python benchmarks/interactions.py SEGMENTED_SET1 SEGMENTED_SET2 --out FOLDER

The two folders are of the set's authors (Ryoo and Aggarwal 2010): 60 clips each of six interactions, `N_PAIR_KIND.avi`,
and others of the kind 6, which is none of them and is left out. Clips are called `set1-pair01-N.avi` in ``FOLDER``:
those of one recording are a group. The command of the comparison is in docs/video.md.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

KINDS = ("shake-hands", "hug", "kick", "point", "punch", "push")


def lay_out(sets: Sequence[Path], out: Path) -> int:
    """Copy the clips of ``sets`` into ``out``; how many."""
    count = 0
    for number, folder in enumerate(sets, 1):
        for clip in sorted(folder.glob("*_*_[0-5].avi")):
            name, pair, kind = clip.stem.split("_")
            home = out / KINDS[int(kind)]
            home.mkdir(parents=True, exist_ok=True)
            shutil.copy(clip, home / f"set{number}-pair{int(pair):02d}-{name}.avi")
            count += 1
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", type=Path, nargs=2)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    print(f"{lay_out(asked.sets, asked.out)} clips in {asked.out}")


if __name__ == "__main__":
    main()
