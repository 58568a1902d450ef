"""Membership inference attacks: scores of examples, higher where a model looks as if it was trained on them.

    loss           log p(y|x) − log(1 − p(y|x)) of the classifier: the order of its loss     Yeom et al. 2018
    discriminator  D(x), or D(x, y), of the generator's discriminator                        LOGAN, Hayes et al. 2019
    nearest        −min over m generated images of ‖x − G(z)‖                                GAN-Leaks, Chen et al. 2020

The second form of the loss (Carlini et al. 2022) keeps apart what rounds to a probability of 1. The nearest images are
sought by pixels, not through a classifier, which knows the members itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from ganlift.data.cache import has_features, load_features
from ganlift.data.decode import decode
from ganlift.data.decode_clips import decode_clips
from ganlift.data.types import Examples, ImageSet, VectorSet
from ganlift.errors import DamagedFileError, DataError
from ganlift.generators.base import generators
from ganlift.generators.trained import BATCH, JOINT
from ganlift.inference.facts import Inputs, Probabilities
from ganlift.inference.generator import KeptGenerator
from ganlift.inference.model import Model
from ganlift.inference.predict_rows import fitting_rows, of_block
from ganlift.inference.real_images import reading_of
from ganlift.inference.side import Side
from ganlift.inference.torch_model import read_head
from ganlift.measures.distances import nearest
from ganlift.measures.membership import Floats
from ganlift.runs import layout
from ganlift.training.checkpoint import Store
from ganlift.training.pixels import to_float, to_uint8
from ganlift.training.rng import Rng

Index = NDArray[np.int64]

SMALL = 32
"""Pixels a side that images are averaged to where they are larger, before distances are taken."""

_TINY = float(np.finfo(np.float32).tiny)
DISCRIMINATOR = "discriminator"


def by_loss(probabilities: Probabilities, labels: Index) -> Floats:
    """Scores (n,) of examples with ``labels`` (n,) that a classifier gives these ``probabilities`` (n, K)."""
    found = probabilities.astype(np.float64)
    rows = np.arange(len(labels))
    own = found[rows, labels].copy()
    found[rows, labels] = 0
    scores: Floats = np.log(np.maximum(own, _TINY)) - np.log(np.maximum(found.sum(1), _TINY))
    return scores


def own_probabilities(model: Model, examples: Examples, run: Path, index: Index) -> Probabilities:
    """What ``model``, the winner of ``run``, gives the ``examples`` of ``run`` at ``index``.

    Where the run has the features that it learned from, no image goes through their network again.

    Raises:
        DataError: a file can't be read any more.
    """
    label = model.facts.strategy.partition("@")[2]
    if model.facts.features and label and has_features(layout.cache_folder(run), label):
        features, _ = load_features(layout.cache_folder(run), label)
        head = read_head(layout.weights_file(layout.winner_folder(run)), model.facts, "cpu")
        return head(features[index, 0].astype(np.float32))
    return model.probabilities(own_inputs(model, examples, run, index))


def own_inputs(model: Model, examples: Examples, run: Path, index: Index) -> Inputs:
    """The examples of ``run`` at ``index`` as its classifier takes them: photographs at its network's size.

    Raises:
        DataError: a file can't be read any more.
    """
    if isinstance(examples, VectorSet):
        rows = of_block(model, examples).vectors
        return fitting_rows(model, rows, examples.source)[index]
    assert isinstance(examples, ImageSet)
    if model.facts.features is None or examples.paths is None:
        return examples.batch(index)
    paths = [Path(path) for path in examples.paths[index]]
    read = (decode_clips if model.facts.frames else decode)(paths, reading_of(model.facts, run))
    if len(read.pixels) != len(paths):
        raise DataError(f"{len(paths) - len(read.pixels)} files of {examples.source} can't be read any more.")
    return np.moveaxis(read.pixels, -1, -3).copy()


def why_no_discriminator(kept: KeptGenerator, run: Path) -> str:
    """Why the run holds no discriminator of this generator, in words; "" where it does."""
    facts = kept.trained.facts
    if facts.generator == JOINT:
        return "it was trained beside a classifier that judged it, and a run keeps no discriminator of such arms"
    entry = generators.get(facts.generator)
    if DISCRIMINATOR not in entry.build(facts.shape, entry.options.model_validate(facts.options), _CPU).modules():
        return "it was trained without one"
    return "" if _checkpoint(run, kept.key) else "its last checkpoint, which holds it, is not there or is damaged"


def by_discriminator(kept: KeptGenerator, run: Path, sides: Sequence[Side[Examples]], rng: Rng) -> list[Floats]:
    """Scores of each of ``sides`` under the discriminator in the generator's last checkpoint.

    A condition is a class and a fold (`strategies.generation`): the score is the mean over a class's folds. All sides
    go through in one random order, because some discriminators look at the images of a batch together.
    """
    facts = kept.trained.facts
    entry = generators.get(facts.generator)
    options = entry.options.model_validate(facts.options)
    judge = entry.build(facts.shape, options, rng.device).modules()[DISCRIMINATOR]
    judge.load_state_dict(_checkpoint(run, kept.key)[DISCRIMINATOR])
    judge.eval()
    pixels = np.concatenate([_pixels(side) for side in sides])
    labels = torch.from_numpy(np.concatenate([side.labels for side in sides]))
    order = torch.from_numpy(np.random.default_rng(rng.derive("order")).permutation(len(pixels)))
    scores = torch.empty(len(pixels), dtype=torch.float64)
    with torch.inference_mode():
        for rows in torch.split(order, BATCH):
            images = to_float(torch.from_numpy(pixels[rows.numpy()]).to(rng.device))
            folds = [_conditions(facts.classes, labels[rows], facts.folds, fold) for fold in range(facts.folds)]
            found = [judge(images, conditions.to(rng.device)).double().cpu() for conditions in folds]
            scores[rows] = torch.stack(found).mean(0)
    parts = torch.split(scores, [len(side.index) for side in sides])
    return [part.numpy() for part in parts]


def by_nearest(kept: KeptGenerator, sides: Sequence[Side[Examples]], count: int, rng: Rng) -> list[Floats]:
    """Scores of each of ``sides`` by the nearest of ``count`` generated images, of the classes of the first side."""
    drawn = np.random.default_rng(rng.derive("classes")).choice(sides[0].labels, count)
    labels = torch.from_numpy(drawn).to(rng.device) if kept.class_names else None
    noise = rng.generator(f"images of {kept.key}")
    real = [_small(to_float(torch.from_numpy(_pixels(side)))) for side in sides]
    least = [torch.full((len(one),), torch.inf, dtype=torch.float64) for one in real]
    for rows in torch.split(torch.arange(count), BATCH):
        made = kept.trained.sample(None if labels is None else labels[rows], len(rows), noise)
        generated = _small(to_float(to_uint8(made).cpu()))
        least = [torch.minimum(best, nearest(one, generated)) for best, one in zip(least, real, strict=True)]
    return [-one.numpy() for one in least]


_CPU = torch.device("cpu")


def _conditions(classes: int, labels: Tensor, folds: int, fold: int) -> Tensor:
    """The condition of each label (n,) in ``fold``; -1, which is "unknown", without classes."""
    return torch.where(labels >= 0, labels * folds + fold, -1) if classes else torch.full_like(labels, -1)


def _checkpoint(run: Path, key: str) -> dict[str, dict[str, Tensor]]:
    """Weights by module as of the generator's last step; empty where there is no whole checkpoint."""
    try:
        found = Store(layout.generator_folder(run, key) / "checkpoints", "generator").load()
    except DamagedFileError:
        return {}
    modules: dict[str, dict[str, Tensor]] = found[1]["phase"]["modules"] if found else {}
    return modules if DISCRIMINATOR in modules else {}


def _pixels(side: Side[Examples]) -> NDArray[np.uint8]:
    assert isinstance(side.examples, ImageSet)
    return side.examples.batch(side.index)


def _small(images: Tensor) -> Tensor:
    """Vectors (n, d) of images (n, c, h, w), which are averaged to `SMALL` pixels a side where they are larger."""
    return (F.adaptive_avg_pool2d(images, SMALL) if images.shape[-1] > SMALL else images).flatten(1)
