"""What a set of images is, told by its content and never by where it lies; and how one set differs from another.

An image is its hash (shape and decoded pixels), its class by name, its part and its group. Order, file names and the
path are no part of the identity: images that came in another order are brought into the recorded one.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ganlift.data.types import UNLABELLED, Examples, ImageSet, VectorSet
from ganlift.nouns import IMAGE

Some = TypeVar("Some", bound=Examples)

_NAMED = 3
"""Classes that a message names, of each kind of change."""


@dataclass(frozen=True)
class Fingerprint:
    """A set of images without its pixels.

    Attributes:
        hashes, parts: (n,) of str, as `ImageSet` has them.
        labels: (n,) int64, -1 where unlabelled.
        groups: (n,) of str, a digest of each group's name, which may be a patient's; "" where there is none.
        class_names: one a class, in label order.
        size, channels: of every image; of rows how many numbers each has, and 0.
        source: where the images lay; what tells of a run says it, and nothing is compared by it.
        noun: what one is called; it is not recorded.
    """

    hashes: NDArray[np.str_]
    labels: NDArray[np.int64]
    parts: NDArray[np.str_]
    groups: NDArray[np.str_]
    class_names: tuple[str, ...]
    size: int
    channels: int
    source: str
    noun: str = IMAGE

    def __len__(self) -> int:
        return len(self.hashes)

    @property
    def form(self) -> str:
        """Size and colours in words."""
        return form_of(self.size, self.channels)

    @property
    def classes(self) -> list[str]:
        """The class of each image by name, "" where unlabelled."""
        return ["" if label == UNLABELLED else self.class_names[label] for label in self.labels]

    @property
    def images(self) -> list[tuple[str, str, str, str]]:
        """Hash, class, part and group of each image: all that it is."""
        columns = (self.hashes.tolist(), self.classes, self.parts.tolist(), self.groups.tolist())
        return list(zip(*columns, strict=True))


def fingerprint(images: Examples) -> Fingerprint:
    """What ``images`` are."""
    groups = np.full(len(images), "") if images.groups is None else images.groups
    names, which = np.unique(groups, return_inverse=True)
    form = form_numbers(images)
    digests = np.array([_digest(str(name)) for name in names], "<U16")
    return Fingerprint(
        hashes=images.hashes,
        labels=images.labels,
        parts=images.parts,
        groups=digests[which.reshape(-1)],
        class_names=images.class_names,
        size=form[0],
        channels=form[1],
        source=images.source,
        noun=images.noun,
    )


def form_numbers(images: Examples) -> tuple[int, int]:
    """Size and channels of images; how many numbers a row has, and 0."""
    if isinstance(images, ImageSet):
        return images.size, images.channels
    assert isinstance(images, VectorSet)
    return images.width, 0


def form_of(size: int, channels: int, frames: int = 0) -> str:
    """What `form_numbers` finds in words: "28×28 grey", "30 numbers a row", or of clips "8 frames of 28×28 grey"."""
    if not channels:
        return f"{size} numbers a row"
    form = f"{size}×{size} {'grey' if channels == 1 else 'RGB'}"
    return f"{frames} frames of {form}" if frames else form


def difference(then: Fingerprint, now: Fingerprint) -> str:
    """How ``now`` differs from ``then`` in words, such as "12 images came and 2 went"; "" where it does not."""
    if (then.size, then.channels) != (now.size, now.channels):
        return f"there are {len(now)} of {now.form} now, and there were {len(then)} of {then.form}"
    came, went, *changed = _counts(then.images, now.images)
    said = [_of_classes(then, now)]
    if went == len(then):
        said.insert(0, f"none of its {len(then)} {now.noun}s is among the {len(now)} that are there now")
    else:
        words = ("came", "went", "changed class", "changed part", "changed group")
        said.insert(
            0, _listed([(n, word) for n, word in zip((came, went, *changed), words, strict=True) if n], now.noun)
        )
    return "; ".join(filter(None, said))


def arranged(images: Some, then: Fingerprint) -> Some:
    """``images``, which do not differ from ``then``, in its order of images and of classes, and under its source."""
    order = _matching(then.images, fingerprint(images).images)
    if not np.array_equal(order, np.arange(len(order))):
        images = images.at(order)
    return replace(images, labels=then.labels, class_names=then.class_names, source=then.source)


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:16] if name else ""


def _counts(then: Sequence[tuple[str, ...]], now: Sequence[tuple[str, ...]]) -> list[int]:
    """Images that came, that went, and of those that stayed how many changed class, part and group.

    One that changed several counts under the first. Copies count as often as they are there.
    """
    common = []
    for columns in range(1, 5):
        before, after = Counter(one[:columns] for one in then), Counter(one[:columns] for one in now)
        common.append((before & after).total())
    return [len(now) - common[0], len(then) - common[0], *(a - b for a, b in pairwise(common))]


def _of_classes(then: Fingerprint, now: Fingerprint) -> str:
    """Which classes were renamed, came and went."""
    gone = sorted(set(then.class_names) - set(now.class_names))
    new = sorted(set(now.class_names) - set(then.class_names))
    renamed = _renamed(then, now, gone, new) if gone and new else {}
    words = [f"'{old}' is now '{name}'" for old, name in renamed.items()]
    said = [", ".join(words[:_NAMED]) + (f" and {len(words) - _NAMED} more so" if len(words) > _NAMED else "")]
    said += _classes([name for name in new if name not in renamed.values()], "new")
    said += _classes([name for name in gone if name not in renamed], "gone")
    return "; ".join(filter(None, said))


def _renamed(then: Fingerprint, now: Fingerprint, gone: Sequence[str], new: Sequence[str]) -> dict[str, str]:
    """The new name of each class that is gone, where more than half of the images of either are those of the other."""
    left, come = set(gone), set(new)
    was = {one: name for one, name in zip(then.hashes.tolist(), then.classes, strict=True) if name in left}
    moved = Counter((was[one], name) for one, name in zip(now.hashes.tolist(), now.classes, strict=True) if one in was)
    before, after = Counter(then.classes), Counter(now.classes)
    return {a: b for (a, b), n in moved.items() if b in come and 2 * n > max(before[a], after[b])}


def _classes(names: Sequence[str], what: str) -> list[str]:
    if not names:
        return []
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    listed = ", ".join(f"'{name}'" for name in names[:_NAMED]) + more
    return [f"class {listed} is {what}" if len(names) == 1 else f"classes {listed} are {what}"]


def _listed(counts: Sequence[tuple[int, str]], noun: str) -> str:
    """``[(12, "came"), (2, "went")]`` as "12 images came and 2 went"."""
    if not counts:
        return ""
    (first, word), *others = counts
    words = [f"{first} {noun}{'' if first == 1 else 's'} {word}", *(f"{n} {word}" for n, word in others)]
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _matching(then: Sequence[Any], now: Sequence[Any]) -> NDArray[np.int64]:
    """For each place in ``then`` where its image is in ``now``, (n,); the same ones in any order."""
    ours, theirs = (sorted(range(len(keys)), key=keys.__getitem__) for keys in (then, now))
    order = np.empty(len(then), np.int64)
    order[ours] = theirs
    return order
