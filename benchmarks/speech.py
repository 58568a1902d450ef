"""The Free Spoken Digit Dataset as tables for `ganlift compare`: split by speaker, and at random.

    python benchmarks/speech.py RECORDINGS --out FOLDER
    python benchmarks/records.py --only speech --speech FOLDER

``RECORDINGS`` is the folder ``recordings`` of github.com/Jakobovski/free-spoken-digit-dataset (Jackson et al., CC BY-SA
4.0): 3,000 clips `DIGIT_SPEAKER_NUMBER.wav` of ten digits by six speakers at 8 kHz. ``speaker.csv`` has the speaker as
the group, which never straddles a split: test clips are of speakers whom no arm has heard. ``random.csv`` has none.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path


def write_tables(recordings: Path, out: Path) -> int:
    """Write both tables into ``out``; the number of clips."""
    out.mkdir(parents=True, exist_ok=True)
    clips = sorted(recordings.glob("[0-9]_*_*.wav"))
    for name in ("speaker", "random"):
        with (out / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["path", "label", *(["group"] if name == "speaker" else [])])
            for clip in clips:
                digit, speaker, _ = clip.stem.split("_")
                writer.writerow([clip.resolve(), digit, *([speaker] if name == "speaker" else [])])
    return len(clips)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    print(f"{write_tables(asked.recordings, asked.out):,} clips in {asked.out}/speaker.csv and random.csv")


if __name__ == "__main__":
    main()
