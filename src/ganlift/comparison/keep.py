"""What is kept of a trained generator: weights, and the facts that build it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ganlift import __version__
from ganlift.data import data_hash
from ganlift.data.types import ImageSet, SoundSet
from ganlift.generators.trained import TrainedGenerator
from ganlift.runs import layout
from ganlift.runs.files import sha256_file, write_json
from ganlift.training.checkpoint import save_module


def keep_generator(folder: Path, trained: TrainedGenerator, images: ImageSet, facts: Mapping[str, Any]) -> None:
    """Write ``model.safetensors`` and, last, ``model.json`` into ``folder``."""
    weights = layout.weights_file(folder)
    save_module(weights, trained.module)
    described = {
        **trained.facts.model_dump(mode="json"),
        **facts,
        "class_names": list(images.class_names) if trained.facts.classes else [],
        "data": images.source,
        "noun": images.stills.noun,
        "sound": asdict(images.sound) if isinstance(images, SoundSet) else None,
        "data_hash": data_hash(images),
        "ganlift": __version__,
        "sha256": sha256_file(weights),
    }
    write_json(layout.model_file(folder), described)
