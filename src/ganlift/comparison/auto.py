"""`--strategies auto`: which strategies suit the data, and why, in a sentence each.

Rules, not measurements: what is picked is then measured. The rules follow docs/map.md, whose tables say what
came of them on the data sets that were tried.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ganlift.nouns import CLIP, IMAGE
from ganlift.yardstick import UNEQUAL

AUTO = "auto"
ALL = "all"

FEW_A_CLASS = 20
"""Labelled images a class below which a generator that has those alone copies or collapses, as a rule."""

SHORT_A_CLASS = 50
"""... and below which it still seldom pays."""

WITH_UNLABELLED = (
    "augment",
    "mean-teacher",
    "fixmatch",
    "fixmatch-rotation",
    "fixmatch-mix",
    "sgan-fixmatch",
    "sgan-fixmatch-rotation",
)
"""What led the table of docs/strategies.md on either side, each GAN arm beside what it is without a generator: less
its loss, or with mixes in the generator's place, which come next to it on spoken digits (docs/map.md).

Without `gan-augment`: it took a third of the time and gained nothing.
"""

WITH_UNLABELLED_CLIPS = ("pseudo-label", "entropy-minimisation")
"""Besides, of sound and video, where rotation is no task: behind in short runs, and at 1,000 steps the best
without a GAN on spoken digits (docs/sound.md). Without them `sgan-fixmatch` would have been said to help there. Of
garments both are three points behind `fixmatch` at 1,500 steps too (docs/map.md)."""

LABELS_ALONE = ("augment", "rotation", "sgan-mix", "gan-augment", "acgan", "sgan")
"""With what gains as much without a GAN: on all of Fashion-MNIST `rotation` and `sgan-mix` did (docs/map.md)."""

WITHOUT_LABELS = ("kmeans-pixels", "kmeans-rotation", "kmeans-simsiam", "kmeans-gan-features")
WITHOUT_LABELS_ON_FEATURES = ("kmeans", "scan", "rim", "catgan")
"""Without what was far behind wherever it was tried: `infogan`, and on pixels `rim` and `catgan`."""

UNEQUAL_CLASSES = ("augment", "logit-adjust", "rotation", "sgan-mix", "acgan", "sgan")
"""Where macro recall judges, batches are balanced: `augment` is `oversample` then, which need not run twice, and
`mixup-drw` and `ldam-drw` were two points and more behind it. With `rotation` and `sgan-mix` as above."""


@dataclass(frozen=True)
class Choice:
    """Names of strategies, and a sentence for each reason why these."""

    names: list[str]
    reasons: list[str]


ON_FEATURES = ("linear-probe", "gda", "nearest-mean", "augment", "sgan", "sgan-mix")
ON_FEATURES_WITH_UNLABELLED = (
    "linear-probe",
    "gda",
    "label-spreading",
    "distribution-calibration",
    "fixmatch",
    "sgan-mix",
    "fixmatch-mix",
    "neighbours",
    "neighbours-mix",
    "sgan",
    "sgan-fixmatch",
    "sgan-neighbours",
)
"""On features of a frozen network, and on rows: those that led a table of docs/photographs.md or take no steps, and
beside each GAN arm the one with mixes where it has a generator."""


def choose(
    labelled_per_class: Sequence[int],
    unlabelled: int,
    *,
    on_pixels: bool = True,
    rows: bool = False,
    noun: str = IMAGE,
) -> Choice:
    """Strategies for a training set.

    Args:
        labelled_per_class: labelled training images of each class, at least 1; or none of any class.
        unlabelled: training images without labels.
        on_pixels: whether arms learn from pixels; else from features of a frozen network.
        rows: whether the data are rows of numbers, which arms learn from as they are.
    """
    if not max(labelled_per_class):
        found = WITHOUT_LABELS if on_pixels and not rows else WITHOUT_LABELS_ON_FEATURES
        return Choice([*found], ["no label is used, so arms that find clusters are compared"])
    if rows:
        return _on_vectors(unlabelled, "arms learn from rows of numbers", noun)
    if not on_pixels:
        return _on_vectors(unlabelled, "arms learn from features of a frozen network", noun)
    names: list[str] = ["augment"]
    reasons = []
    least, most = min(labelled_per_class), max(labelled_per_class)
    if most >= UNEQUAL * least:
        names += UNEQUAL_CLASSES
        reasons.append(f"classes have {least:,} to {most:,} labelled {noun}s, so arms against imbalance are compared")
    if unlabelled:
        names += (*WITH_UNLABELLED, *(WITH_UNLABELLED_CLIPS if noun == CLIP else ()))
        reasons.append(
            f"there are {unlabelled:,} {noun}s without labels, so arms with and without a GAN that use them are "
            "compared"
        )
    elif most < UNEQUAL * least:
        names += LABELS_ALONE
        reasons.append(
            f"there are no {noun}s without labels and {least:,} or more labelled ones a class, "
            "so supervised arms are compared"
        )
    return Choice(list(dict.fromkeys(names)), reasons)


def _on_vectors(unlabelled: int, said: str, noun: str) -> Choice:
    if not unlabelled:
        return Choice(list(ON_FEATURES), [f"{said}, and there are no {noun}s without labels"])
    return Choice(list(ON_FEATURES_WITH_UNLABELLED), [f"{said}, and {unlabelled:,} {noun}s have no label"])


def generator_warning(
    names: Sequence[str], labelled_per_class: Sequence[int], unlabelled: int, noun: str = IMAGE
) -> str:
    """What is to be expected of ``names``, which train a generator of classes, with so few labels; "" where nothing.

    Below 20 to 50 images a class a conditional GAN that learns from labelled images alone memorises or collapses, and
    its samples then hurt the classifier more often than they help (docs/when-not.md has the sources).
    """
    least = min(labelled_per_class)
    if not names or least >= (FEW_A_CLASS if unlabelled else SHORT_A_CLASS):
        return ""
    told = f"{', '.join(names)}: with {least} labelled {noun}s in the smallest class "
    if unlabelled:
        return told + (
            "a generator learns the classes poorly, and may copy or collapse; look in the report at what it makes."
        )
    outlook = "copies or collapses" if least < FEW_A_CLASS else "has little to go on"
    return told + (
        f"and none without labels a generator {outlook}, and such samples tend to hurt; "
        f"unlabelled {noun}s (--unlabelled PATH) would help more."
    )


def copying_note(name: str, different: Mapping[str, int], unlabelled: int, noun: str = IMAGE) -> str:
    """What is to be expected of the generator ``name``, trained for its own sake, with so few images; "" where nothing.

    Args:
        different: images no two of which are equal, of each class; of "" where it is told no classes.
        unlabelled: the same of those that it has besides.
    """
    least = min(different, key=lambda one: different[one])
    if different[least] >= FEW_A_CLASS:
        return ""
    count = f"one {noun}" if different[least] == 1 else f"{different[least]} different {noun}s"
    told = f"{name} learns from {count}{f' of {least!r}, its smallest class' if least else ''}"
    if unlabelled >= FEW_A_CLASS:
        return f"{told}: too few to know that class by, so that it may copy them; look at the samples."
    return (
        f"{told}, and of fewer than {FEW_A_CLASS} a generator can do little but copy; add {noun}s if you want others."
    )
