"""Which part of the data a folder is, by its name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_WORDS = {
    "train": ("train", "training", "trn"),
    "val": ("val", "valid", "validation", "validate", "dev", "devel", "development"),
    "test": ("test", "testing", "tests", "tst", "eval", "evaluation", "holdout", "heldout"),
    "unlabelled": ("unlabelled", "unlabeled", "unsup", "unsupervised", "nolabel", "nolabels"),
}
_PART = {word: part for part, words in _WORDS.items() for word in words}
_FILLERS = ("set", "data", "dataset", "images", "image", "imgs", "img", "split", "folder")
"""Words beside a part's that say nothing: train_set, test-images."""

_OF_PICTURES = {"images", "image", "imgs", "img", "jpegimages", "pictures", "photos", "inputs"}
_OF_ANSWERS = {"masks", "mask", "labels", "annotations", "segmentation", "segmentations", "targets", "groundtruth"}


@dataclass(frozen=True)
class Told:
    """What the names of folders beside one another say.

    Attributes:
        parts: the part of each folder that is one, by its name; empty where none is, or it is not sure which.
        doubtful: names of folders that look like parts, where it is not sure which are.
    """

    parts: dict[str, str]
    doubtful: tuple[str, ...] = ()


def told(names: Iterable[str]) -> Told:
    """The part of each of ``names``, in upper or lower case, alone or with one prefix or suffix for all.

    What stands beside a part's word (seg in seg_train) must be the same for all, and of two parts at least.
    """
    groups: dict[tuple[str, ...], dict[str, str]] = {}
    for name in names:
        part, beside = _reading(name)
        if part:
            groups.setdefault(beside, {})[name] = part
    plain = groups.pop((), {})
    sharing = [group for group in groups.values() if len(set(group.values())) > 1]
    if "train" in plain.values() or not sharing:
        return Told(plain)
    if len(sharing) == 1:
        return Told({**sharing[0], **{name: part for name, part in plain.items() if part == "unlabelled"}})
    return Told({}, tuple(name for group in sharing for name in group))


def is_wrapped(inner: str, outer: str) -> bool:
    """Whether a lone folder ``inner`` is the part that ``outer`` is, once more: train/train, Training/images."""
    same = _reading(inner)[0] and _reading(inner)[0] == _reading(outer)[0]
    return bool(same) or inner.lower() == outer.lower() or _joined(inner) in _FILLERS


def pictures_and_answers(names: Sequence[str]) -> tuple[str, ...]:
    """Those of ``names`` that are of pictures and of their masks or annotations; none where not both are there."""
    pictures = [name for name in names if _joined(name) in _OF_PICTURES]
    answers = [name for name in names if _joined(name) in _OF_ANSWERS]
    return (*pictures, *answers) if pictures and answers else ()


def _reading(name: str) -> tuple[str, tuple[str, ...]]:
    """The part that ``name`` says, "" for none or several, and the other words that do say something."""
    if part := _PART.get(_bare(_joined(name))):
        return part, ()
    words = [_bare(word) for word in re.findall(r"[^\W\d_]+|\d+", name.lower())]
    found = [word for word in words if word in _PART]
    if len(found) != 1:
        return "", ()
    return _PART[found[0]], tuple(word for word in words if word and word != found[0])


def _joined(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.lower())


def _bare(word: str) -> str:
    """``word`` without a filler at its end: trainset, testimages."""
    return next((word.removesuffix(end) for end in sorted(_FILLERS, key=len, reverse=True) if word.endswith(end)), word)
