"""`--features auto`: whether arms learn from pixels, from a frozen network's features, or from both, and why.

Photographs are so much better told apart by the features (docs/photographs.md has the tables) that pixels are left out.
Of small pictures neither is known to win beforehand, so both are compared where the features are made in minutes.
Pictures of fewer pixels than a letter show the network nothing.
"""

from __future__ import annotations

from ganlift.comparison.auto import ALL, AUTO
from ganlift.config import ArmsConfig
from ganlift.config_values import PIXELS, ROWS
from ganlift.data.photographs import unlike_photographs
from ganlift.data.types import ImageSet, SoundSet, Split, VectorSet, VideoSet
from ganlift.features import DEFAULT, views_for
from ganlift.strategies.base import strategies

SMALLEST = 20
"""Pixels of a side below which a picture has little for the network to see."""

MOST_MADE = 20_000
"""Views of small pictures that are made unasked: three to five minutes on two cores."""


def spaces_for(config: ArmsConfig, images: ImageSet | VectorSet, split: Split) -> tuple[list[str], str]:
    """The spaces to learn in, as ``--features`` names them, and a sentence why; "" where they were asked for.

    It goes by the images and by what was asked for, never by the machine: the same command chooses the same again.

    Raises:
        ConfigError: a strategy that is asked for has an unknown name.
    """
    if isinstance(images, VectorSet):
        return [ROWS], ""
    if config.features != [AUTO]:
        return config.features, ""
    if isinstance(images, SoundSet):
        return [PIXELS], (
            f"Arms learn from pictures of the sound, which are not what a network of photographs was trained on; "
            f"--features {PIXELS},{DEFAULT} compares both."
        )
    clips = isinstance(images, VideoSet) and images.size >= SMALLEST
    photographs = clips or not unlike_photographs(images)
    what = "Clips" if clips else "Photographs"
    if about := _about_pictures(config):
        more = f" {what} are told apart better by --features {DEFAULT}." if photographs else ""
        return [PIXELS], f"Arms learn from pixels, because {about}.{more}" if photographs else ""
    if photographs:
        return [DEFAULT], (
            f"These are {what.lower()}, so arms learn from the features of {DEFAULT}, which is trained on "
            f"{'photographs' if clips else 'such'}; --features {PIXELS},{DEFAULT} compares pixels too."
        )
    if images.size < SMALLEST or AUTO not in config.strategy_list():
        return [PIXELS], ""
    learned = len(split.labelled) + len(split.unlabelled) + len(split.validation)
    made = learned * views_for(learned) + len(split.test)
    if made > MOST_MADE:
        return [PIXELS], (
            f"Arms learn from pixels: features of {learned + len(split.test):,} {images.noun}s take a while; "
            f"--features {PIXELS},{DEFAULT} compares both."
        )
    return [PIXELS, DEFAULT], (
        f"Small pictures may be told apart better by their pixels or by the features of {DEFAULT}, so arms learn from "
        f"either; --features {PIXELS} leaves the features out."
    )


def _about_pictures(config: ArmsConfig) -> str:
    """What was asked for that is about pixels alone; "" where nothing is."""
    if config.classifier != type(config).model_fields["classifier"].default:
        return f"'{config.classifier}' does"
    names = [name for name in config.strategy_list() if name not in (AUTO, ALL) and not name.endswith("-*")]
    named = [strategies.get(name) for name in names]
    pictures = [entry.name for entry in named if "vectors" not in entry.spaces]
    return f"'{pictures[0]}' does" if pictures else ""
