"""What a classifier behind scikit-learn's contract learns from: pixels, features of a frozen network, or rows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from ganlift.data import Split, Task, flips_safe, make_task
from ganlift.data.build import from_arrays
from ganlift.data.columns import Columns, columns_of
from ganlift.errors import InputError
from ganlift.estimators.door import GivenImages, GivenRows, more_images, more_rows
from ganlift.estimators.images import Encoding
from ganlift.features import Network, Pixels, Recipe, embed, feature_network, views_for


@dataclass(frozen=True)
class Prepared:
    """How ``X`` becomes what the classifier reads; decided in ``fit`` and kept.

    Attributes:
        encoding: how it becomes images, or the columns of rows.
        network: the name and the version of the frozen network behind images, where there is one.
        block: where the numbers are in a row that are learned from, where these are one block of it alone.
    """

    encoding: Encoding | Columns
    network: tuple[str, str] | None = None
    block: slice = field(default_factory=lambda: slice(None))

    def items(self, estimator: BaseEstimator, x: Any, device: torch.device) -> NDArray[Any]:
        """``x`` as items: pixels (n, c, size, size) uint8, or vectors (n, 1, d).

        Raises:
            InputError: it has another form than in ``fit``, or the network is another one by now.
        """
        if isinstance(self.encoding, Columns):
            return self.encoding.vectors(more_rows(estimator, x)[:, self.block])
        pixels = more_images(estimator, x, self.encoding)
        if self.network is None:
            return pixels.transpose(0, 3, 1, 2)
        name, version = self.network
        network = feature_network(name, device)
        if network.version != version:
            raise InputError(
                f"The estimator was fitted on version {version} of {name}, and here is {network.version}: fit it again."
            )
        images = from_arrays({"": (pixels, np.zeros(len(pixels)))}, [], "X")
        return embed(Pixels(images), images.hashes, network, Recipe(1))


def prepare(
    given: GivenImages | GivenRows, split: Split, network: Network | None, flips: bool | None, block: str = ""
) -> tuple[Prepared, Task]:
    """How ``X`` is read from now on, and what a strategy sees of ``given``.

    Rows are standardised by those that train, with labels or without. Features are made but once an image: they are
    kept in the user's cache.

    Args:
        flips: whether a mirrored image keeps its class; told from the classes' names where None.
        block: the one of the rows' blocks that is learned from alone; "" where all are.
    """
    if isinstance(given, GivenRows):
        rows = given.examples
        place = rows.place_of(block) if block else slice(None)
        columns = columns_of(rows, split, block)
        return Prepared(columns, block=place), make_task(rows, split, columns.vectors(rows.vectors[:, place]))
    images = replace(given.examples, flips=flips)
    if network is None:
        return Prepared(given.encoding), make_task(images, split)
    recipe = Recipe(views_for(len(images)), flips=flips_safe(images))
    found = embed(Pixels(images), images.hashes, network, recipe)
    prepared = Prepared(given.encoding, (network.name, network.version))
    return prepared, make_task(images, split, found, recipe.plain)
