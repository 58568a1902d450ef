"""What a classifier's records say of it, and what goes in and comes out of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ganlift.data.reading import AS_FOUND, Fit, Orientation, Reading, Scale, Sound
from ganlift.errors import DamagedFileError, RunFolderError
from ganlift.runs import layout
from ganlift.runs.files import read_json

Inputs = NDArray[Any]
"""uint8 images (n, c, h, w), clips (n, k, c, h, w), or rows (n, d) in 32 or 64 bits."""
Probabilities = NDArray[np.float32]
Apply = Callable[[Inputs], Probabilities]


class FeaturesFacts(BaseModel):
    """The frozen network whose features a classifier reads: its name, its version, and features an image."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    network: str
    version: str
    width: int = Field(ge=1)


class ColumnsFacts(BaseModel):
    """The mean and the spread of each column of the rows that trained, as `ganlift.data.columns` learned them.

    ``names`` are those of a table's columns, by which those of another table are found; empty where there are none.
    ``blocks`` are the names and widths of sources side by side; ``block`` the one that it learned from alone.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    mean: tuple[float, ...] = Field(min_length=1)
    spread: tuple[Annotated[float, Field(gt=0)], ...] = Field(min_length=1)
    names: tuple[str, ...] = ()
    blocks: tuple[tuple[str, int], ...] = ()
    block: str = ""


class ClassifierFacts(BaseModel):
    """What ``model.json`` says of the weights beside it, and an exported file of itself.

    ``scale``, ``orientation`` and ``fit`` say how its training images were read (`ganlift.data.reading`): what was
    black and white in arrays and 16-bit files, whether photographs were set upright, and how they were made square.
    ``features`` is the frozen network before it, where it has one. A classifier of clips has ``frames``, how many of
    each it takes. One of rows has ``columns``, the mean and spread that its columns are standardised by, and none of
    these. One of sound has ``sound``, what clips are brought to; with ``waves`` it takes their samples, and makes the
    pictures itself. ``column`` and ``label_column`` are what was asked for where its data were named: the columns of
    the examples and of their classes; empty where nothing was. ``sha256`` is that of the weights. ``strategy`` and
    ``seed`` name the arm of the run that trained them.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    classifier: str
    class_names: tuple[str, ...] = Field(min_length=2)
    image_size: int = Field(0, ge=1)
    channels: Literal[0, 1, 3] = 0
    columns: ColumnsFacts | None = None
    scale: Scale | None = None
    orientation: Orientation = "exif"
    features: FeaturesFacts | None = None
    fit: Fit = "crop"
    sound: Sound | None = None
    waves: bool = False
    frames: int = Field(0, ge=0)
    column: tuple[str, ...] = ()
    label_column: str | None = None
    sha256: str
    temperature: float = Field(1.0, gt=0)
    strategy: str = ""
    seed: int = 0
    data: str = ""
    data_hash: str = ""

    @model_validator(mode="after")
    def _reads_something(self) -> ClassifierFacts:
        if self.columns is None and not (self.image_size and self.channels):
            raise ValueError("neither the form of images nor columns of rows")
        return self

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one image (c, h, w), of one clip (k, c, h, w) or its samples (n,), or of one row (d,)."""
        if self.columns is not None:
            return (len(self.columns.mean),)
        if self.sound and self.waves:
            return (self.sound.samples,)
        image = (self.channels, self.image_size, self.image_size)
        return (self.frames, *image) if self.frames else image

    @property
    def noun(self) -> str:
        """What one of the examples that it takes is called."""
        return "row" if self.columns is not None else "clip" if self.frames or self.sound else "image"

    @property
    def takes(self) -> str:
        """What it takes, in words."""
        dims = f"(n, {', '.join(map(str, self.shape))})"
        if self.sound and self.waves:
            return f"float32 samples at {self.sound.rate:,} Hz of the shape {dims}"
        if self.columns is not None:
            return f"rows of numbers of the shape {dims}"
        what = "pictures of sound" if self.sound else "clips" if self.frames else "images"
        return f"uint8 {what} of the shape {dims}"

    def reading(self, asked: Reading = AS_FOUND) -> Reading:
        """How images for this classifier are read: as it learned, and what depends on the data as ``asked``.

        Arrays are on the scale that they tell, else on the one it learned. Of tables the columns that it learned from
        are taken, and the classes from where they stood.
        """
        asked = replace(asked, learned_columns=self.column, learned_label=self.label_column)
        if self.columns is not None:
            learned = tuple(name for name, _ in self.columns.blocks) or tuple(filter(None, [self.columns.block]))
            return replace(asked, learned_columns=self.columns.names, learned_blocks=learned)
        if self.sound is not None:
            return replace(asked, image_size=self.image_size, sound=self.sound)
        return replace(
            asked,
            image_size=self.image_size,
            colours="grey" if self.channels == 1 else "rgb",
            orientation=self.orientation,
            fit=self.fit,
            frames=self.frames or None,
            learned=self.scale,
        )


def read_facts(folder: Path) -> ClassifierFacts:
    """What ``model.json`` in ``folder`` says.

    Raises:
        RunFolderError: it is a generator's.
        DamagedFileError: it is not what a run writes.
    """
    return parse_facts(read_json(layout.model_file(folder)), layout.model_file(folder))


def parse_facts(record: Any, where: Path) -> ClassifierFacts:
    """``record`` checked; see `read_facts`."""
    if isinstance(record, dict) and "generator" in record:
        raise RunFolderError(f"{where} belongs to a generator, not to a classifier; draw from it with generate.")
    try:
        return ClassifierFacts.model_validate(record)
    except ValidationError as fault:
        keys = ", ".join(".".join(map(str, error["loc"])) or "all of it" for error in fault.errors())
        raise DamagedFileError(f"{where} does not describe a classifier (wrong or missing: {keys}).") from None
