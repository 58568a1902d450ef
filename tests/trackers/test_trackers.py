"""Events and trackers: everything is heard, and a tracker that fails ends nothing."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest

import ganlift
from ganlift.errors import ConfigError
from ganlift.trackers import base

SMALL: dict[str, Any] = {"labels_per_class": 5, "strategies": ["augment", "sgan"], "seeds": 1, "budget": 40, "jobs": 2}
SMALL |= {"precision": "fp32", "batch_size": 16}
DOCUMENTED = Path(__file__).parents[2] / "docs" / "events.md"


@pytest.fixture(scope="module")
def there() -> list[str]:
    """The trackers whose packages are installed."""
    return [name for name in base.NAMES if importlib.util.find_spec(name)]


@pytest.fixture(scope="module")
def tracked(there: list[str], tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, list[dict[str, Any]]]:
    """A comparison in two worker processes that every tracker listens to, and what a callback heard."""
    heard: list[dict[str, Any]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WANDB_MODE", "offline")
        patch.setenv("WANDB_SILENT", "true")
        out = tmp_path_factory.mktemp("tracked") / "run"
        patch.setenv("MLFLOW_TRACKING_URI", (out.parent / "theirs").as_uri())
        patch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
        return ganlift.compare("digits", out=out, on_event=heard.append, trackers=there, **SMALL), heard


def test_a_callback_hears_what_the_docs_list(tracked: Any) -> None:
    listed = {
        kind: re.findall(r"`(\w+)`", keys)
        for kind, keys in re.findall(r"^\| `(\w+)` \| (.*?) \|", DOCUMENTED.read_text(encoding="utf-8"), re.MULTILINE)
    }
    heard = {event["type"]: event for event in tracked[1]}
    assert {"plan", "progress", "metrics", "arm", "verdict"} <= heard.keys() <= listed.keys()
    for kind in ("progress", "metrics", "arm"):
        assert set(listed[kind]) - {"trace", "results"} <= heard[kind].keys(), kind
    assert all(json.loads(json.dumps(event)) == event for event in tracked[1])


def test_the_losses_of_worker_processes_are_their_trace(tracked: Any) -> None:
    found, heard = tracked
    losses = [event for event in heard if event["type"] == "metrics" and event["strategy"] == "sgan"]
    lines = (found.run / "arms" / "sgan" / "0" / "trace.jsonl").read_text().splitlines()
    assert [event["step"] for event in losses] == [20, 40]
    assert losses == [{"type": "metrics", "strategy": "sgan", "seed": 0, **json.loads(line)} for line in lines]


def test_no_tracker_was_switched_off(tracked: Any) -> None:
    assert not [event for event in tracked[1] if "is off" in event.get("message", "")]


def test_tensorboard_gets_curves_scores_samples_and_verdicts(tracked: Any) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found, _ = tracked
    arm = EventAccumulator(str(found.run / "tensorboard" / "sgan" / "0"))
    arm.Reload()
    row = next(row for row in found.rows if row["strategy"] == "sgan")
    assert arm.Scalars("result/test_accuracy")[0].value == pytest.approx(row["test_accuracy"])
    assert [scalar.step for scalar in arm.Scalars("classifier/loss")] == [20 * 32, 40 * 32]
    assert len(arm.Images("samples")) >= 2
    verdicts = EventAccumulator(str(found.run / "tensorboard" / "verdicts"))
    verdicts.Reload()
    assert verdicts.Tags()["tensors"] == ["sgan/text_summary"]


def test_wandb_gets_them_in_the_run_folder_without_a_network(tracked: Any) -> None:
    pytest.importorskip("wandb")
    (folder,) = (tracked[0].run / "wandb").glob("offline-run-*")
    assert list(folder.glob("files/media/images/sgan/0/samples*.png"))
    written = next(folder.glob("*.wandb")).read_bytes()
    assert b"sgan/0/test_accuracy" in written
    assert tracked[0].verdicts[0].sentence[:20].encode() in written


def test_mlflow_gets_a_run_below_its_own_for_each_arm_and_verdict(tracked: Any) -> None:
    mlflow = pytest.importorskip("mlflow")
    found, _ = tracked
    client = mlflow.MlflowClient((found.run.parent / "theirs").as_uri())
    runs = {
        run.info.run_name: run for run in client.search_runs([client.get_experiment_by_name("ganlift").experiment_id])
    }
    assert runs.keys() == {"run", "augment/0", "sgan/0", "sgan"}
    assert runs["run"].data.params["labels_per_class"] == "5"
    top = runs.pop("run").info.run_id
    assert {run.data.tags["mlflow.parentRunId"] for run in runs.values()} == {top}
    assert {run.info.status for run in runs.values()} == {"FINISHED"}
    sgan = runs["sgan/0"].info.run_id
    assert [point.step for point in client.get_metric_history(sgan, "classifier/loss")] == [20 * 32, 40 * 32]
    row = next(row for row in found.rows if row["strategy"] == "sgan")
    assert runs["sgan/0"].data.metrics["result/test_accuracy"] == pytest.approx(row["test_accuracy"])
    assert len(client.list_artifacts(sgan, "samples")) >= 2
    assert runs["sgan"].data.metrics["gain"] == pytest.approx(found.verdicts[0].gain)
    assert runs["sgan"].data.tags["mlflow.note.content"] == found.verdicts[0].sentence
    assert [file.path for file in client.list_artifacts(top)] == ["report.html"]


def test_mlflow_that_is_told_no_place_writes_into_the_run_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    asked = {**SMALL, "jobs": 1, "budget": 5, "strategies": ["augment"], "out": tmp_path / "run"}
    ganlift.compare("digits", trackers=["mlflow"], **asked)
    client = mlflow.MlflowClient(f"sqlite:///{tmp_path}/run/mlflow/mlflow.db")
    (experiment,) = [one for one in client.search_experiments() if one.name == "ganlift"]
    assert {run.info.run_name for run in client.search_runs([experiment.experiment_id])} == {"run", "augment/0"}
    assert len(list((tmp_path / "run" / "mlflow").rglob("report.html"))) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_mlflow_tells_its_makers_nothing() -> None:
    pytest.importorskip("mlflow")
    code = "import ganlift.trackers.mlflow_tracker, mlflow.telemetry as t; assert t.get_telemetry_client() is None"
    there = {key: os.environ[key] for key in ("PATH", "PYTHONPATH") if key in os.environ}  # it tells nothing from tests
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=there)
    assert ended.returncode == 0, ended.stderr


def test_whether_it_is_tracked_is_no_part_of_what_a_run_is(tracked: Any) -> None:
    again = ganlift.compare("digits", out=tracked[0].run, **SMALL)
    assert again.rows == tracked[0].rows


def test_a_generator_that_trains_for_its_own_sake_is_tracked_too(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    words = ["train-generator", "digits", "--budget", "20", "--batch-size", "8", "--tracker", "tensorboard", "--json"]
    command = [sys.executable, "-m", "ganlift", *words, "--out", str(tmp_path / "run")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)
    assert json.loads(ended.stdout)["run"] == str(tmp_path / "run"), ended.stderr
    heard = EventAccumulator(str(tmp_path / "run" / "tensorboard" / "sngan" / "0"))
    heard.Reload()
    assert heard.Scalars("generator/g_loss")
    assert len(heard.Images("samples")) >= 2


def test_a_callback_that_raises_ends_the_run_and_the_same_call_continues(tmp_path: Path) -> None:
    def refuse(event: dict[str, Any]) -> None:
        if event["type"] == "arm":
            raise ZeroDivisionError("mine")

    asked = {**SMALL, "jobs": 1, "budget": 5, "strategies": ["augment"], "out": tmp_path / "run"}
    with pytest.raises(ZeroDivisionError, match="mine"):
        ganlift.compare("digits", on_event=refuse, **asked)
    kinds: list[str] = []
    assert len(ganlift.compare("digits", on_event=lambda event: kinds.append(event["type"]), **asked).rows) == 1
    assert "arm" not in kinds  # it was done before the callback heard of it


@pytest.mark.parametrize("fails_in", ["open", "metrics", "close"])
def test_a_tracker_that_fails_is_noted_once_and_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_in: str
) -> None:
    heard: list[dict[str, Any]] = []
    asked: list[str] = []

    def open_tracker(run: Path) -> base.Opened:
        def fail(when: str) -> None:
            asked.append(when)
            if when == fails_in:
                raise ConnectionError("gone")

        fail("open")
        return (lambda event: fail(event["type"])), (lambda: fail("close"))

    module = types.ModuleType("ganlift.trackers.tensorboard_tracker")
    module.open_tracker = open_tracker  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ganlift.trackers.tensorboard_tracker", module)
    told = [{"type": kind} for kind in ("note", "plan", "metrics", "metrics", "arm")]
    with base.tracked(["tensorboard"], tmp_path, heard.append) as tell:
        for event in told:
            tell(event)
    notes = [event for event in heard if event not in told]
    assert [note["message"] for note in notes] == ["The tracker tensorboard is off: ConnectionError: gone."]
    assert [event for event in heard if event in told] == told
    assert asked.count(fails_in) == 1
    assert asked[-1] == fails_in


def test_an_unknown_or_absent_tracker_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="Did you mean 'tensorboard'"):
        ganlift.compare("digits", out=tmp_path / "run", trackers=["tensorbord"])
    for name in ("wandb", "mlflow"):
        monkeypatch.setitem(sys.modules, name, None)
        monkeypatch.delitem(sys.modules, f"ganlift.trackers.{name}_tracker", raising=False)
        with pytest.raises(ConfigError, match=rf"pip install 'ganlift\[{name}\]'"):
            ganlift.compare("digits", out=tmp_path / "run", trackers=[name])
    assert not (tmp_path / "run").exists()
