"""``package.module:factory``: a network of the user's own.

The factory takes nothing and returns a `torch.nn.Module` that makes (n, d) of images (n, 3, size, size). Attributes of
the module say what it wants: ``size``, pixels of each side (224 where it has none); ``mean`` and ``std``, three numbers
each on the scale from 0 to 1 (without them images come in [-1, 1]); ``version``, any words that change where features
do for a reason that lies neither in the weights nor in the factory's own file.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from ganlift.errors import ConfigError, GanliftError
from ganlift.factories import imported
from ganlift.features.networks.base import Network, first_line, normalised, settled, weights_version

SIZE = 224
BATCH = 16


def own_network(name: str, device: torch.device) -> Network:
    """The network of the factory that ``name`` names.

    Raises:
        ConfigError: there is no such factory, it fails, or what it returns is no network of that form.
    """
    factory = imported(name, "The network")
    try:
        module = factory()
    except GanliftError:
        raise
    except Exception as fault:  # whatever a stranger's code raises
        raise ConfigError(f"The factory {name} fails ({first_line(fault)}); it is called with nothing.") from fault
    if not isinstance(module, nn.Module):
        raise ConfigError(f"The factory {name} returns a {type(module).__name__}; a torch.nn.Module is expected.")
    module.eval().requires_grad_(False).to(device)
    size = getattr(module, "size", SIZE)
    if not isinstance(size, int) or size < 1:
        raise ConfigError(f"The network {name} wants images of size {size!r}; a whole number of pixels is expected.")
    mean, std = (_three(module, key, name).to(device) for key in ("mean", "std"))
    version = weights_version(module, _source(factory), str(getattr(module, "version", "")), str((mean, std)))
    about = f"a network of yours, {name}, images resized to {size} px"
    return settled(name, about, size, version, normalised(module, mean, std), BATCH, device)


def _three(module: nn.Module, key: str, name: str) -> Tensor:
    value = getattr(module, key, (0.5, 0.5, 0.5))
    try:
        return torch.as_tensor(value, dtype=torch.float32).reshape(3)
    except (TypeError, ValueError, RuntimeError):
        raise ConfigError(f"The network {name} has {value!r} as its {key}; three numbers are expected.") from None


def _source(factory: Callable[..., Any]) -> str:
    """The text of the factory's file: another one may make other features of the same weights."""
    try:
        return inspect.getsource(inspect.getmodule(factory) or factory)
    except (OSError, TypeError):
        return ""
