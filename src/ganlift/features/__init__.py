"""Features of images: made once an image, several views each, by a frozen network with a name, and kept."""

from ganlift.features.clips import ClipFrames, frames_of, of_clips
from ganlift.features.embed import embed, store_folder
from ganlift.features.networks import DEFAULT, NAMES, Network, feature_network, label_of, licence_of
from ganlift.features.sources import Files, Part, Pixels, Source
from ganlift.features.views import Recipe, views_for

__all__ = [
    "DEFAULT",
    "NAMES",
    "ClipFrames",
    "Files",
    "Network",
    "Part",
    "Pixels",
    "Recipe",
    "Source",
    "embed",
    "feature_network",
    "frames_of",
    "label_of",
    "licence_of",
    "of_clips",
    "store_folder",
    "views_for",
]
