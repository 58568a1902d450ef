"""`render` and `render_many`: a run folder in, one self-contained page out."""

from __future__ import annotations

import os
import re
import shlex
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ganlift import __version__
from ganlift.errors import RunFolderError
from ganlift.report import (
    answers,
    features,
    generated,
    label_errors,
    privacy,
    quality,
    sections,
    side_by_side,
    spaces,
    tables,
    trust,
    words,
)
from ganlift.report.pictures import FITS, Fit
from ganlift.report.read import Run, pretty, read_run
from ganlift.runs import layout
from ganlift.runs.files import write_text

LIMIT = 3_000_000
"""Bytes of a page: it opens on a phone and goes through most mail servers."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def render(run: Path) -> Path:
    """Write ``report.html`` into the run folder from the records in it, and return where it is.

    Whatever is absent (verdicts, predictions, samples, ...) is left out, and said. Pictures are shrunk and thinned
    out as far as needed to stay under `LIMIT` bytes.

    Raises:
        RunFolderError: ``run`` is not a run folder, can't be written, or its records alone exceed the limit.
    """
    found = read_run(run)
    target = layout.report_file(run)
    for fit in FITS:
        page = clean(template("report.html.j2").render(_context(found, fit)))
        if len(page.encode()) < LIMIT:
            write_text(target, page)
            return target
    raise RunFolderError(f"The records of {run} make a report of more than {LIMIT:,} bytes; compare fewer strategies.")


def render_many(runs: list[Path], out: Path) -> Path:
    """`render` each run, and write an index of them at ``out``: every run's answer and verdicts, with links.

    Raises:
        RunFolderError: one of ``runs`` is not a run folder, or something can't be written.
    """
    entries = []
    for path in runs:
        found = read_run(path)
        link = quote(Path(os.path.relpath(render(path), out.resolve().parent)).as_posix())
        entries.append({"run": found, "link": link, "answer": answers.answer(found), "cards": sections.cards(found)})
    page = clean(template("index.html.j2").render(entries=entries, **assets()))
    if len(page.encode()) >= LIMIT:
        raise RunFolderError(f"An index of {len(runs)} runs exceeds {LIMIT:,} bytes; report on fewer at a time.")
    write_text(out, page)
    return out


def _context(run: Run, fit: Fit) -> dict[str, Any]:
    lines = tables.arm_lines(run)
    shown = {
        "answer": answers.answer(run),
        "matched": run.matched,
        "spaces": spaces.said(run),
        "solved": spaces.solved(run),
        "cards": sections.cards(run),
        "measure": run.measure.words,
        "arm_head": tables.arm_head(run),
        "arms": lines,
        "arm_count": sum(line.strategy not in run.in_time for line in lines),
        "slopes": sections.slopes(run),
        "features": features.pictures(run),
        "class_plots": sections.class_plots(run),
        "confusions": sections.confusions(run),
        "reliability": [] if run.matched else sections.reliability(run),
        "samples": generated.samples(run, fit),
        "quality": quality.quality(run),
        "privacy": privacy.privacy(run),
        "generator_head": side_by_side.head(run),
        "generators": side_by_side.side_by_side(run),
        "neighbours": generated.neighbours(run, fit),
        "filters": generated.filters(run),
        "curves": sections.curves(run),
        "cost": sections.cost(run),
        "spent_head": tables.spent_head(run),
        "spent": tables.spent_lines(run),
    }
    return {"run": run, **shown, "trust": _trust(run), **assets()}


def _trust(run: Run) -> dict[str, Any]:
    """Read last: by then every damaged file has been met."""
    notes, more = trust.notes(run)
    return {
        "settings": trust.settings(run),
        "looks": trust.planned_looks(run),
        "margin": trust.margin(run),
        "older": bool(run.verdicts) and not any("margin" in verdict for verdict in run.verdicts),
        "parts": trust.PARTS,
        "splits": trust.split_lines(run),
        "same_test": trust.same_test_images(run),
        "tuned": trust.tuned_lines(run),
        "notes": notes,
        "more_notes": more,
        "suspects": label_errors.suspects(run.check),
        "test_labels": label_errors.test_sentence(run.check),
        "missing": trust.missing(run),
        "alarms": trust.alarm_lines(run),
        "environment": pretty(run.environment) if run.environment else "",
        "command": f"ganlift compare --config {shlex.quote(str(layout.config_file(run.path)))} --out another-run",
        "again": f"ganlift report {shlex.quote(str(run.path))}",
    }


def assets() -> dict[str, Any]:
    """What every page carries within itself."""
    here = files("ganlift.report")
    return {
        "css": Markup((here / "report.css").read_text("utf-8")),
        "js": Markup((here / "report.js").read_text("utf-8")),
        "version": __version__,
    }


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("ganlift.report", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters.update(
        listed=words.listed,
        count=words.count,
        style_of=answers.style_of,
        kind=tables.kind_words,
        breakable=spaces.breakable,
    )
    return environment


def template(name: str) -> Any:
    """A template of this room; what is put into it is escaped."""
    return _environment().get_template(name)


def clean(page: str) -> str:
    """Control characters made visible, and lone surrogates (from undecodable file names) replaced."""
    shown = _CONTROL.sub(lambda found: "␡" if found[0] == "\x7f" else chr(0x2400 + ord(found[0])), page)
    return shown.encode("utf-8", "replace").decode()
