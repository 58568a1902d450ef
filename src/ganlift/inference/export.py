"""A classifier as one file that stands alone, kept only when it gives what the original gives."""

from __future__ import annotations

import io
import logging
import tempfile
import warnings
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from safetensors.torch import save as dump_tensors

from ganlift.errors import ConfigError, ParityError, RunFolderError
from ganlift.inference.card import card
from ganlift.inference.exported import Exported
from ganlift.inference.facts import Apply, ClassifierFacts, Inputs
from ganlift.inference.metadata import UNSEALED, metadata_of
from ganlift.inference.model import load_model, locate
from ganlift.inference.onnx_model import OUTPUT, WITHOUT, input_of
from ganlift.inference.real_images import heard, made_clips, real_images
from ganlift.inference.seal import seal
from ganlift.inference.torch_model import Calibrated, OnFeatures, OnFrames, OnRows, OnVectors, load_calibrated
from ganlift.runs import layout
from ganlift.runs.files import sha256_file, write_bytes, write_text

TOLERANCE = 1e-5
"""How far probabilities in fp32 may differ from the original's."""

SOUND_TOLERANCE = 5e-3
"""The same where the file makes pictures of sound: a value next to a half of one in 255 may fall to either side."""


@dataclass(frozen=True)
class _Format:
    suffix: str
    write: Callable[[Calibrated, ClassifierFacts], bytes]
    read: Callable[[Path], Apply]


def export_model(path: Path, form: str, out: Path | None) -> Exported:
    """Write the classifier of ``path`` as ``form``; see `ganlift.api.export`."""
    if form not in _FORMATS:
        raise ConfigError(f"There is no format '{form}'; known: {', '.join(_FORMATS)}.")
    how = _FORMATS[form]
    if path.is_file():
        raise RunFolderError(f"{path} is a file; give the run folder that the classifier was trained in.")
    folder, run = locate(path)
    original = load_model(path, "cpu")
    target = _target(out, run or folder, folder, how.suffix)
    facts = original.facts.model_copy(update={"waves": original.facts.sound is not None and form != "safetensors"})
    images, source = made_clips(original) if facts.waves else real_images(original)
    data = how.write(load_calibrated(layout.weights_file(folder), facts), facts)
    with tempfile.TemporaryDirectory() as holder:
        trial = Path(holder) / f"model{how.suffix}"
        trial.write_bytes(data)
        digest = sha256_file(trial)
        difference = _difference(heard(original) if facts.waves else original.probabilities, how.read(trial), images)
    tolerance = SOUND_TOLERANCE if facts.waves else TOLERANCE
    if not difference <= tolerance:
        raise ParityError(
            f"The {form} model's probabilities differ from the original's by {difference:.1e}, more than "
            f"{tolerance:.0e}, so nothing was written; try another --format."
        )
    made = Exported(target, target.with_name(f"{target.name}.md"), digest, difference, len(images), source)
    write_bytes(target, data)
    write_text(made.card, card(original, folder, run, form, made))
    return made


def _target(out: Path | None, home: Path, weights: Path, suffix: str) -> Path:
    target = home / "export" / f"model{suffix}" if out is None else out
    if target.is_dir() or target.suffix.lower() != suffix:
        raise ConfigError(f"--out {target}: give a file that ends in {suffix}.")
    if target.resolve() == layout.weights_file(weights).resolve():
        raise ConfigError(f"--out {target} would replace the run's own weights; choose another file.")
    return target


def _difference(original: Apply, exported: Apply, images: Inputs) -> float:
    """The largest difference of a probability, of all images at once and of the first alone."""
    wanted = original(images)
    found = [np.abs(exported(part) - wanted[: len(part)]).max() for part in (images, images[:1])]
    return float(np.max(found))  # a NaN stays one, and fails


def _onnx(model: Calibrated, facts: ClassifierFacts) -> bytes:
    try:
        import onnx
        import onnxscript  # noqa: F401 - torch.onnx writes with it
    except ImportError as fault:
        raise ConfigError(WITHOUT) from fault
    with _quiet():
        program = torch.onnx.export(
            model,
            (_example(facts),),
            dynamo=True,
            input_names=[input_of(facts)],
            output_names=[OUTPUT],
            dynamic_shapes=({0: torch.export.Dim("n", min=1)},),
            verbose=False,
        )
    assert program is not None
    proto = program.model_proto
    onnx.helper.set_model_props(proto, metadata_of(facts) | UNSEALED)
    return seal(proto.SerializeToString())


def _torchscript(model: Calibrated, facts: ClassifierFacts) -> bytes:
    buffer, jit = io.BytesIO(), cast(Any, torch.jit)  # it has no types
    with _quiet():
        jit.save(jit.trace(model, _example(facts)), buffer, _extra_files=metadata_of(facts))
    return buffer.getvalue()


def _safetensors(model: Calibrated, facts: ClassifierFacts) -> bytes:
    whole = model.classifier
    whole = whole.head if isinstance(whole, OnFeatures) else whole
    own = whole.classifier if isinstance(whole, OnVectors | OnFrames | OnRows) else whole
    tensors = {key: value.contiguous() for key, value in own.state_dict().items()}
    return seal(dump_tensors(tensors, metadata=metadata_of(facts) | UNSEALED))


def _example(facts: ClassifierFacts) -> torch.Tensor:
    """Two images, or rows, so that the batch is not taken for a fixed 1."""
    return torch.zeros(2, *facts.shape, dtype=torch.float32 if facts.columns or facts.waves else torch.uint8)


@contextmanager
def _quiet() -> Any:
    """Exporters talk of their own inner matters."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    before = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, before, strict=True):
                logger.setLevel(level)


def _read_torchscript(path: Path) -> Apply:
    with _quiet():
        module = cast(Any, torch.jit).load(str(path), map_location="cpu")

    def apply(images: Inputs) -> Any:
        with torch.inference_mode():
            return module(torch.from_numpy(images)).numpy()

    return apply


def _read_again(path: Path) -> Apply:
    return load_model(path, "cpu").probabilities


_FORMATS = {
    "onnx": _Format(".onnx", _onnx, _read_again),
    "torchscript": _Format(".pt", _torchscript, _read_torchscript),
    "safetensors": _Format(".safetensors", _safetensors, _read_again),
}
