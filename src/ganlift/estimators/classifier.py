"""`GanLiftClassifier`: one strategy, trained in memory, behind scikit-learn's contract."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from numbers import Real
from typing import Any, Literal, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils import check_consistent_length, check_scalar
from sklearn.utils.validation import check_is_fitted
from torch import nn

from ganlift.data import Split, Task, make_task
from ganlift.data.types import UNLABELLED
from ganlift.errors import InputError
from ganlift.estimators.door import Given, as_value_errors, machine, more_images, seed_of, take_in, whole, with_threads
from ganlift.estimators.images import Shape
from ganlift.estimators.labels import hold_out, is_labelled, off_torch
from ganlift.generators.base import generators
from ganlift.layers.dropout import set_dropout_rng
from ganlift.strategies.base import Setup, Strategy, predict, run_phases, strategies
from ganlift.strategies.options import build_options
from ganlift.training.phase import Budget
from ganlift.training.precision import pick_device
from ganlift.training.rng import Rng

EXPECTED_FAILED_CHECKS = {
    "check_classifiers_classes": "it takes -1 for the name of a class, which means unlabelled here as in "
    "sklearn.semi_supervised (whose own estimators the check leaves out by name)",
    "check_methods_subset_invariance": "it wants probabilities equal to 1e-7 whatever else is in the batch, which is "
    "less than the rounding of a network in 32-bit floats",
}
"""For `sklearn.utils.estimator_checks.check_estimator`: the checks that fail, and why each should."""


class GanLiftClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """An image classifier trained by one of ganlift's strategies, with a GAN or without.

    Which strategy is worth its time on some data is what `ganlift.compare` measures; this trains the one you chose,
    in memory and without writing a file.

    ``X`` has one of these forms, and the same one or another of equal size in ``predict``:

    - arrays (n, h, w) or (n, h, w, c), c being 1 or 3; or a list of such images;
    - torch tensors (n, c, h, w) or (n, h, w);
    - rows (n, h·w·c) with ``image_shape=``; without it each row is laid out as the smallest square that holds it;
    - a list or 1-D array of paths of PNG, JPEG, WebP or BMP files.

    Values are uint8, or numbers in a range that ``value_range`` tells. Images become squares of
    ``image_size`` pixels as ``squares`` says.

    Args:
        strategy: how to train: a name that ``ganlift list strategies`` shows.
        generator: the generative model of the strategies that train one first, such as ``gan-augment``.
        classifier: the architecture: a name that ``ganlift list classifiers`` shows, a callable
            ``(channels, size, classes) -> nn.Module``, or a module.
        budget: classifier steps, at least 1.
        generator_budget: steps of a generator that is trained first; as many as ``budget`` where None.
        batch_size: labelled images a step, at least 2.
        options: the strategy's options by name, where not the default ones.
        generator_options: likewise the generator's.
        image_shape: (h, w) or (h, w, c) of each row of a 2-D ``X``.
        image_size: pixels of each side that the networks see, a multiple of 4; the shorter side of the images, rounded
            up, where None.
        squares: how images that are not square become so: "crop" takes the middle, "pad" puts black beside, "stretch".
        value_range: the values of black and white; "auto" takes bytes as 0 to 255, fractions about [0, 1] as such,
            numbers up to 255 whose largest is at least 128 as 0 to 255, 0 and 1 alone as black and white, the extremes
            of ``X`` for rows without ``image_shape``, and refuses the rest (`docs/own-data.md`).
        flips: whether a mirrored image keeps its class; "auto" says no for rows without ``image_shape`` and where
            classes are numbers or single letters, or their names say left or right: set True where you know better.
        validation_fraction: share of each class's labelled images that is kept back, where the strategy chooses
            something on them (``gan-augment``) and only there. A class with one image keeps it for training.
        device: "auto", "cpu", "cuda", ...
        precision: "fp32", "bf16", or "auto" for the faster of them, which may differ from one fit to the next.
        threads: of torch while it fits and is used; where None as many as torch is set to, but no more than there are
            cores that this process may use.
        random_state: an int for the same numbers every time; None draws one.

    Attributes:
        classes_: (K,) the classes, sorted, without -1.
        n_features_in_: values an image, h·w·c.
        feature_names_in_: columns of a data frame, where ``X`` was one.
        encoding_: how ``X`` became images (`ganlift.estimators.images.Encoding`).
        model_: the trained module, on the CPU: images in [-1, 1] (n, c, size, size) to logits (n, K).
        history_: list of mappings, the training curve: ``phase``, ``step``, ``loss``, ...
        facts_: what the strategy noted, such as the shares of generated images that its filter let through.
        seed_: the number that everything random was derived from.

    Example:
        >>> from sklearn.datasets import load_digits
        >>> from sklearn.model_selection import train_test_split
        >>> from ganlift import GanLiftClassifier
        >>> X, y = load_digits(return_X_y=True)                     # rows of 64 values, 0 to 16
        >>> X_train, X_test, y_train, y_test = train_test_split(X, y, train_size=200, stratify=y, random_state=0)
        >>> classifier = GanLiftClassifier(image_shape=(8, 8), value_range=(0, 16), budget=100, random_state=0)
        >>> classifier.fit(X_train, y_train).score(X_test, y_test) > 0.7
        True
    """

    def __init__(
        self,
        strategy: str = "augment",
        *,
        generator: str = "sngan",
        classifier: Any = "small-cnn",
        budget: int = 500,
        generator_budget: int | None = None,
        batch_size: int = 64,
        options: Mapping[str, Any] | None = None,
        generator_options: Mapping[str, Any] | None = None,
        image_shape: tuple[int, int] | Shape | None = None,
        image_size: int | None = None,
        squares: Literal["crop", "pad", "stretch"] = "crop",
        value_range: Literal["auto"] | tuple[float, float] = "auto",
        flips: Literal["auto"] | bool = "auto",
        validation_fraction: float = 0.2,
        device: str = "auto",
        precision: str = "fp32",
        threads: int | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.strategy = strategy
        self.generator = generator
        self.classifier = classifier
        self.budget = budget
        self.generator_budget = generator_budget
        self.batch_size = batch_size
        self.options = options
        self.generator_options = generator_options
        self.image_shape = image_shape
        self.image_size = image_size
        self.squares = squares
        self.value_range = value_range
        self.flips = flips
        self.validation_fraction = validation_fraction
        self.device = device
        self.precision = precision
        self.threads = threads
        self.random_state = random_state

    def fit(self, X: Any, y: ArrayLike, unlabelled: Any = None) -> Self:  # noqa: N803 - scikit-learn's name
        """Train from scratch on ``X`` and ``y``, whatever was fitted before.

        Args:
            X: images in one of the forms of the class's docstring.
            y: (n,) classes; the number -1 marks an image without a label (in an array of dtype object where the
                classes are strings).
            unlabelled: further images without labels, in any of the forms of ``X``.

        Raises:
            ValueError: something does not fit (a `ganlift.errors.InputError` where the package found it).
        """
        with as_value_errors(), with_threads(self.threads):
            entry, budget = self._entry(), self._budget()
            options = build_options(entry, self.options or {})
            device, settings = machine(self.device, self.precision)
            given = take_in(self, X, y, unlabelled)
            seed = seed_of(self.random_state)
            setup = Setup(
                task=self._task(given, entry, seed),
                budget=budget,
                rng=Rng(seed, entry.name, device),
                device=device,
                classifier=self.classifier,
                generator=self.generator,
                generator_options=dict(self.generator_options or {}),
            )
            outcome, records = run_phases(entry.phases(setup, options), lambda phase: settings)
        self.classes_, self.encoding_, self.seed_ = given.classes, given.encoding, seed
        self.model_ = _at_rest(outcome.classifier)
        self.history_ = [line for record in records for line in record.trace]
        self.facts_ = outcome.facts
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """Probabilities (n, K), columns as in ``classes_``; each row sums to 1."""
        check_is_fitted(self)
        with as_value_errors():
            device = pick_device(self.device)
            images = more_images(self, X, self.encoding_)
        model = self.model_ if device.type == "cpu" else copy.deepcopy(self.model_).to(device)
        with with_threads(self.threads):
            found = predict(model, torch.from_numpy(images.transpose(0, 3, 1, 2)).to(device))
        probabilities: NDArray[np.float64] = found.cpu().numpy().astype(np.float64)
        probabilities /= probabilities.sum(1, keepdims=True)  # to 1 in 64 bits, as log_loss asks
        return probabilities

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803
        """The likeliest class of each image, (n,) of ``classes_``'s type."""
        places = self.predict_proba(X).argmax(1)
        likeliest: NDArray[Any] = self.classes_[places]
        return likeliest

    def score(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:  # noqa: N803
        """Share of ``X`` whose class is predicted; images with the label -1 are left out."""
        found, labels = self.predict(X), np.asarray(off_torch(y))
        check_consistent_length(found, labels, sample_weight)
        kept = is_labelled(labels)
        weights = None if sample_weight is None else np.asarray(sample_weight)[kept]
        return float(accuracy_score(labels[kept], found[kept], sample_weight=weights))

    def __sklearn_tags__(self) -> Any:
        # Paths are one-dimensional strings, but the tags for these would say that tables are not taken.
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    def _entry(self) -> Strategy:
        """The strategy, where it and its generator are known by name."""
        for name in ("strategy", "generator"):
            check_scalar(getattr(self, name), name, str)
        generators.get(self.generator)
        entry = strategies.get(self.strategy)
        if not entry.labels:
            raise InputError(
                f"Strategy '{entry.name}' finds clusters, which have no classes; give one that takes labels."
            )
        return entry

    def _budget(self) -> Budget:
        steps = whole(self.budget, "budget")
        own = steps if self.generator_budget is None else whole(self.generator_budget, "generator_budget")
        return Budget(steps, whole(self.batch_size, "batch_size", least=2), own)

    def _task(self, given: Given, entry: Strategy, seed: int) -> Task:
        """What the strategy sees: the labelled images, those that validate where it looks at any, the unlabelled."""
        fraction = check_scalar(
            self.validation_fraction, "validation_fraction", Real, min_val=0, max_val=1, include_boundaries="neither"
        )
        if not (self.flips == "auto" or isinstance(self.flips, bool | np.bool_)):
            raise InputError(f"flips={self.flips!r}; it must be 'auto', True or False.")
        labels, held = given.images.labels, np.zeros(len(given.images), bool)
        if entry.validates:
            held = hold_out(labels, given.images.hashes, fraction, np.random.default_rng([seed, 1]))
            if not held.any():
                raise InputError(
                    f"Strategy '{entry.name}' chooses on validation images, and no class has two different labelled "
                    "ones to keep one back; give more labels or another strategy."
                )
        unlabelled = labels == UNLABELLED
        if entry.unlabelled == "required" and not unlabelled.any():
            raise InputError(
                f"Strategy '{entry.name}' needs unlabelled images; mark some with the label -1 or give unlabelled=."
            )
        unseen = unlabelled & ~np.isin(given.images.hashes, given.images.hashes[held])  # not what validates
        labelled, validation, rest, none = map(np.flatnonzero, (~unlabelled & ~held, held, unseen, []))
        task = make_task(given.images, Split(seed, labelled, validation, rest, none))
        safe = task.flips and not given.encoding.table
        return replace(task, flips=safe if self.flips == "auto" else self.flips)


def _at_rest(model: nn.Module) -> nn.Module:
    """``model`` as it is kept: on the CPU and in evaluation mode, so that it unpickles where there is no GPU."""
    set_dropout_rng(model, torch.Generator())
    return model.cpu().eval()
