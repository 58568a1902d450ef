"""From losses to steps: gradients of one optimiser's parameters only, checked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.optim import Optimizer

from ganlift.layers.memory_format import laid_as
from ganlift.training.alarms import NonFiniteLossError


class Update:
    """The loop's `ganlift.training.phase.Updater`.

    Differentiating by parameter list keeps the players apart: a generator's loss that runs through the
    discriminator leaves no gradient there, and nothing needs zeroing.
    """

    def __init__(self, optimizers: Mapping[str, Optimizer]) -> None:
        self._optimizers = optimizers
        self._parameters = {
            name: [p for group in optimizer.param_groups for p in group["params"]]
            for name, optimizer in optimizers.items()
        }
        self._losses: dict[str, Tensor] = {}
        self._present: dict[str, list[Tensor]] = {}

    def __call__(self, name: str, loss: Tensor) -> None:
        self.together({name: loss})

    def together(self, losses: Mapping[str, Tensor]) -> None:
        last = list(losses)[-1]
        gradients = {name: self._gradients(name, loss, retain=name != last) for name, loss in losses.items()}
        for name, grads in gradients.items():
            for parameter, grad in zip(self._parameters[name], grads, strict=True):
                parameter.grad = None if grad is None else laid_as(grad, parameter)
            self._optimizers[name].step()

    def _gradients(self, name: str, loss: Tensor, retain: bool) -> Sequence[Tensor | None]:
        if loss.device.type == "cpu" and not math.isfinite(value := loss.item()):
            raise NonFiniteLossError(f"the loss of '{name}' is {value}")
        grads = torch.autograd.grad(loss, self._parameters[name], retain_graph=retain, allow_unused=True)
        self._losses[name] = loss.detach()
        self._present[name] = [g for g in grads if g is not None]
        return grads

    def _norms(self) -> dict[str, Tensor]:
        """Those of the last gradients, taken when they are asked for: a step itself has no use for them."""
        return {
            name: torch.stack(torch._foreach_norm(present)).norm() for name, present in self._present.items() if present
        }

    def checked(self, metrics: Mapping[str, Tensor]) -> dict[str, float]:
        """``metrics`` as numbers, and the norm of the generator's gradient, where there is one.

        Raises:
            NonFiniteLossError: see `check`.
        """
        norms = self.check()
        values = {name: float(value) for name, value in metrics.items()}
        if "generator" in norms:
            values["g_grad_norm"] = float(norms["generator"])
        return values

    def check(self) -> dict[str, Tensor]:
        """The last gradient norms; raises `NonFiniteLossError` unless they and the losses are finite."""
        norms = self._norms()
        for kind, values in (("loss", self._losses), ("gradient", norms)):
            for name, value in values.items():
                if not torch.isfinite(value):
                    raise NonFiniteLossError(f"the {kind} of '{name}' is {value.item()}")
        return norms
