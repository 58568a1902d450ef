"""The few SVG pieces that every plot is made of. All text is escaped; colours are classes of the style sheet."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from markupsafe import Markup, escape

WIDTH = 340
"""Width of every figure in its own units: one unit is about a pixel on a phone."""


class Scale(NamedTuple):
    """Maps ``low`` to ``start`` and ``high`` to ``end``, linearly."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def scale(values: Iterable[float], start: float, end: float, margin: float = 0.06) -> Scale:
    """A scale that holds all ``values`` with a margin, a share of their range, on either side."""
    found = list(values)
    low, high = (min(found), max(found)) if found else (0.0, 1.0)
    room = (high - low) * margin or abs(high) * margin or 0.01
    return Scale(low - room, high + room, start, end)


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """At most ``most`` round values (1, 2 or 5 times a power of ten apart) within ``low`` and ``high``."""
    if not high > low:
        return [low]
    exponent = math.floor(math.log10((high - low) / most))
    for step in (factor * 10.0**power for power in range(exponent, exponent + 3) for factor in (1, 2, 5)):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first + 1 <= most:
            return [round(index * step, 12) for index in range(first, last + 1)]
    raise AssertionError("a step of a hundred times the range leaves one tick at most")


def figure(height: float, title: str, description: str, parts: Iterable[Markup], width: float = WIDTH) -> Markup:
    """The whole picture, with a title and a description that a screen reader speaks."""
    body = Markup("").join(parts)
    key = hashlib.sha256(f"{title}{description}{body}".encode("utf-8", "replace")).hexdigest()[:10]
    return Markup(
        '<svg viewBox="0 0 {w:g} {h:g}" width="{w:g}" height="{h:g}" role="img" aria-labelledby="t{k} d{k}">'
        '<title id="t{k}">{title}</title><desc id="d{k}">{description}</desc>{body}</svg>'
    ).format(w=width, h=height, k=key, title=title, description=description, body=body)


def text(x: float, y: float, words: str, style: str = "", anchor: str = "start") -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" class="{}" text-anchor="{}">{}</text>').format(
        x, y, style, anchor, words
    )


def line(x1: float, y1: float, x2: float, y2: float, style: str, hint: str = "") -> Markup:
    return Markup('<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" class="{}">{}</line>').format(
        x1, y1, x2, y2, style, _hint(hint)
    )


def circle(x: float, y: float, radius: float, style: str, hint: str = "") -> Markup:
    return Markup('<circle cx="{:.1f}" cy="{:.1f}" r="{:.1f}" class="{}">{}</circle>').format(
        x, y, radius, style, _hint(hint)
    )


def rect(x: float, y: float, width: float, height: float, style: str, hint: str = "") -> Markup:
    return Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" class="{}">{}</rect>').format(
        x, y, max(width, 0.0), max(height, 0.0), style, _hint(hint)
    )


def path(points: Sequence[tuple[float, float]], style: str, hint: str = "", closed: bool = False) -> Markup:
    """Straight lines from point to point."""
    places = "L".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return Markup('<path d="M{}{}" class="{}">{}</path>').format(places, "Z" if closed else "", style, _hint(hint))


def dots(points: Sequence[tuple[float, float]], style: str) -> Markup:
    """Many dots as one mark, a few bytes each; their size is the style's width of a stroke, its ends round."""
    return Markup('<path d="{}" class="{}"/>').format("".join(f"M{x:.1f},{y:.1f}h0" for x, y in points), style)


def _hint(words: str) -> Markup:
    """What the pointer shows over a mark."""
    return Markup("<title>{}</title>").format(words) if words else escape("")
