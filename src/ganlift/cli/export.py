"""``ganlift export``: options in, words out."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ganlift.cli import options
from ganlift.cli.words import safe, size

EXAMPLE = "Example: ganlift export runs/photos --format onnx --out photos.onnx"


class Format(StrEnum):
    """What the classifier is written as."""

    onnx = "onnx"
    torchscript = "torchscript"
    safetensors = "safetensors"


def export(
    run: Annotated[Path, typer.Argument(help="A run folder or its classifier/.", show_default=False)],
    output: Annotated[Format, typer.Option("--format", help="onnx, torchscript or safetensors.")] = Format.onnx,
    out: Annotated[Path | None, typer.Option(help="The file; in the run's folder 'export' if not given.")] = None,
    as_json: options.AsJson = False,
) -> None:
    """Write a classifier as one file that stands alone, checked against the original, with a model card.

    It takes uint8 images (n, channels, height, width) and gives calibrated probabilities. The exit code is 1, and
    nothing is written, where its probabilities differ from the original's by more than 1e-5.
    """
    from ganlift.api import export as write

    made = write(run, output.value, out)
    if as_json:
        found = {"file": str(made.file), "card": str(made.card), "sha256": made.sha256}
        parity = {"max_difference": made.difference, "images": made.images, "of": made.source}
        typer.echo(json.dumps({**found, "parity": parity}, ensure_ascii=False))
        return
    typer.echo(f"Parity: probabilities differ by at most {made.difference:.1e} on {made.images} {safe(made.source)}")
    typer.echo(f"Model:  {safe(made.file)} ({size(made.file.stat().st_size)})")
    typer.echo(f"Card:   {safe(made.card)}")
