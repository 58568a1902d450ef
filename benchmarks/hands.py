"""A manifest of photographs of hands that show the digits 0 to 9, where no person is on both sides of the split.

    python benchmarks/hands.py DATASET --out FOLDER

DATASET is the folder ``Dataset`` of the Sign Language Digits Dataset (Mavi 2020, arXiv 2011.08927; Apache-2.0;
github.com/ardamavi/Sign-Language-Digits-Dataset): 2,062 photographs of 100 px by 218 pupils of a school. Each pupil was
photographed once a digit, one digit after another, and the files are numbered as they were taken: a group ends where
the next file has a digit that is no higher. ``FOLDER/hands.csv`` is the manifest for `ganlift compare`.
"""

from __future__ import annotations

import argparse
import csv
import re
from collections.abc import Iterator
from pathlib import Path


def grouped(folder: Path) -> Iterator[tuple[Path, str, int]]:
    """Path, digit and group of every photograph, in the order they were taken in."""
    taken = sorted((int(re.findall(r"\d+", path.stem)[0]), path) for path in folder.glob("[0-9]/*.JPG"))
    group, last = -1, "9"
    for _, path in taken:
        digit = path.parent.name
        group += digit <= last
        last = digit
        yield path, digit, group


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    rows = [(path.resolve(), f"digit {digit}", group) for path, digit, group in grouped(asked.dataset)]
    with (asked.out / "hands.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("path", "label", "group"), *rows])
    print(f"{len(rows)} photographs in {1 + rows[-1][2]} groups: {asked.out / 'hands.csv'}")


if __name__ == "__main__":
    main()
