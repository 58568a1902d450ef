"""The features that a run's arms learn from: which networks, and the vectors of all its images."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganlift.config import PIXELS, ROWS
from ganlift.data.cache import save_features
from ganlift.data.flips import flips_safe
from ganlift.data.reading import Reading
from ganlift.data.types import ImageSet, SoundSet, Split
from ganlift.errors import ConfigError
from ganlift.events import Listener
from ganlift.features import Files, Network, Part, Pixels, Recipe, embed, feature_network, views_for
from ganlift.training.precision import pick_device


def labels_of(features: Sequence[str]) -> dict[str, str]:
    """What each network of ``features`` is called in the names of arms, which are those of folders too.

    Raises:
        ConfigError: two of them would be called alike.
    """
    found: dict[str, str] = {}
    for name in features:
        if name in (PIXELS, ROWS):
            continue
        label = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")
        if found.setdefault(label, name) != name:
            raise ConfigError(f"--features {name} and {found[label]} would both be called '{label}'; rename one.")
    return found


def networks_of(features: Sequence[str], device: str) -> dict[str, Network]:
    """The networks by their labels.

    Raises:
        ConfigError: there is no such network, or its weights are not here.
    """
    return {label: feature_network(name, pick_device(device)) for label, name in labels_of(features).items()}


def write_features(
    folder: Path,
    images: ImageSet,
    splits: Sequence[Split],
    reading: Reading,
    networks: Mapping[str, Network],
    tell: Listener,
) -> None:
    """Write what every network makes of ``images`` into ``folder``; what it made of them before is not made again.

    Photographs are read again at the size that the network wants; arrays are enlarged. Test images, the same in all
    ``splits``, have the plain view alone; images that no seed uses have none.
    """
    test = splits[0].test
    used = _union([part for split in splits for part in (split.labelled, split.unlabelled, split.validation)])
    recipe = Recipe(views_for(len(used)), flips=flips_safe(images), sound=isinstance(images, SoundSet))
    reading = replace(reading, sound=images.sound) if isinstance(images, SoundSet) else reading
    source = Pixels(images) if images.paths is None else Files([Path(path) for path in images.paths], reading)
    hashes = source.hashes() if isinstance(source, Files) else images.hashes
    for label, network in networks.items():
        found = np.zeros((len(images), recipe.views, network.width), np.float16)
        for rows, how in ((used, recipe), (test, Recipe(1))):
            if len(rows):
                found[rows] = embed(Part(source, rows), hashes[rows], network, how, on_progress=tell)
        save_features(folder, label, found, recipe.plain)


def _union(parts: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    return reduce(np.union1d, parts, np.empty(0, np.int64)).astype(np.int64)
