"""A classifier as a torch module that takes pixels and gives calibrated probabilities."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from ganlift.classifiers.base import resolve_recorded
from ganlift.errors import ConfigError, DamagedFileError
from ganlift.inference.metadata import read_metadata
from ganlift.inference.model import Apply, ClassifierFacts, Pixels, Probabilities
from ganlift.runs.files import read_bytes
from ganlift.training.checkpoint import load_module
from ganlift.training.pixels import to_float
from ganlift.training.precision import pick_device


class Calibrated(nn.Module):
    """uint8 images (n, c, h, w) to probabilities (n, K): softmax of the logits over the temperature.

    Guo et al. 2017, equation 9. It computes in fp32.
    """

    def __init__(self, classifier: nn.Module, temperature: float) -> None:
        super().__init__()
        self.classifier = classifier
        self.temperature = temperature

    def forward(self, pixels: Tensor) -> Tensor:
        logits: Tensor = self.classifier(to_float(pixels)).float()
        return torch.softmax(logits / self.temperature, dim=1)


def load_calibrated(weights: Path, facts: ClassifierFacts) -> Calibrated:
    """The module on the processor, in evaluation mode.

    Raises:
        ConfigError: the architecture is not to be had here, or is a factory that nobody has said to trust.
        DamagedFileError: the weights belong to another one.
    """
    try:
        build = resolve_recorded(facts.classifier).build
    except ConfigError as fault:
        raise ConfigError(
            f"This model is a '{facts.classifier}', which can't be made here: {fault} Install the package it came from."
        ) from fault
    model = build(facts.channels, facts.image_size, len(facts.class_names), 0.0)  # dropout does nothing here
    load_module(weights, model)
    return Calibrated(model, facts.temperature).eval().requires_grad_(False)


def read_weights(weights: Path, facts: ClassifierFacts, device: str) -> Apply:
    """What turns pixels into probabilities on ``device``; see `load_calibrated`."""
    where = pick_device(device)
    model = load_calibrated(weights, facts).to(where)

    def apply(images: Pixels) -> Probabilities:
        with torch.inference_mode():
            probabilities: Probabilities = model(torch.from_numpy(images).to(where)).cpu().numpy()
        return probabilities

    return apply


def read_safetensors(path: Path, device: str) -> tuple[ClassifierFacts, Apply]:
    """The facts and the classifier in a file that `export` wrote.

    Raises:
        DamagedFileError: it is another file, or damaged.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
    except SafetensorError as fault:
        raise DamagedFileError(f"{path} is not a whole safetensors file ({fault}); export the model again.") from fault
    facts = read_metadata(metadata, read_bytes(path), path)
    return facts, read_weights(path, facts, device)
