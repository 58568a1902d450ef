"""``ganlift cache``: what is kept from one command to the next, and how to be rid of it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Annotated

import typer

from ganlift.cli import options
from ganlift.cli.words import duration, safe, size

if TYPE_CHECKING:
    from ganlift.data.keeping import Kept

EXAMPLE = "Example: ganlift cache --clear"
DAY_S = 24 * 3600
SHOWN = 12
"""Sets that are listed, the largest of all."""


def cache(
    clear: Annotated[bool, typer.Option("--clear", help="Remove all that no running command uses.")] = False,
    as_json: options.AsJson = False,
) -> None:
    """List decoded images and features that are kept, what was used last at the end; all can be made anew."""
    from ganlift.api import cached, clear_cache

    removed, stays = clear_cache() if clear else ([], [])
    found = cached()
    if as_json:
        typer.echo(json.dumps(_facts(found, removed), ensure_ascii=False))
        return
    if removed:
        typer.echo(f"Removed {_total(removed)}.")
    for one in stays:
        typer.echo(f"In use, and so left: {safe(one.what)}")
    if not clear:
        for line in _lines(found):
            typer.echo(line)


def _lines(found: list[Kept]) -> list[str]:
    from ganlift.data.download import users_cache
    from ganlift.data.keeping import CAP, cap_bytes

    lines, shown = [], sorted(sorted(found, key=lambda one: -one.bytes)[:SHOWN], key=lambda one: one.used)
    for one in shown:
        ago = duration_of_days(time.time() - one.used)
        lines.append(f"{size(one.bytes):>8}  {one.kind}: {safe(one.what)}, {'in use' if one.in_use else ago}")
        lines.append(f"          {safe(one.folder)}")
    if len(found) > SHOWN:
        lines.append(f"and {len(found) - SHOWN} smaller ones, which --json lists.")
    lines.append(f"{_total(found)} in {safe(users_cache())}, of at most {size(cap_bytes())} ({CAP}).")
    return lines


def duration_of_days(seconds: float) -> str:
    """``used 5 min ago``, ``used 3 days ago``."""
    days = int(seconds // DAY_S)
    return f"used {f'{days} day(s)' if days else duration(max(0.0, seconds))} ago"


def _total(found: list[Kept]) -> str:
    return f"{size(sum(one.bytes for one in found))} of {len(found)} set(s)"


def _facts(found: list[Kept], removed: list[Kept]) -> dict[str, object]:
    from ganlift.data.download import users_cache
    from ganlift.data.keeping import cap_bytes

    facts = {"folder": str(users_cache()), "bytes": sum(one.bytes for one in found), "cap_bytes": cap_bytes()}
    lists = {"kept": [one.to_json() for one in found], "removed": [one.to_json() for one in removed]}
    return {**facts, **lists}
