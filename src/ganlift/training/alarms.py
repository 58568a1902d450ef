"""First diagnostics of a run: what goes wrong in GAN training, noticed while it happens."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field


class NonFiniteLossError(Exception):
    """A loss or a gradient is NaN or infinite; the arm stops and no such weight is ever saved."""


@dataclass
class Alarms:
    """Watches the logged metrics of one phase; each alarm is raised once.

    Watched: a discriminator that tells every fake (``d_real`` and ``d_fake`` more than ``margin`` logits
    apart over ``patience`` log lines), and a generator whose gradient has vanished or exploded
    (``g_grad_norm``).
    """

    margin: float = 8.0
    patience: int = 5
    vanishing: float = 1e-7
    exploding: float = 1e3
    raised: list[dict[str, str | int]] = field(default_factory=list)
    _saturated: int = 0

    def look(self, phase: str, step: int, metrics: Mapping[str, float]) -> None:
        if "d_real" in metrics and "d_fake" in metrics:
            apart = metrics["d_real"] - metrics["d_fake"]
            self._saturated = self._saturated + 1 if apart > self.margin else 0
            if self._saturated >= self.patience:
                self._raise(
                    phase, step, "d-saturated", f"the discriminator tells every fake ({apart:.1f} logits apart)"
                )
        norm = metrics.get("g_grad_norm", 1.0)
        if norm < self.vanishing:
            self._raise(phase, step, "g-vanishing", f"the generator's gradient has vanished (norm {norm:.1e})")
        if norm > self.exploding or math.isnan(norm):
            self._raise(phase, step, "g-exploding", f"the generator's gradient is very large (norm {norm:.1e})")

    def state_dict(self) -> dict[str, object]:
        return {"raised": [dict(alarm) for alarm in self.raised], "saturated": self._saturated}

    def load_state_dict(self, state: Mapping[str, object]) -> None:
        raised, saturated = state["raised"], state["saturated"]
        assert isinstance(raised, list)
        assert isinstance(saturated, int)
        self.raised, self._saturated = raised, saturated

    def _raise(self, phase: str, step: int, name: str, message: str) -> None:
        if all(alarm["name"] != name or alarm["phase"] != phase for alarm in self.raised):
            self.raised.append({"phase": phase, "step": step, "name": name, "message": message})
