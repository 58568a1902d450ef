"""The peak of memory is what was held from then on, and what was held and freed before is no part of it."""

from __future__ import annotations

import sys

import pytest
import torch

from ganlift.training.memory import PeakMemory

MB = 10**6
CPU = torch.device("cpu")


def hold(megabytes: int) -> float:
    return float(torch.ones(megabytes * MB // 4).sum())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process's peak and sets it back")
def test_a_peak_is_of_what_was_held_since() -> None:
    hold(300)
    kept = torch.ones(50 * MB // 4)
    memory = PeakMemory(CPU)
    hold(100)
    peak = memory.peak()
    assert peak is not None
    assert 95 * MB < peak < 150 * MB
    again = PeakMemory(CPU).peak()
    assert again is not None
    assert again < 20 * MB
    assert len(kept)


def test_a_device_of_another_kind_has_none() -> None:
    assert PeakMemory(torch.device("meta")).peak() is None
