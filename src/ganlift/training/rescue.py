"""What is done about an alarm: nothing but to say so, going back to a healthy state with smaller steps, or stopping."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Literal

import torch

from ganlift.training.alarms import MENDABLE, Alarms, NonFiniteLossError, StoppedByAlarmError
from ganlift.training.phase import Phase

Policy = Literal["warn", "rollback", "stop"]

KEPT = 8
"""Healthy states that a phase keeps on its way, one after the other; the first is its beginning."""

MOST = 3
"""Times that a phase is rolled back. Afterwards alarms are said and nothing more, and what is not finite stops it."""

SMALLER = 0.5


class Rescue:
    """The last healthy state of ``phase``, and what to do when it is no longer healthy.

    Attributes:
        factor: of the learning rates, after so many times back.
    """

    def __init__(self, phase: Phase, alarms: Alarms, policy: Policy) -> None:
        self._phase, self._alarms, self._policy = phase, alarms, policy
        self._healthy: tuple[int, dict[str, Any]] | None = None
        self._times = 0
        self._every = max(1, -(-phase.steps // KEPT))

    @property
    def factor(self) -> float:
        return float(SMALLER**self._times)

    def keep(self, step: int) -> None:
        """Remember the state before ``step`` where it is time to, and no alarm stands."""
        if self._policy == "rollback" and step % self._every == 0 and not self._alarms.standing:
            self._healthy = (step, copy.deepcopy(self._phase.state_dict()))

    def step_after(self, step: int) -> int:
        """Where to go on: at ``step``, or, since an alarm stands that smaller steps may prevent, further back.

        Raises:
            StoppedByAlarmError: an alarm stands and the policy is to stop.
        """
        if self._policy == "stop" and self._alarms.standing:
            raise StoppedByAlarmError(self._alarms.raised[-1]["message"])
        mendable = any(name in MENDABLE for name in self._alarms.standing)
        return self._back(step) if mendable and self._can() else step

    def step_after_fault(self, step: int, fault: NonFiniteLossError) -> int:
        """Where to go on after ``fault`` at ``step``; it is raised again where there is no going back."""
        if not self._can():
            raise fault
        self._alarms.sound(self._phase.name, step, "not-finite", str(fault))
        return self._back(step)

    def _can(self) -> bool:
        return self._policy == "rollback" and self._healthy is not None and self._times < MOST

    def _back(self, step: int) -> int:
        assert self._healthy is not None
        healthy, state = self._healthy
        with torch.no_grad():
            self._phase.load_state_dict(copy.deepcopy(state))
        self._times += 1
        message = f"back to step {healthy}, learning rates times {self.factor:g}"
        self._alarms.sound(self._phase.name, step, f"rolled-back-{self._times}", message)
        self._alarms.rolled_back()
        return healthy

    def state_dict(self) -> dict[str, Any]:
        return {"healthy": self._healthy, "times": self._times}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        healthy = state["healthy"]
        self._healthy, self._times = (healthy[0], healthy[1]) if healthy else None, state["times"]
