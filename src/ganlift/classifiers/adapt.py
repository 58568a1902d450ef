"""Any torch module as a classifier: its last linear layer is the head, what comes before are the features."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn

from ganlift.errors import ConfigError
from ganlift.layers.dropout import Dropout


class AdaptedClassifier(nn.Module):
    """``body`` makes features (n, d), ``head`` logits (n, K).

    ``body`` is the module itself with its last linear layer taken out.
    """

    def __init__(self, body: nn.Module, head: nn.Module, feature_size: int) -> None:
        super().__init__()
        self.body = body
        self.head = head
        self.feature_size = feature_size

    def features(self, x: Tensor) -> Tensor:
        found: Tensor = self.body(x)
        return found

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.features(x))
        return logits


def adapted(module: nn.Module, channels: int, size: int, classes: int, name: str) -> nn.Module:
    """``module`` itself where it has ``features``, ``head`` and ``feature_size``; else the module, taken apart.

    Its dropout layers get one whose masks can be repeated.

    Args:
        module: images (n, channels, size, size) in [-1, 1] to logits (n, classes); used up.

    Raises:
        ConfigError: it does not take such images, makes something else, or its last linear layer is not its head.
    """
    replace_dropout(module)
    made = _try(module, channels, size, name)
    if made.shape != (2, classes):
        raise ConfigError(
            f"The classifier {name} makes {tuple(made.shape)} of 2 images and (2, {classes}) are needed: "
            "one logit a class."
        )
    if all(hasattr(module, part) for part in ("features", "head", "feature_size")):
        return module
    linear = [(path, layer) for path, layer in module.named_modules() if isinstance(layer, nn.Linear)]
    if linear:
        path, head = linear[-1]
        whole = AdaptedClassifier(_without(module, path), head, head.in_features)
        if path and torch.allclose(_try(whole, channels, size, name), made, atol=1e-5):
            return whole
    raise ConfigError(
        f"The classifier {name} does not end in a linear layer of its own; give it features(x), head and feature_size, "
        "as in ganlift.classifiers.base.ClassifierModule."
    )


def replace_dropout(module: nn.Module) -> None:
    """Put the package's dropout, whose masks come from a generator that is kept, in place of torch's."""
    for parent in list(module.modules()):
        for name, child in parent.named_children():
            if isinstance(child, nn.Dropout):
                setattr(parent, name, Dropout(child.p))


def copies(module: nn.Module, name: str) -> Callable[[int, int, int, float], nn.Module]:
    """A builder from a module that is there: every arm starts from a copy of its weights."""

    def build(channels: int, size: int, classes: int, dropout: float) -> nn.Module:
        return adapted(copy.deepcopy(module), channels, size, classes, name)

    return build


def calls(factory: Callable[[int, int, int], nn.Module], name: str) -> Callable[[int, int, int, float], nn.Module]:
    """A builder from ``factory(channels, size, classes)``."""

    def build(channels: int, size: int, classes: int, dropout: float) -> nn.Module:
        made = factory(channels, size, classes)
        if not isinstance(made, nn.Module):
            raise ConfigError(
                f"{name}(channels, size, classes) must make a torch.nn.Module, not {type(made).__name__}."
            )
        return adapted(made, channels, size, classes, name)

    return build


def _without(module: nn.Module, path: str) -> nn.Module:
    """``module`` with the layer at ``path`` replaced by one that passes its input on."""
    parent_path, _, name = path.rpartition(".")
    setattr(module.get_submodule(parent_path), name, nn.Identity())
    return module


@torch.no_grad()
def _try(module: nn.Module, channels: int, size: int, name: str) -> Tensor:
    """What ``module`` makes of two images, in evaluation mode."""
    training = module.training
    module.eval()
    images = torch.linspace(-1, 1, 2 * channels * size * size).view(2, channels, size, size)
    try:
        made = module(images)
    except Exception as fault:
        raise ConfigError(
            f"The classifier {name} fails on images of {channels} × {size} × {size} ({type(fault).__name__}: {fault}); "
            "choose another --image-size or another classifier."
        ) from fault
    module.train(training)
    if not isinstance(made, Tensor):
        raise ConfigError(f"The classifier {name} must make a tensor of logits, not a {type(made).__name__}.")
    return made
