"""What goes wrong in the training of a GAN, noticed while it happens; docs/generators.md has the same thresholds."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ganlift.errors import TrainingFailedError

SATURATED, LEARNT, PATIENCE = 8.0, 0.15, 5
"""Logits between real and generated images, or else the discriminator's loss, over so many log lines: it tells every
fake. A hinge leaves margins where they are once it is 0, so that they need not come far apart."""

VANISHING, EXPLODING = 1e-7, 1e3
"""Norms of the generator's gradient."""


@dataclass(frozen=True)
class Rule:
    """An alarm that a figure of `ganlift.measures.symptoms` raises, and how it is said."""

    alarm: str
    figure: str
    is_bad: Callable[[float], bool]
    message: str


RULES = (
    Rule("collapse", "alike", lambda share: share > 0.15, "{:.0%} of the samples have another one like them: collapse"),
    Rule("collapse", "variety", lambda share: share < 0.2, "samples vary {:.0%} as much as real images: collapse"),
    Rule("noise", "precision", lambda share: share < 0.02, "{:.1%} of the samples look like any real image"),
    Rule("noise", "rough", lambda ratio: ratio > 3.0, "pixels differ from their neighbours {:.1f} times real ones"),
    Rule("copies", "copies", lambda share: share > 0.3, "{:.0%} of the samples are nearly training images: memorised"),
    Rule(
        "augmentation-leaks",
        "grey",
        lambda share: share > 0.25,
        "{:.0%} more samples than real images have grey squares or edges, as cutout and shifts leave",
    ),
)
"""Each sounds where two looks in succession find it: a young generator passes through what lasts in a failed one."""

MENDABLE = ("not-finite", "d-saturated", "g-vanishing", "g-exploding", "collapse", "noise")
"""Alarms that smaller steps from an earlier state may prevent; the others come from the data or the settings."""


class NonFiniteLossError(TrainingFailedError):
    """A loss or a gradient is NaN or infinite; no such weight is ever saved."""


class StoppedByAlarmError(TrainingFailedError):
    """An alarm, where the policy is to stop."""


@dataclass
class Alarms:
    """Watches one phase. Each alarm is raised once, and once more after the phase was rolled back.

    Attributes:
        raised: every alarm, in order: ``phase``, ``step``, ``name``, ``message``.
        standing: the names of those raised since the beginning or the last `rolled_back`.
    """

    raised: list[dict[str, Any]] = field(default_factory=list)
    standing: list[str] = field(default_factory=list)
    _saturated: int = 0
    _suspected: list[str] = field(default_factory=list)

    def look(self, phase: str, step: int, metrics: Mapping[str, float], *, logits: bool = True) -> None:
        """A line of the trace: ``g_grad_norm``; where they are ``logits``, ``d_real``, ``d_fake`` and ``d_loss``."""
        if logits and "d_real" in metrics and "d_fake" in metrics:
            apart = metrics["d_real"] - metrics["d_fake"]
            told = apart > SATURATED or (apart > 0 and metrics.get("d_loss", math.inf) < LEARNT)
            self._saturated = self._saturated + 1 if told else 0
            if self._saturated >= PATIENCE:
                self.sound(phase, step, "d-saturated", f"the discriminator tells every fake ({apart:.1f} logits apart)")
        norm = metrics.get("g_grad_norm", 1.0)
        if norm < VANISHING:
            self.sound(phase, step, "g-vanishing", f"the generator's gradient has vanished (norm {norm:.1e})")
        if norm > EXPLODING or math.isnan(norm):
            self.sound(phase, step, "g-exploding", f"the generator's gradient is very large (norm {norm:.1e})")

    def look_at_samples(self, phase: str, step: int, figures: Mapping[str, float]) -> None:
        """Look at the figures of some samples, if any; nothing is said of what the look before did not find."""
        if not figures:
            return
        bad = [rule for rule in RULES if rule.figure in figures and rule.is_bad(figures[rule.figure])]
        for rule in bad:
            if rule.figure in self._suspected:
                self.sound(phase, step, rule.alarm, rule.message.format(figures[rule.figure]))
        self._suspected = [rule.figure for rule in bad]

    def sound(self, phase: str, step: int, name: str, message: str) -> None:
        """Raise ``name``, unless it stands already."""
        if name not in self.standing:
            self.standing.append(name)
            self.raised.append({"phase": phase, "step": step, "name": name, "message": message})

    def rolled_back(self) -> None:
        """Nothing stands any more."""
        self.standing, self._saturated, self._suspected = [], 0, []

    def state_dict(self) -> dict[str, Any]:
        lists = {"raised": list(self.raised), "standing": list(self.standing), "suspected": list(self._suspected)}
        return {**lists, "saturated": self._saturated}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.raised, self.standing = list(state["raised"]), list(state["standing"])
        self._suspected, self._saturated = list(state["suspected"]), state["saturated"]
