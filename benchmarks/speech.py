"""The Free Spoken Digit Dataset as tables for `ganlift compare`: split by speaker, at random, in halves; few clips.

    python benchmarks/speech.py RECORDINGS --out FOLDER
    python benchmarks/records.py --only speech --speech FOLDER

``RECORDINGS`` is the folder ``recordings`` of github.com/Jakobovski/free-spoken-digit-dataset (Jackson et al., CC BY-SA
4.0): 3,000 clips `DIGIT_SPEAKER_NUMBER.wav` of ten digits by six speakers at 8 kHz. ``speaker.csv`` has the speaker as
the group, which never straddles a split: test clips are of speakers whom no arm has heard. ``random.csv`` has none. In
``heard.csv`` the first half of each speaker's clips of a digit is for testing: as in ``random.csv`` every voice has
been heard, and 1,500 clips tell differences that 600 do not. ``other.csv`` has the halves the other way round: what
``heard.csv`` suggests is asked again of clips that it was not tested on. ``second.csv`` has every second clip for
testing, for what both suggest. ``few.csv`` is ``heard.csv`` with a fifth of the clips to learn from: 300.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

HALF, FEW = 25, 30
"""Clips of a digit by a speaker are numbered from 0 to 49; below ``HALF`` they are for testing in ``heard.csv`` and
``few.csv``, and from ``FEW`` on they are left out of the latter."""

COLUMNS = {"speaker": ("group",), "random": ()} | dict.fromkeys(("heard", "other", "second", "few"), ("split",))
"""What each table has beside path and label."""


def tested(name: str, number: int) -> bool:
    """Whether the clips of this number are for testing in the table ``name``, one that has a split."""
    if name == "second":
        return number % 2 == 0
    return (number < HALF) != (name == "other")


def write_tables(recordings: Path, out: Path) -> int:
    """Write the tables into ``out``; the number of clips."""
    out.mkdir(parents=True, exist_ok=True)
    clips = sorted(recordings.glob("[0-9]_*_*.wav"))
    for name, columns in COLUMNS.items():
        with (out / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["path", "label", *columns])
            for clip in clips:
                digit, speaker, number = clip.stem.split("_")
                if name == "few" and int(number) >= FEW:
                    continue
                known = {"group": speaker, "split": "test" if tested(name, int(number)) else "train"}
                writer.writerow([clip.resolve(), digit, *(known[column] for column in columns)])
    return len(clips)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    clips = write_tables(asked.recordings, asked.out)
    print(f"{clips:,} clips in {asked.out}: {', '.join(f'{name}.csv' for name in COLUMNS)}")


if __name__ == "__main__":
    main()
