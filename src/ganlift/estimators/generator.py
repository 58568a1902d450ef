"""`GanLiftGenerator`: learn to draw images like these, behind scikit-learn's contract."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from ganlift.data import Split, make_task
from ganlift.data.sizes import square
from ganlift.data.types import UNLABELLED
from ganlift.errors import InputError
from ganlift.estimators.door import as_value_errors, machine, seed_of, take_in, whole, with_threads
from ganlift.estimators.images import Shape
from ganlift.generators.trained import TrainedGenerator
from ganlift.strategies.generation import generator_stage, restandardise
from ganlift.strategies.setup import Setup
from ganlift.training.fit import fit
from ganlift.training.phase import Budget
from ganlift.training.pixels import to_uint8
from ganlift.training.rng import Rng


class GanLiftGenerator(BaseEstimator):  # type: ignore[misc]
    """A generator of images, conditional on class where ``y`` is given.

    ``X`` has the forms that `GanLiftClassifier` takes. Samples are uint8 images as NumPy arrays, in the form of ``X``:
    (n, h, w), (n, h, w, c) where ``X`` had channels (tensors and files too), rows (n, h·w·c) where it had rows. They
    have the size of the images in ``X``, and where those are no squares the size that the networks see.

    Args:
        generator: a name that ``ganlift list generators`` shows.
        budget: training steps, at least 1.
        batch_size: images a step, at least 2.
        options: the generator's options by name, where not the default ones.
        image_shape: (h, w) or (h, w, c) of each row of a 2-D ``X``.
        image_size: pixels of each side that the networks see, as for `GanLiftClassifier`.
        value_range: the values of black and white in ``X``, as for `GanLiftClassifier`.
        device: "auto", "cpu", "cuda", ...
        precision: "fp32", "bf16", or "auto" for bf16 where the device has instructions for it.
        threads: of torch while it fits and is used; where None as many as torch is set to, but no more than there are
            cores that this process may use.
        random_state: an int for the same numbers every time; None draws one.

    Attributes:
        classes_: (K,) the classes, sorted; empty where there was no ``y``.
        n_features_in_: values an image, h·w·c.
        feature_names_in_: columns of a data frame, where ``X`` was one.
        encoding_: how ``X`` became images (`ganlift.estimators.images.Encoding`).
        trained_: the module, on the CPU, and the facts to build it from (`ganlift.generators.trained`).
        history_: list of mappings, the training curve.
        seed_: the number that everything random was derived from.

    Example:
        >>> from sklearn.datasets import load_digits
        >>> from ganlift import GanLiftGenerator
        >>> X, y = load_digits(return_X_y=True)
        >>> generator = GanLiftGenerator(image_shape=(8, 8), value_range=(0, 16), budget=20, random_state=0)
        >>> images = generator.fit(X, y).sample(3, labels=[7, 7, 1], random_state=0)
        >>> images.shape, images.dtype
        ((3, 64), dtype('uint8'))
    """

    def __init__(
        self,
        generator: str = "sngan",
        *,
        budget: int = 500,
        batch_size: int = 64,
        options: Mapping[str, Any] | None = None,
        image_shape: tuple[int, int] | Shape | None = None,
        image_size: int | None = None,
        value_range: Literal["auto"] | tuple[float, float] = "auto",
        device: str = "auto",
        precision: str = "fp32",
        threads: int | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.generator = generator
        self.budget = budget
        self.batch_size = batch_size
        self.options = options
        self.image_shape = image_shape
        self.image_size = image_size
        self.value_range = value_range
        self.device = device
        self.precision = precision
        self.threads = threads
        self.random_state = random_state

    def fit(self, X: Any, y: ArrayLike | None = None) -> Self:  # noqa: N803 - scikit-learn's name
        """Train from scratch on ``X``; ``y`` (n,), -1 where unlabelled, makes the generator conditional.

        Raises:
            ValueError: something does not fit (a `ganlift.errors.InputError` where the package found it).
        """
        with as_value_errors(), with_threads(self.threads):
            budget = Budget(1, whole(self.batch_size, "batch_size", least=2), whole(self.budget, "budget"))
            device, settings = machine(self.device, self.precision)
            given = take_in(self, X, y)
            seed, labels = seed_of(self.random_state), given.examples.labels
            labelled, rest, none = map(np.flatnonzero, (labels != UNLABELLED, labels == UNLABELLED, []))
            setup = Setup(
                task=make_task(given.examples, Split(seed, labelled, none, rest, none)),
                budget=budget,
                rng=Rng(seed, "GanLiftGenerator", device),
                device=device,
                generator=self.generator,
                generator_options=dict(self.options or {}),
            )
            stage = generator_stage(setup, folds=1)
            record = fit(stage.phase, settings)
            restandardise(stage, setup.rng)
        self.classes_, self.encoding_, self.seed_ = given.classes, given.encoding, seed
        self.trained_ = TrainedGenerator(stage.trained.facts, stage.trained.module.cpu().eval())
        self.history_ = record.trace
        self._shape = given.shape
        return self

    def sample(
        self, n: int = 1, labels: Any = None, random_state: int | np.random.RandomState | None = None
    ) -> NDArray[np.uint8]:
        """Draw ``n`` images.

        Args:
            labels: the class of each, (n,), or one for all; drawn evenly at random where None.
            random_state: an int for the same images every time; None for others.

        Raises:
            ValueError: a label that was not in ``y``, or any label where the generator was fitted without.
        """
        check_is_fitted(self)
        rng = torch.Generator()
        rng.manual_seed(seed_of(random_state))
        codes = self._codes(whole(n, "n"), labels, rng)
        with with_threads(self.threads):
            drawn = to_uint8(self.trained_.sample(codes, n, rng)).permute(0, 2, 3, 1).numpy()
        return self._shaped(drawn)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    def _codes(self, n: int, labels: Any, rng: torch.Generator) -> Tensor | None:
        """Each sample's place among the classes; None without classes."""
        if not len(self.classes_):
            if labels is not None:
                raise InputError("The generator was fitted without y, so it knows no classes; leave labels out.")
            return None
        if labels is None:
            return torch.randint(len(self.classes_), (n,), generator=rng)
        wanted = np.asarray(labels)
        if wanted.ndim > 1 or (wanted.ndim == 1 and len(wanted) != n):
            raise InputError(f"labels has the shape {wanted.shape}; give one class, or {n} of them.")
        unknown = wanted[~np.isin(wanted, self.classes_)]
        if unknown.size:
            raise InputError(f"'{unknown.flat[0]}' is none of the classes {', '.join(map(str, self.classes_))}.")
        return torch.from_numpy(np.broadcast_to(np.searchsorted(self.classes_, wanted), n).copy())

    def _shaped(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """``images`` (n, size, size, c) in the form of the ``X`` that was fitted."""
        height, width, _ = self.encoding_.shape
        if height == width:
            images = square(images, height)
        if self._shape is None:
            return images.reshape(len(images), math.prod(images.shape[1:]))[:, : self.n_features_in_]
        return images[..., 0] if len(self._shape) == 2 else images
