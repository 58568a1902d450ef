"""`GanLiftClassifier`: one strategy, trained in memory, behind scikit-learn's contract."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import partial
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

from ganlift.data import Split
from ganlift.data.types import UNLABELLED, Examples, VectorSet
from ganlift.errors import InputError
from ganlift.estimators.asked import asked_classifier, asked_flips, asked_network, asked_strategy
from ganlift.estimators.door import (
    as_value_errors,
    machine,
    seed_of,
    take_in,
    take_rows,
    whole,
    with_threads,
)
from ganlift.estimators.images import Shape, are_rows
from ganlift.estimators.labels import hold_out, is_labelled, off_torch
from ganlift.estimators.spaces import Prepared, prepare
from ganlift.layers.dropout import set_dropout_rng
from ganlift.representations.vectors import first_view
from ganlift.strategies.base import Strategy, run_phases
from ganlift.strategies.options import build_options
from ganlift.strategies.setup import Setup, predict
from ganlift.training.phase import Budget
from ganlift.training.pixels import to_float
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
    """A classifier of images, or of rows of numbers, trained by one of ganlift's strategies, with a GAN or without.

    Which strategy is worth its time on some data is what `ganlift.compare` measures; this trains the one you chose,
    in memory and without writing a file, but for the features of images, which are kept in the user's cache.

    ``X`` has one of these forms, and the same one or another of equal size in ``predict``:

    - arrays (n, h, w) or (n, h, w, c), c being 1 or 3; or a list of such images;
    - torch tensors (n, c, h, w) or (n, h, w);
    - rows (n, h·w·c) with ``image_shape=``;
    - a list or 1-D array of paths of PNG, JPEG, WebP or BMP files;
    - rows (n, d) of any finite numbers, without ``image_shape``: no images, but vectors.

    Values of images are uint8, or numbers in a range that ``value_range`` tells. Images become squares of
    ``image_size`` pixels as ``squares`` says. Strategies learn from their pixels, or with ``features=`` from what a
    frozen network makes of them. Columns of vectors are standardised by the rows that train, labelled or not.

    Args:
        strategy: how to train: a name that ``ganlift list strategies`` shows; ``sgan@words`` learns from one of
            ``blocks`` alone, and with ``features`` a name may have that network behind its "@".
        generator: the generative model of the strategies that train one first, such as ``gan-augment``.
        classifier: the architecture: a name that ``ganlift list classifiers`` shows, a callable
            ``(channels, size, classes) -> nn.Module``, or a module; "auto" is "small-cnn" on pixels, "mlp" on vectors
            and on features, which take no callables and no modules.
        budget: classifier steps, at least 1.
        generator_budget: steps of a generator that is trained first; as many as ``budget`` where None.
        batch_size: labelled images a step, at least 2.
        options: the strategy's options by name, where not the default ones.
        generator_options: likewise the generator's.
        features: the frozen network whose features of the images are learned from, such as "efficientnet-lite0"; the
            names are those of ``ganlift compare --features``. Pixels where None.
        blocks: of rows of numbers, the widths of the sources that lie side by side in their columns, by name and in
            order, such as ``{"words": 100, "topics": 50}``. They are standardised apart and weigh the same, whatever
            their widths (`ganlift.data.columns.block_weights`). All columns are one source where None.
        image_shape: (h, w) or (h, w, c) of each row of a 2-D ``X``, where rows are images.
        image_size: pixels of each side that the networks see, a multiple of 4; the shorter side of the images, rounded
            up, where None, and for files with ``features`` as many as the network wants.
        squares: how images that are not square become so: "crop" takes the middle, "pad" puts black beside, "stretch".
        value_range: the values of black and white; "auto" takes bytes as 0 to 255, fractions about [0, 1] as such,
            numbers up to 255 whose largest is at least 128 as 0 to 255, 0 and 1 alone as black and white, and refuses
            the rest (`docs/own-data.md`).
        flips: whether a mirrored image keeps its class; "auto" says no where classes are numbers or single letters, or
            their names say left or right: set True where you know better.
        validation_fraction: share of each class's labelled examples that is kept back, where the strategy chooses
            something on them (``gan-augment``, ``linear-probe``, ``label-spreading``) and only there. A class with one
            keeps it for training.
        device: "auto", "cpu", "cuda", ...
        precision: "fp32", "bf16", or "auto" for bf16 where the device has instructions for it.
        threads: of torch while it fits and is used; where None as many as torch is set to, but no more than there are
            cores that this process may use.
        random_state: an int for the same numbers every time; None draws one.

    Attributes:
        classes_: (K,) the classes, sorted, without -1.
        n_features_in_: values an image, h·w·c, or a row.
        feature_names_in_: columns of a data frame, where ``X`` was one.
        encoding_: how ``X`` became images (`ganlift.estimators.images.Encoding`), or how its columns were standardised
            (`ganlift.data.columns.Columns`).
        network_: name and version of the frozen network with ``features``, else None.
        block_: slice of the columns of ``X`` that the model reads: those of one block with ``sgan@words``, else all.
        model_: the trained module, on the CPU: images in [-1, 1] (n, c, size, size), or vectors (n, d) of length √d, to
            logits (n, K).
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
        generator: str = "auto",
        classifier: Any = "auto",
        budget: int = 500,
        generator_budget: int | None = None,
        batch_size: int = 64,
        options: Mapping[str, Any] | None = None,
        generator_options: Mapping[str, Any] | None = None,
        features: str | None = None,
        blocks: Mapping[str, int] | None = None,
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
        self.features = features
        self.blocks = blocks
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
            X: images or rows in one of the forms of the class's docstring.
            y: (n,) classes; the number -1 marks an image without a label (in an array of dtype object where the
                classes are strings).
            unlabelled: further ones without labels, in any of the forms of ``X``.

        Raises:
            ValueError: something does not fit (a `ganlift.errors.InputError` where the package found it).
        """
        with as_value_errors(), with_threads(self.threads):
            rows = self.image_shape is None and are_rows(X)
            space = "vectors" if rows or self.features is not None else "pixels"
            entry, budget = asked_strategy(self, space), self._budget()
            options = build_options(entry, self.options or {}, space)
            classifier, flips = asked_classifier(self.classifier, space), asked_flips(self.flips)
            device, settings = machine(self.device, self.precision)
            network = asked_network(self.features, device)
            take = take_rows if rows else partial(take_in, size_of_files=network.size if network else None)
            given = take(self, X, y, unlabelled)
            seed = seed_of(self.random_state)
            split = self._split(given.examples, entry, seed)
            prepared, task = prepare(given, split, network, flips, entry.features or "")
            setup = Setup(
                task=task,
                budget=budget,
                rng=Rng(seed, entry.name, device),
                device=device,
                classifier=classifier,
                generator=entry.generator or self.generator,
                generator_options=dict(self.generator_options or {}),
                features=self.features or entry.features,
            )
            outcome, records = run_phases(entry.phases(setup, options), lambda phase: settings)
        self.classes_, self.seed_ = given.classes, seed
        self.encoding_, self.network_, self.block_ = prepared.encoding, prepared.network, prepared.block
        self.model_ = _at_rest(outcome.classifier)
        self.history_ = [line for record in records for line in record.trace]
        self.facts_ = outcome.facts
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """Probabilities (n, K), columns as in ``classes_``; each row sums to 1."""
        check_is_fitted(self)
        with as_value_errors(), with_threads(self.threads):
            device = pick_device(self.device)
            items = Prepared(self.encoding_, self.network_, self.block_).items(self, X, device)
            model = self.model_ if device.type == "cpu" else copy.deepcopy(self.model_).to(device)
            plain = to_float if items.ndim == 4 else first_view
            found = predict(model, torch.tensor(items, device=device), plain)
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

    def _budget(self) -> Budget:
        steps = whole(self.budget, "budget")
        own = steps if self.generator_budget is None else whole(self.generator_budget, "generator_budget")
        return Budget(steps, whole(self.batch_size, "batch_size", least=2), own)

    def _split(self, examples: Examples, entry: Strategy, seed: int) -> Split:
        """The labelled ones, those that validate where the strategy looks at any, the unlabelled."""
        fraction = check_scalar(
            self.validation_fraction, "validation_fraction", Real, min_val=0, max_val=1, include_boundaries="neither"
        )
        labels, held = examples.labels, np.zeros(len(examples), bool)
        what = "rows" if isinstance(examples, VectorSet) else "images"
        if entry.validates:
            held = hold_out(labels, examples.hashes, fraction, np.random.default_rng([seed, 1]))
            if not held.any():
                raise InputError(
                    f"Strategy '{entry.name}' chooses on validation {what}, and no class has two different labelled "
                    "ones to keep one back; give more labels or another strategy."
                )
        unlabelled = labels == UNLABELLED
        if entry.unlabelled == "required" and not unlabelled.any():
            raise InputError(
                f"Strategy '{entry.name}' needs unlabelled {what}; mark some with the label -1 or give unlabelled=."
            )
        unseen = unlabelled & ~np.isin(examples.hashes, examples.hashes[held])  # not what validates
        labelled, validation, rest, none = map(np.flatnonzero, (~unlabelled & ~held, held, unseen, []))
        return Split(seed, labelled, validation, rest, none)


def _at_rest(model: nn.Module) -> nn.Module:
    """``model`` as it is kept: on the CPU and in evaluation mode, so that it unpickles where there is no GPU."""
    set_dropout_rng(model, torch.Generator())
    return model.cpu().eval()
