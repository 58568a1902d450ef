"""The loop: resume is bit-exact, a stop saves, a NaN is never saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from ganlift.data.types import Task
from ganlift.errors import DamagedFileError, Interrupted
from ganlift.strategies import thresholds
from ganlift.strategies.base import Outcome, run_phases, strategies
from ganlift.strategies.setup import Setup, predict
from ganlift.training.alarms import NonFiniteLossError
from ganlift.training.checkpoint import Store
from ganlift.training.fit import Settings, fit
from ganlift.training.phase import Budget, Phase
from ganlift.training.precision import make_fabric
from ganlift.training.rng import Rng

CPU = torch.device("cpu")
STEPS = 12


def new_setup(task: Task, name: str, seed: int = 3) -> Setup:
    return Setup(task, Budget(STEPS, 16, STEPS), Rng(seed, name, CPU), CPU)


def drive(setup: Setup, name: str, settings: Settings, options: Mapping[str, Any] | None = None) -> Outcome:
    entry = strategies.get(name)
    return run_phases(entry.phases(setup, entry.options(**(options or {}))), lambda phase: settings)[0]


def outputs(outcome: Outcome, task: Task) -> Tensor:
    return predict(outcome.classifier, torch.from_numpy(task.validation))


def stop_at(call: int) -> Callable[[], int]:
    calls = iter(range(10**9))
    return lambda: 130 if next(calls) == call else 0


# with its own options every arm goes on: tests/strategies/test_contract.py
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("augment", {}),
        ("sgan", {}),
        ("sgan", {"conditional": True, "generator_until": 0.4}),
        ("sgan-fixmatch", {"adaptive": True}),
        ("gan-augment", {}),
    ],
)
@pytest.mark.parametrize("stop", [4, 17])
def test_resume_is_bit_exact(
    task: Task, tmp_path: Path, name: str, options: dict[str, Any], stop: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thresholds, "MEMORY", 1.0)  # so few steps would leave nothing to remember
    unbroken = outputs(drive(new_setup(task, name), name, Settings(make_fabric(CPU, "fp32")), options), task)
    settings = Settings(make_fabric(CPU, "fp32"), folder=tmp_path, should_stop=stop_at(stop))
    try:
        drive(new_setup(task, name), name, settings, options)
    except Interrupted:
        settings.should_stop = lambda: 0
    resumed = outputs(drive(new_setup(task, name), name, settings, options), task)
    assert torch.equal(unbroken, resumed)


@pytest.mark.parametrize("kind", ["modules", "optimizers", "streams", "averages", "extras", "rng"])
def test_a_state_left_out_turns_resume_red(task: Task, tmp_path: Path, kind: str, monkeypatch: Any) -> None:
    """The counter-test: with one part of the state not restored, the result differs."""
    monkeypatch.setattr(thresholds, "MEMORY", 1.0)
    name, options = "sgan-fixmatch", {"adaptive": True}
    unbroken = outputs(drive(new_setup(task, name), name, Settings(make_fabric(CPU, "fp32")), options), task)
    settings = Settings(make_fabric(CPU, "fp32"), folder=tmp_path, should_stop=stop_at(5))
    with pytest.raises(Interrupted):
        drive(new_setup(task, name), name, settings, options)
    settings.should_stop = lambda: 0
    restore = Phase.load_state_dict

    def forgetful(phase: Phase, state: Mapping[str, Any]) -> None:
        restore(phase, {**phase.state_dict(), **{key: value for key, value in state.items() if key != kind}})

    monkeypatch.setattr(Phase, "load_state_dict", forgetful)
    assert not torch.equal(unbroken, outputs(drive(new_setup(task, name), name, settings, options), task))


def test_global_randomness_is_left_alone(task: Task) -> None:
    torch.manual_seed(11)
    expected = torch.rand(3)
    torch.manual_seed(11)
    drive(new_setup(task, "sgan-fixmatch"), "sgan-fixmatch", Settings(make_fabric(CPU, "fp32")), {"dropout": 0.3})
    assert torch.equal(torch.rand(3), expected)


def test_a_bf16_arm_resumes_bit_exact(task: Task, tmp_path: Path) -> None:
    name, fabric = "sgan-fixmatch", make_fabric(CPU, "bf16")
    unbroken = outputs(drive(new_setup(task, name), name, Settings(fabric)), task)
    settings = Settings(fabric, folder=tmp_path, should_stop=stop_at(7))
    with pytest.raises(Interrupted):
        drive(new_setup(task, name), name, settings)
    settings.should_stop = lambda: 0
    assert torch.equal(unbroken, outputs(drive(new_setup(task, name), name, settings), task))


def test_a_classifier_whose_weights_are_channels_last_resumes_bit_exact(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Setup.new_classifier

    def channels_last(self: Setup, *words: Any, **named: Any) -> Any:
        return plain(self, *words, **named).to(memory_format=torch.channels_last)

    monkeypatch.setattr(Setup, "new_classifier", channels_last)
    unbroken = outputs(drive(new_setup(task, "sgan"), "sgan", Settings(make_fabric(CPU, "fp32"))), task)
    settings = Settings(make_fabric(CPU, "fp32"), folder=tmp_path, should_stop=stop_at(7))
    with pytest.raises(Interrupted):
        drive(new_setup(task, "sgan"), "sgan", settings)
    settings.should_stop = lambda: 0
    assert torch.equal(unbroken, outputs(drive(new_setup(task, "sgan"), "sgan", settings), task))


def test_non_finite_loss_stops_and_is_never_saved(task: Task, tmp_path: Path) -> None:
    setup = new_setup(task, "real-only")
    phase = next(strategies.get("real-only").phases(setup, strategies.get("real-only").options()))
    healthy = phase.step

    def poisoned(batch: Any, t: int, update: Any) -> Any:
        if t == 6:
            next(phase.modules["classifier"].parameters()).data.fill_(float("nan"))
        return healthy(batch, t, update)

    phase.step = poisoned
    settings = Settings(make_fabric(CPU, "fp32"), folder=tmp_path, checkpoint_every=0.0)
    with pytest.raises(NonFiniteLossError, match="classifier"):
        fit(phase, settings)
    found = Store(tmp_path, "classifier").load()
    assert found is not None
    assert found[0] == 6
    assert all(torch.isfinite(value).all() for value in found[1]["phase"]["modules"]["classifier"].values())


def test_a_damaged_checkpoint_falls_back_and_says_so(tmp_path: Path) -> None:
    store = Store(tmp_path, "phase")
    for step in (1, 2):
        store.save(step, {"value": torch.full((3,), float(step))})
    newest = tmp_path / "phase-00000002.safetensors"
    data = bytearray(newest.read_bytes())
    data[-1] ^= 1
    newest.write_bytes(bytes(data))
    found = store.load()
    assert found is not None
    assert found[0] == 1
    assert "damaged" in store.warnings[0]
    (tmp_path / "phase-00000001.json").write_text("{}")
    with pytest.raises(DamagedFileError, match="All checkpoints"):
        store.load()


def test_checkpoints_keep_the_shape_of_what_they_hold(tmp_path: Path) -> None:
    state = {"a": [1, 2.5, None, True, "x"], "b": {0: {"step": torch.tensor(3.0)}}, "c": {}, "d": torch.arange(4)}
    store = Store(tmp_path, "phase")
    store.save(4, state)
    found = store.load()
    assert found is not None
    step, loaded = found
    assert step == 4
    assert loaded["a"] == state["a"]
    assert torch.equal(loaded["b"][0]["step"], torch.tensor(3.0))
    assert loaded["c"] == {}
    assert torch.equal(loaded["d"], torch.arange(4))


def test_a_slurm_job_of_several_tasks_is_no_training_over_several_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in ``sbatch -n4``, whose tasks are there for workers."""
    for name, value in {"SLURM_NTASKS": "4", "SLURM_JOB_NAME": "wrap", "SLURM_PROCID": "3"}.items():
        monkeypatch.setenv(name, value)
    fabric = make_fabric(CPU, "fp32")
    assert (fabric.world_size, fabric.global_rank) == (1, 0)
