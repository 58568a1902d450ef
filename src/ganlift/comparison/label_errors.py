"""By what the labels of a set, and those of a run, are judged: by a network's features where there are any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganlift.comparison.features import networks_of, plain_features
from ganlift.config_values import PIXELS
from ganlift.data.cache import load_features
from ganlift.data.label_findings import Evidence, by_looks, judged
from ganlift.data.reading import Reading
from ganlift.data.survey import Survey
from ganlift.data.types import ImageSet, Split, VectorSet
from ganlift.errors import ConfigError
from ganlift.events import Listener
from ganlift.features import Network


def of_set(found: Survey, reading: Reading, features: str, tell: Listener) -> Evidence:
    """Of a set that is checked: by what ``features`` names, which is computed for the images that are judged.

    Raises:
        ConfigError: there is no such network, or these are rows.
        DataError: an image can't be read any more.
    """
    seen, images = by_looks(found), found.images
    if features == PIXELS:
        return seen
    if isinstance(images, VectorSet):
        raise ConfigError(f"{images.source} has rows, whose labels are judged by their columns; leave --features out.")
    (network,) = networks_of([features], "auto").values()
    if not len(seen.index):
        return seen
    vectors = plain_features(images, seen.index, reading, network, tell)
    return replace(seen, vectors=vectors, told_by=_features_of(network))


def of_looks(found: Survey, splits: Sequence[Split]) -> Evidence:
    """Of a run without a network: the labels that some seed trains, chooses or tests on, by what is known anyway."""
    return by_looks(found, _used(splits), splits[0].test)


def of_run(cache: Path, images: ImageSet, splits: Sequence[Split], networks: Mapping[str, Network]) -> Evidence:
    """The same labels of a run with ``networks``, by the first one's features, which ``cache`` holds."""
    label, network = next(iter(networks.items()))
    index = judged(images, _used(splits))
    features, _ = load_features(cache, label)
    return Evidence(index, features[index, 0], _features_of(network), splits[0].test)


def _used(splits: Sequence[Split]) -> NDArray[np.int64]:
    parts = [part for split in splits for part in (split.labelled, split.validation, split.test)]
    return reduce(np.union1d, parts).astype(np.int64)


def _features_of(network: Network) -> str:
    return f"the features of {network.name}"
