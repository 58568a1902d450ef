"""The features that a run's arms learn from: which networks, and the vectors of all its images."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from ganlift.config import PIXELS
from ganlift.data.cache import save_features
from ganlift.data.flips import flips_safe
from ganlift.data.reading import Reading
from ganlift.data.types import ImageSet
from ganlift.errors import ConfigError
from ganlift.events import Listener
from ganlift.features import VIEWS, Files, Network, Pixels, Recipe, embed, feature_network
from ganlift.training.precision import pick_device


def labels_of(features: Sequence[str]) -> dict[str, str]:
    """What each network of ``features`` is called in the names of arms, which are those of folders too.

    Raises:
        ConfigError: two of them would be called alike.
    """
    found: dict[str, str] = {}
    for name in features:
        if name == PIXELS:
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
    folder: Path, images: ImageSet, reading: Reading, networks: Mapping[str, Network], tell: Listener
) -> None:
    """Write what every network makes of ``images`` into ``folder``; what it made of them before is not made again.

    Photographs are read again at the size that the network wants; arrays are enlarged.
    """
    recipe = Recipe(VIEWS, flips=flips_safe(images))
    source = Pixels(images) if images.paths is None else Files([Path(path) for path in images.paths], reading)
    hashes = source.hashes() if isinstance(source, Files) else images.hashes
    for label, network in networks.items():
        found = embed(source, hashes, network, recipe, on_progress=tell)
        save_features(folder, label, found, recipe.plain)
