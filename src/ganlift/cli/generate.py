"""``ganlift generate``: options in, words out."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated

import typer

from ganlift.cli.words import safe, some

EXAMPLE = "Example: ganlift generate runs/generator --class ants --latent-seeds 0-63 --grid --out generated/ants"


def generate(
    run: Annotated[Path, typer.Argument(help="A run folder with a trained generator.", show_default=False)],
    out: Annotated[Path, typer.Option(help="A new folder, outside of the training data.")] = Path("generated"),
    classes: Annotated[
        list[str] | None, typer.Option("--class", metavar="NAME", help="Repeatable; all classes if not given.")
    ] = None,
    n: Annotated[int | None, typer.Option("-n", "--count", help="Samples a class; 16 if not given.")] = None,
    latent_seeds: Annotated[
        str | None, typer.Option(metavar="A-B|A,B,...", help="Which latents; the same one gives the same sample.")
    ] = None,
    interpolate: Annotated[
        str | None, typer.Option(metavar="A,B", help="The way from one latent seed to another, in -n steps.")
    ] = None,
    grid: Annotated[bool, typer.Option("--grid", help="Write grid.png too, one class a row.")] = False,
    npz: Annotated[bool, typer.Option("--npz", help="Write images.npz too: all pixels and labels as arrays.")] = False,
    truncation: Annotated[
        float | None, typer.Option(metavar="T", help="Cut latents off at ±T: less variety, more typical samples.")
    ] = None,
    generator: Annotated[str | None, typer.Option(help="Which of the run's generators.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Draw from a trained generator: PNG files (of sound, spectrograms) marked as generated, and a manifest."""
    seeds, path = _latents(n, latent_seeds, interpolate)
    from ganlift.api import generate as draw

    made = draw(
        run,
        out,
        generator=generator,
        classes=classes or [],
        latent_seeds=seeds,
        path=path,
        grid=grid,
        npz=npz,
        truncation=truncation,
    )
    if as_json:
        files = [str(path) for path in made.files]
        sounds = {"sounds": [str(path) for path in made.sounds]} if made.sounds else {}
        told = {"generator": made.generator, "files": files, **sounds, "manifest": str(out / "manifest.json")}
        typer.echo(json.dumps(told))
        return
    others = f" The run also has: {some(made.others)} (--generator NAME)." if made.others else ""
    what = "spectrograms, each with a preview of its sound (.wav)," if made.sounds else f"{made.noun}s"
    typer.echo(f"{len(made.files)} {what} by {safe(made.generator)} in {safe(out)}, listed in manifest.json.{others}")


def _latents(n: int | None, latent_seeds: str | None, interpolate: str | None) -> tuple[list[int], int]:
    """The latent seeds, and steps of a path between them; 0 for an image a seed."""
    from ganlift.errors import ConfigError

    if n is not None and n < 1:
        raise ConfigError(f"-n {n}: give how many samples, 1 or more.")
    if interpolate is not None:
        corners = _numbers(interpolate, "--interpolate")
        if latent_seeds is not None or len(corners) < 2 or (n or 2) < 2:
            raise ConfigError(
                "--interpolate takes latent seeds such as 3,7 and -n of 2 or more, and no --latent-seeds."
            )
        return corners, n or 8
    if latent_seeds is None:
        return list(range(n or 16)), 0
    if n is not None:
        raise ConfigError("Give -n or --latent-seeds, not both: -n 16 is --latent-seeds 0-15.")
    return _numbers(latent_seeds, "--latent-seeds"), 0


def _numbers(text: str, option: str) -> list[int]:
    """``0-3,9`` is 0, 1, 2, 3, 9."""
    from ganlift.errors import ConfigError

    found: list[int] = []
    for part in text.replace(" ", "").split(","):
        match = re.fullmatch(r"([0-9]{1,9})(?:-([0-9]{1,9}))?", part)
        low, high = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if low > high or high - low >= 1_000_000:
            raise ConfigError(f"{option} {text}: expected numbers such as 0-63 or 3,7,12.")
        found += range(low, high + 1)
    return found
