"""A classifier as a torch module that takes pixels, or rows of numbers, and gives calibrated probabilities."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torch.nn import functional as F

from ganlift.classifiers.resolve import refuse_code, resolve_recorded
from ganlift.data.columns import FAR
from ganlift.data.reading import Sound
from ganlift.data.sound import QUIET, RANGE_DB, front
from ganlift.errors import ConfigError, DamagedFileError
from ganlift.features import Network, feature_network
from ganlift.features.networks.base import coloured
from ganlift.inference.facts import Apply, ClassifierFacts, ColumnsFacts, FeaturesFacts, Inputs, Probabilities
from ganlift.inference.metadata import read_metadata
from ganlift.layers.lengths import to_length
from ganlift.layers.moments import moments
from ganlift.runs.files import read_bytes
from ganlift.training.checkpoint import load_module
from ganlift.training.pixels import to_float
from ganlift.training.precision import pick_device


class OnFeatures(nn.Module):
    """Images (n, c, h, w) in [-1, 1] to logits: a frozen network, vectors of length √d, a classifier of these.

    Clips (n, ``frames``, c, h, w), where it is of such, have the moments of their frames' features.
    """

    def __init__(self, network: Network, classifier: nn.Module, frames: int = 0) -> None:
        super().__init__()
        self.size, self.network, self.head = network.size, network.forward, OnVectors(classifier)
        self.frames = frames

    def forward(self, images: Tensor) -> Tensor:
        if self.frames:
            found = self.network(coloured(images.flatten(0, 1), self.size)).float()
            found = moments(found.view(-1, self.frames, found.shape[1]))
        else:
            found = self.network(coloured(images, self.size)).float()
        logits: Tensor = self.head(found)
        return logits


class OnVectors(nn.Module):
    """What a frozen network made of images, (n, d), to logits: vectors of length √d, a classifier of these."""

    def __init__(self, classifier: nn.Module) -> None:
        super().__init__()
        self.classifier = classifier

    def forward(self, found: Tensor) -> Tensor:
        logits: Tensor = self.classifier(to_length(found))
        return logits


class OnFrames(nn.Module):
    """Clips (n, k, c, h, w) in [-1, 1] to logits: those of the mean of the frames' probabilities."""

    def __init__(self, frames: int, classifier: nn.Module) -> None:
        super().__init__()
        self.frames, self.classifier = frames, classifier

    def forward(self, clips: Tensor) -> Tensor:
        of_frames = torch.log_softmax(self.classifier(clips.flatten(0, 1)).float(), dim=1)
        return torch.logsumexp(of_frames.view(-1, self.frames, of_frames.shape[1]), dim=1) - math.log(self.frames)


class OnRows(nn.Module):
    """Rows (n, d) to logits: columns standardised as `ganlift.data.columns` does, vectors of length √(d + 1).

    Standardising is in 64 bits, so that rows in 64 bits give what they gave in training.
    """

    mean: Tensor
    spread: Tensor

    def __init__(self, columns: ColumnsFacts, classifier: nn.Module) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(columns.mean, dtype=torch.float64))
        self.register_buffer("spread", torch.tensor(columns.spread, dtype=torch.float64))
        self.classifier = classifier

    def forward(self, rows: Tensor) -> Tensor:
        told = ((rows.double() - self.mean) / self.spread).clamp(-FAR, FAR)
        vectors = torch.cat([told, torch.ones_like(told[:, :1])], dim=1).float()
        logits: Tensor = self.classifier(to_length(vectors))
        return logits


class OnSound(nn.Module):
    """Samples (n, samples) to logits: the pictures of `ganlift.data.sound`, as images in [-1, 1], to a classifier."""

    basis: Tensor
    mel: Tensor
    pool: Tensor

    def __init__(self, sound: Sound, size: int, channels: int, classifier: nn.Module) -> None:
        super().__init__()
        own = front(sound, size)
        self.hop, self.channels = own.hop, channels
        for name in ("basis", "mel", "pool"):
            self.register_buffer(name, torch.from_numpy(np.ascontiguousarray(getattr(own, name))))
        self.classifier = classifier

    def forward(self, waves: Tensor) -> Tensor:
        cosines, sines = F.conv1d(waves[:, None], self.basis[:, None], stride=self.hop).chunk(2, dim=1)
        power = self.mel @ (cosines**2 + sines**2) @ self.pool
        loudest = power.amax((1, 2), keepdim=True).clamp(min=QUIET)
        level = 1 + 10 * torch.log10((power / loudest).clamp(min=1e-12)) / RANGE_DB
        picture = (255 * level.clamp(0, 1)).round() / 127.5 - 1
        logits: Tensor = self.classifier(picture[:, None].expand(-1, self.channels, -1, -1))
        return logits


class Calibrated(nn.Module):
    """uint8 images (n, c, h, w), clips (n, k, c, h, w), or rows (n, d), to probabilities (n, K).

    They are the softmax of the logits over the temperature.

    Guo et al. 2017, equation 9. It computes in fp32.
    """

    def __init__(self, classifier: nn.Module, temperature: float) -> None:
        super().__init__()
        self.classifier = classifier
        self.temperature = temperature

    def forward(self, given: Tensor) -> Tensor:
        logits: Tensor = self.classifier(given if given.is_floating_point() else to_float(given)).float()
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
    width, size = _form(facts)
    model = build(width, size, len(facts.class_names), 0.0)  # dropout does nothing here
    load_module(weights, model)
    whole = model
    if facts.columns:
        whole = OnRows(facts.columns, model)
    elif facts.features:
        whole = OnFeatures(recorded_network(facts.features), model, facts.frames)
    elif facts.frames:
        whole = OnFrames(facts.frames, model)
    if facts.sound and facts.waves:
        whole = OnSound(facts.sound, facts.image_size, facts.channels, whole)
    return Calibrated(whole, facts.temperature).eval().requires_grad_(False)


def _form(facts: ClassifierFacts) -> tuple[int, int]:
    """Channels and size that the architecture is built for; of vectors their width and 1."""
    if facts.columns:
        return len(facts.columns.mean) + 1, 1
    if facts.features:
        return (2 if facts.frames else 1) * facts.features.width, 1
    return facts.channels, facts.image_size


def recorded_network(facts: FeaturesFacts) -> Network:
    """The frozen network that ``facts`` name.

    Raises:
        ConfigError: it is not to be had here, is code of somebody's that nobody has said to trust, or another version.
    """
    refuse_code(facts.network)
    network = feature_network(facts.network, in_torch=True)
    if network.version != facts.version:
        raise ConfigError(
            f"This classifier learned from version {facts.version} of {facts.network}, and here is {network.version}: "
            "install the one that it was trained with."
        )
    return network


def read_weights(weights: Path, facts: ClassifierFacts, device: str) -> Apply:
    """What turns pixels into probabilities on ``device``, rows always on the processor; see `load_calibrated`."""
    where = torch.device("cpu") if facts.columns else pick_device(device)
    return _apply(load_calibrated(weights, facts), where)


def read_head(weights: Path, facts: ClassifierFacts, device: str) -> Apply:
    """What turns features (n, d) float32 into the probabilities that their images have; see `load_calibrated`.

    ``facts`` name the network that made them.
    """
    whole = load_calibrated(weights, facts).classifier
    assert isinstance(whole, OnFeatures)
    return _apply(Calibrated(whole.head, facts.temperature).eval(), pick_device(device))


def _apply(model: Calibrated, where: torch.device) -> Apply:
    model.to(where)

    def apply(images: Inputs) -> Probabilities:
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
