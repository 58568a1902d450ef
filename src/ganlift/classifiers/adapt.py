"""Any torch module as a classifier: its last linear layer is the head, what comes before are the features."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn

from ganlift.errors import ConfigError
from ganlift.layers.dropout import Dropout, set_dropout_rng
from ganlift.layers.repeatable import Repeatable, draws_in_training


class AdaptedClassifier(nn.Module):
    """``body`` makes features (n, d), ``head`` logits (n, K): dropout, and the linear layer that ``body`` ended in."""

    def __init__(self, body: nn.Module, last: nn.Linear, dropout: float) -> None:
        super().__init__()
        self.body = body
        self.head = nn.Sequential(Dropout(dropout), last)
        self.feature_size = last.in_features

    def features(self, x: Tensor) -> Tensor:
        found: Tensor = self.body(x)
        return found

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.features(x))
        return logits


def adapted(module: nn.Module, channels: int, size: int, classes: int, dropout: float, name: str) -> nn.Module:
    """``module`` itself where it has ``features``, ``head`` and ``feature_size``; else the module, taken apart.

    What it draws in training it draws so that it can be repeated: its dropout layers are replaced, and stochastic depth
    and the like are seeded.

    Args:
        module: images (n, channels, size, size) in [-1, 1] to logits (n, classes); used up.
        dropout: before the last layer, beside what the module has of its own; a module with its own head keeps it.

    Raises:
        ConfigError: it does not take such images, makes something else, or its last linear layer is not its head.
    """
    replace_dropout(module)
    images = torch.linspace(-1, 1, 2 * channels * size * size).view(2, channels, size, size)
    made = _try(module, images, name)
    if made.shape != (2, classes):
        raise ConfigError(
            f"The classifier {name} makes {tuple(made.shape)} of 2 images and (2, {classes}) are needed: "
            "one logit a class."
        )
    if all(hasattr(module, part) for part in ("features", "head", "feature_size")):
        if _draws(module, images, name):
            raise ConfigError(
                f"The classifier {name} draws random numbers of its own in training, which no run could repeat; "
                "let torch.nn.Dropout draw them, or leave out features, head and feature_size."
            )
        return module
    linear = [(path, layer) for path, layer in module.named_modules() if isinstance(layer, nn.Linear)]
    if linear and linear[-1][0]:
        path, last = linear[-1]
        whole = AdaptedClassifier(_without(module, path), last, dropout)
        if torch.allclose(_try(whole, images, name), made, atol=1e-5):
            whole.body = repeatable(whole.body, images, name)
            return whole
    raise ConfigError(
        f"The classifier {name} does not end in a linear layer of its own; give it features(x), head and feature_size, "
        "as in ganlift.classifiers.base.ClassifierModule."
    )


def repeatable(body: nn.Module, images: Tensor, name: str) -> nn.Module:
    """``body``, wrapped where it draws random numbers of its own in training."""
    return Repeatable(body) if _draws(body, images, name) else body


def replace_dropout(module: nn.Module) -> None:
    """Put the package's dropout, whose masks come from a generator that is kept, in place of torch's."""
    for parent in list(module.modules()):
        for name, child in parent.named_children():
            if isinstance(child, nn.Dropout):
                setattr(parent, name, Dropout(child.p))


def copies(module: nn.Module, name: str) -> Callable[[int, int, int, float], nn.Module]:
    """A builder from a module that is there: every arm starts from a copy of its weights."""

    def build(channels: int, size: int, classes: int, dropout: float) -> nn.Module:
        return adapted(copy.deepcopy(module).cpu(), channels, size, classes, dropout, name)

    return build


def calls(factory: Callable[[int, int, int], nn.Module], name: str) -> Callable[[int, int, int, float], nn.Module]:
    """A builder from ``factory(channels, size, classes)``."""

    def build(channels: int, size: int, classes: int, dropout: float) -> nn.Module:
        made = factory(channels, size, classes)
        if not isinstance(made, nn.Module):
            raise ConfigError(
                f"{name}(channels, size, classes) must make a torch.nn.Module, not {type(made).__name__}."
            )
        return adapted(made, channels, size, classes, dropout, name)

    return build


def _without(module: nn.Module, path: str) -> nn.Module:
    """``module`` with the layer at ``path`` replaced by one that passes its input on."""
    parent_path, _, name = path.rpartition(".")
    setattr(module.get_submodule(parent_path), name, nn.Identity())
    return module


def _draws(module: nn.Module, images: Tensor, name: str) -> bool:
    """Whether ``module`` in training moves torch's global generator; a copy is asked, whose statistics may move."""
    probe = copy.deepcopy(module).train()
    set_dropout_rng(probe, torch.Generator())
    try:
        return draws_in_training(probe, images)
    except Exception as fault:
        raise _fails(images, name, fault) from fault


@torch.no_grad()
def _try(module: nn.Module, images: Tensor, name: str) -> Tensor:
    """What ``module`` makes of ``images``, in evaluation mode."""
    training = module.training
    module.eval()
    try:
        made = module(images)
    except Exception as fault:
        raise _fails(images, name, fault) from fault
    module.train(training)
    if not isinstance(made, Tensor):
        raise ConfigError(f"The classifier {name} must make a tensor of logits, not a {type(made).__name__}.")
    return made


def _fails(images: Tensor, name: str, fault: Exception) -> ConfigError:
    _, channels, size, _ = images.shape
    return ConfigError(
        f"The classifier {name} fails on images of {channels} × {size} × {size} ({type(fault).__name__}: {fault}); "
        "choose another --image-size or another classifier."
    )
