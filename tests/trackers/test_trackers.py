"""Events and trackers: everything is heard, and a tracker that fails ends nothing."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import pytest

import ganlift
from ganlift.errors import ConfigError
from ganlift.trackers import base

SMALL: dict[str, Any] = {"labels_per_class": 5, "strategies": ["augment", "sgan"], "seeds": 1, "budget": 40}


def compare(out: Path, **more: Any) -> tuple[ganlift.api.Comparison, list[dict[str, Any]]]:
    heard: list[dict[str, Any]] = []
    found = ganlift.compare("digits", out=out, on_event=heard.append, precision="fp32", **SMALL, **more)
    return found, heard


def test_a_callback_hears_the_losses_of_worker_processes(tmp_path: Path) -> None:
    _, heard = compare(tmp_path / "run", jobs=2)
    kinds = {event["type"] for event in heard}
    assert {"plan", "progress", "metrics", "arm", "verdict"} <= kinds
    losses = [event for event in heard if event["type"] == "metrics" and event["strategy"] == "sgan"]
    assert [event["step"] for event in losses] == [20, 40]
    assert all(event["loss"] > 0 and event["images_seen"] > 0 for event in losses)


def test_tensorboard_gets_curves_scores_samples_and_verdicts(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found, _ = compare(tmp_path / "run", jobs=1, trackers=["tensorboard"])
    arm = EventAccumulator(str(found.run / "tensorboard" / "sgan" / "0"))
    arm.Reload()
    row = next(row for row in found.rows if row["strategy"] == "sgan")
    assert arm.Scalars("result/test_accuracy")[0].value == pytest.approx(row["test_accuracy"])
    assert [scalar.step for scalar in arm.Scalars("classifier/loss")] == [20 * 128, 40 * 128]
    assert len(arm.Images("samples")) >= 2
    verdicts = EventAccumulator(str(found.run / "tensorboard" / "verdicts"))
    verdicts.Reload()
    assert verdicts.Tags()["tensors"] == ["sgan/text_summary"]
    again, _ = compare(tmp_path / "run", jobs=1)  # whether it is tracked is no part of what a run is
    assert again.rows == found.rows


def test_wandb_gets_them_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    _, heard = compare(tmp_path / "run", jobs=1, trackers=["wandb"])
    assert not [event for event in heard if "is off" in event.get("message", "")]
    assert list((tmp_path / "run" / "wandb").glob("offline-run-*"))


@pytest.mark.parametrize("fails_in", ["open", "metrics", "close"])
def test_a_tracker_that_fails_is_noted_once_and_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_in: str
) -> None:
    def open_tracker(run: Path) -> base.Opened:
        def fail(when: str) -> None:
            if when == fails_in:
                raise ConnectionError("gone")

        fail("open")
        return (lambda event: fail(event["type"])), (lambda: fail("close"))

    module = types.ModuleType("ganlift.trackers.tensorboard_tracker")
    module.open_tracker = open_tracker  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ganlift.trackers.tensorboard_tracker", module)
    found, heard = compare(tmp_path / "run", jobs=1, trackers=["tensorboard"])
    notes = [event["message"] for event in heard if event["type"] == "note" and "is off" in event["message"]]
    assert notes == ["The tracker tensorboard is off: ConnectionError: gone."]
    assert {row["status"] for row in found.rows} == {"done"}


def test_an_unknown_or_absent_tracker_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="no tracker 'tensorbord'"):
        compare(tmp_path / "run", trackers=["tensorbord"])
    monkeypatch.setitem(sys.modules, "wandb", None)
    monkeypatch.delitem(sys.modules, "ganlift.trackers.wandb_tracker", raising=False)
    with pytest.raises(ConfigError, match=r"pip install 'ganlift\[wandb\]'"):
        compare(tmp_path / "run", trackers=["wandb"])
    assert not (tmp_path / "run").exists()
