"""Alarms: what raises which, how often; and what is done about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from ganlift.data.types import Task
from ganlift.errors import Interrupted
from ganlift.strategies.base import strategies
from ganlift.strategies.generation import generator_stage
from ganlift.strategies.setup import Setup
from ganlift.training.alarms import MENDABLE, PATIENCE, RULES, Alarms, NonFiniteLossError, StoppedByAlarmError
from ganlift.training.fit import LOOKS, Record, Settings, fit
from ganlift.training.phase import Budget, Phase
from ganlift.training.precision import make_fabric
from ganlift.training.rescue import KEPT, MOST
from ganlift.training.rng import Rng

CPU = torch.device("cpu")
FABRIC = make_fabric(CPU, "fp32")
HEALTHY = {"alike": 0.0, "variety": 0.9, "precision": 0.5, "rough": 1.0, "copies": 0.0, "grey": 0.0}


def new_phase(task: Task, steps: int = 100) -> Phase:
    setup = Setup(task, Budget(steps, 4), Rng(1, "real-only", CPU), CPU)
    return next(strategies.get("real-only").phases(setup, strategies.get("real-only").options()))


def weights(phase: Phase) -> Tensor:
    return torch.cat([p.detach().flatten() for p in phase.modules["classifier"].parameters()])


def test_an_alarm_of_the_trace_is_raised_once() -> None:
    alarms = Alarms()
    for step in range(PATIENCE + 3):
        alarms.look("gan", step, {"d_real": 9.0, "d_fake": -9.0, "g_grad_norm": 1e-9})
    assert [(alarm["name"], alarm["step"]) for alarm in alarms.raised] == [
        ("g-vanishing", 0),
        ("d-saturated", PATIENCE - 1),
    ]


def test_a_discriminator_whose_hinge_has_nothing_left_is_saturated() -> None:
    """Its margins stay where they are, far below what logits come to."""
    won, ahead = ({"d_real": 3.0, "d_fake": -1.5, "d_loss": loss} for loss in (0.05, 0.3))
    alarms = Alarms()
    for step, line in enumerate([won] * (PATIENCE - 1) + [ahead] + [won] * PATIENCE):
        alarms.look("gan", step, line)
    assert [(alarm["name"], alarm["step"]) for alarm in alarms.raised] == [("d-saturated", 2 * PATIENCE - 1)]


def test_scores_without_a_scale_are_not_taken_for_logits(task: Task) -> None:
    """A critic's scores may be any distance apart; which generator has such is said where it is registered."""
    alarms = Alarms()
    for step in range(2 * PATIENCE):
        alarms.look("gan", step, {"d_real": 90.0, "d_fake": -90.0}, logits=False)
    assert alarms.raised == []
    setup = Setup(task, Budget(2, 8, 2), Rng(0, "gan-augment", torch.device("cpu")), torch.device("cpu"))
    for name, logits in {"wgan-gp": False, "sngan": True, "dcgan": True}.items():
        assert generator_stage(replace(setup, generator=name)).phase.logits == logits


@pytest.mark.parametrize(
    ("figure", "value", "name"),
    [
        ("alike", 0.2, "collapse"),
        ("variety", 0.1, "collapse"),
        ("precision", 0.01, "noise"),
        ("rough", 3.5, "noise"),
        ("copies", 0.4, "copies"),
        ("grey", 0.3, "augmentation-leaks"),
    ],
)
def test_an_alarm_of_the_samples_needs_two_looks_in_succession(figure: str, value: float, name: str) -> None:
    alarms, bad = Alarms(), {**HEALTHY, figure: value}
    for step, figures in enumerate([bad, HEALTHY, bad]):
        alarms.look_at_samples("gan", step, figures)
    assert alarms.raised == []
    alarms.look_at_samples("gan", 3, bad)
    assert [(alarm["name"], alarm["step"]) for alarm in alarms.raised] == [(name, 3)]
    again = Alarms()
    again.load_state_dict(alarms.state_dict())
    again.look_at_samples("gan", 4, bad)
    assert again.raised == alarms.raised


def test_every_alarm_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "generators.md").read_text(encoding="utf-8")
    for name in {rule.alarm for rule in RULES} | set(MENDABLE):
        assert f"`{name}`" in text


def failing(phase: Phase, *, until: float) -> Callable[[], Mapping[str, float]]:
    """A collapse for as long as the learning rate is higher than ``until``."""

    def watch() -> Mapping[str, float]:
        group = phase.optimizers["classifier"].param_groups[0]
        return {**HEALTHY, "alike": 1.0 if group["lr"] > until * group["initial_lr"] else 0.0}

    return watch


def run(phase: Phase, **settings: Any) -> Record:
    phase.schedule = None
    return fit(phase, Settings(FABRIC, **settings))


def test_warn_says_so_and_changes_nothing(task: Task) -> None:
    plain, watched = new_phase(task), new_phase(task)
    run(plain)
    watched.watch = failing(watched, until=0.0)
    record = run(watched, on_alarm="warn")
    assert torch.equal(weights(plain), weights(watched))
    assert [(alarm["name"], alarm["step"]) for alarm in record.alarms] == [("collapse", 55)]
    assert [line["step"] for line in record.trace if "alike" in line] == [round(100 * share) for share in LOOKS]


def test_rollback_goes_back_with_half_the_rate_and_ends_after_all_steps(task: Task) -> None:
    phase = new_phase(task)
    phase.watch = failing(phase, until=0.5)
    record = run(phase, on_alarm="rollback")
    kept = 55 // -(-100 // KEPT) * -(-100 // KEPT)  # the last multiple of an eighth of the steps
    assert [(alarm["name"], alarm["step"]) for alarm in record.alarms] == [("collapse", 55), ("rolled-back-1", 55)]
    assert record.alarms[1]["message"] == f"back to step {kept}, learning rates times 0.5"
    assert record.steps == 100
    assert record.seen == {"labelled": 400}
    steps = [line["step"] for line in record.trace]
    assert steps == sorted(set(steps))


def test_rollback_gives_up_after_some_times(task: Task) -> None:
    phase = new_phase(task)
    phase.watch = failing(phase, until=0.0)
    record = run(phase, on_alarm="rollback")
    names = [alarm["name"] for alarm in record.alarms]
    assert names.count("collapse") == MOST + 1
    assert [name for name in names if name.startswith("rolled")] == [f"rolled-back-{n + 1}" for n in range(MOST)]
    assert record.steps == 100


def test_a_rolled_back_phase_goes_on_where_it_was_stopped(task: Task, tmp_path: Path) -> None:
    unbroken = new_phase(task)
    unbroken.watch = failing(unbroken, until=0.5)
    run(unbroken, on_alarm="rollback")
    asked = iter(range(10**6))
    stopped = new_phase(task)
    stopped.watch = failing(stopped, until=0.5)
    with pytest.raises(Interrupted):  # some steps after it went back
        run(stopped, on_alarm="rollback", folder=tmp_path, should_stop=lambda: int(next(asked) == 62))
    resumed = new_phase(task)
    resumed.watch = failing(resumed, until=0.5)
    record = run(resumed, on_alarm="rollback", folder=tmp_path)
    assert torch.equal(weights(unbroken), weights(resumed))
    assert [alarm["name"] for alarm in record.alarms] == ["collapse", "rolled-back-1"]


def test_stop_stops_and_says_why(task: Task) -> None:
    phase = new_phase(task)
    phase.watch = failing(phase, until=0.0)
    with pytest.raises(StoppedByAlarmError, match="100% of the samples have another one like them"):
        run(phase, on_alarm="stop")


@pytest.mark.parametrize("policy", ["warn", "rollback"])
def test_what_is_not_finite_is_rolled_back_or_stops(task: Task, policy: Any) -> None:
    phase = new_phase(task)
    healthy, poisoned = phase.step, iter([True])

    def step(batch: Any, t: int, update: Any) -> Any:
        if t == 30 and next(poisoned, False):
            next(phase.modules["classifier"].parameters()).data.fill_(float("nan"))
        return healthy(batch, t, update)

    phase.step = step
    if policy == "warn":
        with pytest.raises(NonFiniteLossError, match="classifier"):
            run(phase, on_alarm=policy)
        return
    record = run(phase, on_alarm=policy)
    assert [alarm["name"] for alarm in record.alarms] == ["not-finite", "rolled-back-1"]
    assert torch.isfinite(weights(phase)).all()
