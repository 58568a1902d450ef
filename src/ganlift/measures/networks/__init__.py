"""Feature networks by name: what generated and real images are looked at through."""

from ganlift.measures.networks.base import OWN, FeatureNetwork, of_module
from ganlift.measures.networks.named import NAMES, named_network

__all__ = ["NAMES", "OWN", "FeatureNetwork", "named_network", "of_module"]
