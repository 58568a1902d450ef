"""The map: a line a situation and a space, from the records of `records.py`.

    python benchmarks/map.py [RECORD ...]      all of them, as Markdown, where none is named, a table a kind of example
    python benchmarks/map.py --arms [RECORD ...]      GAN arms whose answer is not *undecided*
    python benchmarks/map.py --mixes [RECORD ...]     a GAN arm less the same with mixes in the generator's place
    python benchmarks/map.py --clusters [RECORD ...]  where no label is used, a GAN arm less arms without one
    python benchmarks/map.py --auto [RECORD ...]      the best arm of all, and the best of `--strategies auto`
    python benchmarks/map.py --short [RECORD ...]     accuracies alone, for README

A line has the best arm without a GAN, the best GAN arm, the gain that decides over it with its 95 % interval, and its
answer; how often a true gain of two points would have been found; and the answers of all GAN arms there, counted.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import ttest_1samp
from table import SETTLED, Records, gain, interval, read, spread

from ganlift.comparison.auto import choose
from ganlift.config import read_config
from ganlift.errors import ConfigError
from ganlift.runs.files import read_json
from ganlift.verdict.arms import IN_TIME, WITHOUT_GAN
from ganlift.verdict.types import decisive

RESULTS = Path(__file__).parent / "results"
PHOTOGRAPHS = {
    "features/hymenoptera": "photographs of ants and bees",
    "features/hands": "photographs of hands, other people",
    "features/hands-long": "photographs of hands, other people, 1,500 steps",
    "every/hands": "photographs of hands, other people",
}
PICTURES = {
    "features/fashion": "garments of 28 px",
    "demo": "garments of 28 px",
    "matrix/fashion": "garments of 28 px",
    "pixels/fashion": "garments of 28 px",
    "pixels/long": "garments of 28 px, 1,500 steps",
    "whole/fashion": "garments, labels alone",
    "features/cifar10": "CIFAR-10, 10,000 images",
    "cifar10": "CIFAR-10, 40,000 images, pixels",
    "matrix/cifar10": "CIFAR-10, 40,000 images, pixels",
}
UNEQUAL = {
    "features/pneumonia": "X-rays, unequal classes",
    "pneumoniamnist": "X-rays, unequal classes",
    "matrix/pneumonia": "X-rays, unequal classes",
    "matrix/fashion-step": "garments, half the classes rare",
    "whole/fashion-step": "garments, half the classes rare",
    "matrix/fashion-tail": "garments, a long tail",
    "whole/fashion-tail": "garments, a long tail",
    "cifar10/step": "CIFAR-10, half the classes rare",
    "cifar10/tail": "CIFAR-10, a long tail, pixels",
}
SOUND = {
    "speech/speaker": "spoken digits, other voices",
    "speech/random": "spoken digits, voices that were heard",
    "speech/heard": "spoken digits, voices that were heard",
    "speech/other": "spoken digits, voices that were heard",
    "speech/few": "spoken digits, voices that were heard, few clips",
    "speech/long": "spoken digits, voices that were heard, 1,000 steps",
    "speech/second": "spoken digits, voices that were heard, 1,000 steps",
    "speech/timed": "spoken digits, voices that were heard, equal time",
    "speech/network": "spoken digits, voices that were heard",
}
NUMBERS = {
    "texts/words-topics": "news texts, two embeddings",
    "every/words-topics": "news texts, two embeddings",
    "texts/few": "news texts, few of them, two embeddings",
    "texts/words": "news texts, means of words",
    "texts/topics": "news texts, latent topics",
    "vectors/digits": "digits as 64 numbers",
    "vectors/cancer": "a table of measurements of cells",
}
KINDS = {
    "photographs": PHOTOGRAPHS,
    "pictures": PICTURES,
    "unequal": UNEQUAL,
    "sound": SOUND,
    "numbers": NUMBERS,
    "none": dict[str, str](),
}
"""What the records whose names begin so are of, the longest beginning that fits, by kind of example and in the order of
the page; the last kind are those of every other in which no label is used."""
SITUATIONS = {prefix: words for of_kind in KINDS.values() for prefix, words in of_kind.items()}

BESIDES = ("control", IN_TIME)
"""Kinds of arms that nobody takes: they are there to compare with."""

HEAD = (
    *("situation", "labels a class", "learned from", "best without a GAN", "best with one", "its gain, points"),
    *("answer", "all GAN arms", "seeds", "2 points found in", "record"),
)
COUNTED = {"helps": "helps", "no gain worth having": "no gain", "hurts": "hurts", "undecided": "undecided"}
"""Answers as they are counted."""


def space(arm: str) -> str:
    """What an arm learns from, by its name."""
    return arm.partition("@")[2]


def folders() -> list[Path]:
    """The records of comparisons that today's code can judge, by situation, labels and name."""
    found = [path.parent for path in RESULTS.glob("**/verdict.json") if (path.parent / "canary.json").exists()]
    return sorted((folder for folder in found if not (folder / "generators.json").exists()), key=_place)


def _place(folder: Path) -> tuple[int, list[str | int]]:
    parts = re.split(r"(\d+)", str(folder))
    return ["", *SITUATIONS].index(_beginning(folder)), [int(one) if one.isdigit() else one for one in parts]


def _beginning(folder: Path) -> str:
    name = folder.relative_to(RESULTS).as_posix()
    return max((prefix for prefix in SITUATIONS if name.startswith(prefix)), key=len, default="")


def situation(folder: Path) -> str:
    """What the images, clips or rows of a record are, in words; "" where nobody said."""
    return SITUATIONS.get(_beginning(folder), "")


def kind(folder: Path) -> str:
    """The one of `KINDS` that a record is of; "" where nobody said."""
    if read_config(folder / "config.yaml").get("labels_per_class") == 0:
        return "none"
    return next((name for name, prefixes in KINDS.items() if _beginning(folder) in prefixes), "")


def of_rows(folder: Path) -> bool:
    """Whether a record is of rows of numbers."""
    return read_json(folder / "plan.json").get("space") == "rows"


def labels(config: Mapping[str, Any]) -> str:
    """How many labels there are, in words."""
    if config.get("imbalance"):
        return str(config["imbalance"])
    found = config.get("labels_per_class")
    return "all" if found is None else str(found or "none")


def lines(folder: Path) -> Iterator[list[str]]:
    """The cells of each space of a record in which a GAN arm was judged."""
    run, config = read(folder), read_config(folder / "config.yaml")
    for where in sorted({space(name) for name in run.verdicts}):
        arms = [name for name in run.rows if space(name) == where]
        judged = [name for name in arms if name in run.verdicts and run.verdicts[name]["gain"] is not None]
        without = [name for name in arms if run.kind(name) in WITHOUT_GAN]
        if judged and without:
            yield cells(folder, run, config, where, max(without, key=run.mean), max(judged, key=run.mean))


def cells(folder: Path, run: Records, config: Mapping[str, Any], where: str, rival: str, best: str) -> list[str]:
    verdict = run.verdicts[best]
    answers = Counter(one["verdict"] for name, one in run.verdicts.items() if space(name) == where)
    found = {one["gain"]: one["found"] for one in verdict["power"] or ()}
    return [
        situation(folder),
        labels(config),
        "features" if where else ("rows" if of_rows(folder) else "sound" if kind(folder) == "sound" else "pixels"),
        f"`{rival.partition('@')[0]}` {spread(values(run, rival))}",
        f"`{best.partition('@')[0]}` {spread(values(run, best))}",
        gain(verdict).replace(f"@{where}", "") if where else gain(verdict),
        verdict["verdict"],
        ", ".join(f"{words} {answers[one]}" for one, words in COUNTED.items() if answers[one]),
        str(len(run.rows[best])),
        f"{100 * found[0.02]:.0f} of 100" if 0.02 in found else "",
        f"`{folder.relative_to(RESULTS)}`",
    ]


def values(run: Records, arm: str) -> list[float]:
    return [row[run.measure.test] for row in run.rows[arm]]


def settled(folder: Path) -> Iterator[list[str]]:
    """The cells of the GAN arms of a record whose answer is no *undecided*: a line an answer, and an arm it is over."""
    run, arms = read(folder), dict[tuple[str, str], list[str]]()
    for name, verdict in sorted(run.verdicts.items()):
        if verdict["verdict"] in SETTLED:
            over = decisive(verdict)
            arms.setdefault((verdict["verdict"], over["name"]), []).append(
                f"`{name.partition('@')[0]}` {interval(over)}"
            )
    for (answer, over), found in sorted(arms.items()):
        than = f"`{over}` {spread(values(run, over))}"
        yield [f"`{folder.relative_to(RESULTS)}`", answer, "; ".join(found), than]


def against(pairs: Sequence[tuple[str, str]], folder: Path) -> Iterator[list[str]]:
    """The cells of each space of a record in which both arms of one of ``pairs`` ran: the one less the other."""
    run = read(folder)
    for where in sorted({space(name) for name in run.rows}):
        names = [[f"{arm}@{where}".rstrip("@") for arm in pair] for pair in pairs]
        cells = [paired(run, *pair) if set(pair) <= run.rows.keys() else "" for pair in names]
        if any(cells):
            yield [f"`{folder.relative_to(RESULTS)}`", where or "pixels or rows", *cells]


def paired(run: Records, one: str, other: str) -> str:
    """Mean difference in points, seed by seed, with the interval of Student's t over seeds."""
    mine, theirs = ({row["seed"]: row[run.measure.test] for row in run.rows[name]} for name in (one, other))
    seeds = sorted(mine.keys() & theirs.keys())
    apart = 100 * (np.array([mine[seed] for seed in seeds]) - np.array([theirs[seed] for seed in seeds]))
    found = ttest_1samp(apart, 0.0).confidence_interval()
    return f"{apart.mean():+.1f} ({found.low:+.1f} to {found.high:+.1f})"


PAIRS = (("sgan", "sgan-mix"), ("sgan-fixmatch", "fixmatch-mix"), ("sgan-neighbours", "neighbours-mix"))
"""With a generator's samples, and with mixes in their place."""
NO_LABEL = (("catgan", "rim"), ("catgan", "scan"), ("catgan", "kmeans"))
"""Without labels: with a generator's samples and without them, and the other arms without a GAN."""


def of_auto(folder: Path) -> Iterator[list[str]]:
    """The cells of each space of a record: its best arm, the best of `--strategies auto`, how far that is behind."""
    run, config = read(folder), read_config(folder / "config.yaml")
    for where in sorted({space(name) for name in run.verdicts}):
        means = {name: run.mean(name) for name in run.rows if space(name) == where and run.kind(name) not in BESIDES}
        a_class = (
            [50, 1]
            if config.get("imbalance")
            else [50 if (labelled := config.get("labels_per_class")) is None else labelled]
        )
        unlabelled = max(row["unlabelled_n"] for name in means for row in run.rows[name])
        rows = of_rows(folder)
        picked = choose(a_class, unlabelled, on_pixels=not where, rows=rows).names
        best = max(means, key=run.mean)
        own = max((name for name in means if name.partition("@")[0] in picked), key=run.mean)
        yield [
            f"`{folder.relative_to(RESULTS)}`",
            where or ("rows" if rows else "pixels"),
            f"`{best.partition('@')[0]}` {spread(values(run, best))}",
            f"`{own.partition('@')[0]}` {spread(values(run, own))}",
            f"{100 * (means[best] - means[own]):.1f}",
        ]


def table(head: tuple[str, ...], rows: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in [list(head), ["---"] * len(head), *rows])


def shown_as(show: str, records: Iterable[Path]) -> str:
    """The table called ``show``, one of `TABLES` or ``short``, as Markdown."""
    head, of = {**TABLES, "short": IN_SHORT}[show]
    rows: list[list[str]] = []
    for folder in records:
        with suppress(ConfigError):  # of a version whose keys were others
            rows += of(folder.resolve())
    return table(head, rows)


def by_kind(records: Iterable[Path]) -> dict[str, str]:
    """The map in a table a kind of example."""
    kinds = dict[str, list[Path]]()
    for folder in records:
        kinds.setdefault(kind(folder.resolve()), []).append(folder)
    return {name: shown_as("map", kinds[name]) for name in KINDS if name in kinds}


def less(pairs: Sequence[tuple[str, str]]) -> list[str]:
    return [f"`{one}` less `{other}`" for one, other in pairs]


PLAIN = ("linear-probe", "augment", "kmeans")
"""What one would take without a thought for GANs or unlabelled images; the first that ran."""
SHORT = (
    *("features/cifar10-2", "features/cifar10-10", "cifar10/500", "features/hymenoptera-1", "features/hymenoptera-10"),
    *("features/hands-1", "features/hands-5", "features/fashion-10", "features/pneumonia-20"),
    *(
        "whole/fashion-tail",
        "cifar10/tail",
        "speech/speaker-10",
        "speech/second-5",
        "texts/words-topics-1",
        "vectors/cancer-10",
    ),
    "features/hymenoptera-0",
)
"""The records that README shows a line of."""


def in_short(folder: Path) -> Iterator[list[str]]:
    """The cells of a record that has one space: the plain arm, the best without a GAN, and with one."""
    run, config = read(folder), read_config(folder / "config.yaml")
    (where,) = {space(name) for name in run.verdicts}
    arms = [name for name in run.rows if space(name) == where]
    plain = next(name for arm in PLAIN for name in arms if name.partition("@")[0] == arm)
    rival = max((name for name in arms if run.kind(name) in WITHOUT_GAN), key=run.mean)
    best = max(run.verdicts, key=run.mean)
    shown = [f"`{name.partition('@')[0]}` {100 * run.mean(name):.1f}" for name in (plain, rival, best)]
    yield [situation(folder), labels(config), *shown, run.verdicts[best]["verdict"]]


TABLES = {
    "map": (HEAD, lines),
    "arms": (("record", "answer", "GAN arms, and the gain of each, points (95 %)", "over"), settled),
    "auto": (("record", "learned from", "best arm", "best of `auto`", "behind, points"), of_auto),
    "mixes": (("record", "learned from", *less(PAIRS)), partial(against, PAIRS)),
    "clusters": (("record", "learned from", *less(NO_LABEL)), partial(against, NO_LABEL)),
}
IN_SHORT = (("situation", "labels a class", "plain", "best without a GAN", "best with one", "answer"), in_short)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("records", type=Path, nargs="*")
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--arms", dest="show", action="store_const", const="arms", default="map")
    shown.add_argument("--mixes", dest="show", action="store_const", const="mixes")
    shown.add_argument("--auto", dest="show", action="store_const", const="auto")
    shown.add_argument("--clusters", dest="show", action="store_const", const="clusters")
    shown.add_argument("--short", dest="show", action="store_const", const="short")
    asked = parser.parse_args()
    records = asked.records or ([RESULTS / one for one in SHORT] if asked.show == "short" else folders())
    print("\n\n".join(by_kind(records).values()) if asked.show == "map" else shown_as(asked.show, records))


if __name__ == "__main__":
    main()
