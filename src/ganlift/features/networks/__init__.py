"""Frozen networks by name: images to features."""

from ganlift.features.networks.base import Network, coloured
from ganlift.features.networks.named import DEFAULT, NAMES, feature_network, label_of, licence_of

__all__ = ["DEFAULT", "NAMES", "Network", "coloured", "feature_network", "label_of", "licence_of"]
