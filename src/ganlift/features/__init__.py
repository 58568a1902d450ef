"""Features of images: made once an image, several views each, by a frozen network with a name, and kept."""

from ganlift.features.embed import embed, store_folder
from ganlift.features.networks import DEFAULT, NAMES, Network, feature_network, licence_of
from ganlift.features.sources import Files, Pixels, Source
from ganlift.features.views import VIEWS, Recipe

__all__ = [
    "DEFAULT",
    "NAMES",
    "VIEWS",
    "Files",
    "Network",
    "Pixels",
    "Recipe",
    "Source",
    "embed",
    "feature_network",
    "licence_of",
    "store_folder",
]
