"""ganlift finds all three, and each does what it says."""

import torch
from ganlift_example_plugin.cutout import cutout

from ganlift.classifiers.base import classifiers
from ganlift.generators.base import ImageShape, generators
from ganlift.strategies.base import strategies
from ganlift.training.update import Update


def test_the_strategy_blanks_a_square_of_each_image() -> None:
    x = cutout(torch.ones(5, 1, 8, 8), 0.25, torch.Generator().manual_seed(0))
    assert (x == 0).sum(dim=(1, 2, 3)).tolist() == [4] * 5
    assert strategies.get("example-cutout").options().share == 0.25


def test_the_generator_comes_nearer_to_each_class_s_mean() -> None:
    entry, rng = generators.get("example-mean"), torch.Generator().manual_seed(0)
    model = entry.build(ImageShape(1, 8, 2), entry.options(), torch.device("cpu"))
    labels = torch.tensor([0, 1])
    real = torch.stack([torch.full((1, 8, 8), -0.5), torch.full((1, 8, 8), 0.5)])
    update = Update(dict(model.optimizers()))
    losses = [float(model.step(real, labels, rng, update)["g_loss"]) for _ in range(30)]
    assert losses[-1] < losses[0] / 2
    assert model.sample(2, labels, rng).shape == (2, 1, 8, 8)


def test_the_classifier_is_its_head_on_the_pixels() -> None:
    model = classifiers.get("example-linear").build(1, 8, 3, 0.0)
    x = torch.rand(4, 1, 8, 8)
    assert model.feature_size == 64
    assert torch.equal(model(x), model.head(model.features(x)))
