"""The report's picture of a frozen network's features: where labelled, unlabelled and test images lie."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from ganlift.report import svg, words
from ganlift.report.read import Run, mapping, sequence
from ganlift.report.words import number

WIDTH, SIDE, EDGE = 480.0, 360.0, 8.0
"""Of the picture, and the room within its frame."""
COLOURS = 8
"""Classes with a colour of their own; those beyond are shown alike."""
REACH = 5.5
"""Half a labelled image's mark."""
SHAPES = (
    ((-0.8, -0.8), (0.8, -0.8), (0.8, 0.8), (-0.8, 0.8)),
    ((0.0, -1.0), (1.0, 0.8), (-1.0, 0.8)),
    ((0.0, -1.1), (1.1, 0.0), (0.0, 1.1), (-1.1, 0.0)),
    ((-1.0, -0.35), (0.0, -1.0), (1.0, -0.35), (0.6, 0.9), (-0.6, 0.9)),
)
"""A class's mark, by its place: colours alone are not told apart by everyone."""

Point = tuple[float, float, int | None]


@dataclass(frozen=True)
class Features:
    """One network's picture: what it shows, and which classes have which colour and mark."""

    network: str
    svg: Markup
    note: str
    legend: list[tuple[str, Markup]]


def pictures(run: Run) -> list[Features]:
    """One a network whose points are recorded and whole."""
    return [found for recorded in run.points if (found := _picture(run, recorded))]


def _picture(run: Run, recorded: dict[str, Any]) -> Features | None:
    parts = {part: list(_points(recorded, part)) for part in ("unlabelled", "test", "labelled")}
    points = [point for part in parts.values() for point in part]
    if not points:
        return None
    x = svg.scale([point[0] for point in points], EDGE, WIDTH - EDGE)
    y = svg.scale([point[1] for point in points], SIDE - EDGE, EDGE)
    placed = {part: [(x(a), y(b), label) for a, b, label in found] for part, found in parts.items()}
    classes = sorted({label for _, _, label in points if label is not None})
    marks = [
        svg.rect(0.5, 0.5, WIDTH - 1, SIDE - 1, "frame"),
        svg.dots([spot[:2] for spot in placed["unlabelled"]], "dots"),
    ]
    for place, label in enumerate(classes):
        own = [spot[:2] for spot in placed["test"] if spot[2] == label]
        marks.append(svg.dots(own, f"dots test {_colour(place)}"))
    for a, b, known in placed["labelled"]:
        marks += [] if known is None else [_mark(a, b, classes.index(known), _name(run, known))]
    network = str(recorded.get("network", ""))
    noun, space = ("images", f"the features of {network}") if network else ("rows", "their standardised columns")
    title = f"{noun.capitalize()} in {space}, two principal components"
    said = f"{_counts(parts, mapping(recorded.get('images')))} {noun}"
    note = f"Seed {words.count(recorded.get('seed'))}: {said}. {_variance(sequence(recorded.get('shares')))}."
    return Features(network, svg.figure(SIDE, title, note, marks, WIDTH), note, list(_legend(run, classes)))


def _points(recorded: dict[str, Any], part: str) -> Iterator[Point]:
    """Those of ``part`` that are whole."""
    for one in sequence(mapping(recorded.get("points")).get(part)):
        x, y, label = [number(value) for value in [*sequence(one), None, None, None][:3]]
        if x is not None and y is not None:
            yield x, y, None if label is None else int(label)


def _counts(parts: dict[str, list[Point]], images: dict[str, Any]) -> str:
    """``4 labelled images, 236 unlabelled (of 9,000), ...``."""
    said = []
    for part in ("labelled", "unlabelled", "test"):
        shown, whole = len(parts[part]), number(images.get(part)) or 0
        of = f" (of {words.count(whole)})" if whole > shown else ""
        said += [f"{words.count(shown)} {part}{of}"] if shown else []
    return words.listed(said)


def _variance(shares: Sequence[Any]) -> str:
    """What lies along the axes: beside the picture, which is too small on a phone for words in it."""
    first, second = (words.percent(share) for share in [*shares, None, None][:2])
    return f"{first} of the variance lie along the first component (to the right), {second} along the second (upwards)"


def _legend(run: Run, classes: Sequence[int]) -> Iterator[tuple[str, Markup]]:
    """Name and mark of each class that has a colour, then of all others together."""
    for place, label in enumerate(classes[:COLOURS]):
        yield _name(run, label), _swatch(place)
    if others := len(classes[COLOURS:]):
        yield f"{others} other class{'es' * (others > 1)}", _swatch(COLOURS)


def _swatch(place: int) -> Markup:
    return Markup(
        '<svg class="swatch" viewBox="-8 -8 16 16" width="16" height="16" aria-hidden="true">{}</svg>'
    ).format(_mark(0, 0, place, ""))


def _mark(x: float, y: float, place: int, hint: str) -> Markup:
    """A labelled image of the class at ``place``: a circle where the class has no shape of its own."""
    style = f"labelled {_colour(place)}"
    shape = place % (len(SHAPES) + 1)
    if place >= COLOURS or not shape:
        return svg.circle(x, y, REACH * 0.85, style, hint)
    outline = [(x + REACH * dx, y + REACH * dy) for dx, dy in SHAPES[shape - 1]]
    return svg.path(outline, style, hint, closed=True)


def _colour(place: int) -> str:
    return f"class-{place}" if place < COLOURS else "class-other"


def _name(run: Run, label: int) -> str:
    return run.class_names[label] if 0 <= label < len(run.class_names) else f"class {label}"
