"""What is written beside a classifier, so that it can be used: its classes, and how what it reads is made ready."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ganlift.comparison.prepared import Prepared
from ganlift.config import ArmsConfig
from ganlift.data import data_hash
from ganlift.data.columns import columns_of
from ganlift.data.sizes import preparation
from ganlift.data.sound import preparation as sound_words
from ganlift.data.types import ImageSet, SoundSet, VectorSet, VideoSet

COLUMNS_PREPARED = "(row - mean) / spread, each within ±10,000; a 1 beside them; scaled to length √(d + 1)"
"""How a row becomes what a classifier reads, in words."""


def named_columns(config: ArmsConfig) -> dict[str, Any]:
    """What was said of where examples and classes stand, for data that come later; nothing where nothing was."""
    said = {"column": config.column, "label_column": config.label_column}
    return {key: value for key, value in said.items() if value is not None}


def _prepared(images: ImageSet, size: int) -> str:
    return sound_words(images.sound, size) if isinstance(images, SoundSet) else preparation(images.fit, size)


def model_facts(prepared: Prepared, row: Mapping[str, Any]) -> dict[str, Any]:
    """What says how to use the classifier of ``row``; on features it reads photographs at the network's size."""
    config, images, network = prepared.config, prepared.images, prepared.networks.get(row.get("features") or "")
    common = {
        "classifier": row.get("classifier") or config.classifier,
        "class_names": list(images.class_names),
        "data": images.source,
        "data_hash": data_hash(images),
        **named_columns(config),
    }
    if isinstance(images, VectorSet):
        split = next(one for one in prepared.splits if one.seed == row["seed"])
        columns = columns_of(images, split, row.get("block", ""))
        return {**common, "columns": columns.to_json(), "preprocessing": COLUMNS_PREPARED}
    again = network is not None and images.paths is not None
    size = network.size if network is not None and again else images.size
    return {
        **common,
        "image_size": size,
        "channels": 3 if again else images.channels,
        "features": network and {"network": network.name, "version": network.version, "width": network.width},
        "preprocessing": f"{_prepared(images, size)}; uint8 / 127.5 - 1",
        "scale": None if images.scale is None else asdict(images.scale),
        "orientation": images.orientation,
        "fit": images.fit,
        "sound": asdict(images.sound) if isinstance(images, SoundSet) else None,
        **({"frames": images.frames} if isinstance(images, VideoSet) else {}),
    }
