"""A trained classifier, ready for images or rows: from a run folder, its ``classifier/``, or an exported file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganlift.errors import DamagedFileError, DataError, RunFolderError
from ganlift.inference.facts import Apply, ClassifierFacts, Inputs, Probabilities, read_facts
from ganlift.layers.at_once import at_once
from ganlift.runs import layout
from ganlift.runs.files import sha256_file
from ganlift.runs.folder import is_run, rows

BATCH = 256
"""Examples that go through the model at once, at most."""

BATCH_OF_NETWORK = 16
"""Images that go through a frozen network at once, at most: 256 hold four gigabytes, and are no faster on a CPU."""


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
        images, batch = np.ascontiguousarray(images), self.batch
        parts = [self.apply(images[start : start + batch]) for start in range(0, len(images), batch)]
        return np.concatenate(parts) if parts else np.empty((0, len(self.facts.class_names)), np.float32)

    @property
    def batch(self) -> int:
        """Examples that go through the model at once."""
        most = BATCH_OF_NETWORK if self.facts.features else min(BATCH, at_once(self.facts.shape))
        return max(1, most // max(1, self.facts.frames))

    def probabilities_of(self, given: Callable[[NDArray[np.int64]], Inputs], index: NDArray[np.int64]) -> Probabilities:
        """As `probabilities`, of what ``given`` gives for ``index`` (n,), of which a batch is held at once."""
        parts = [index[start : start + self.batch] for start in range(0, max(1, len(index)), self.batch)]
        return np.concatenate([self.probabilities(given(part)) for part in parts])


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
