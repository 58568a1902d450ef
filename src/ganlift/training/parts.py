"""Networks that take a batch in parts, where a device can't hold what the gradients of a whole one need.

A network whose items know nothing of one another makes the same of a batch in parts as of a whole one, and its
gradients are sums over the parts. What a part leaves behind is dropped, and made again when gradients come back to it
(Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost"). So losses are still taken of whole batches, of
their means too, and players still move in turns: it is the same step, in less memory and more time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from ganlift.errors import TrainingFailedError
from ganlift.layers.dropout import drawing
from ganlift.layers.repeatable import Repeatable

TRIED = 4
"""Items by which it is tried whether a network's items know of one another."""

TOLERANCE = 1e-2
"""Of the largest value: kernels for other sizes round otherwise, and normalising by four items is not by two."""


class WholeBatchError(TrainingFailedError):
    """A network makes something else of a batch in parts: it normalises by the batch, or keeps what it met."""


@contextmanager
def in_parts(modules: Mapping[str, nn.Module], size: int | None) -> Iterator[None]:
    """While it lasts, gradients pass through ``modules`` (the ``body`` of one that has it) by ``size`` items at most.

    Args:
        size: None leaves all as it is.

    Raises:
        WholeBatchError: at its first batch, one of ``modules`` whose items know of one another.
    """
    with ExitStack() as undo:
        for name, module in modules.items():
            if size is None:
                break
            inner: nn.Module = getattr(module, "body", module)
            by_parts = partial(_by_parts, inner, inner.forward, name, size, [])
            vars(inner)["forward"] = by_parts  # what is called, copied and saved is still the module itself
            undo.callback(vars(inner).pop, "forward", None)
        yield


def _by_parts(module: nn.Module, whole: Any, name: str, size: int, tried: list[bool], x: Tensor, *more: Any) -> Any:
    """What ``whole``, the module's forward, makes of ``x`` (n, ...) and ``more``, of which tensors (n, ...) are cut."""
    if not torch.is_grad_enabled() or len(x) <= size:
        return whole(x, *more)
    if not tried:
        _try(module, whole, name, x, more)
        tried.append(True)
    made = []
    for start in range(0, len(x), size):
        part = _cut(x, more, slice(start, start + size))
        made.append(checkpoint(_Repeated(module, whole), *part, use_reentrant=False))
    return torch.cat(made) if isinstance(made[0], Tensor) else tuple(torch.cat(one) for one in zip(*made, strict=True))


def _cut(x: Tensor, more: tuple[Any, ...], rows: slice) -> list[Any]:
    others = [one[rows] if isinstance(one, Tensor) and one.ndim and len(one) == len(x) else one for one in more]
    return [x[rows], *others]


class _Repeated:
    """A part's forward, which draws anew what it drew at first when it is called again."""

    def __init__(self, module: nn.Module, whole: Any) -> None:
        self._whole = whole
        self._generators = list({id(one.rng): one.rng for one in drawing(module) if one.rng is not None}.values())
        self._states: list[Tensor] = []

    def __call__(self, *part: Any) -> Any:
        if not self._states:
            self._states = [generator.get_state() for generator in self._generators]
            return self._whole(*part)
        now = [generator.get_state() for generator in self._generators]
        try:
            self._set(self._states)
            return self._whole(*part)
        finally:
            self._set(now)

    def _set(self, states: list[Tensor]) -> None:
        for generator, state in zip(self._generators, states, strict=True):
            generator.set_state(state)


@torch.no_grad()
def _try(module: nn.Module, whole: Any, name: str, x: Tensor, more: tuple[Any, ...]) -> None:
    """Raise WholeBatchError unless a few items come out as their halves do, and leave nothing behind."""
    layers = [layer for layer in drawing(module) if layer.training and not isinstance(layer, Repeatable)]
    before = {key: value.clone() for key, value in module.state_dict().items()}
    some, half = min(TRIED, len(x)), min(TRIED, len(x)) // 2
    try:
        for layer in layers:
            layer.training = False
        with torch.autocast(x.device.type, enabled=False):
            runs = [whole(*_cut(x.float(), more, rows)) for rows in (slice(some), slice(half), slice(half, some))]
    except ValueError as fault:  # BatchNorm of a single value
        raise _whole_batch(name) from fault
    finally:
        for layer in layers:
            layer.training = True
    both, *apart = (run if isinstance(run, Tensor) else run[0] for run in runs)
    far = (both - torch.cat(apart)).abs().max() > TOLERANCE * both.abs().max()
    after = module.state_dict()
    if far or not all(torch.equal(value, after[key]) for key, value in before.items()):
        module.load_state_dict(before)
        raise _whole_batch(name)


def _whole_batch(name: str) -> WholeBatchError:
    return WholeBatchError(
        f"the network '{name}' can't take a batch in parts: it has layers that go by the whole of it"
    )
