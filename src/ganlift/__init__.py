"""ganlift: would a GAN make my classifier better, which way of using it, and by how much?"""

__version__ = "0.1.0"
