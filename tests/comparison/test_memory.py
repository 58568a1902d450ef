"""A device without memory for a step: planted, since no test may count on a GPU."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

import ganlift
from ganlift.comparison import work
from ganlift.errors import ConfigError


def test_a_device_that_is_too_small_is_told_with_the_size_that_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup = work._setup

    def small(job: Any, *more: Any) -> Any:
        if job["shared"]["batch_size"] > 20:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return setup(job, *more)

    monkeypatch.setattr(work, "_setup", small)
    asked = {"labels_per_class": 5, "strategies": ["augment"], "seeds": 1, "budget": 20, "jobs": 1}
    with pytest.raises(ConfigError, match=r"64 labelled images a step, and enough for 16: give --batch-size 16"):
        ganlift.compare("digits", out=tmp_path / "run", **asked)
    assert not (tmp_path / "run").exists()
    assert ganlift.compare("digits", out=tmp_path / "run", batch_size=16, **asked).rows


def test_an_arm_that_runs_out_later_is_a_failure_with_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = work.row_of

    def too_much(entry: Any, *more: Any) -> Any:
        if entry.name == "sgan":
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return row(entry, *more)

    monkeypatch.setattr(work, "row_of", too_much)
    done = ganlift.compare(
        "digits", out=tmp_path / "run", labels_per_class=5, strategies=["augment", "sgan"], seeds=1, budget=20, jobs=1
    )
    (failed,) = [one for one in done.rows if one["status"] == "failed"]
    assert failed["strategy"] == "sgan"
    assert "cpu has too little memory for 64 labelled images a step: give a smaller --batch-size" in failed["reason"]
