"""Every registered generator, in each of its spaces: shapes, seeds, steps, gradients, samples, no global draw."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from ganlift.errors import ConfigError
from ganlift.generators.base import GenerativeModel, ImageShape, Shape, Update, VectorShape, generators, resolve
from ganlift.layers.lengths import to_length

NAMES = [name for name, entry in generators if "pixels" in entry.spaces]
SHAPES: dict[str, list[Shape]] = {
    "pixels": [
        ImageShape(1, 28, 3),
        ImageShape(3, 32, 3),
        ImageShape(3, 64, 0),
        ImageShape(1, 28, 0),
        ImageShape(1, 8, 2),
    ],
    "vectors": [VectorShape(24, 3, True), VectorShape(16, 2, False), VectorShape(24, 0, True)],
}
CASES = [
    pytest.param(name, SHAPES[space][0], id=f"{name}-{space}") for name, entry in generators for space in entry.spaces
]
"""Each generator with three classes, in each of its spaces."""


def build(name: str, shape: Shape, seed: int = 0) -> GenerativeModel:
    entry = generators.get(name)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return entry.build(
            shape, entry.options(**({"width": 8} if "width" in entry.options.model_fields else {})), torch.device("cpu")
        )


def updater(model: GenerativeModel) -> Update:
    def update(name: str, loss: Tensor) -> None:
        optimizer = model.optimizers()[name]
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        for p, grad in zip(parameters, torch.autograd.grad(loss, parameters, allow_unused=True), strict=True):
            p.grad = grad
        optimizer.step()

    return update


def item(shape: Shape) -> tuple[int, ...]:
    return (shape.channels, shape.size, shape.size) if isinstance(shape, ImageShape) else (shape.width,)


def are_of(shape: Shape, made: Tensor) -> bool:
    """Whether all values are such as the shape's items have."""
    if isinstance(shape, ImageShape):
        return bool(-1 <= made.min() < made.max() <= 1)
    whole = torch.allclose(made.square().mean(1), torch.ones(len(made)), atol=1e-4)
    return whole and (made.min() >= 0) == shape.positive


def batch(shape: Shape, n: int = 8, unknown: int = 2) -> tuple[Tensor, Tensor]:
    x = torch.rand(n, *item(shape), generator=torch.Generator().manual_seed(5)) * 2 - 1
    x = x if isinstance(shape, ImageShape) else to_length(x.abs() if shape.positive else x)
    y = torch.arange(n) % shape.classes if shape.classes else torch.full((n,), -1)
    y[:unknown] = -1
    return x, y


def is_gan(model: GenerativeModel) -> bool:
    return "discriminator" in model.modules()


def train(model: GenerativeModel, steps: int, seed: int = 1) -> list[dict[str, Tensor]]:
    rng, update = torch.Generator().manual_seed(seed), updater(model)
    return [model.step(*batch(model.shape), rng, update) for _ in range(steps)]


def labels_of(shape: Shape, n: int) -> Tensor | None:
    return torch.arange(n) % shape.classes if shape.classes else None


def test_those_the_documentation_names_are_there() -> None:
    assert {"dcgan", "sngan", "wgan-gp", "r3gan", "biggan"} <= set(NAMES)


@pytest.mark.parametrize(
    ("name", "shape"),
    [(name, shape) for name, entry in generators for space in entry.spaces for shape in SHAPES[space]],
)
def test_steps_and_samples(name: str, shape: Shape) -> None:
    model = build(name, shape)
    assert model.shape == shape
    before = torch.random.get_rng_state()
    for metrics in train(model, 3):
        assert not is_gan(model) or {"d_loss", "g_loss", "d_real", "d_fake"} <= set(metrics)
        assert all(v.ndim == 0 and torch.isfinite(v) and not v.requires_grad for v in metrics.values())
    images = model.sample(5, labels_of(shape, 5), torch.Generator().manual_seed(2))
    assert images.shape == (5, *item(shape))
    assert images.dtype == torch.float32
    assert not images.requires_grad
    assert are_of(shape, images)
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize(("name", "shape"), CASES)
@pytest.mark.parametrize("classes", [0, 3])
def test_equal_seeds_give_equal_weights_and_samples(name: str, shape: Shape, classes: int) -> None:
    shape = replace(shape, classes=classes)
    samples = []
    for seed in (1, 1, 2):
        model = build(name, shape)
        train(model, 2, seed)
        drawing = 7 if is_gan(model) else seed  # a step without noise leaves the same weights
        samples.append(model.sample(4, labels_of(shape, 4), torch.Generator().manual_seed(drawing)))
    assert torch.equal(samples[0], samples[1])
    assert not torch.equal(samples[0], samples[2])


@pytest.mark.parametrize(("name", "shape"), CASES)
def test_every_weight_is_owned_by_one_player_and_learns(name: str, shape: Shape) -> None:
    model = build(name, shape)
    modules = model.modules()
    owned = [p for o in model.optimizers().values() for group in o.param_groups for p in group["params"]]
    assert sorted(map(id, owned)) == sorted(id(p) for module in modules.values() for p in module.parameters())
    before = copy.deepcopy({key: module.state_dict() for key, module in modules.items()})
    rng, update = torch.Generator().manual_seed(1), updater(model)
    x, y = batch(model.shape)
    for _ in range(3):  # two of Adam's first steps may cancel
        # scores beyond the hinge's margin: within it a bias gets -1 from the reals and +1 from the fakes
        model.step(100 * x, y, rng, update)
    for key, module in modules.items():
        for weight_name, weight in module.named_parameters():
            assert weight.grad is not None, f"{key}.{weight_name}"
            assert weight.grad.abs().sum() > 0, f"{key}.{weight_name}"
            assert not torch.equal(weight, before[key][weight_name]), f"{key}.{weight_name}"


@pytest.mark.parametrize(("name", "shape"), CASES)
def test_the_state_goes_round_and_training_continues_alike(name: str, shape: Shape) -> None:
    model, other = build(name, shape), build(name, shape, seed=9)
    train(model, 2)
    for key, module in model.modules().items():
        other.modules()[key].load_state_dict(module.state_dict())
    for key, optimizer in model.optimizers().items():
        other.optimizers()[key].load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for continued in (False, True):
        if continued:
            train(model, 2, seed=3)
            train(other, 2, seed=3)
        first, second = (m.sample(4, labels_of(shape, 4), torch.Generator().manual_seed(7)) for m in (model, other))
        assert torch.equal(first, second)


@pytest.mark.parametrize(("name", "shape"), CASES)
def test_sampling_changes_nothing_and_takes_a_stand_in(name: str, shape: Shape) -> None:
    model = build(name, shape)
    train(model, 1)
    generator = model.modules()["generator"].train()
    before = copy.deepcopy(generator.state_dict())
    stand_in = copy.deepcopy(generator)
    with torch.no_grad():
        for value in stand_in.state_dict().values():  # buffers too: some have nothing else
            value.copy_(value * 0.5)
    labels = labels_of(model.shape, 6)
    own = model.sample(6, labels, torch.Generator().manual_seed(0))
    others = model.sample(6, labels, torch.Generator().manual_seed(0), module=stand_in)
    assert not torch.equal(own, others)
    assert generator.training
    assert all(torch.equal(value, before[key]) for key, value in generator.state_dict().items())
    # evaluation mode: an image does not depend on its batch
    alone = model.sample(1, labels[:1], torch.Generator().manual_seed(4))  # type: ignore[index]
    assert torch.equal(alone, model.sample(1, labels[:1], torch.Generator().manual_seed(4)))  # type: ignore[index]


@pytest.mark.parametrize(("name", "shape"), CASES)
def test_classes_differ_and_absent_labels_are_drawn(name: str, shape: Shape) -> None:
    model = build(name, shape)
    train(model, 3)
    first, second = (model.sample(4, torch.full((4,), k), torch.Generator().manual_seed(0)) for k in (0, 1))
    assert not torch.allclose(first, second, atol=1e-4)
    assert model.sample(7, None, torch.Generator().manual_seed(0)).shape == (7, *item(shape))
    with pytest.raises(ValueError, match="labels"):
        model.sample(4, torch.zeros(3, dtype=torch.int64), torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [4, 30, 27])
def test_sizes_that_cannot_be_made_are_refused_with_ones_that_can(name: str, size: int) -> None:
    with pytest.raises(ConfigError, match="set the image size to"):
        build(name, ImageShape(1, size, 3))


def test_a_generator_of_another_space_is_refused_with_those_that_go() -> None:
    with pytest.raises(ConfigError, match="'sngan' makes images, not features; choose one of autoencoder, flow, gaus"):
        resolve("sngan", "vectors")
    with pytest.raises(ConfigError, match=r"'wgan' makes features, not images; choose one of .*sngan"):
        resolve("wgan", "pixels")
    assert resolve("auto", "pixels").name == "sngan"
    assert "vectors" in resolve("auto", "vectors").spaces


@pytest.mark.parametrize("name", generators.names())
def test_options_are_described_and_strict(name: str) -> None:
    options = generators.get(name).options
    assert all(field.description for field in options.model_fields.values())
    with pytest.raises(ValidationError):
        options(no_such_option=1)


@pytest.mark.parametrize("name", NAMES)
def test_a_discriminator_learns_which_is_which_and_the_generator_follows(name: str) -> None:
    # all real images are bright; the first samples are grey
    model = build(name, ImageShape(1, 28, 2))
    rng, update = torch.Generator().manual_seed(1), updater(model)
    real, labels = torch.full((16, 1, 28, 28), 0.9), torch.arange(16) % 2

    def brightness() -> float:
        return model.sample(32, None, torch.Generator().manual_seed(0)).mean().item()

    before = brightness()
    first = [model.step(real, labels, rng, update) for _ in range(15)]
    # at some time: a quick generator has caught up by the end
    assert not is_gan(model) or max(metrics["d_real"] - metrics["d_fake"] for metrics in first) > 0.1
    for _ in range(30):
        model.step(real, labels, rng, update)
    assert brightness() > before + 0.03
