"""What a batch is made of: pixels, of images or sound, or vectors of features; its views, its mixes, its networks."""

from ganlift.representations.base import JointGenerator, Representation
from ganlift.representations.clips import ClipSpace
from ganlift.representations.pixels import PixelSpace
from ganlift.representations.spectrograms import SpectrogramSpace
from ganlift.representations.vectors import VectorSpace

__all__ = ["ClipSpace", "JointGenerator", "PixelSpace", "Representation", "SpectrogramSpace", "VectorSpace"]
