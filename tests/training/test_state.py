"""Row 3: every item of the state that a checkpoint holds, left out once, makes another result.

The items are read from a checkpoint that a scenario left: each module, optimiser, stream, average, threshold and
generator of random numbers, each buffer of a module (ADA's probability, running means), and each figure of the alarms,
of the rescue and of the record. One that comes anew is tried without a word here. "Left out" is what a loop would find
that had not saved it: the value of a phase that has just begun.
"""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch

from ganlift.data.types import Task
from ganlift.errors import Interrupted
from ganlift.strategies import thresholds
from ganlift.strategies.base import run_phases, strategies
from ganlift.strategies.options import build_options
from ganlift.strategies.setup import Setup
from ganlift.training import fit as loop
from ganlift.training.alarms import TrainingFailedError
from ganlift.training.checkpoint import Checkpoints, Store
from ganlift.training.fit import Settings
from ganlift.training.phase import Budget, Phase
from ganlift.training.precision import make_fabric
from ganlift.training.rng import Rng

CPU = torch.device("cpu")
Item = tuple[str, ...]

NEEDLESS: dict[Item, str] = {
    ("record", "name"): "the phase says it",
    ("record", "counts"): "the phase says it",
    ("record", "steps"): "counted from the number of the step",
    ("record", "images_seen"): "counted from the number of the step",
    ("record", "seen"): "counted from the number of the step",
    ("record", "projected_s"): "of an estimate, which has no checkpoints",
    ("record", "peak_bytes"): "measured again, of the steps that are left",
    ("record", "alarms"): "taken from the alarms at the end",
}
"""Items that change nothing where they are left out, and why."""

UNUSED = ("num_batches_tracked",)
"""Buffers that nothing reads: a count of PyTorch's batch normalisation, whose averages have a fixed momentum here."""


def is_needless(item: Item) -> bool:
    return item in NEEDLESS or item[-1].rpartition(".")[2] in UNUSED


@dataclass(frozen=True)
class Scenario:
    """What runs, what goes wrong in it, and which items must be missed there.

    Attributes:
        stop: before which step, of those it takes in all, the phase is stopped.
        steps: how many steps it has.
        plant: changes the phase before it begins.
        items: the beginnings of items that it exercises.
    """

    strategy: str
    options: Mapping[str, Any] = field(default_factory=dict)
    setup: Mapping[str, Any] = field(default_factory=dict)
    phase: str = "classifier"
    stop: int = 5
    steps: int = 14
    policy: Any = "warn"
    plant: Callable[[Phase], None] = lambda phase: None
    items: tuple[str, ...] = ("step", "phase", "record")


def with_alarms(phase: Phase) -> None:
    """One alarm is raised before the stop, and would be again; two others are half-way to being raised then."""
    healthy, now = phase.step, [0]

    def step(batches: Any, t: int, update: Any) -> Any:
        now[0], found = t + 1, dict(healthy(batches, t, update))
        return {**found, "d_real": torch.tensor(10.0 if t >= 6 else 0.0), "d_fake": torch.tensor(0.0)}

    phase.step = step
    phase.watch = lambda: {"alike": 0.5 * (now[0] > 7), "precision": 0.5 * (now[0] == 10)}


def with_faults(phase: Phase) -> None:
    """A step makes weights that are no numbers, once before the stop and once after it."""
    healthy, (first, *_) = phase.step, phase.optimizers.values()
    whole = first.param_groups[0]["lr"]

    def step(batches: Any, t: int, update: Any) -> Any:
        share = first.param_groups[0]["lr"] / whole
        if (t == 5 and share == 1.0) or (t == 11 and share == 0.5):
            next(iter(phase.modules["generator"].parameters())).data.fill_(float("nan"))
        return healthy(batches, t, update)

    phase.schedule, phase.step = None, step


GENERATOR = {"phase": "generator", "strategy": "gan-augment"}
SCENARIOS = {
    "thresholds": Scenario("sgan-fixmatch", {"adaptive": True}, steps=7),
    "two averages": Scenario("sgan-mean-teacher", steps=7),
    "ada": Scenario(**GENERATOR, setup={"generator": "stylegan2-ada"}),
    "alarms": Scenario(**GENERATOR, stop=9, plant=with_alarms, items=("alarms",)),
    "rescue": Scenario(**GENERATOR, stop=13, plant=with_faults, policy="rollback", items=("rescue",)),
}


def result(task: Task, scenario: Scenario, folder: Path) -> Any:
    """Run the scenario, or go on with it: the states and the record that its last phase ends with, without seconds."""
    entry = strategies.get(scenario.strategy)
    budget = Budget(scenario.steps, 8, scenario.steps)
    setup = Setup(task, budget, Rng(3, scenario.strategy, CPU), CPU, **scenario.setup)
    settings = Settings(make_fabric(CPU, "fp32"), folder=folder, log_every=1, on_alarm=scenario.policy)
    found: dict[str, Any] = {}

    def settings_of(phase: Phase) -> Settings:
        if phase.name == scenario.phase:
            scenario.plant(phase)
            found["phase"] = phase
        return settings

    options = build_options(entry, dict(scenario.options), entry.space)
    _, records = run_phases(upto(entry.phases(setup, options), scenario.phase), settings_of)
    record = asdict(records[-1])
    record["trace"] = [{key: value for key, value in line.items() if "_s" not in key[-5:]} for line in record["trace"]]
    record["elapsed_s"] = record["elapsed_s"] > LONG
    record.pop("peak_bytes")
    return plain([found["phase"].state_dict(), record])


def upto(phases: Iterator[Phase], name: str) -> Any:
    """The phases as far as that of ``name``."""
    for phase in phases:
        yield phase
        if phase.name == name:
            return None


def plain(value: Any) -> Any:
    """``value`` so that two of them can be compared; NaN is equal to itself."""
    if isinstance(value, torch.Tensor):
        return (value.dtype, tuple(value.shape), value.numpy().tobytes())
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return repr(value)


LONG = 1e6
"""Seconds that the part before the stop is made to have taken."""


def items_of(state: Mapping[str, Any], phase: Phase) -> list[Item]:
    """Every item of a checkpoint's state, as the keys that lead to it; each buffer of a module once more by itself."""
    found: list[Item] = [("step",)]
    for part, inner in state.items():
        for key, value in inner.items():
            found += [(part, key, name) for name in value] if part == "phase" else [(part, key)]
    for name, module in phase.modules.items():
        own = dict(module.named_parameters())
        found += [("phase", "modules", name, key) for key in module.state_dict() if key not in own]
    return found


def without(state: dict[str, Any], item: Item, fresh: Mapping[str, Any]) -> None:
    """Make ``item`` what it is in ``fresh``; what has no place there is gone."""
    *way, last = item
    for key in way:
        state, fresh = state[key], fresh[key]
    if last in fresh:
        state[last] = fresh[last]
    else:
        state.pop(last)


def broken_off(task: Task, scenario: Scenario, folder: Path, patch: pytest.MonkeyPatch) -> list[Item]:
    """Run the scenario until it is stopped, and list the items of what that left.

    Not among them are constants, and randomness that nothing has drawn from since the phase was made.
    """
    begun: list[tuple[Phase, dict[str, Any]]] = []
    stopped = loop.fit

    def fit(phase: Phase, settings: Settings) -> Any:
        begun.append((phase, {"phase": copy.deepcopy(phase.state_dict())}))
        if phase.name != scenario.phase:
            return stopped(phase, settings)
        calls = iter(range(10**6))
        return stopped(phase, copy_of(settings, lambda: 130 if next(calls) == scenario.stop else 0))

    with patch.context() as patched:
        patched.setattr("ganlift.strategies.base.fit", fit)
        with pytest.raises(Interrupted):
            result(task, scenario, folder)
    found = Store(folder, scenario.phase).load()
    assert found is not None
    phase, fresh = begun[-1]
    items = items_of(found[1], phase)
    as_ever = {item for item in items if item[0] == "phase" and plain(at(found[1], item)) == plain(at(fresh, item))}
    assert all(item[1] == "rng" or len(item) > 3 for item in as_ever), as_ever
    return [item for item in items if item not in as_ever]


def at(state: Any, item: Item) -> Any:
    """The value at ``item``, and None where there is none."""
    for key in item:
        state = state.get(key) if state else None
    return state


def copy_of(settings: Settings, should_stop: Callable[[], int]) -> Settings:
    own = copy.copy(settings)
    own.should_stop = should_stop
    return own


def forgetful(item: Item | None, phase: str) -> Callable[[Checkpoints], int]:
    """`Checkpoints.restore`, but that ``item`` of the phase that was stopped is not restored."""
    whole = Checkpoints.restore

    def restore(self: Checkpoints) -> int:
        store = self._store
        if store is None or store.name != phase or (found := store.load()) is None:
            return whole(self)
        step, state = found
        fresh = {name: copy.deepcopy(part.state_dict()) for name, part in self._parts.items()}
        state["record"]["elapsed_s"] += LONG
        state["record"]["warnings"] += ["a warning of long ago"]
        if item == ("step",):
            step = 0
        elif item:
            without(state, item, fresh)
        for name, part in self._parts.items():
            part.load_state_dict(state[name])
        return step

    return restore


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """So few steps would leave nothing to remember, and nothing to look at."""
    monkeypatch.setattr(thresholds, "MEMORY", 1.0)
    monkeypatch.setattr(loop, "LONG_ENOUGH", 1)


@pytest.mark.parametrize(
    ("name", "buffers"),
    [
        *((name, False) for name in ("thresholds", "alarms", "rescue")),
        *(pytest.param(name, True, marks=[pytest.mark.full, pytest.mark.timeout(1800)]) for name in SCENARIOS),
    ],
)
def test_an_item_left_out_is_missed(
    name: str, buffers: bool, task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario, folder = SCENARIOS[name], tmp_path / "stopped"
    items = [item for item in broken_off(task, scenario, folder, monkeypatch) if item[0] in scenario.items]
    items = [item for item in items if buffers or len(item) < 4]

    def resumed(item: Item | None) -> Any:
        shutil.copytree(folder, tmp_path / "again")
        try:
            with monkeypatch.context() as patched:
                patched.setattr(Checkpoints, "restore", forgetful(item, scenario.phase))
                return result(task, scenario, tmp_path / "again")
        except (KeyError, TrainingFailedError) as fault:  # the loop may not even come to its end without the item
            return repr(fault)
        finally:
            shutil.rmtree(tmp_path / "again")

    unbroken, whole = result(task, scenario, tmp_path / "unbroken"), resumed(None)
    assert whole[0] == unbroken[0]
    assert {**whole[1], **{key: unbroken[1][key] for key in ("elapsed_s", "warnings")}} == unbroken[1]
    unmissed = {item for item in items if resumed(item) == whole}
    print(f"{len(items)} items left out, {len(items) - len(unmissed)} missed, the others: {sorted(unmissed)}")
    assert {item for item in unmissed if not is_needless(item)} == set()
    assert unmissed >= {item for item in NEEDLESS if item in items}
