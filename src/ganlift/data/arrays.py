"""From arrays, as people have them, to an `ImageSet`: layout, values, labels, size and colours by one set of rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganlift.data.build import from_arrays
from ganlift.data.choosing import CLASSES, only
from ganlift.data.colours import coloured
from ganlift.data.findings import SHOWN, shown
from ganlift.data.reading import Guess, Reading
from ganlift.data.sizes import of_shape, settle, square
from ganlift.data.types import UNLABELLED, ImageSet
from ganlift.data.values import find_scale, to_bytes, values_of
from ganlift.errors import DataError

Array = NDArray[Any]
Pair = tuple[Array, Array]


def from_pairs(
    pairs: Mapping[str, Pair], class_names: Sequence[str] | None, source: str, reading: Reading, stem: str = "class "
) -> ImageSet:
    """Images and labels by part ("train", "val", "test", or "" for a set without parts).

    Args:
        pairs: images (n, h, w), (n, h, w, 1 or 3) or (n, 1 or 3, h, w) of any type of number; labels (n,) or (n, 1),
            whole numbers or names, or one column a class; the number -1 or an empty name where unlabelled.
        class_names: of the labels 0, 1, ...; where None, labels that are names name themselves, others are called
            as `Reading.classes` has it, or "class 0", ...
        stem: what stands before the number of a class without a name.

    Raises:
        DataError: another form, values that do not tell black and white, or arrays that do not fit together.
    """
    where = {part: f"{source}, {part}" if part else source for part in pairs}
    shaped = {part: _channels_last(x, where[part]) for part, (x, _) in pairs.items()}
    height, width = _one_shape(shaped, source)
    scale, values = find_scale({where[part]: values_of(x, where[part]) for part, x in shaped.items()}, reading)
    labels = {part: _labels(y, len(shaped[part]), where[part]) for part, (_, y) in pairs.items()}
    codes, names, of_labels = _coded(labels, _Names(class_names, reading.classes, stem, source))
    size, of_size = settle(height, width, reading.image_size)
    pixels, of_colours = coloured(
        {part: square(to_bytes(x, scale.low, scale.high), size, reading.fit) for part, x in shaped.items()}, reading
    )
    odd = of_shape([(height, width)] * sum(map(len, shaped.values())), reading.fit)
    guesses = [values, of_size, *odd, of_colours, *_layout(pairs, shaped), *of_labels, *_unlabelled(codes)]
    parts = {part: (pixels[part], codes[part]) for part in pairs}
    return only(from_arrays(parts, names, source, guesses=guesses, scale=scale), reading.classes)


def _channels_last(x: Array, where: str) -> Array:
    """(n, h, w, c)."""
    if x.ndim == 2:
        raise DataError(
            f"{where}: x has the shape {x.shape}, rows of numbers, and images are (n, h, w), (n, h, w, 1 or 3) or "
            "(n, 1 or 3, h, w); save rows that are images in one of these shapes, and give others to "
            "ganlift.GanLiftClassifier."
        )
    given, x = x.shape, x[..., None] if x.ndim == 3 else x
    if x.ndim == 4 and x.shape[-1] not in (1, 3) and x.shape[1] in (1, 3):
        x = x.transpose(0, 2, 3, 1)
    if x.ndim != 4 or x.shape[-1] not in (1, 3) or not len(x):
        raise DataError(
            f"{where}: images have the shape {given}; expected (n, h, w), (n, h, w, 1 or 3) or (n, 1 or 3, h, w)."
        )
    return x


def _one_shape(shaped: Mapping[str, Array], source: str) -> tuple[int, int]:
    """The height and width that all parts share."""
    shapes = {part: x.shape[1:] for part, x in shaped.items()}
    if len(set(shapes.values())) > 1:
        told = "; ".join(f"{part} {' × '.join(map(str, shape))}" for part, shape in shapes.items())
        raise DataError(f"{source}: the parts have images of different shapes ({told}); save them alike.")
    height, width, _ = next(iter(shapes.values()))
    return height, width


def _labels(y: Array, n: int, where: str) -> Array:
    """(n,) whole numbers or strings."""
    y = np.asarray(y)
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim == 2 and y.dtype.kind in "iufb" and set(np.unique(y)) <= {0, 1} and (y.sum(1) == 1).all():
        y = y.argmax(1)
    if y.ndim == 2:
        raise DataError(
            f"{where}: labels have {y.shape[1]} columns, several labels an image. "
            "ganlift compares classifiers with one label an image; give labels of shape (n,)."
        )
    if y.dtype.kind == "f" and np.isnan(y).any():
        raise DataError(f"{where}: {int(np.isnan(y).sum())} labels are nan; mark images without a label with -1.")
    names = y.dtype.kind in "US"
    whole = y.dtype.kind in "iub" or (y.dtype.kind == "f" and bool((y == y.round()).all()))
    if y.ndim != 1 or len(y) != n or not (whole or names):
        raise DataError(
            f"{where}: labels have the shape {y.shape} and type {y.dtype}; expected {n} whole numbers or names."
        )
    return np.char.strip(y.astype(np.str_)) if names else y.astype(np.int64)


def _coded(labels: Mapping[str, Array], how: _Names) -> tuple[dict[str, NDArray[np.int64]], list[str], list[Guess]]:
    """Each part's labels as places among the classes' names, -1 where unlabelled; these names, and what was guessed."""
    together = np.concatenate(list(labels.values()))
    nothing: Any = "" if together.dtype.kind == "U" else UNLABELLED
    values = np.unique(together[together != nothing])
    names, guesses = _named(values, how)
    codes = {}
    for part, own in labels.items():
        place = np.searchsorted(values, own.astype(values.dtype))
        codes[part] = np.where(own == nothing, UNLABELLED, place).astype(np.int64)
    return codes, names, guesses


@dataclass(frozen=True)
class _Names:
    """What classes are called: by the source, else as asked, else ``stem`` and their number."""

    given: Sequence[str] | None
    asked: Sequence[str] | None
    stem: str
    source: str


def _named(values: Array, how: _Names) -> tuple[list[str], list[Guess]]:
    """The names of the labels ``values`` (K,), sorted, and what was taken for them where they are numbers alone."""
    if values.dtype.kind == "U":
        return [str(value) for value in values], []
    if how.given is None:
        return _of_numbers(values, how)
    if len(values) and (values.max() >= len(how.given) or values.min() < 0):
        raise DataError(f"{how.source} has {len(how.given)} class_names and the label {values.max()}.")
    return [str(how.given[value]) for value in values], []


def _of_numbers(values: Array, how: _Names) -> tuple[list[str], list[Guess]]:
    if how.asked is not None and len(how.asked) != len(values):
        raise DataError(
            f"--classes has {len(how.asked)} names and {how.source} has {len(values)} labels "
            f"({shown(values.tolist())}); give one name a label, from the lowest."
        )
    names = list(how.asked) if how.asked else [f"{how.stem}{value}" for value in values]
    told = [f"label {value} is '{name}'" for value, name in zip(values, names, strict=True)]
    said = ", as asked" if how.asked else ""
    return names, [Guess("classes", f"{', '.join(told[:SHOWN])}{', ...' if told[SHOWN:] else ''}{said}", CLASSES)]


def _layout(pairs: Mapping[str, Pair], shaped: Mapping[str, Array]) -> list[Guess]:
    if all(x.ndim == 3 or x.shape == shaped[part].shape for part, (x, _) in pairs.items()):
        return []
    shape = next(iter(pairs.values()))[0].shape
    return [Guess("layout", f"channels first, as ({shape[0]}, {', '.join(map(str, shape[1:]))}) has it", "transpose")]


def _unlabelled(codes: Mapping[str, NDArray[np.int64]]) -> list[Guess]:
    counts = {part or "the set": int(np.sum(own == UNLABELLED)) for part, own in codes.items()}
    told = ", ".join(f"{count} of {part}" for part, count in counts.items() if count)
    return [Guess("labels", f"-1 marks an image without a label ({told})", "other numbers")] if told else []
