"""Makes the records under ``benchmarks/results/`` that are older than the code anew, one after the other.

    python benchmarks/records.py --list                                  which are older, and how long each takes
    python benchmarks/records.py --pneumonia FILE.npz --cifar10 FOLDER --hymenoptera FOLDER   those of these images
    ... --hands FOLDER --speech FOLDER --texts FOLDER --fashion FOLDER   and those of hands, sound, texts and garments
    python benchmarks/records.py --only fashion      that of this name, or those with the word in theirs

A record is older than the code where an arm's figures or the verdict's have moved (`canary.py`), or it was made with
other settings; one that was judged by an older form alone, and whose run is still there, is judged again in seconds.
CIFAR-10's last training batch is left out, because the shipped settings were tuned on it (`tune.py`). What is broken
off goes on where it stopped: each is a run in ``runs/records/``. Afterwards `fill.py` puts the tables
into the pages, and the tests name what is not in step.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from canary import VERDICT, stale
from situations import HERE, RECORDS, Record
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.model_selection import train_test_split
from sklearn.utils import Bunch
from tune import LAST_BATCH

from ganlift.comparison.generator import generator_arms
from ganlift.config import CompareConfig, apply_sets, build_config, read_config
from ganlift.config_values import PIXELS
from ganlift.data import load
from ganlift.errors import ConfigError
from ganlift.runs.files import write_npz

RUNS = Path("runs") / "records"
DRAWN = 10_000


def settings(arguments: Sequence[str]) -> CompareConfig:
    """What `ganlift compare` with ``arguments``, or `compare-generators`, is asked for."""
    words, values = list(arguments), dict[str, object]()
    if not words[0].startswith("-"):
        values["data"] = words.pop(0)
    for option, value in zip(words[::2], words[1::2], strict=True):
        if option == "--config":
            values |= read_config(Path(value))
        elif option == "--set":
            values = apply_sets(values, [value])
        elif option == "--generators":
            values = {"features": [PIXELS], **values, "strategies": generator_arms(value)}
        else:
            values[option.removeprefix("--").replace("-", "_")] = value
    return build_config(values)


def changed(record: Record) -> list[str]:
    """The settings asked for that ``record`` was made with other values of; the images may lie elsewhere."""
    try:
        made = build_config(read_config(record.kept / "config.yaml")).model_dump()
    except ConfigError:  # of a version whose keys were others
        return ["config"]
    asked = settings([re.sub(r"\{\w+\}", "images", one) for one in record.arguments])
    return [key for key, value in asked.model_dump(exclude_unset=True).items() if key != "data" and value != made[key]]


def outdated(record: Record) -> str:
    """Why ``record`` is older than the code; "" where it is not."""
    if not (record.kept / "config.yaml").exists():
        return "not made yet"
    arms, keys = stale(record.kept), changed(record)
    judged = "judged by an older form" if VERDICT in arms else ""
    arms = [arm for arm in arms if arm != VERDICT]
    moved = "" if not arms else "made before the canary" if arms == ["all"] else f"{len(arms)} arms have moved"
    return " and ".join(filter(None, (moved, judged, f"other settings ({', '.join(keys)})" if keys else "")))


def make(record: Record, arguments: Sequence[str]) -> None:
    """Run it, or go on with it, and keep its records."""
    run = RUNS / record.name
    of_generators = ["--generators"] * (record.verb == "compare-generators")
    table = [str(HERE / "table.py"), str(run), *of_generators, "--keep", str(record.kept)]
    subprocess.run([sys.executable, "-m", "ganlift", record.verb, *arguments, "--out", str(run)], check=True)
    subprocess.run([sys.executable, *table], check=True)


def untuned(cifar10: Path) -> Path:
    """An npz with the images of the folder ``cifar10`` that nothing was tuned on."""
    file = RUNS / "cifar10.npz"
    if not file.exists():
        images = load(f"cifar10:{cifar10}")
        train, test = (np.flatnonzero(images.parts == part) for part in ("train", "test"))
        parts = {"train": train[:LAST_BATCH], "test": test}
        arrays = {f"x_{part}": images.pixels[index] for part, index in parts.items()}
        arrays |= {f"y_{part}": images.labels[index] for part, index in parts.items()}
        write_npz(file, {**arrays, "class_names": np.array(images.class_names)})
    return file


def drawn(cifar10: Path) -> Path:
    """An npz with 10,000 of the training images of `untuned`, and the test images."""
    file = RUNS / "drawn.npz"
    if not file.exists():
        with np.load(untuned(cifar10)) as archive:
            arrays = dict(archive)
        chosen = np.random.default_rng(0).permutation(len(arrays["x_train"]))[:DRAWN]
        write_npz(file, {name: one[chosen] if name.endswith("train") else one for name, one in arrays.items()})
    return file


def rows(name: str, data: Bunch) -> Path:
    """An npz of a data set of scikit-learn's, of which three tenths are for testing."""
    file = RUNS / f"{name}.npz"
    if not file.exists():
        x, y = data.data.astype(np.float32), data.target
        train, test = train_test_split(np.arange(len(y)), test_size=0.3, random_state=0, stratify=y)
        names = np.array([str(one) for one in data.target_names])
        write_npz(
            file,
            {"x_train": x[train], "y_train": y[train], "x_test": x[test], "y_test": y[test], "class_names": names},
        )
    return file


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="a word in the names of the records to make")
    parser.add_argument("--list", action="store_true", help="say what is older, and make nothing")
    parser.add_argument("--pneumonia", type=Path, help="pneumoniamnist.npz")
    parser.add_argument("--hymenoptera", type=Path, help="the folder hymenoptera_data")
    parser.add_argument("--hands", type=Path, help="the folder that hands.py wrote")
    parser.add_argument("--speech", type=Path, help="the folder that speech.py wrote")
    parser.add_argument("--texts", type=Path, help="the folder that texts.py wrote")
    parser.add_argument("--fashion", type=Path, help="the folder with Fashion-MNIST's four files")
    parser.add_argument("--cifar10", type=Path, help="the folder with CIFAR-10's batches")
    asked = parser.parse_args()
    wanted = [one for one in RECORDS if one.name == asked.only] or [one for one in RECORDS if asked.only in one.name]
    older = {one: why for one in wanted if (why := outdated(one))}
    for record, why in older.items():
        print(f"{record.name}: older than the code, about {record.hours:g} h: {why}")
    print(f"{len(older)} older, {sum(record.hours for record in older):.1f} h in all.", flush=True)
    if asked.list:
        return
    given = {
        name: str(path)
        for name in ("pneumonia", "hymenoptera", "hands", "speech", "texts", "fashion")
        if (path := getattr(asked, name))
    }
    if asked.cifar10 and any(record.needs == "cifar10" for record in older):
        given |= {"cifar10": str(untuned(asked.cifar10)), "drawn": str(drawn(asked.cifar10))}
    if any(record.name.startswith("vectors/") for record in older):
        given |= {"digits": str(rows("digits", load_digits())), "cancer": str(rows("cancer", load_breast_cancer()))}
    for record in older:
        if record.needs and record.needs not in given:
            print(f"{record.name} is left out: give its images with --{record.needs}.")
        else:
            make(record, [argument.format(**given) for argument in record.arguments])


if __name__ == "__main__":
    main()
