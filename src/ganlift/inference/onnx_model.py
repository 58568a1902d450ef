"""A classifier from an exported ONNX file alone: onnxruntime, and no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ganlift.cores import most_threads
from ganlift.errors import ConfigError, DamagedFileError
from ganlift.inference.facts import Apply, ClassifierFacts, Inputs, Probabilities
from ganlift.inference.metadata import read_metadata
from ganlift.runs.files import read_bytes

OUTPUT = "probabilities"

WITHOUT = "ONNX needs libraries that are not installed here; install them with: pip install 'ganlift[onnx]'."


def read_onnx(path: Path) -> tuple[ClassifierFacts, Apply]:
    """The facts and the classifier in ``path``.

    Raises:
        ConfigError: onnxruntime is not installed.
        RunFolderError, DamagedFileError: it is not a file that `export` wrote, or not whole.
    """
    try:
        import onnxruntime
    except ImportError as fault:
        raise ConfigError(WITHOUT) from fault
    data = read_bytes(path)
    try:
        session: Any = onnxruntime.InferenceSession(data, _threads(onnxruntime), providers=["CPUExecutionProvider"])
        metadata = session.get_modelmeta().custom_metadata_map
    except Exception as fault:  # its errors share no base
        first = str(fault).strip().splitlines()[0] if str(fault).strip() else type(fault).__name__
        raise DamagedFileError(f"{path} is not a whole ONNX model ({first}); export it again.") from fault
    facts = read_metadata(metadata, data, path)

    def apply(images: Inputs) -> Probabilities:
        given = images.astype(np.float32) if facts.columns or facts.waves else images
        probabilities: Probabilities = session.run([OUTPUT], {input_of(facts): given})[0]
        return probabilities

    return facts, apply


def input_of(facts: ClassifierFacts) -> str:
    """What the graph's input is called."""
    return "samples" if facts.waves else f"{facts.noun}s"


def _threads(onnxruntime: Any) -> Any:
    """What holds for torch holds here too; onnxruntime itself looks neither at OMP_NUM_THREADS nor at a quota."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = most_threads()
    return options
