"""Makes the records under ``benchmarks/results/`` that are older than the code anew, one after the other.

    python benchmarks/records.py --list                                  which are older, and how long each takes
    python benchmarks/records.py --pneumonia FILE.npz --cifar10 FOLDER --hymenoptera FOLDER   those of these images
    ... --hands FOLDER --speech FOLDER --texts FOLDER                    and those of hands, sound and texts
    python benchmarks/records.py --only fashion                          those with this word in their name

A record is older than the code where an arm's figures have moved (`canary.py`) or it was made with other settings.
CIFAR-10's last training batch is left out, because the shipped settings were tuned on it (`tune.py`). What is broken
off goes on where it stopped: each is a run in ``runs/records/``. Afterwards `table.py` prints the tables for
benchmarks/README.md, and the tests name what is not in step.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from canary import stale
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

HERE = Path(__file__).parent
RUNS = Path("runs") / "records"
DRAWN = 10_000


@dataclass(frozen=True)
class Record:
    """What a record is made by, and its hours on two cores.

    ``needs`` names the option with the data that are not in the package, ``verb`` what makes it: ``compare``, or
    ``compare-generators``, of whose runs the table of generators is kept as well.
    """

    name: str
    arguments: tuple[str, ...]
    hours: float
    needs: str = ""
    verb: str = "compare"

    @property
    def kept(self) -> Path:
        return HERE / "results" / self.name


def matrix(name: str) -> tuple[str, ...]:
    return "--config", str(HERE / "matrix" / f"{name}.yaml")


DEMO = (
    *("fashion-mini", "--labels-per-class", "10", "--features", "pixels,efficientnet-lite0", "--strategies"),
    "linear-probe,augment,fixmatch,fixmatch-mix@efficientnet-lite0,sgan-fixmatch",
)
FEW = ("--labels-per-class", "20", "--seeds", "5", "--budget", "280")
SOME = ("--labels-per-class", "50", "--seeds", "3", "--budget", "980")
ON_VECTORS = (
    *("--seeds", "10", "--budget", "300", "--strategies"),
    "linear-probe,gda,label-spreading,distribution-calibration,mean-teacher,fixmatch,sgan-mix,fixmatch-mix,sgan,"
    "sgan-fixmatch,sgan-entropy,complement-gan,neighbours,neighbours-mix,sgan-neighbours",
)
ON_PIXELS = (
    *("--features", "pixels", "--seeds", "5", "--budget", "300", "--strategies"),
    "augment,mean-teacher,fixmatch,fixmatch-rotation,acgan,sgan,sgan-fixmatch",
)
ON_FEATURES = ("--features", "efficientnet-lite0", *ON_VECTORS)
PHOTOGRAPHS = tuple(
    Record(
        f"features/hymenoptera-{n}", ("{hymenoptera}", "--labels-per-class", f"{n}", *ON_FEATURES), 0.1, "hymenoptera"
    )
    for n in (1, 2, 5, 10)
)
"""The folder ``hymenoptera_data`` of PyTorch's tutorial on transfer learning: 397 photographs of ants and bees."""

HANDS = tuple(
    Record(f"features/hands-{n}", ("{hands}/hands.csv", "--labels-per-class", f"{n}", *ON_FEATURES), 0.2, "hands")
    for n in (1, 2, 5, 10)
)
"""2,062 photographs of hands that show digits (`hands.py`): tested on other people than those learned from."""

SPOKEN = (
    "--seeds",
    "auto",
    "--budget",
    "300",
    "--strategies",
    "augment,mean-teacher,fixmatch,acgan,sgan,sgan-fixmatch",
)
SPEECH = tuple(
    Record(f"speech/{how}-{n}", (f"{{speech}}/{how}.csv", "--labels-per-class", f"{n}", *SPOKEN), 0.15, "speech")
    for how in ("speaker", "random")
    for n in (2, 5, 10)
)
"""Spoken digits (`speech.py`): test clips of other speakers than those learned from, or of the same."""

TEXTS = tuple(
    Record(f"texts/{name}-{n}", (files, "--labels-per-class", f"{n}", *ON_VECTORS), 0.1, "texts")
    for name, files, labels in (
        ("words-topics", "{texts}/words.npz,{texts}/topics.npz", (1, 2, 5, 10)),
        ("few-words-topics", "{texts}/few/words.npz,{texts}/few/topics.npz", (2,)),
        ("words", "{texts}/words.npz", (2,)),
        ("topics", "{texts}/topics.npz", (2,)),
    )
    for n in labels
)
"""Short news texts by the mean of their words' vectors and by latent topics, side by side (`texts.py`)."""

FEW_LABELS = tuple(
    record
    for n in (1, 2, 5)
    for record in (
        Record(f"features/fashion-{n}", ("fashion-mini", "--labels-per-class", f"{n}", *ON_FEATURES), 0.2),
        Record(f"pixels/fashion-{n}", ("fashion-mini", "--labels-per-class", f"{n}", *ON_PIXELS), 0.2),
    )
)
CIFAR10_FEATURES = tuple(
    Record(f"features/cifar10-{n}", ("{drawn}", "--labels-per-class", f"{n}", *ON_FEATURES), 0.3, "cifar10")
    for n in (2, 10, 50)
)
"""10,000 of the training images, drawn once (`drawn`), and all test images."""

NO_LABEL = ("--labels-per-class", "0", "--seeds", "10", "--budget", "300", "--strategies")
ON_VECTORS_ALONE = (*NO_LABEL, "kmeans,scan,rim,infogan,catgan")
ON_PIXELS_ALONE = "kmeans-pixels,kmeans-rotation,kmeans-simsiam,rim,kmeans-gan-features,infogan,catgan"
CLUSTERS = (
    *(
        Record(f"features/{name}-0", (data, "--features", "efficientnet-lite0", *ON_VECTORS_ALONE), 0.1, needs)
        for name, data, needs in (
            ("fashion", "fashion-mini", ""),
            ("hymenoptera", "{hymenoptera}", "hymenoptera"),
            ("hands", "{hands}/hands.csv", "hands"),
            ("pneumonia", "{pneumonia}", "pneumonia"),
            ("cifar10", "{drawn}", "cifar10"),
        )
    ),
    Record(
        "pixels/fashion-0",
        ("fashion-mini", "--features", "pixels", *NO_LABEL, ON_PIXELS_ALONE),
        0.3,
    ),
    Record("vectors/digits-0", ("{digits}", *ON_VECTORS_ALONE), 0.1),
    Record("texts/words-topics-0", ("{texts}/words.npz,{texts}/topics.npz", *ON_VECTORS_ALONE), 0.1, "texts"),
)
"""Where no label is used: clusters, matched to classes where they are scored."""

OF_FEATURES = ("autoencoder", "wgan", "vae", "gaussian", "flow")
"""Every generator of vectors; the first is the default, which an arm's name leaves out."""
ON_ALL = ",".join(
    (
        "linear-probe,nearest-mean,real-only,augment,duplicate-real,gda,label-spreading,distribution-calibration",
        "pseudo-label,entropy-minimisation,mean-teacher,fixmatch,neighbours,sgan-mix,fixmatch-mix,neighbours-mix",
        "sgan,sgan-fixmatch,sgan-entropy,sgan-mean-teacher,sgan-neighbours,complement-gan",
        "acgan,dada,triple-gan,ec-gan,margin-gan,dpt",
        *(
            f"{strategy}-{generator}".removesuffix("-autoencoder")
            for strategy in ("gan-augment", "fixmatch-generated", "synthetic-only")
            for generator in OF_FEATURES
        ),
    )
)
EVERY = tuple(
    Record(f"every/{name}-2", (data, *extra, "--labels-per-class", "2", *ON_VECTORS[:-1], ON_ALL), 0.3, needs)
    for name, data, extra, needs in (
        ("hands", "{hands}/hands.csv", ("--features", "efficientnet-lite0"), "hands"),
        ("words-topics", "{texts}/words.npz,{texts}/topics.npz", (), "texts"),
    )
)
"""Every strategy that vectors and labels of classes of one size allow, two-stage arms with every generator."""

ROWS = tuple(
    Record(f"vectors/{name}-{n}", (f"{{{name}}}", "--labels-per-class", f"{n}", *ON_VECTORS), 0.1)
    for name in ("digits", "cancer")
    for n in (2, 10)
)
"""scikit-learn's digits as 64 numbers each, and its breast cancer: rows without a picture (`rows`)."""

GENERATORS = "sngan,dcgan,wgan-gp,r3gan,biggan,stylegan2,stylegan2-ada,vae,autoencoder,flow,gaussian"
"""Those that are compared with each other; `gaussian`, which trains nothing, is the floor."""
GENERATING = (
    *("--generators", GENERATORS, "--labels-per-class"),
    *("{labels}", "--seeds", "2", "--image-size", "16", "--batch-size", "32", "--budget", "300"),
)
OF_GENERATORS = tuple(
    Record(
        f"generators/{name}-{equal}",
        (data, *(one.replace("{labels}", labels) for one in GENERATING), "--generator-budget", budget),
        0.4,
        needs,
        "compare-generators",
    )
    for name, data, labels, needs in (
        ("fashion-mini", "fashion-mini", "50", ""),
        ("pneumoniamnist", "{pneumonia}", "200", "pneumonia"),
        ("cifar10", "{drawn}", "200", "cifar10"),
    )
    for equal, budget in (("images", "300"), ("seconds", "30s"))
)
"""Generators at equal images and at equal seconds, at 16 px: a step of most takes several times as long at 28."""
GENERATING_FEATURES = tuple(
    Record(
        f"generators/{name}-features",
        (
            *(data, "--features", "efficientnet-lite0", "--generators", ",".join(OF_FEATURES)),
            *("--labels-per-class", labels, "--seeds", "10", "--budget", "300", "--generator-budget", "300"),
        ),
        0.1,
        needs,
        "compare-generators",
    )
    for name, data, labels, needs in (
        ("hymenoptera", "{hymenoptera}", "5", "hymenoptera"),
        ("hands", "{hands}/hands.csv", "10", "hands"),
    )
)
"""Generators of features of photographs."""

RECORDS = (
    Record("demo", (*DEMO, "--seeds", "auto", "--budget", "300"), 0.15),
    Record("matrix/fashion-tail", matrix("fashion-tail"), 0.4),
    Record(
        "unbalanced-tail",
        (*matrix("fashion-tail"), "--strategies", "augment", "--seeds", "3", "--set", "options.augment.balance=off"),
        0.05,
    ),
    Record("matrix/fashion-10", matrix("fashion-10"), 0.5),
    Record("pneumoniamnist", ("{pneumonia}", *FEW), 0.2, "pneumonia"),
    Record("matrix/pneumonia-20", (*matrix("pneumonia-20"), "--set", "data={pneumonia}"), 0.3, "pneumonia"),
    Record("cifar10", ("{cifar10}", *SOME), 0.7, "cifar10"),
    *PHOTOGRAPHS,
    *HANDS,
    Record("features/fashion-10", ("fashion-mini", "--labels-per-class", "10", *ON_FEATURES), 0.2),
    *FEW_LABELS,
    *CLUSTERS,
    Record("matrix/fashion-step", (*matrix("fashion-tail"), "--set", "imbalance=step:10"), 0.4),
    *ROWS,
    *CIFAR10_FEATURES,
    *SPEECH,
    *TEXTS,
    *EVERY,
    *OF_GENERATORS,
    *GENERATING_FEATURES,
    Record("features/pneumonia-20", ("{pneumonia}", "--labels-per-class", "20", *ON_FEATURES), 0.2, "pneumonia"),
)


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
    moved = "" if not arms else "made before the canary" if arms == ["all"] else f"{len(arms)} arms have moved"
    return " and ".join(filter(None, (moved, f"other settings ({', '.join(keys)})" if keys else "")))


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
    parser.add_argument("--cifar10", type=Path, help="the folder with CIFAR-10's batches")
    asked = parser.parse_args()
    older = {one: why for one in RECORDS if asked.only in one.name and (why := outdated(one))}
    for record, why in older.items():
        print(f"{record.name}: older than the code, about {record.hours:g} h: {why}")
    print(f"{len(older)} older, {sum(record.hours for record in older):.1f} h in all.", flush=True)
    if asked.list:
        return
    given = {
        name: str(path)
        for name in ("pneumonia", "hymenoptera", "hands", "speech", "texts")
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
