"""A trained classifier, ready for images or rows: from a run folder, its ``classifier/``, or an exported file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ganlift.data.reading import AS_FOUND, Fit, Orientation, Reading, Scale, Sound
from ganlift.errors import DamagedFileError, DataError, RunFolderError
from ganlift.runs import layout
from ganlift.runs.files import read_json, sha256_file
from ganlift.runs.folder import is_run, rows

BATCH = 256
"""Examples that go through the model at once, at most."""

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


@dataclass(frozen=True)
class Model:
    """A classifier that can be asked.

    Attributes:
        source: the folder or file that it was loaded from.
        run: the run folder it belongs to; None for an exported file or a folder that was copied elsewhere.
        apply: calibrated probabilities of a batch.
    """

    facts: ClassifierFacts
    source: Path
    run: Path | None
    apply: Apply

    def probabilities(self, images: Inputs) -> Probabilities:
        """Calibrated class probabilities (n, K) of ``images`` (n, c, h, w) uint8, clips (n, k, c, h, w) or rows (n, d).

        n may be 0.

        Raises:
            DataError: they have another type or shape.
        """
        right = images.dtype.kind == "f" if self.facts.columns or self.facts.waves else images.dtype == np.uint8
        if not right or images.shape[1:] != self.facts.shape:
            raise DataError(
                f"This classifier takes {self.facts.takes}, not {images.dtype} of the shape {images.shape}."
            )
        images = np.ascontiguousarray(images)
        batch = max(1, BATCH // max(1, self.facts.frames))
        parts = [self.apply(images[start : start + batch]) for start in range(0, len(images), batch)]
        return np.concatenate(parts) if parts else np.empty((0, len(self.facts.class_names)), np.float32)


def load_model(path: Path, device: str = "auto") -> Model:
    """The classifier at ``path``: a run folder, its ``classifier/``, or a file that `export` wrote.

    Args:
        device: for weights; an ONNX file runs on the processor.

    Raises:
        RunFolderError: it is none of these, or the run has no finished classifier.
        DamagedFileError: the weights are not those that were written.
        ConfigError: the architecture is not registered here, or a library is missing.
    """
    if not path.exists():
        raise RunFolderError(f"There is nothing at {path}; give a run folder, its classifier/, or an exported file.")
    if path.is_file():
        return _exported(path, device)
    folder, run = locate(path)
    facts = read_facts(folder)
    weights = layout.weights_file(folder)
    if not weights.exists() or sha256_file(weights) != facts.sha256:
        raise DamagedFileError(f"{weights} is not the file that the run wrote; run the command that made it again.")
    from ganlift.inference.torch_model import read_weights

    return Model(facts, path, run, read_weights(weights, facts, device))


def locate(path: Path) -> tuple[Path, Path | None]:
    """The folder with ``model.json`` for a run folder or that folder itself, and the run that it belongs to.

    Raises:
        RunFolderError: ``path`` is neither, or the run has no finished classifier.
    """
    if is_run(path):
        folder = layout.winner_folder(path)
        if not layout.model_file(folder).exists():
            raise RunFolderError(f"{path} has no finished classifier: {_why_none(path)}")
        return folder, path
    if not layout.model_file(path).exists():
        raise RunFolderError(
            f"{path} is not a run folder, nor a classifier's folder with model.json; "
            "give what --out of compare or train named."
        )
    run = path.resolve().parent
    belongs = is_run(run) and layout.winner_folder(run) == path.resolve()
    return path, run if belongs else None


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


def _why_none(run: Path) -> str:
    if layout.generator_folders(run) and not layout.row_files(run):
        return "it trained a generator alone; draw from it with generate, or measure it with evaluate --what generator."
    failed = [row for row in rows(run) if row.get("status") == "failed"]
    if failed and not layout.row_files(run):
        return f"all of its arms failed ({failed[0].get('reason')})."
    return "it was not brought to its end; run the command that made it again, and it continues."


def _exported(path: Path, device: str) -> Model:
    """The classifier in an exported file, told by its ending."""
    if path.suffix.lower() == ".onnx":
        from ganlift.inference.onnx_model import read_onnx

        facts, apply = read_onnx(path)
    elif path.suffix.lower() == ".safetensors":
        from ganlift.inference.torch_model import read_safetensors

        facts, apply = read_safetensors(path, device)
    else:
        raise RunFolderError(
            f"{path} is a file that is neither .onnx nor .safetensors; give a run folder or an exported file."
        )
    return Model(facts, path, None, apply)
