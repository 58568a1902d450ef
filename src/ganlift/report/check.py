"""The page of `ganlift check`, and the words that it shares with the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ganlift.report import words
from ganlift.report.label_errors import suspects
from ganlift.report.page import assets, clean, template
from ganlift.runs.files import write_text

Facts = Mapping[str, Any]
"""What ``ganlift check --json`` prints."""


CLIP_LINES = (("In a clip", "frames", " frames"), ("Length", "seconds", " s"), ("Rate", "frame_rate", " fps"))
"""What is told of clips: its name, its key, its unit."""


def render_check(facts: Facts, out: Path) -> Path:
    """Write a self-contained page of a check at ``out``, and return where it is.

    Raises:
        RunFolderError: it can't be written.
    """
    page = template("check.html.j2").render(
        facts=facts,
        suspects=suspects(facts),
        headline=headline(facts),
        about=list(fact_lines(facts)),
        parts_shown=[part or f"{facts['noun']}s" for part in facts["per_class_and_part"]],
        classes=class_lines(facts),
        **assets(),
    )
    write_text(out, clean(page))
    return out


def headline(facts: Facts) -> str:
    """How many findings of each severity, as a sentence."""
    found = [one["severity"] for one in facts["findings"]]
    names = {"error": "error{}", "warning": "warning{}", "info": "thing{} to know"}
    counts = {name: found.count(name) for name in names if name in found}
    said = [f"{count} {names[name].format('s' if count > 1 else '')}" for name, count in counts.items()]
    return f"Found: {words.listed(said)}." if said else "Nothing found: the data look clean."


def fact_lines(facts: Facts) -> Iterator[tuple[str, str]]:
    """Name and words of what the data are."""
    parts = ", ".join(f"{count:,} {name}" if name else f"{count:,} in one part" for name, count in _parts(facts))
    yield "Data", facts["source"]
    if "columns" in facts:
        yield "Rows", f"{facts['images']:,} ({parts}), of {facts['columns']:,} columns"
    else:
        size, colours = facts["image_size"], "grey" if facts["channels"] == 1 else "RGB"
        yield f"{facts['noun'].capitalize()}s", f"{facts['images']:,} ({parts}), used as {size}×{size} {colours}"
    if "files" in facts:
        files = facts["files"]
        yield "Files", f"{files['used']:,} used, {files['left_out']:,} left out"
        if files["used"]:
            yield "Stored as", f"{_tally(files['formats'])}; {_tally(files['modes'])}"
            yield from _form(files)
    yield from words.guessed(facts["guesses"])


def _form(files: Facts) -> Iterator[tuple[str, str]]:
    """Sizes of images and of frames, and lengths of clips and of sound."""
    if "width" in files:
        yield "Width", _spread(files["width"], " px")
        yield "Height", _spread(files["height"], " px")
        yield "Aspect", f"{_spread(files['aspect'], '')}, longer over shorter side"
    for name, key, unit in CLIP_LINES:
        if files.get(key):
            yield name, _spread(files[key], unit)


def class_lines(facts: Facts) -> list[tuple[str, list[int]]]:
    """Each class's name and its labelled images in each part."""
    counts = zip(*facts["per_class_and_part"].values(), strict=True)
    return list(zip(facts["classes"], map(list, counts), strict=False))


def _parts(facts: Facts) -> list[tuple[str, int]]:
    return list(facts["per_part"].items())


def _tally(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


def _spread(values: list[float], unit: str) -> str:
    least, median, most = (f"{value:g}{unit}" for value in values)
    return least if least == most else f"{least} to {most}, median {median}"
