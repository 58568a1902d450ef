"""A device without memory for a step: planted, since no test may count on a GPU."""

from __future__ import annotations

import importlib
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


HUNGRY = """
import torch
from torch import nn


class Hungry(nn.Module):
    def __init__(self, norm):
        super().__init__()
        self.inner = nn.Sequential(nn.Conv2d(1, 8, 3, 2, 1), norm, nn.GELU(), nn.Flatten())
        self.out = nn.Linear(128, 10)

    def forward(self, x):
        if torch.is_grad_enabled() and len(x) > MOST[0]:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return self.out(self.inner(x))


MOST = [10**9]


def by_group(channels, size, classes):
    return Hungry(nn.GroupNorm(2, 8))


def by_batch(channels, size, classes):
    return Hungry(nn.BatchNorm2d(8))
"""


def test_a_batch_that_does_not_fit_goes_through_in_parts_and_the_row_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts of 16, since 32 don't fit either; what differs is the order in which gradients are summed."""
    (tmp_path / "hungry.py").write_text(HUNGRY)
    monkeypatch.syspath_prepend(str(tmp_path))
    hungry = importlib.import_module("hungry")
    asked = {"labels_per_class": 5, "strategies": ["augment", "fixmatch"], "seeds": 1, "budget": 30, "jobs": 1}
    asked |= {"classifier": "hungry:by_group", "precision": "fp32", "threads": 1}
    whole = ganlift.compare("digits", out=tmp_path / "whole", **asked)
    hungry.MOST[0] = 20
    said: list[Any] = []
    parted = ganlift.compare("digits", out=tmp_path / "parted", on_event=said.append, **asked)
    for one, other in zip(whole.rows, parted.rows, strict=True):
        assert (one.get("micro_batch"), other["micro_batch"]) == (None, 16)
        assert other["test_accuracy"] == pytest.approx(one["test_accuracy"], abs=0.005)
        assert other["nll"] == pytest.approx(one["nll"], rel=1e-3)
    assert "augment, seed 0: batches went through the networks in parts of 16" in " ".join(map(str, said))
    with pytest.raises(
        ConfigError, match=r"enough for 16: give --batch-size 16.*'classifier' can't take a batch in parts"
    ):
        ganlift.compare("digits", out=tmp_path / "refused", **{**asked, "classifier": "hungry:by_batch"})
