"""The features that a run's arms learn from: which networks, and the vectors of all its images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganlift.config_values import PIXELS, ROWS
from ganlift.data.cache import save_features
from ganlift.data.flips import flips_safe
from ganlift.data.mapped import Chosen
from ganlift.data.reading import Reading
from ganlift.data.types import ImageSet, SoundSet, Split, VideoSet
from ganlift.errors import ConfigError, DataError
from ganlift.events import Listener
from ganlift.features import (
    ClipFrames,
    Files,
    Network,
    Part,
    Pixels,
    Recipe,
    Source,
    embed,
    feature_network,
    frames_of,
    label_of,
    of_clips,
    views_for,
)
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
        label = label_of(name)
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

    Photographs are read again at the size that the network wants; arrays are enlarged. A clip has the moments of its
    frames' features (`ganlift.layers.moments`), its views changed alike in all of them. Test images, the same in all
    ``splits``, have the plain view alone; images that no seed uses have none.
    """
    test = splits[0].test
    used = _union([part for split in splits for part in (split.labelled, split.unlabelled, split.validation)])
    frames = images.frames if isinstance(images, VideoSet) else 1
    recipe = Recipe(views_for(frames * len(used)), flips=flips_safe(images), sound=isinstance(images, SoundSet))
    naming = _naming(_counted(images), tell)
    source, keys = _source(images, _reading(images, reading))
    for label, network in networks.items():
        width = network.width * (2 if isinstance(images, VideoSet) else 1)
        found = []
        for rows, how in ((used, recipe), (test, Recipe(1))):
            if len(rows):
                shown = frames_of(rows, frames)
                made = embed(Part(source, shown), keys[shown], network, how, on_progress=naming)
                found.append((rows, of_clips(made, frames) if isinstance(images, VideoSet) else made))
        save_features(folder, label, _placed(found, (len(images), recipe.views, width)), recipe.plain)


def _placed(found: Sequence[tuple[NDArray[np.int64], NDArray[np.float16]]], shape: tuple[int, int, int]) -> Chosen:
    """Features of the ``shape`` (n, v, d), read a part at a time: at each of some sorted rows what was ``found`` of it.

    The others are 0. What has the plain view alone has it for all views.
    """

    def read(places: NDArray[np.int64]) -> NDArray[np.float16]:
        part = np.zeros((len(places), *shape[1:]), np.float16)
        for rows, made in found:
            at = np.minimum(np.searchsorted(rows, places), len(rows) - 1)
            here = rows[at] == places
            part[here] = made[at[here]]
        return part

    return Chosen(read, np.arange(shape[0]), shape, np.dtype(np.float16))


def plain_features(
    images: ImageSet, index: NDArray[np.int64], reading: Reading, network: Network, tell: Listener
) -> NDArray[np.float16]:
    """What ``network`` makes of the images at ``index`` (m,) as they are, (m, width)."""
    frames = images.frames if isinstance(images, VideoSet) else 1
    source, keys = _source(images, _reading(images, reading))
    shown = frames_of(index, frames)
    made = embed(Part(source, shown), keys[shown], network, Recipe(1), on_progress=_naming(_counted(images), tell))
    return (of_clips(made, frames) if isinstance(images, VideoSet) else made)[:, 0]


def _reading(images: ImageSet, reading: Reading) -> Reading:
    """``reading`` with what was found for all of ``images``: the scale of 16-bit files, or what sound is brought to."""
    if isinstance(images, SoundSet):
        return replace(reading, sound=images.sound)
    scale = images.scale
    return replace(reading, value_range=(scale.low, scale.high)) if scale else reading


def _counted(images: ImageSet) -> str:
    """What progress counts."""
    return "frame" if isinstance(images, VideoSet) else images.noun


def _naming(noun: str, tell: Listener) -> Listener:
    """``tell``, where events of progress have what is counted as ``noun``."""
    return lambda event: tell({**event, "noun": noun} if event["type"] == "embedding" else event)


def _source(images: ImageSet, reading: Reading) -> tuple[Source, NDArray[np.str_]]:
    """What ``images`` are read from for a network, and a key for each; of clips the frames, one after another."""
    paths = None if images.paths is None else [Path(path) for path in images.paths]
    if isinstance(images, VideoSet):
        if paths is None:
            raise DataError(f"{images.source} has clips without files, which no network reads; give --features pixels.")
        clips = ClipFrames(paths, reading)
        return clips, clips.keys()
    if paths is None:
        return Pixels(images), images.hashes
    files = Files(paths, reading)
    return files, files.hashes()


def _union(parts: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    return reduce(np.union1d, parts, np.empty(0, np.int64)).astype(np.int64)
