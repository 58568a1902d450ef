"""``onnx:PATH``: a network in one ONNX file, run by onnxruntime on the processor.

It has one float32 input, (n, 3, s, s) or (n, s, s, 3) with a side s of its own, and one output (n, d); n may be left
open or be 1. Images come in [-1, 1], unless the file's metadata have ``mean`` and ``std``, three numbers each with
commas between them, on the scale from 0 to 1.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ganlift.errors import ConfigError
from ganlift.features.networks.base import Forward, Network, first_line, settled

PREFIX = "onnx:"
BATCH = 4
CENTRE = torch.full((1, 3, 1, 1), 0.5)
"""Mean and standard deviation that leave images in [-1, 1] as they are."""


def onnx_network(name: str) -> Network:
    """The network in the file that ``name`` ends in.

    Raises:
        ConfigError: onnxruntime is missing, or the file is not there, not whole or not of that form.
    """
    try:
        import onnxruntime  # noqa: F401
    except ImportError as fault:
        raise ConfigError(f"{name} needs onnxruntime ({fault}): pip install 'ganlift[onnx]'.") from fault
    path = Path(name.removeprefix(PREFIX))
    if not path.is_file():
        raise ConfigError(f"{name}: there is no file {path}.")
    data = path.read_bytes()
    try:
        session = session_of(data)
    except Exception as fault:  # its errors share no base
        raise ConfigError(
            f"{path} can't be run as one ONNX file ({first_line(fault)}); export it again, its weights inside."
        ) from fault
    batch, size, channels_last = _form(session, name)
    mean, std = _scale(session.get_modelmeta().custom_metadata_map, name)
    forward = forward_of(session, mean, std, channels_last)
    about = f"{path.name}, an ONNX file, images resized to {size} px"
    version = hashlib.sha256(data).hexdigest()[:16]
    called = _one_by_one(forward) if batch == 1 else forward
    return settled(name, about, size, version, called, BATCH, torch.device("cpu"))


def session_of(data: bytes) -> Any:
    """What runs the ONNX file ``data``, one thread a call: `embed` calls it from a thread a core."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def _form(session: Any, name: str) -> tuple[int | None, int, bool]:
    """Images a call (None where left open), pixels a side, and whether channels come last."""
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if len(inputs) != 1 or len(outputs) != 1:
        raise ConfigError(
            f"{name} has {len(inputs)} inputs and {len(outputs)} outputs ({', '.join(one.name for one in outputs)}); "
            "export it with the images as its only input and the features as its only output."
        )
    shape, kind = list(inputs[0].shape), inputs[0].type
    fixed = [one if isinstance(one, int) else None for one in shape]
    last = fixed[-1:] == [3]
    side = fixed[1] if last else fixed[-1]
    wanted = [fixed[0], side, side, 3] if last else [fixed[0], 3, side, side]
    if kind != "tensor(float)" or side is None or fixed != wanted or fixed[0] not in (None, 1):
        raise ConfigError(
            f"{name} takes {kind} of {tuple(shape)}; a network of float32 images (n, 3, s, s) or (n, s, s, 3) is "
            "expected, its side s fixed and n open or 1."
        )
    return fixed[0], side, last


def _scale(metadata: dict[str, str], name: str) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of the images that it wants, (1, 3, 1, 1) each, on the scale from 0 to 1."""
    found = []
    for key in ("mean", "std"):
        try:
            values = [float(one) for one in metadata.get(key, "0.5,0.5,0.5").split(",")]
            found.append(torch.tensor(values).view(1, 3, 1, 1))
        except (ValueError, RuntimeError):
            raise ConfigError(f"{name}: its metadata's {key} is '{metadata[key]}', not three numbers.") from None
    return found[0], found[1]


def forward_of(session: Any, mean: Tensor, std: Tensor, channels_last: bool) -> Forward:
    """Images in [-1, 1] to what ``session`` makes of them, of ``mean`` and ``std`` (1, 3, 1, 1) from 0 to 1."""
    key = session.get_inputs()[0].name

    def forward(images: Tensor) -> Tensor:
        wanted = ((images + 1) / 2 - mean) / std
        wanted = wanted.permute(0, 2, 3, 1) if channels_last else wanted
        return torch.from_numpy(session.run(None, {key: wanted.contiguous().numpy()})[0])

    return forward


def _one_by_one(forward: Forward) -> Forward:
    return lambda images: torch.cat([forward(image) for image in torch.split(images, 1)])
