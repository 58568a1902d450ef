"""Batches in parts: the same gradients from less memory, or a refusal."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganlift.generators.base import ImageShape, generators
from ganlift.layers.dropout import Dropout, set_dropout_rng
from ganlift.training.parts import WholeBatchError, in_parts

CPU = torch.device("cpu")


def network(*more: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    inner = [nn.Conv2d(1, 8, 3, padding=1), *more, nn.GELU(), nn.GroupNorm(2, 8)]
    return nn.Sequential(*inner, nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(32, 3)).train()


@pytest.fixture
def images() -> Tensor:
    digits = pytest.importorskip("sklearn.datasets").load_digits().images[:13]
    return torch.from_numpy(digits).float()[:, None] / 8 - 1


def gradients(module: nn.Module, loss: Callable[[nn.Module], Tensor]) -> list[Tensor]:
    return list(torch.autograd.grad(loss(module), list(module.parameters()), allow_unused=False))


@pytest.mark.parametrize("size", [1, 5, 12])
def test_gradients_are_those_of_the_whole_batch(images: Tensor, size: int) -> None:
    """Of cross-entropy, and of the distance of batch means that no sum over parts could give."""
    module = network()

    def loss(net: nn.Module) -> Tensor:
        made = net(images)
        return F.cross_entropy(made, torch.arange(13) % 3) + (made[:6].mean(0) - made[6:].mean(0)).square().sum()

    whole = gradients(module, loss)
    with in_parts({"classifier": module}, size):
        parted = gradients(module, loss)
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(whole, parted, strict=True))
    assert "forward" not in vars(module)


def test_less_is_held(images: Tensor) -> None:
    """What autograd keeps of 13 items in parts of 2 is less than a fifth of what it keeps of them at once."""

    def held(size: int | None) -> int:
        kept: dict[int, int] = {}

        def pack(x: Tensor) -> Tensor:
            kept[x.untyped_storage().data_ptr()] = x.untyped_storage().nbytes()
            return x

        module = network()
        own = {one.untyped_storage().data_ptr() for one in [images, *module.parameters()]}
        with in_parts({"classifier": module}, size), torch.autograd.graph.saved_tensors_hooks(pack, lambda x: x):
            made = module(images)
        assert made.requires_grad
        return sum(size for place, size in kept.items() if place not in own)

    assert held(2) < held(None) / 5


def test_what_was_drawn_is_drawn_again_when_gradients_come_back(images: Tensor) -> None:
    """A weight that only multiplies what dropout left has the masks themselves in its gradient."""

    class Masked(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight, self.drop = nn.Parameter(torch.ones(64)), Dropout(0.5)
            self.seen: list[Tensor] = []

        def forward(self, x: Tensor) -> Tensor:
            left = self.drop(torch.ones_like(x.flatten(1)))
            self.seen.append(left)
            return self.weight * left

    module, rng = Masked().train(), torch.Generator().manual_seed(1)
    set_dropout_rng(module, rng)
    with in_parts({"classifier": module}, 4):
        made = module(images)
        drawn, after = torch.cat(module.seen[-4:]), rng.get_state()
        (found,) = torch.autograd.grad(made.sum(), [module.weight])
    assert torch.equal(found, drawn.sum(0))
    assert torch.equal(rng.get_state(), after)


@pytest.mark.parametrize("layer", [nn.BatchNorm2d(8), nn.utils.parametrizations.spectral_norm(nn.Conv2d(8, 8, 1))])
def test_a_network_that_goes_by_the_whole_batch_is_refused_as_it_was(images: Tensor, layer: nn.Module) -> None:
    module = network(layer)
    before = {key: value.clone() for key, value in module.state_dict().items()}
    with (
        in_parts({"classifier": module}, 4),
        pytest.raises(WholeBatchError, match="'classifier' can't take a batch in parts"),
    ):
        module(images)
    assert all(torch.equal(value, before[key]) for key, value in module.state_dict().items())


def test_gradients_of_gradients_pass_through_parts(images: Tensor) -> None:
    """R1's penalty of the one discriminator here without normalisation, on features and labels side by side."""
    entry = generators.get("r3gan")
    model = entry.build(ImageShape(channels=1, size=8, classes=3), entry.options(), CPU)
    judge, labels = model.modules()["discriminator"].train(), torch.arange(13) % 3

    def loss(net: nn.Module) -> Tensor:
        x = images.clone().requires_grad_()
        scores = net(x, labels)
        (slope,) = torch.autograd.grad(scores.sum(), [x], create_graph=True)
        return F.softplus(-scores).mean() + slope.square().flatten(1).sum(1).mean()

    whole = gradients(judge, loss)
    with in_parts({"discriminator": judge}, 5):
        parted = gradients(judge, loss)
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(whole, parted, strict=True))
    assert any(float(one.abs().max()) > 1e-3 for one in whole)
