"""`fashion-mini`, shipped with the package, and `digits`, shipped with scikit-learn."""

from __future__ import annotations

from importlib.resources import files

import numpy as np

from ganlift.data.build import from_arrays
from ganlift.data.types import ImageSet

FASHION_CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


def fashion_mini() -> ImageSet:
    """6,000 training and 2,000 test images of Fashion-MNIST (Xiao et al. 2017), 28 px, grey, 10 classes."""
    with (files("ganlift.data") / "bundled" / "fashion-mini.npz").open("rb") as file, np.load(file) as stored:
        arrays = {name: stored[name] for name in stored.files}
    parts = {part: (arrays[f"x_{part}"], arrays[f"y_{part}"]) for part in ("train", "test")}
    return from_arrays(parts, FASHION_CLASSES, "fashion-mini")


def digits() -> ImageSet:
    """1,797 handwritten digits of scikit-learn, 8 px, grey, 10 classes; no test part of their own."""
    from sklearn.datasets import load_digits

    found = load_digits()
    pixels = np.round(found.images * (255 / 16)).astype(np.uint8)
    return from_arrays({"": (pixels, found.target)}, tuple(str(k) for k in range(10)), "digits")
