"""The report's plots: values in, one SVG figure out."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence

from markupsafe import Markup

from ganlift.nouns import IMAGE
from ganlift.report.numbers import Bin, Pair, Spread, histogram
from ganlift.report.svg import WIDTH, Scale, circle, figure, line, path, rect, scale, text, ticks
from ganlift.report.words import MINUS, percent, points, short, size

GUTTER = 112
"""Room for class names at the left of a row plot."""
ROW = 20
"""Height of one row."""


def interval(
    ends: tuple[float, float, float], span: tuple[float, float], style: str, measure: str, margin: float | None = None
) -> Markup:
    """A gain and its interval (``ends``: gain, low, high) on an axis that several figures share (``span``, fractions).

    What is worth having begins at ``margin``.
    """
    gain, low, high = ends
    x = scale([*span, 0.0], 12, WIDTH - 12)
    zero, top = x(0.0), 4.0 if margin is None else 20.0
    middle, bottom = top + 14, top + 30
    parts = [_x_axis(x, bottom, _signed), line(zero, top, zero, bottom, "zero")]
    if margin is not None:
        parts += _worth_having(x(margin), top, bottom)
    parts.append(line(x(low), middle, x(high), middle, f"whisker {style}"))
    parts += [line(x(end), middle - 5, x(end), middle + 5, f"whisker {style}") for end in (low, high)]
    parts.append(circle(x(gain), middle, 5, f"mark {style}"))
    words = f"Gain {points(gain)} points, interval {points(low)} to {points(high)}"
    words += f"; worth having from {size(margin)}" if margin is not None else ""
    return figure(bottom + 20, f"Gain in {measure} with its 95 % interval, in points", words, parts)


def _worth_having(place: float, top: float, bottom: float) -> list[Markup]:
    """A line where it begins, and beside it what it is, on the side that has room."""
    right = place < WIDTH - 100
    return [
        line(place, top - 8, place, bottom, "margin"),
        text(place + (5 if right else -5), top - 8, "worth having →", "tick", "start" if right else "end"),
    ]


def slope(
    paired: Sequence[Pair], reference: str, arm: str, estimate: tuple[float, float, float] | None, measure: str
) -> Markup:
    """A line a seed from the reference's ``measure`` to the arm's; at the side the gain and its interval.

    The gain's axis has the measure's scale and its zero at the reference's mean.
    """
    heads = _lines(reference), _lines(arm)
    head = 14.0 * max(len(lines) for lines in heads)
    left, right, side, top, bottom = 54.0, 174.0, 264.0, head + 18, head + 208
    before = sum(pair.before for pair in paired) / len(paired)
    reach = [before + value for value in estimate or ()]
    y = scale([value for pair in paired for value in pair[1:]] + reach + [before], bottom, top)
    parts = [
        text(x, 14 * row + 16, words, "label", "middle")
        for x, lines in zip((left, right), heads, strict=True)
        for row, words in enumerate(lines)
    ]
    for tick in ticks(max(y.low, 0.0), min(y.high, 1.0)):  # the interval may reach beyond what accuracy can be
        parts += [
            line(left, y(tick), right, y(tick), "grid"),
            text(left - 10, y(tick) + 4, _round(tick), "tick", "end"),
        ]
    for pair in paired:
        style = "up" if pair.after >= pair.before else "down"
        hint = f"seed {pair.seed}: {percent(pair.before)} → {percent(pair.after)}"
        ends = [(left, y(pair.before)), (right, y(pair.after))]
        parts.append(path(ends, f"seed {style}", hint))
        parts += [circle(*end, 3.5, f"mark {style}", hint) for end in ends]
    if estimate:
        parts += _gain_axis(y, before, estimate, right, side)
    words = "; ".join(f"seed {pair.seed}: {percent(pair.before)} to {percent(pair.after)}" for pair in paired)
    return figure(bottom + 18, f"Test {measure} of each seed, {reference} against {arm}", words, parts)


def _lines(name: str) -> list[str]:
    """An arm's name in one line, or in two, broken after a hyphen; what is longer still is cut short."""
    return textwrap.wrap(name, 18, max_lines=2, placeholder="…")


def _gain_axis(
    y: Scale, before: float, estimate: tuple[float, float, float], right: float, side: float
) -> list[Markup]:
    gain, low, high = estimate
    style = "up" if low > 0 else "down" if high < 0 else "none"
    parts = [text(side + 12, 16, "gain, points", "label", "middle")]
    parts.append(line(right, y(before), side + 34, y(before), "zero"))
    parts.append(line(side, y(before + low), side, y(before + high), f"whisker {style}"))
    parts.append(circle(side, y(before + gain), 5, f"mark {style}"))
    for tick in ticks(y.low - before, y.high - before):
        parts.append(text(side + 40, y(before + tick) + 4, _signed(tick), "tick"))
    return parts


def class_dots(names: Sequence[str], gains: Sequence[Spread | None], noun: str = IMAGE) -> Markup:
    """Mean gain in recall a class, with the range over seeds; ``noun`` is what one example is called."""
    known = [gain for gain in gains if gain]
    x = scale([0.0, *(value for gain in known for value in gain)], GUTTER + 6, WIDTH - 46)
    bottom = ROW * len(names) + 8
    parts = [_x_axis(x, bottom, _signed), line(x(0), 4, x(0), bottom, "zero")]
    for index, (name, gain) in enumerate(zip(names, gains, strict=True)):
        y = ROW * index + 16.0
        parts.append(_row_name(y, name))
        if gain is None:
            parts.append(text(WIDTH, y + 4, f"no test {noun}", "tick", "end"))
            continue
        style = _direction(gain.mean)
        parts.append(line(x(gain.low), y, x(gain.high), y, f"range {style}"))
        parts.append(circle(x(gain.mean), y, 4.5, f"mark {style}", f"{name}: {points(gain.mean)} points"))
        parts.append(text(WIDTH, y + 4, points(gain.mean), "value", "end"))
    words = "; ".join(f"{name} {points(gain.mean if gain else None)}" for name, gain in zip(names, gains, strict=True))
    return figure(bottom + 22, "Gain in recall of each class, in points", words, parts)


def bars(
    title: str,
    names: Sequence[str],
    values: Sequence[float],
    words: Callable[[float], str],
    parts_of: Sequence[float] | None = None,
    limit: float | None = None,
) -> Markup:
    """A bar a row; ``parts_of`` is a share of each value drawn lighter; ``limit`` the value of a full bar."""
    x = Scale(0.0, limit or max([*values, 1e-12]), GUTTER + 6, WIDTH - 74)
    parts = []
    for index, (name, value) in enumerate(zip(names, values, strict=True)):
        y = ROW * index + 14.0
        part = parts_of[index] if parts_of else 0.0
        parts.append(_row_name(y, name))
        parts.append(rect(x(0), y - 6, x(part) - x(0), 12, "bar light", f"{name}: generator {words(part)}"))
        parts.append(rect(x(part), y - 6, x(value) - x(part), 12, "bar", f"{name}: {words(value)}"))
        parts.append(text(WIDTH, y + 4, words(value), "value", "end"))
    described = "; ".join(f"{name} {words(value)}" for name, value in zip(names, values, strict=True))
    return figure(ROW * len(names) + 8, title, described, parts)


def reliability_plot(
    before: Sequence[Bin], after: Sequence[Bin], reference: str, arm: str, noun: str = IMAGE
) -> Markup:
    """Accuracy against confidence, of the reference and of the arm; a calibrated one lies on the diagonal."""
    left, top, size = 46.0, 12.0, 262.0
    x, y = Scale(0, 1, left, left + size), Scale(0, 1, top + size, top)
    parts = []
    for tick in ticks(0, 1, 6):
        parts += [line(x(0), y(tick), x(1), y(tick), "grid"), text(left - 8, y(tick) + 4, _round(tick), "tick", "end")]
        parts.append(text(x(tick), y(0) + 16, _round(tick), "tick", "middle"))
    parts.append(line(x(0), y(0), x(1), y(1), "zero"))
    for name, bins, style, place in ((reference, before, "before", 26), (arm, after, "after", 46)):
        spots = [(x(one.confidence), y(one.accuracy)) for one in bins]
        parts.append(path(spots, f"curve {style}"))
        for spot, one in zip(spots, bins, strict=True):
            said = f"{name}: {one.images} {noun}s, {percent(one.accuracy)} right"
            parts.append(circle(*spot, 3.5, f"mark {style}", said))
        parts += [
            line(left + 10, place, left + 32, place, f"curve {style}"),
            text(left + 38, place + 4, short(name, 34), "label"),
        ]
    parts.append(text(left + size / 2, top + size + 34, "confidence", "label", "middle"))
    words = f"{reference}: {_bins_said(before)}. {arm}: {_bins_said(after)}"
    return figure(top + size + 40, "Accuracy in percent against confidence in percent", words, parts)


def distances(generated: Sequence[float], real: Sequence[float], noun: str = IMAGE) -> Markup:
    """Distances from generated images (or clips, ...) to their nearest real one, against those between real ones."""
    edges, share, real_share = histogram(generated, real)
    left, right, top, bottom = 10.0, WIDTH - 10.0, 46.0, 176.0
    x = Scale(float(edges[0]), float(edges[-1]), left, right)
    y = Scale(0.0, float(max(share.max(), real_share.max())), bottom, top)
    parts = [_x_axis(x, bottom, lambda value: f"{value:g}")]
    for shares, style, name, place in (
        (real_share, "before", f"real {noun} to nearest other real one", 12),
        (share, "after", f"generated {noun} to nearest real one", 30),
    ):
        outline = [(x(float(edges[0])), bottom)]
        for low, high, height in zip(edges[:-1], edges[1:], shares, strict=True):
            outline += [(x(float(low)), y(float(height))), (x(float(high)), y(float(height)))]
        parts.append(path([*outline, (right, bottom)], f"area {style}", closed=True))
        parts += [rect(left, place - 6, 14, 10, f"area {style}"), text(left + 20, place + 3, name, "label")]
    words = f"medians: generated to real {_median(generated):.3g}, real to real {_median(real):.3g}"
    return figure(bottom + 22, "Nearest-neighbour distances in the classifier's features", words, parts)


def curves(
    title: str, series: Sequence[tuple[str, Sequence[tuple[float, float]]]], format_y: Callable[[float], str]
) -> Markup:
    """A line a seed against steps; ``series`` holds names and (step, value) points, two or more each."""
    left, right, top, bottom = 50.0, WIDTH - 22.0, 10.0, 150.0
    spots = [spot for _, points_ in series for spot in points_]
    x = scale([0.0, *(spot[0] for spot in spots)], left, right, margin=0)
    y = scale([spot[1] for spot in spots], bottom, top)
    parts = [_x_axis(x, bottom, lambda value: f"{value:,.0f}")]
    for tick in ticks(y.low, y.high, 4):
        parts += [
            line(left, y(tick), right, y(tick), "grid"),
            text(left - 8, y(tick) + 4, format_y(tick), "tick", "end"),
        ]
    for name, points_ in series:
        parts.append(path([(x(step), y(value)) for step, value in points_], "trace", name))
    words = "; ".join(f"{name} ends at {format_y(points_[-1][1])}" for name, points_ in series)
    return figure(bottom + 22, title, words, parts)


def _x_axis(x: Scale, bottom: float, words: Callable[[float], str]) -> Markup:
    parts = [line(x.start, bottom, x.end, bottom, "axis")]
    for tick in ticks(x.low, x.high):
        parts += [
            line(x(tick), bottom, x(tick), bottom + 4, "axis"),
            text(x(tick), bottom + 17, words(tick), "tick", "middle"),
        ]
    return Markup("").join(parts)


def _row_name(y: float, name: str) -> Markup:
    return text(GUTTER, y + 4, short(name, 17), "label", "end")


def _round(share: float) -> str:
    """A tick on an axis of fractions, in percent."""
    return f"{100 * share:g}"


def _signed(share: float) -> str:
    """A tick on an axis of differences, in points."""
    return f"{100 * share:+g}".replace("-", MINUS) if share else "0"


def _direction(gain: float) -> str:
    """Up or down, or neither where a tenth of a point would not show it."""
    return "none" if abs(gain) < 5e-4 else "up" if gain > 0 else "down"


def _bins_said(bins: Sequence[Bin]) -> str:
    return ", ".join(f"{percent(one.accuracy, 0)} right at {percent(one.confidence, 0)}" for one in bins)


def _median(of: Sequence[float]) -> float:
    ordered = sorted(of)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
