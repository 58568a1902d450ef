"""What a batch is made of: pixels, or vectors of features; with its views, its mixes, its networks."""

from ganlift.representations.base import JointGenerator, Representation
from ganlift.representations.clips import ClipSpace
from ganlift.representations.pixels import PixelSpace
from ganlift.representations.vectors import VectorSpace

__all__ = ["ClipSpace", "JointGenerator", "PixelSpace", "Representation", "VectorSpace"]
