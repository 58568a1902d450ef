"""From arrays, as people have them, to an `ImageSet`: layout, values, labels, size and colours by one set of rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from ganlift.data.build import from_arrays
from ganlift.data.choosing import only
from ganlift.data.colours import coloured
from ganlift.data.labels import Naming, coded, labels_of, without_label
from ganlift.data.reading import Guess, Reading
from ganlift.data.sizes import of_shape, settle, square
from ganlift.data.types import ImageSet
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
    labels = {part: labels_of(y, len(shaped[part]), where[part]) for part, (_, y) in pairs.items()}
    codes, names, of_labels = coded(labels, Naming(class_names, reading.classes, stem, source))
    size, of_size = settle(height, width, reading.image_size)
    pixels, of_colours = coloured(
        {part: square(to_bytes(x, scale.low, scale.high), size, reading.fit) for part, x in shaped.items()}, reading
    )
    odd = of_shape([(height, width)] * sum(map(len, shaped.values())), reading.fit)
    guesses = [values, of_size, *odd, of_colours, *_layout(pairs, shaped), *of_labels, *without_label(codes)]
    parts = {part: (pixels[part], codes[part]) for part in pairs}
    return only(from_arrays(parts, names, source, guesses=guesses, scale=scale), reading.classes)


def _channels_last(x: Array, where: str) -> Array:
    """(n, h, w, c)."""
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


def _layout(pairs: Mapping[str, Pair], shaped: Mapping[str, Array]) -> list[Guess]:
    if all(x.ndim == 3 or x.shape == shaped[part].shape for part, (x, _) in pairs.items()):
        return []
    shape = next(iter(pairs.values()))[0].shape
    return [Guess("layout", f"channels first, as ({shape[0]}, {', '.join(map(str, shape[1:]))}) has it", "transpose")]
